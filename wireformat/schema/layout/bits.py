"""Records that are parts of one integer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wireformat.schema import model
from wireformat.schema.layout.numbers import Named, Number, integer
from wireformat.schema.layout.record import RecordElement
from wireformat.schema.layout.scope import Element, Scope, malformed, reading, unfit, writing
from wireformat.schema.path import Path, join


class Bits(RecordElement):
    """A record with layout `bits`."""

    def __init__(
        self, record: model.Record, version: str | None, is_cyclic: bool, elements: Mapping[str, Element]
    ) -> None:
        super().__init__(record, version, is_cyclic, elements)
        self._base = Number(record.base or model.Int(1))

    def decode_fields(self, stream: Any, scope: Scope, path: Path, values: dict[str, Any]) -> None:
        """The integer, cut into fields."""
        start = stream.tell()
        word = self._base.decode(stream, scope, path)
        rest = word
        for field in self.fields:
            mask = reading(field.mask or 0, stream, scope, path)
            rest &= ~mask
            place = (*path, field.name)
            values[field.name] = self._part(field, (word & mask) >> field.shift, start, scope, place)
            if scope.spans is not None:
                scope.spans[join(place)] = (start, stream.tell())
        if rest:
            raise malformed("reserved", f"reserved bits {rest:#x} are set", scope, path, start, 0, rest)

    def _part(self, field: model.Field, number: int, start: int, scope: Scope, path: Path) -> Any:
        element = self.elements[field.name]
        if not isinstance(element, Named):
            return number
        if not element.is_member(number):
            detail = f"{number:#x} is not in {element.node.name}"
            raise malformed("member", detail, scope, path, start, element.node.name, number)
        return element.member(number)

    def encode_fields(self, given: dict[str, Any], stream: Any, scope: Scope, path: Path) -> None:
        """The fields, put together; none may reach outside its mask."""
        word = 0
        for field in self.fields:
            place = (*path, field.name)
            mask = writing(field.mask or 0, scope, place)
            number = self._number(field, scope.overrides.get(place, given[field.name]), scope, place)
            bits = number << field.shift
            if number < 0 or bits & ~mask:
                raise unfit("range", f"{number:#x} does not fit under {mask:#x}", scope, place, mask, number)
            word |= bits
        self._base.encode(word, stream, scope, path)

    def _number(self, field: model.Field, value: Any, scope: Scope, path: Path) -> int:
        number = integer(value, scope, path)
        element = self.elements[field.name]
        if isinstance(element, Named) and path not in scope.overrides and not element.is_member(number):
            detail = f"{number:#x} is not in {element.node.name}"
            raise unfit("member", detail, scope, path, element.node.name, number)
        return number
