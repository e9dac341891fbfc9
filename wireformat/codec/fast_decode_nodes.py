"""Decoding as generated source: numbers, data, and the decoder that hands nodes to their handlers.

Theory: fields of known width collect in a run; one `Struct.unpack_from` reads the run straight into the slots of the
record. Inside a run nothing is bounds-checked: reading behind the input raises, slices clip, and as positions only
grow, one `if p > end` for the outermost record and `p != end` for each region find every overrun. Failing is cheap to
write, since the reference codec runs again for the exact error: every check is a bare `raise Refused`. What is checked
early is what costs memory: sizes and counts against their limits, counts against the bytes that are left.

In the source `b` is the input, `p` the position, `end` the end of the enclosing region, `P` the parameters, `k` the
depth, `r` the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from wireformat.codec import fast_text, fast_values
from wireformat.codec.fast_cursor import Cursor
from wireformat.codec.fast_scope import Scope
from wireformat.codec.fast_shape import Shape
from wireformat.codec.fast_source import Program, UnsupportedError, Writer, padding_of, render
from wireformat.schema import model

Handler = Callable[["NodeDecoder", Any, str], None]


class NodeDecoder:
    """Writes statements that decode a node into a target, such as `r.port` or `r['env.cr[4]']`."""

    def __init__(
        self,
        program: Program,
        shape: Shape,
        writer: Writer,
        handlers: Mapping[type, Handler],
        bounded: bool,
    ) -> None:
        self.program = program
        self.shape = shape
        self.writer = writer
        self.cursor = Cursor(writer)
        self.scope = Scope(shape)
        self.end = "end"
        self.bounded = bounded
        self._handlers = handlers

    def take(self, node: model.Node, target: str) -> None:
        """Decode `node` at the present position into `target`."""
        handler = self._handlers.get(type(node))
        if handler is None:
            raise UnsupportedError(type(node).__name__)
        handler(self, node, target)

    def inside(self, node: model.Node, target: str) -> None:
        """As `take`, for a branch or a loop: nothing is left pending."""
        self.take(node, target)
        self.cursor.settle()

    def within(self, size: str, node: model.Node, target: str) -> None:
        """As `inside`, in a region of `size` bytes that begins at `p`."""
        end = self.writer.local("e")
        self.writer.line(f"{end} = p + {size}")
        self.writer.refuse(f"{end} > {self.end}")
        self.up_to(end, node, target)

    def up_to(self, end: str, node: model.Node, target: str) -> None:
        """As `within`, in a region that ends at the variable `end`."""
        outer, self.end = self.end, end
        known, self.bounded = self.bounded, True
        self.inside(node, target)
        self.writer.refuse(f"p != {end}")
        self.end, self.bounded = outer, known

    def fill(self, size: str, node: model.Node, target: str) -> None:
        """As `within`, with less ado for data that fills the region."""
        if isinstance(node, model.Data) and node.size is None and node.pad == 1:
            self.scope.note("#size", size, model.Int(4))
            self.inside(replace(node, size=("get", "#size")), target)
            self.writer.refuse(f"p > {self.end}")
        else:
            self.within(size, node, target)

    def local(self, node: model.Node, stem: str = "v") -> str:
        """Decode into a new local variable and name it."""
        name = self.writer.local(stem)
        self.take(node, name)
        return name

    def value(self, expr: model.Expr) -> str:
        """The source of an expression; what it reads has been read by then."""
        self.cursor.flush()
        return render(expr, self.scope.resolve)

    def amount(self, size: model.Expr | model.Int, limit: int) -> str:
        """A size or count: its source, checked against `limit`; `p` is up to date behind a prefix."""
        low, high = -1, limit + 1
        if isinstance(size, model.Int):
            name, (low, high) = self.local(size, "n"), size.range
        elif isinstance(size, int):
            name, low, high = str(size), size, size
        else:
            name = self.writer.local("n")
            self.writer.line(f"{name} = {self.value(size)}")
        self.cursor.settle()
        if low < 0:
            self.writer.refuse(f"not 0 <= {name} <= {limit}")
        elif high > limit:
            self.writer.refuse(f"{name} > {limit}")
        return name


def take_int(decoder: NodeDecoder, node: model.Int, target: str) -> None:
    """A number; sizes that `struct` lacks are read as bytes."""
    if node.fmt:
        decoder.cursor.join(node.fmt, node.size, node.little, target)
        return
    order, raw = "little" if node.little else "big", decoder.writer.local("v")
    decoder.cursor.join(f"{node.size}s", node.size, None, raw)
    decoder.cursor.then(f"{target} = int.from_bytes({raw}, {order!r}, signed={node.signed})")


def take_float(decoder: NodeDecoder, node: model.Float, target: str) -> None:
    """A floating-point number."""
    decoder.cursor.join("f" if node.size == 4 else "d", node.size, node.little, target)


def take_named(decoder: NodeDecoder, node: model.Enum | model.Flags, target: str) -> None:
    """A number whose values have names."""
    table = fast_values.table_name(decoder.program, node)
    raw = decoder.local(node.of)
    decoder.cursor.then(f"{target} = {table}[{raw}]")


def take_const(decoder: NodeDecoder, node: model.Const, target: str) -> None:
    """A value that must be this one."""
    decoder.take(node.of, target)
    decoder.cursor.refuse(f"{target} != {decoder.program.shared('const', node.value)}")


def take_reserved(decoder: NodeDecoder, node: model.Reserved, target: str) -> None:
    """Zero, or nobody cares; the value is None."""
    decoder.cursor.then(f"{target} = None")
    raw = decoder.writer.local("v")
    match node.of:
        case model.Int(size=size) if node.policy == "ignore":
            decoder.cursor.join(f"{size}x", size, None, None)
            return
        case model.Int(size=size):
            decoder.cursor.join(f"{size}s", size, None, raw)
        case model.Data(encoding=None):
            take_data(decoder, node.of, raw)
        case _:
            raise UnsupportedError("only numbers and bytes can be reserved")
    if node.policy == "reject":
        decoder.cursor.refuse(f"any({raw})")


def take_data(decoder: NodeDecoder, node: model.Data, target: str) -> None:
    """Bytes or text."""
    raw = target if node.encoding is None else decoder.writer.local("v")
    if isinstance(node.size, int):
        _take_fixed(decoder, node, node.size, raw)
    elif node.size is None:
        _take_rest(decoder, node, raw)
    else:
        _take_sized(decoder, node, node.size, raw)
    if node.encoding is not None:
        for statement in fast_text.decoding(node, node.encoding, raw, target):
            decoder.cursor.then(statement)


def _take_fixed(decoder: NodeDecoder, node: model.Data, size: int, raw: str) -> None:
    if not 0 <= size <= node.max:
        raise UnsupportedError(f"data of {size} bytes where {node.max} are allowed")
    decoder.cursor.join(f"{size}s", size, None, raw)
    padding = -size % node.pad
    if padding:
        zeros = decoder.writer.local("z")
        decoder.cursor.join(f"{padding}s", padding, None, zeros)
        decoder.cursor.refuse(f"any({zeros})")


def _take_rest(decoder: NodeDecoder, node: model.Data, raw: str) -> None:
    decoder.cursor.settle()
    decoder.writer.refuse(f"not 0 <= {decoder.end} - p <= {node.max}")
    if node.pad > 1:
        decoder.writer.refuse(f"({decoder.end} - p) % {node.pad}")
    decoder.writer.line(f"{raw} = b[p:{decoder.end}]")
    decoder.writer.line(f"p = {decoder.end}")


def _take_sized(decoder: NodeDecoder, node: model.Data, size: model.Expr | model.Int, raw: str) -> None:
    amount = decoder.amount(size, node.max)
    stop = decoder.writer.local("q")
    decoder.writer.line(f"{stop} = p + {amount}")
    decoder.writer.line(f"{raw} = b[p:{stop}]")
    decoder.writer.line(f"p = {stop}")
    if node.pad > 1:
        padding = decoder.writer.local("m")
        decoder.writer.line(f"{padding} = {padding_of(amount, node.pad)}")
        decoder.cursor.pad(padding, node.pad)


HANDLERS: Mapping[type, Handler] = {
    model.Int: take_int,
    model.Float: take_float,
    model.Enum: take_named,
    model.Flags: take_named,
    model.Const: take_const,
    model.Reserved: take_reserved,
    model.Data: take_data,
}
