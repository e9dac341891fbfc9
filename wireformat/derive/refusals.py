"""The errors that a receiver may raise for a message, found in its model.

Each node has rules that bytes can break; this lists them by field. Inside a part of known size a lack of bytes is
`overrun`, outside it is `truncated`, since more may come. A test holds the list against what broken bytes really give.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wireformat.derive.notation import counted
from wireformat.schema import model
from wireformat.schema.expression import paths
from wireformat.schema.lint import expressions
from wireformat.schema.traverse import children, cyclic_records


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error id, the field concerned (empty: the whole message), and what breaks the rule."""

    id: str
    field: str
    why: str


def refusals(schema: model.Schema) -> list[Refusal]:
    """All refusals of the root record, in order of its fields, each once."""
    found = [
        Refusal("trailing", "", "bytes are left behind the message"),
        *_Rules(schema).record(schema.root, "", False),
    ]
    return list(dict.fromkeys(found))


class _Rules:
    def __init__(self, schema: model.Schema) -> None:
        self._schema = schema
        self._cyclic = cyclic_records(schema)
        self._above: list[str] = []

    def record(self, name: str, prefix: str, bounded: bool) -> Iterator[Refusal]:
        """The rules of a record at a path; `bounded` inside a part of known size."""
        record = self._schema.records[name]
        if name in self._above:
            return
        self._above.append(name)
        if name in self._cyclic:
            yield Refusal("depth", prefix, "nested more than sixteen levels deep")
        if record.layout == "bits":
            yield from self._word(record, prefix, bounded)
        if record.layout == "tlv":
            yield from self._entries(prefix, bounded)
        for field in record.fields:
            path = f"{prefix}.{field.name}".removeprefix(".") if field.name else prefix
            yield from self._field(field, record, path, bounded)
        self._above.pop()

    def _field(self, field: model.Field, record: model.Record, path: str, bounded: bool) -> Iterator[Refusal]:
        if record.layout == "tlv":
            if not field.optional and not field.many:
                yield Refusal("missing", path, "the entry is mandatory")
            yield from self.node(field.of, path, True)
            if field.max is not None:
                yield Refusal("limit", path, f"stands more than {counted(field.max, 'time')}")
            if field.many and record.tlv is not None and record.tlv.ascending:
                yield Refusal("order", path, "the bytes of its values do not ascend")
                yield Refusal("duplicate", path, "the same value stands twice")
        elif record.layout == "sequence":
            yield from self.node(field.of, path, bounded)
        else:
            yield from (each for each in self.node(field.of, path, bounded) if each.id == "member")

    def _word(self, record: model.Record, prefix: str, bounded: bool) -> Iterator[Refusal]:
        yield _short(prefix, bounded)
        yield Refusal("reserved", prefix, "a bit outside all fields is set")
        if any(paths(field.mask or 0) for field in record.fields):
            yield Refusal("expression", prefix, "a parameter of the masks is not given")

    def _entries(self, prefix: str, bounded: bool) -> Iterator[Refusal]:
        yield _short(prefix, bounded)
        yield Refusal("overrun", prefix, "an entry is longer than what is left")
        yield Refusal("trailing", prefix, "bytes are left in an entry")
        yield Refusal("limit", prefix, "an entry is too large")
        yield Refusal("order", prefix, "tags do not ascend")
        yield Refusal("duplicate", prefix, "an entry that may stand once stands twice")
        yield Refusal("tag", prefix, "an unknown entry is critical, or a known one has the wrong critical bit")

    def node(self, node: model.Node, path: str, bounded: bool) -> Iterator[Refusal]:
        """The rules of a node, those inside it included."""
        yield from self._own(node, path, bounded)
        if any(paths(expr) for expr in expressions(node)):
            yield Refusal("expression", path, "what the expression reads is absent, or a parameter is not given")
        match node:
            case model.Ref(name=name):
                yield from self.record(name, path, bounded)
            case model.Region():
                yield from self._inside(node, path, bounded)
            case model.Pointed(of=of, size_int=size, offset_int=offset):
                yield from (*self.node(size, path, bounded), *self.node(offset, path, bounded))
                yield from self.node(of, path, True)
            case model.List(of=of):
                yield from self.node(of, f"{path}[]", bounded)
            case _:
                for child in children(node):
                    yield from self.node(child, path, bounded)

    def _inside(self, node: model.Region, path: str, bounded: bool) -> Iterator[Refusal]:
        yield _short(path, bounded)
        yield Refusal("limit", path, f"more than {counted(node.max, 'byte')}")
        yield Refusal("trailing", path, "the part is larger than what is in it")
        yield from self.node(node.of, path, True)

    def _own(self, node: model.Node, path: str, bounded: bool) -> Iterator[Refusal]:
        """The rules of a node by itself."""
        match node:
            case model.Int() | model.Float():
                yield _short(path, bounded)
            case model.Data():
                yield from _data(node, path, bounded)
            case model.Const():
                yield Refusal("constant", path, "holds something else than it always does")
            case model.Reserved(policy="reject"):
                yield Refusal("reserved", path, "is not zero")
            case model.Enum(open=False, name=name) | model.Flags(open=False, name=name):
                yield Refusal("member", path, f"no member of {name}")
            case model.List(max=most, count=count) if not isinstance(count, int):
                yield _short(path, bounded)
                yield Refusal("limit", path, f"more than {counted(most, 'item')}")
            case model.Chain(max=most):
                yield _short(path, bounded)
                yield Refusal("constant", path, "an item is neither announced nor is the list ended")
                yield Refusal("limit", path, f"more than {counted(most, 'item')}")
            case model.Maybe():
                yield Refusal("constant", path, "the flag is neither 0 nor 1")
            case model.Announced():
                yield _short(path, bounded)
            case model.Union(unknown=False):
                yield Refusal("tag", path, "there is no such choice")
            case model.Pointed():
                yield Refusal("pointer", path, "leads outside the record")
            case model.Computed(rule=("record_size", _)):
                yield Refusal("mismatch", path, "is not the size of the record")
            case model.Computed(rule=(rule, about)):
                yield Refusal("mismatch", path, f"is not the {rule.removesuffix('_of')} of {about}")
            case model.Checksum():
                yield Refusal("checksum", path, "the sum does not match the bytes")


def _data(node: model.Data, path: str, bounded: bool) -> Iterator[Refusal]:
    if node.size != 0:
        yield _short(path, bounded)
    if not isinstance(node.size, int):
        yield Refusal("limit", path, f"more than {counted(node.max, 'byte')}")
    if node.pad > 1 or node.nul == "pad":
        yield Refusal("padding", path, "what fills up is not zero")
    if node.encoding is not None:
        yield Refusal(
            "text",
            path,
            f"not {node.encoding}, or a NUL where none may be" if node.nul != "keep" else f"not {node.encoding}",
        )


def _short(path: str, bounded: bool) -> Refusal:
    if bounded:
        return Refusal("overrun", path, "the part that holds it is too small")
    return Refusal("truncated", path, "the input ends before it does")
