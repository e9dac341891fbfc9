"""Device state in the notation of QEMU's `analyze-migration.py -d state`.

Users of that script find the same nesting, names and notation of values: numbers as `0x` and all their digits, signed
negative ones with the decimal value behind them, truth values as such, everything without an inner description as
bytes in hexadecimal. Sections are named `idstr (section id)` [qemu-stream 11.3].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wireformat.codec import Codec
from wireformat.protocols.vmstate.description import FieldEntry, Vmsd
from wireformat.protocols.vmstate.elements import DeviceBody, RamBody, Section
from wireformat.protocols.vmstate.layout import pieces_of
from wireformat.protocols.vmstate.stream import Stream
from wireformat.schema import model

PLAIN_NUMBERS = frozenset(
    f"{kind}{bits}{suffix}" for kind in ("int", "uint") for bits in (8, 16, 32, 64) for suffix in ("", " equal", " le")
)
"""Types that the script shows as numbers; others are bytes to it, even where they hold a number."""


def device_state(stream: Stream) -> dict[str, Any]:
    """The state of all devices of a stream, and the sizes of its RAM blocks."""
    return {f"{s.idstr} ({s.section_id})": state for s in stream.sections() if (state := _section(s)) is not None}


def _section(section: Section) -> dict[str, Any] | str | None:
    body = section.body
    if isinstance(body, RamBody) and body.block_lists:
        blocks = (block for block_list in body.block_lists for block in block_list.blocks)
        return {"section sizes": {block.name: f"0x{block.used_length:016x}" for block in blocks}}
    if isinstance(body, DeviceBody):
        return _device(body)
    return None


def _device(body: DeviceBody) -> dict[str, Any] | str:
    if body.value is None or body.codec is None or body.entry is None:
        return hex_bytes(body.data)
    if body.entry.vmsd is None:
        return {"data": hex_bytes(body.value["data"])}
    return _Renderer(body.codec.schema).record(body.codec.schema.root, body.entry.vmsd, body.value)


class _Renderer:
    """Walks a value along its description and its schema."""

    def __init__(self, schema: model.Schema) -> None:
        self._schema = schema
        self._codecs: dict[model.Node, Codec] = {}

    def record(self, name: str, vmsd: Vmsd, value: Mapping[str, Any]) -> dict[str, Any]:
        """A struct: its fields, then the subsections that are there."""
        fields = iter(self._schema.records[name].fields)
        state: dict[str, Any] = {}
        for field, (title, pieces) in zip(fields, pieces_of(vmsd.fields), strict=False):
            state[title] = self._field(field, pieces, value[field.name])
        for field, subsection in zip(_tail(self._schema.records[name].fields, vmsd), vmsd.subsections, strict=True):
            if value[field.name] is not None:
                assert isinstance(field.of, model.Announced)
                assert isinstance(field.of.of, model.Ref)
                state[subsection.name] = self.record(field.of.of.name, subsection, value[field.name])
        return state

    def _field(self, field: model.Field, pieces: Sequence[FieldEntry], value: Any) -> Any:
        if len(pieces) == 1 and pieces[0].index is None:
            return self._piece(field.of, pieces[0], value)
        return [item for part in self._parts(field.of, pieces, value) for item in part]

    def _parts(self, node: model.Node, pieces: Sequence[FieldEntry], value: Any) -> Iterator[list[Any]]:
        """The items of an array that several entries describe."""
        if isinstance(node, model.List):
            parts = [(node.of, item) for item in value]
        else:
            assert isinstance(node, model.Ref)
            parts = [(field.of, value[field.name]) for field in self._schema.records[node.name].fields]
        for piece, (part, item) in zip(pieces, parts, strict=True):
            rendered = self._piece(part, piece, item)
            yield rendered if piece.count is not None else [rendered]

    def _piece(self, node: model.Node, entry: FieldEntry, value: Any) -> Any:
        if entry.count is not None and isinstance(node, model.List):
            return [self._element(node.of, entry, item) for item in value]
        return self._element(node, entry, value)

    def _element(self, node: model.Node, entry: FieldEntry, value: Any) -> Any:
        if entry.type == "struct" and isinstance(node, model.Ref):
            return self.record(node.name, entry.items[0], value)
        if isinstance(node, model.Int) and entry.type == "bool":
            return bool(value)
        if isinstance(node, model.Int) and entry.type in PLAIN_NUMBERS:
            return number(value, node.size)
        return hex_bytes(self._encoded(node, value))

    def _encoded(self, node: model.Node, value: Any) -> bytes:
        if isinstance(value, bytes):
            return value
        codec = self._codecs.get(node)
        if codec is None:
            record = model.Record("part", (model.Field("part", node),))
            codec = self._codecs[node] = Codec(model.Schema("part", {**self._schema.records, "part": record}))
        return codec.encode({"part": value})


def _tail(fields: Sequence[model.Field], vmsd: Vmsd) -> Sequence[model.Field]:
    """The fields that stand for subsections: the last ones."""
    return fields[len(fields) - len(vmsd.subsections) :]


def number(value: int, size: int) -> str:
    """A number with all digits of its `size` bytes."""
    digits = f"0x{value & (1 << 8 * size) - 1:0{2 * size}x}"
    return digits if value >= 0 else f"{digits} ({value})"


def hex_bytes(data: bytes) -> str:
    """Bytes in hexadecimal, blanks between them."""
    return data.hex(" ")
