"""Records whose fields stand back to back.

Decoding goes through the fields in order; what concerns the record as a whole follows: data that pointers name, numbers
that must agree, sums. Encoding makes one chunk of bytes for each field. The fields that a computed size concerns come
first, since other sizes may be expressed by it; tails of pointers are appended, then pointers, the size of the record
and sums are patched in.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from wireformat.schema import model
from wireformat.schema.expression import PENDING
from wireformat.schema.layout.choices import Choice
from wireformat.schema.layout.data import Data
from wireformat.schema.layout.numbers import Number
from wireformat.schema.layout.parts import encoded, exactly, written
from wireformat.schema.layout.record import RecordElement
from wireformat.schema.layout.scope import Element, Scope, Window, agree, malformed, put, take, unfit
from wireformat.schema.path import Path


class Derived(Element):
    """A computed number or a sum: on the wire a plain integer, which the record checks and fills in."""

    def __init__(self, node: model.Computed | model.Checksum) -> None:
        super().__init__()
        self.node = node
        self.plain = Number(node.of)

    def decode(self, stream: Any, scope: Scope, path: Path) -> int:
        """The number as it stands."""
        return self.plain.decode(stream, scope, path)

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """The number as the record gives it."""
        self.plain.encode(value, stream, scope, path)


class Pointer(Element):
    """Size and offset of data that stands behind the fixed part."""

    def __init__(self, node: model.Pointed) -> None:
        super().__init__()
        self.size = Number(node.size_int)
        self.offset = Number(node.offset_int)
        self.data = Data(node.of)
        self.max = node.of.max

    def decode(self, stream: Any, scope: Scope, path: Path) -> tuple[int, int]:
        """Size and offset."""
        return self.size.decode(stream, scope, path), self.offset.decode(stream, scope, path)

    def target(self, content: bytes, start: int, pointer: tuple[int, int], scope: Scope, path: Path) -> Any:
        """The value that a pointer found in the record `content` means; None for the null pointer."""
        size, offset = pointer
        if size == offset == 0:
            return None
        if size > self.max:
            raise malformed("limit", f"size {size} exceeds {self.max}", scope, path, start, self.max, size)
        if offset < 0 or size < 0 or offset + size > len(content):
            detail = f"{size} bytes at {offset} are outside the record of {len(content)}"
            raise malformed("pointer", detail, scope, path, start, len(content), offset + size)
        return exactly(self.data, Window(content[offset : offset + size], start + offset, True), scope, path)

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """Size and offset, given as a pair."""
        put(self.size, value[0], stream, scope, (*path, "#size"))
        put(self.offset, value[1], stream, scope, (*path, "#offset"))


class Sequence(RecordElement):
    """A record with layout `sequence`."""

    def __init__(
        self, record: model.Record, version: str | None, is_cyclic: bool, elements: Mapping[str, Element]
    ) -> None:
        super().__init__(record, version, is_cyclic, elements)
        self.parts = list(zip(self.fields, elements.values(), strict=True))
        self.by_name = {field.name: element for field, element in self.parts}
        self._pointers = {f.name: e for f, e in self.parts if isinstance(e, Pointer)}
        self._computed = {f.name: f.of.rule for f in self.fields if isinstance(f.of, model.Computed)}
        self._totals = [name for name, (rule, _) in self._computed.items() if rule == "record_size"]
        self._sums = {f.name: f.of for f in self.fields if isinstance(f.of, model.Checksum)}
        self._choices = {f.name: _choice(e) for f, e in self.parts}

    def decode_fields(self, stream: Any, scope: Scope, path: Path, values: dict[str, Any]) -> None:
        """Fields, then pointers, then checks."""
        start = stream.tell()
        places: dict[str, tuple[int, int]] = {}
        for field, element in self.parts:
            begin = stream.tell()
            value = take(element, stream, scope, (*path, field.name) if field.name else path)
            if field.name:
                values[field.name] = value
                places[field.name] = (begin, stream.tell())
        if self._pointers:
            self._follow(stream, start, scope, path, values)
        places[""] = (start, stream.tell())
        for name in self._computed:
            self._check_number(name, places, values, scope, path)
        for name in self._sums:
            self._check_sum(name, start, stream, places, values, scope, path)

    def _follow(self, stream: Any, start: int, scope: Scope, path: Path, values: dict[str, Any]) -> None:
        stream.seek(start)
        content = stream.read()
        for name, pointer in self._pointers.items():
            values[name] = pointer.target(content, start, values[name], scope, (*path, name))

    def _check_number(
        self, name: str, places: Mapping[str, tuple[int, int]], values: Mapping[str, Any], scope: Scope, path: Path
    ) -> None:
        rule, target = self._computed[name]
        begin, end = places.get(target, (0, 0))
        expected = self._derive(rule, target, values.get(target), end - begin, scope, path)
        if expected is not None and expected != values[name]:
            detail = f"{values[name]} instead of {expected}, {rule.replace('_', ' ')} {target}".rstrip()
            raise malformed("mismatch", detail, scope, (*path, name), places[name][0], expected, values[name])

    def _derive(self, rule: str, target: str, value: Any, size: int, scope: Scope, path: Path) -> int | None:
        """What a computed number must be; `size` is what the target takes on the wire."""
        if rule == "record_size":
            return size
        if rule == "size_of":
            return size - self._padding(target, value, scope, path)
        if rule == "count_of":
            return 0 if value is None else len(value)
        choice = self._choices.get(target)
        return None if choice is None else choice.tag_of(value)

    def _padding(self, target: str, value: Any, scope: Scope, path: Path) -> int:
        element = self.by_name.get(target)
        if not isinstance(element, Data) or element.node.pad == 1 or value is None:
            return 0
        return -len(element.content(value, scope, path)) % element.node.pad

    def _check_sum(
        self,
        name: str,
        start: int,
        stream: Any,
        places: Mapping[str, tuple[int, int]],
        values: Mapping[str, Any],
        scope: Scope,
        path: Path,
    ) -> None:
        end = stream.tell()
        stream.seek(start)
        expected = checksum(self._sums[name], stream.read(end - start))
        if expected != values[name]:
            detail = f"{values[name]:#010x} instead of {expected:#010x}"
            raise malformed("checksum", detail, scope, (*path, name), places[name][0], expected, values[name])

    def encode_fields(self, given: dict[str, Any], stream: Any, scope: Scope, path: Path) -> None:
        """One chunk for each field; then tails, pointers, the size of the record and sums."""
        chunks = self._computed_values(given, scope, path)
        for index, (field, element) in enumerate(self.parts):
            if index not in chunks and not isinstance(element, Pointer):
                chunks[index] = self._chunk(index, self._own_value(field, given), scope, path)
        tails = self._place_tails(chunks, given, scope, path)
        self._place_total(chunks, tails, given, scope, path)
        stream.write(self._summed([chunks[index] for index in range(len(self.parts))] + tails, scope, path))

    def _own_value(self, field: model.Field, given: Mapping[str, Any]) -> Any:
        is_last = isinstance(field.of, model.Checksum) or field.name in self._totals
        return 0 if is_last else given.get(field.name)

    def _chunk(self, index: int, value: Any, scope: Scope, path: Path) -> bytes:
        field, element = self.parts[index]
        place = (*path, field.name) if field.name else path
        write = encoded if isinstance(field.of, model.Checksum) else written
        return write(element, value, scope, place)

    def _computed_values(self, given: dict[str, Any], scope: Scope, path: Path) -> dict[int, bytes]:
        """Fill the constants and computed numbers into `given`; return the chunks that were made for that."""
        chunks: dict[int, bytes] = {}
        places = {field.name: index for index, field in enumerate(self.fields)}
        given.update({f.name: f.of.value for f in self.fields if f.name and isinstance(f.of, model.Const)})
        given.update(dict.fromkeys(self._computed, PENDING))
        for name, (rule, target) in sorted(self._computed.items(), key=_sizes_last):
            if rule == "record_size":
                continue
            size = 0
            if rule == "size_of" and target in places:
                index = places[target]
                chunks.setdefault(index, self._chunk(index, given.get(target), scope, path))
                size = len(chunks[index])
            given[name] = self._number(name, rule, target, size, given, scope, path)
        return chunks

    def _number(
        self, name: str, rule: str, target: str, size: int, given: Mapping[str, Any], scope: Scope, path: Path
    ) -> int:
        value = given.get(target)
        if rule == "count_of" and not isinstance(value, (tuple, list, type(None))):
            raise unfit("type", f"{target} is no list", scope, (*path, target), "tuple", type(value).__name__)
        number = self._derive(rule, target, value, size, scope, path)
        if number is None:
            raise unfit("tag", f"no tag for {type(value).__name__}", scope, (*path, name), None, value)
        return number

    def _place_tails(self, chunks: dict[int, bytes], given: Mapping[str, Any], scope: Scope, path: Path) -> list[bytes]:
        """Encode the data of pointers and fill in where it stands."""
        fixed = sum(map(len, chunks.values())) + sum(p.size.size + p.offset.size for p in self._pointers.values())
        tails: list[bytes] = []
        for index, (field, element) in enumerate(self.parts):
            if isinstance(element, Pointer):
                value, place = given[field.name], (*path, field.name)
                is_null = value is None and place not in scope.overrides
                tail = b"" if is_null else written(element.data, value, scope, place)
                offset = 0 if is_null else fixed + sum(map(len, tails))
                chunks[index] = encoded(element, (len(tail), offset), scope, place)
                tails.append(tail)
        return tails

    def _place_total(
        self, chunks: dict[int, bytes], tails: list[bytes], given: dict[str, Any], scope: Scope, path: Path
    ) -> None:
        """Fill in the size of the record; then everything is known that a size or count may be expressed by."""
        total = sum(map(len, chunks.values())) + sum(map(len, tails))
        given.update(dict.fromkeys(self._totals, total))
        for index, field in enumerate(self.fields):
            if field.name in self._totals:
                chunks[index] = self._chunk(index, total, scope, path)
        for expr, number, name, place in () if scope.obeys else tuple(scope.later):
            agree(expr, number, name, scope, place)

    def _summed(self, chunks: list[bytes], scope: Scope, path: Path) -> bytes:
        """The whole record, with its sums."""
        content = b"".join(chunks)
        for index, (field, element) in enumerate(self.parts):
            if isinstance(field.of, model.Checksum):
                own = written(element, checksum(field.of, content), scope, (*path, field.name))
                begin = sum(map(len, chunks[:index]))
                content = content[:begin] + own + content[begin + len(chunks[index]) :]
        return content


def checksum(node: model.Checksum, content: bytes) -> int:
    """CRC-32 of the record with the sum's own bytes read as zero."""
    end = node.at + node.of.size
    return zlib.crc32(content[: node.at] + bytes(len(content[node.at : end])) + content[end:])


def _sizes_last(item: tuple[str, tuple[str, str]]) -> bool:
    return item[1][0] == "size_of"


def field_key(field: model.Field, index: int) -> str:
    """The name of a field, or its place when it has none."""
    return field.name or f"#{index}"


def _choice(element: Any) -> Choice | None:
    """The union inside a field, through the parts around it."""
    while element is not None and not isinstance(element, Choice):
        element = getattr(element, "of", None)
    return element
