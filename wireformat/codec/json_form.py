"""Values as JSON and back, by the model alone.

Integers wider than 53 bits become decimal strings, bytes hexadecimal strings, enumeration members their names, flags
lists of names (bits without a name as one number), records objects, lists arrays. A union's value is an object with
one key, the name of its arm: that of the record or enumeration, else `number`, `real`, `text`, `bytes` or `list`.
Where a field that is not computed tells the arm, an arm that is no record stands for itself. Constants and computed
fields are left out: they follow from the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

from wireformat.errors import EncodeError
from wireformat.schema import model
from wireformat.schema.expression import UnresolvedError, evaluate
from wireformat.schema.traverse import value_type
from wireformat.schema.values import Unknown

Json: TypeAlias = Any

SAFE_INTEGER = 1 << 53
"""Integers from here on lose digits in programs that read numbers as floating point."""


def to_json(schema: model.Schema, value: Any) -> Json:
    """The JSON form of a value of a schema's root record."""
    return _Writer(schema).record(schema.record, value)


def from_json(schema: model.Schema, document: Json) -> Any:
    """The value that a JSON form stands for; inverse of `to_json`.

    Raises `EncodeError` with id `type`, `member`, `range` or `missing` and the path of the part that is wrong.
    """
    return _Reader(schema).record(schema.record, document, "")


def number_to_json(value: int) -> int | str:
    """An integer, as a string when it is too wide for other programs."""
    return value if -SAFE_INTEGER < value < SAFE_INTEGER else str(value)


def carried(record: model.Record) -> Iterator[model.Field]:
    """The fields of a record that hold information of their own."""
    for field in record.fields:
        if field.name and not isinstance(field.of, model.Const | model.Computed | model.Checksum | model.Reserved):
            yield field


PLAIN_NAMES: Mapping[type | None, str] = {int: "number", float: "real", str: "text", bytes: "bytes", tuple: "list"}


def arm_name(schema: model.Schema, arm: model.Node) -> str:
    """The key under which a union's arm appears; the node's kind for arms whose values have no one type."""
    match arm:
        case model.Ref(name=name):
            return schema.records[name].name
        case model.Enum(name=name) | model.Flags(name=name):
            return name
        case model.Region(of=of):
            return arm_name(schema, of)
    return PLAIN_NAMES.get(value_type(schema, arm), type(arm).__name__)


def chosen(node: model.Union, values: Any) -> model.Node | None:
    """The arm that the fields before a union name, when it is no record."""
    try:
        arm = dict(node.arms).get(evaluate(node.on, values, {}))
    except UnresolvedError:
        return None
    return None if isinstance(arm, model.Ref) else arm


class _Writer:
    """`within` are the fields of the record that is being written, without those that are computed."""

    def __init__(self, schema: model.Schema) -> None:
        self._schema = schema
        self._within: Mapping[str, Any] = {}

    def record(self, record: model.Record, value: Any) -> Json:
        """An object with the fields that are there."""
        read = value.__getitem__ if isinstance(value, Mapping) else partial(getattr, value)
        outer, self._within = self._within, {field.name: read(field.name) for field in carried(record)}
        document = self._fields(record, value)
        self._within = outer
        return document

    def _fields(self, record: model.Record, value: Any) -> dict[str, Json]:
        pairs = ((field, self._within[field.name]) for field in carried(record))
        document = {
            field.name: self._field(field, part)
            for field, part in pairs
            if not (part is None and (field.optional or isinstance(field.of, model.When | model.Announced)))
        }
        unknown = getattr(value, "unknown", None)
        if record.layout == "tlv" and unknown:
            document["unknown"] = [_unknown_to_json(entry) for entry in unknown]
        return document

    def _field(self, field: model.Field, value: Any) -> Json:
        if field.many:
            return [self.node(field.of, item) for item in value]
        return self.node(field.of, value)

    def node(self, node: model.Node, value: Any) -> Json:
        """The JSON form of one part."""
        match node:
            case model.Int():
                return number_to_json(int(value))
            case model.Data():
                return bytes(value).hex() if isinstance(value, bytes | bytearray | memoryview) else value
            case model.Enum():
                return _member_to_json(node, value)
            case model.Flags():
                return _flags_to_json(node, int(value))
            case model.List() | model.Chain():
                return [self.node(node.of, item) for item in value]
            case model.Region():
                return self.node(node.of, value)
            case model.Maybe() | model.When() | model.Announced() | model.Pointed():
                return None if value is None else self.node(node.of, value)
            case model.Union():
                return self._union(node, value)
            case model.Ref():
                return self.record(self._schema.records[node.name], value)
        return value

    def _union(self, node: model.Union, value: Any) -> Json:
        if isinstance(value, Unknown):
            return {"Unknown": _unknown_to_json(value)}
        plain = chosen(node, self._within)
        if plain is not None:
            return self.node(plain, value)
        arm = next((arm for _, arm in node.arms if type(value) is (value_type(self._schema, arm) or dict)), None)
        return value if arm is None else {arm_name(self._schema, arm): self.node(arm, value)}


class _Reader:
    """`within` is what is known of the record whose fields are being read."""

    def __init__(self, schema: model.Schema) -> None:
        self._schema = schema
        self._within: dict[str, Any] = {}

    def record(self, record: model.Record, document: Json, path: str) -> Any:
        """The record that an object stands for."""
        if not isinstance(document, dict):
            raise _wrong("type", f"object expected, {type(document).__name__} found", path)
        values = self._fields(record, document, path)
        surplus = set(document) - set(values) - {"unknown"}
        if surplus:
            raise _wrong("type", f"{record.name} has no field {min(surplus)!r}", path)
        if record.layout == "tlv":
            values["unknown"] = tuple(_unknown_from_json(entry, path) for entry in document.get("unknown", ()))
        return values if record.cls is None else record.cls(**values)

    def _fields(self, record: model.Record, document: Mapping[str, Json], path: str) -> dict[str, Any]:
        outer, self._within = self._within, {}
        for field in carried(record):
            self._within[field.name] = self._field(field, document, path)
        values, self._within = self._within, outer
        return values

    def _field(self, field: model.Field, document: Mapping[str, Json], path: str) -> Any:
        where = f"{path}.{field.name}" if path else field.name
        if field.name not in document:
            if field.optional or isinstance(field.of, model.When | model.Announced):
                return field.default
            raise _wrong("missing", "field is missing", where)
        value = document[field.name]
        if field.many:
            return tuple(self.node(field.of, item, where) for item in _array(value, where))
        return self.node(field.of, value, where)

    def node(self, node: model.Node, value: Json, path: str) -> Any:
        """The part that a JSON form stands for."""
        match node:
            case model.Int():
                return _number(value, path)
            case model.Data():
                return _data(node, value, path)
            case model.Enum():
                return _member_from_json(node, value, path)
            case model.Flags():
                return _flags_from_json(node, value, path)
            case model.List() | model.Chain():
                items = enumerate(_array(value, path))
                return tuple(self.node(node.of, item, f"{path}[{index}]") for index, item in items)
            case model.Region():
                return self.node(node.of, value, path)
            case model.Maybe() | model.When() | model.Announced() | model.Pointed():
                return None if value is None else self.node(node.of, value, path)
            case model.Union():
                return self._union(node, value, path)
            case model.Ref():
                return self.record(self._schema.records[node.name], value, path)
        return value

    def _union(self, node: model.Union, value: Json, path: str) -> Any:
        plain = chosen(node, self._within)
        if plain is not None:
            return self.node(plain, value, path)
        if not isinstance(value, dict) or len(value) != 1:
            raise _wrong("type", "object with one key expected", path)
        ((name, body),) = value.items()
        if name == "Unknown":
            return _unknown_from_json(body, path)
        for _, arm in node.arms:
            if arm_name(self._schema, arm) == name:
                return self.node(arm, body, path)
        raise _wrong("tag", f"{name!r} is none of the alternatives", path)


def _member_to_json(node: model.Enum, value: Any) -> Json:
    names = {number: name for name, number in node.members}
    return names.get(int(value), number_to_json(int(value)))


def _member_from_json(node: model.Enum, value: Json, path: str) -> Any:
    if isinstance(value, str) and value in dict(node.members):
        number = dict(node.members)[value]
    else:
        number = _number(value, path)
    return number if node.cls is None else node.cls(number)


def _flags_to_json(node: model.Flags, value: int) -> Json:
    names: list[Json] = [name for name, bit in node.members if bit and value & bit == bit]
    rest = value
    for _, bit in node.members:
        rest &= ~bit
    return [*names, number_to_json(rest)] if rest else names


def _flags_from_json(node: model.Flags, value: Json, path: str) -> Any:
    bits, members = 0, dict(node.members)
    for item in _array(value, path):
        bits |= members[item] if isinstance(item, str) and item in members else _number(item, path)
    return bits if node.cls is None else node.cls(bits)


def _unknown_to_json(value: Unknown) -> Json:
    return {"tag": number_to_json(value.tag), "data": value.data.hex()}


def _unknown_from_json(value: Json, path: str) -> Unknown:
    if not isinstance(value, dict) or set(value) != {"tag", "data"}:
        raise _wrong("type", "object with tag and data expected", path)
    return Unknown(_number(value["tag"], path), _hex(value["data"], path))


def _number(value: Json, path: str) -> int:
    try:
        if isinstance(value, str):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    except ValueError:
        pass
    raise _wrong("type", f"integer expected, {value!r} found", path)


def _data(node: model.Data, value: Json, path: str) -> bytes | str:
    if node.encoding is None:
        return _hex(value, path)
    if not isinstance(value, str):
        raise _wrong("type", f"text expected, {value!r} found", path)
    return value


def _hex(value: Json, path: str) -> bytes:
    try:
        return bytes.fromhex(value)
    except (TypeError, ValueError):
        raise _wrong("type", "hexadecimal bytes expected", path) from None


def _array(value: Json, path: str) -> list[Json]:
    if not isinstance(value, list):
        raise _wrong("type", f"array expected, {type(value).__name__} found", path)
    return value


def _wrong(id: str, detail: str, path: str) -> EncodeError:
    return EncodeError(id, detail, path=path)
