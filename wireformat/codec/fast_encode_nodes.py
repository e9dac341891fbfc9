"""Encoding as generated source: numbers, data, and the encoder that hands nodes to their handlers.

Theory: a function first computes, by statements, all that is not a plain number (text as bytes, lists, regions), and
returns one expression that packs and joins everything. `struct` checks ranges; what it is too friendly about is checked
by statements: types (it takes `True` for a number), lengths (it cuts and fills bytes silently). The integers of a
record are checked together, by one chained comparison of their types.

In the source `v` is the value, `P` the parameters, `k` the depth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wireformat.codec import fast_text, fast_values
from wireformat.codec.fast_pieces import Packed, Padding, Piece, Ready, joined
from wireformat.codec.fast_scope import Scope
from wireformat.codec.fast_shape import Shape
from wireformat.codec.fast_source import Program, UnsupportedError, Writer, padding_of, render
from wireformat.schema import model

LARGE_TABLE = 256
"""Sizes from which on a table with an entry for each size does not pay."""

Handler = Callable[["NodeEncoder", Any, str], None]


class NodeEncoder:
    """Turns nodes and the sources of their values into pieces."""

    def __init__(self, program: Program, shape: Shape, writer: Writer, handlers: Mapping[type, Handler]) -> None:
        self.program = program
        self.shape = shape
        self.writer = writer
        self.scope = Scope(shape)
        self.pieces: list[Piece] = []
        self.given: frozenset[model.Expr] = frozenset()
        self._integers: list[str] = []
        self._handlers = handlers

    def give(self, node: model.Node, source: str) -> None:
        """Append the pieces of `node` for the value that `source` reads."""
        handler = self._handlers.get(type(node))
        if handler is None:
            raise UnsupportedError(type(node).__name__)
        handler(self, node, source)

    def part(self, node: model.Node, source: str) -> str:
        """The bytes of `node` as one expression, for a branch or a loop: nothing is left pending."""
        pieces, self.pieces = self.pieces, []
        integers, self._integers = self._integers, []
        self.give(node, source)
        expression = self.close()
        self.pieces, self._integers = pieces, integers
        return expression

    def close(self) -> str:
        """Write the checks that wait; join the pieces."""
        integers, self._integers = self._integers, []
        if integers:
            types = " is ".join(f"type({source})" for source in integers)
            check = self.program.shared("integers", fast_values.integers)
            self.writer.line(f"if not ({types} is int): {check}({', '.join(integers)})")
        return joined(self.program, self.pieces)

    def store(self, expression: str, stem: str = "d") -> str:
        """Keep an expression in a new local variable."""
        name = self.writer.local(stem)
        self.writer.line(f"{name} = {expression}")
        return name

    def value(self, expr: model.Expr) -> str:
        """The source of an expression."""
        return render(expr, self.scope.resolve)

    def pack(self, node: model.Int, source: str) -> None:
        """A number that is known to be one."""
        order = "<" if node.little else ">"
        if node.fmt:
            self.pieces.append(Packed(node.fmt, source, "" if node.size == 1 else order))
        else:
            name = "little" if node.little else "big"
            self.pieces.append(Ready(f"({source}).to_bytes({node.size}, {name!r}, signed={node.signed})"))

    def integer(self, source: str) -> None:
        """The value must be an integer, which is checked before the bytes are joined."""
        self._integers.append(source)

    def amount(self, size: model.Expr | model.Int | None, counted: str, limit: int, *, checked: bool = False) -> None:
        """A size or count: written if it stands before its subject, else compared with what its expression says.

        `counted` is the source of the true number. Expressions in `given` are computed from it and need no look, nor
        does the limit where it is `checked` elsewhere.
        """
        if not checked and (not isinstance(size, model.Int) or size.range[1] > limit):
            self.writer.refuse(f"{counted} > {limit}")
        if isinstance(size, model.Int):
            self.pack(size, counted)
        elif size is not None and size not in self.given:
            self.agree(counted, size)

    def agree(self, counted: str, size: model.Expr) -> None:
        """Refuse a true number that is not what its expression says, as soon as that is known."""
        if not self.scope.awaits(size):
            self.writer.refuse(f"{counted} != {self.value(size)}")
        elif self.writer.is_branching:
            raise UnsupportedError("the size of the record is compared in a branch or loop")
        else:
            self.scope.later.append((self.store(counted, "n"), size))


def give_int(encoder: NodeEncoder, node: model.Int, source: str) -> None:
    """A number."""
    encoder.integer(source)
    encoder.pack(node, source)


def give_float(encoder: NodeEncoder, node: model.Float, source: str) -> None:
    """A floating-point number."""
    check = encoder.program.shared("floats", fast_values.floats)
    encoder.writer.line(f"if type({source}) is not float: {check}({source})")
    letter = "f" if node.size == 4 else "d"
    encoder.pieces.append(Packed(letter, source, "<" if node.little else ">"))


def give_named(encoder: NodeEncoder, node: model.Enum | model.Flags, source: str) -> None:
    """A number whose values have names."""
    check = encoder.program.name("check", (node, node.cls), lambda: fast_values.check_of(node))
    if node.cls is None or not node.open:
        encoder.writer.line(f"{check}({source})")
    else:
        cls = encoder.program.name("Class", node.cls, lambda: node.cls)
        encoder.writer.line(f"if type({source}) is not {cls}: {check}({source})")
    encoder.pack(node.of, source)


def give_const(encoder: NodeEncoder, node: model.Const, source: str) -> None:
    """The constant, whatever the value holds."""
    encoder.give(node.of, encoder.program.shared("const", node.value))


def give_reserved(encoder: NodeEncoder, node: model.Reserved, source: str) -> None:
    """Zero bytes."""
    match node.of:
        case model.Int(size=size):
            encoder.pieces.append(Packed(f"{size}x", ""))
        case model.Data(encoding=None, size=None | model.Int()):
            encoder.give(node.of, "b''")
        case model.Data(encoding=None, size=int() | tuple() as size):
            encoder.give(node.of, encoder.store(f"bytes({encoder.value(size)})"))
        case _:
            raise UnsupportedError("only numbers and bytes can be reserved")


def give_data(encoder: NodeEncoder, node: model.Data, source: str) -> None:
    """Bytes or text."""
    raw = _raw(encoder, node, source)
    if isinstance(node.size, int):
        _give_fixed(encoder, node, node.size, raw)
        return
    if node.encoding is not None and node.nul == "pad" and isinstance(node.size, tuple):
        _fill(encoder, node.size, raw)
    size = encoder.store(f"len({raw})", "n")
    by_size = node.pad > 1 and node.max < LARGE_TABLE
    encoder.amount(node.size, size, node.max, checked=by_size)
    encoder.pieces.append(Ready(raw))
    if by_size:
        encoder.pieces.append(Padding(size, tuple(-each % node.pad for each in range(node.max + 1))))
    elif node.pad > 1:
        encoder.pieces.append(Padding(encoder.store(padding_of(size, node.pad), "m"), tuple(range(node.pad))))


def _raw(encoder: NodeEncoder, node: model.Data, source: str) -> str:
    """The source of the bytes: the value itself, or its encoded text. The value is read once."""
    source = encoder.store(source, "w")
    if node.encoding is None:
        check = encoder.program.shared("octets", fast_values.octets)
        encoder.writer.line(f"if type({source}) is not bytes: {check}({source})")
        return source
    encoder.program.names["texts"] = fast_values.texts
    raw = encoder.writer.local("d")
    for statement in fast_text.encoding(node, node.encoding, source, raw):
        encoder.writer.line(statement)
    return raw


def _give_fixed(encoder: NodeEncoder, node: model.Data, size: int, raw: str) -> None:
    if not 0 <= size <= node.max:
        raise UnsupportedError(f"data of {size} bytes where {node.max} are allowed")
    fills = node.encoding is not None and node.nul == "pad"
    encoder.writer.refuse(f"len({raw}) {'>' if fills else '!='} {size}")
    encoder.pieces.append(Packed(f"{size}s", raw))
    if -size % node.pad:
        encoder.pieces.append(Packed(f"{-size % node.pad}x", ""))


def _fill(encoder: NodeEncoder, size: model.Expr, raw: str) -> None:
    """Fill text up with NUL; `ljust` leaves alone what is too long, which is refused later."""
    if size in encoder.given:
        raise UnsupportedError("text that fills a field whose size follows from the text")
    encoder.writer.line(f"{raw} = {raw}.ljust({encoder.value(size)}, b'\\0')")


HANDLERS: Mapping[type, Handler] = {
    model.Int: give_int,
    model.Float: give_float,
    model.Enum: give_named,
    model.Flags: give_named,
    model.Const: give_const,
    model.Reserved: give_reserved,
    model.Data: give_data,
}
