"""Records: Python classes whose fields are declared once, with type, wire, meaning and versions.

A record is an immutable value with slots; arguments are given by keyword. The metaclass does as little as it can when
a class is made, since programs import hundreds: the constructor is compiled on first use, and what `dataclasses` wants
to know (`fields`, `replace`, `asdict`) is made when it asks. Constants are class attributes. Computed fields are
properties that follow from the rest. Equality and hash look at the arguments only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from operator import attrgetter
from typing import Any, ClassVar, Literal, NoReturn, dataclass_transform

from wireformat.errors import SchemaError
from wireformat.schema import model
from wireformat.schema.declare import MISSING, Declared, bit_field, computed, const, field, reserved, tlv, tlvs
from wireformat.schema.values import Unknown


@dataclasses.dataclass(frozen=True, slots=True)
class About:
    """What the class statement says about a record; see `model.Record`."""

    layout: Literal["sequence", "tlv", "bits"] = "sequence"
    code: int | None = None
    sender: str | None = None
    source: str = ""
    versions: tuple[str, ...] = ()
    channel: str | None = None
    since: str | None = None
    until: str | None = None
    base: Any = None
    tlv: Any = None


class _DataclassFields:
    """`__dataclass_fields__`, made when `dataclasses` first asks."""

    def __get__(self, instance: object, cls: type[Record]) -> Mapping[str, Any]:
        made = dataclasses.make_dataclass(cls.__name__, [_dataclass_field(*item) for item in cls._arguments.items()])
        known: Mapping[str, Any] = vars(made)["__dataclass_fields__"]
        type.__setattr__(cls, "__dataclass_fields__", known)
        return known


def _dataclass_field(name: str, declared: Declared) -> Any:
    if declared.default is MISSING:
        return name, Any, dataclasses.field(kw_only=True)
    return name, Any, dataclasses.field(kw_only=True, default_factory=_Constant(declared.default))


class _Constant:
    """A factory that gives the same immutable value each time."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self) -> Any:
        return self.value


def _first_init(self: Record, **values: Any) -> None:
    """The constructor of a class that was never used: replace itself by the compiled one."""
    cls = type(self)
    constructor = _constructor(cls)
    type.__setattr__(cls, "__init__", constructor)
    constructor(self, **values)


class _ComputedValue:
    """A property whose value follows from the other fields: the record is encoded and looked at."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Record | None, cls: type[Record]) -> Any:
        if instance is None:
            return self
        struct = cls.struct()
        return struct.parse(struct.build(instance))[self.name]


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(field, const, computed, reserved, bit_field, tlv, tlvs),
)
class RecordType(type):
    """Collects the declared fields of a class."""

    _declared: Mapping[str, Declared]
    _arguments: Mapping[str, Declared]
    _about: About

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **keywords: Any) -> RecordType:
        inherited = next((base for base in bases if isinstance(base, RecordType)), None)
        own = {key: value for key, value in namespace.items() if isinstance(value, Declared)}
        declared = {**(inherited._declared if inherited else {}), **own}
        arguments = {key: value for key, value in declared.items() if value.is_argument}
        slots = [key for key, value in own.items() if value.is_argument]
        keeps_unknown = namespace.get("unknown") == () and keywords.get("layout") == "tlv"
        if keeps_unknown:
            slots.append("unknown")
        body = {key: value for key, value in namespace.items() if key not in own and key not in slots}
        body.setdefault("__init__", _first_init)
        body.update((key, _attribute(key, value)) for key, value in own.items() if not value.is_argument)
        body.update(
            __slots__=tuple(slots),
            _declared=declared,
            _arguments=_with_unknown(arguments, inherited, slots),
            _about=_about(name, inherited, keywords),
            __dataclass_fields__=_DataclassFields(),
            __match_args__=(),
        )
        return super().__new__(mcs, name, bases, body)

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **keywords: Any) -> None:
        super().__init__(name, bases, namespace)


_UNKNOWN = Declared("tlv", None, "entries that this schema does not know", default=(), many=True)


def _with_unknown(
    arguments: dict[str, Declared], inherited: RecordType | None, slots: list[str]
) -> dict[str, Declared]:
    keeps = "unknown" in slots or (inherited is not None and "unknown" in inherited._arguments)
    return {**arguments, "unknown": _UNKNOWN} if keeps else arguments


def _attribute(name: str, declared: Declared) -> Any:
    return _ComputedValue(name) if declared.kind == "computed" else declared.default


def _about(name: str, inherited: RecordType | None, keywords: dict[str, Any]) -> About:
    outer = inherited._about if inherited else About()
    bits = keywords.pop("bits", None)
    if bits is not None:
        keywords.update(base=bits, layout="bits")
    try:
        about = dataclasses.replace(outer, **{"code": None, "since": None, "until": None, **keywords})
    except TypeError as error:
        raise SchemaError("vocabulary", f"class {name}: {error}") from None
    return about


class Record(metaclass=RecordType):
    """Fields back to back, or bits of one integer with `bits=`. Derive from it and declare fields.

    Class keywords: `source` (clause of the specification), `versions` (all, oldest first), `bits` (integer wire).
    """

    __slots__ = ()
    _declared: ClassVar[Mapping[str, Declared]]
    _arguments: ClassVar[Mapping[str, Declared]]
    _about: ClassVar[About]

    @classmethod
    def struct(cls, version: str | None = None) -> Any:
        """The construct `Struct` of one version, None being the newest; `.parse` gives a `Container`."""
        from wireformat.schema.layout import struct_of
        from wireformat.schema.lift import lift

        return struct_of(lift(cls), version)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._arguments)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self._arguments)))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._arguments)
        return f"{type(self).__qualname__}({values})"

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), {name: getattr(self, name) for name in self._arguments})


class Message(Record):
    """A record that a party sends on its own. Class keywords beside those of a record: `code`, `sender`, `channel`,
    and the versions `since` and `until` which it exists."""

    __slots__ = ()


class Tagged(Record, layout="tlv"):
    """Entries of tag, size and value. Class keyword `tlv`: how they are framed, a `model.Tlv`.

    Entries with unknown tags are kept in `unknown`, a tuple of `Unknown`.
    """

    unknown: tuple[Unknown, ...] = ()


class TaggedMessage(Tagged, Message):
    """A message that consists of entries of tag, size and value. Class keywords as for `Tagged` and `Message`."""

    __slots__ = ()


def _restore(cls: type[Record], values: Mapping[str, Any]) -> Record:
    return cls(**values)


def _constructor(cls: type[Record]) -> Any:
    """Compile `__init__`: keyword-only arguments stored through the slots."""
    names: dict[str, Any] = {}
    parameters, stores = [], []
    for name, declared in cls._arguments.items():
        names[f"_set_{name}"] = attrgetter(name)(cls).__set__
        names[f"_default_{name}"] = declared.default
        parameters.append(name if declared.default is MISSING else f"{name}=_default_{name}")
        stores.append(f"_set_{name}(self, {name})")
    signature = ", ".join(["self", *(["*"] if parameters else []), *parameters])
    source = f"def __init__({signature}):\n    {'; '.join(stores) or 'pass'}\n"
    exec(compile(source, f"<{cls.__qualname__}>", "exec"), names)
    constructor = names["__init__"]
    constructor.__qualname__ = f"{cls.__qualname__}.__init__"
    return constructor


def layout_of(cls: type[Record]) -> tuple[About, Mapping[str, Declared]]:
    """What a record class declares, for `lift`."""
    if cls._about.layout == "tlv" and cls._about.tlv is None:
        return dataclasses.replace(cls._about, tlv=model.Tlv(model.Int(2), model.Int(2))), cls._declared
    return cls._about, cls._declared
