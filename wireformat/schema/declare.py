"""The right-hand sides of a record's fields.

Each function returns a `Declared`, which the record's metaclass collects; for type checkers it returns the type of
the field's value, so annotation and wire must agree. Constants and computed fields say `init=False`: they are no
arguments, so a record cannot disagree with itself.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeVar, overload

from wireformat.errors import SchemaError
from wireformat.schema import model
from wireformat.schema.expression import expression
from wireformat.schema.wire import Part, Wire

T = TypeVar("T")
D = TypeVar("D")

Kind = Literal["field", "const", "computed", "reserved", "tlv", "bits"]


class _Missing:
    """The type of MISSING."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final[Any] = _Missing()
"""No default was given."""


class Declared:
    """What a class body says about one field. `wire` is a construct object; the rest is as in `model.Field`."""

    __slots__ = (
        "default",
        "doc",
        "kind",
        "many",
        "mask",
        "max",
        "renamed_from",
        "shift",
        "since",
        "tag",
        "until",
        "wire",
    )

    def __init__(
        self,
        kind: Kind,
        wire: Any,
        doc: str,
        *,
        default: Any = MISSING,
        since: str | None = None,
        until: str | None = None,
        renamed_from: str | None = None,
        tag: int | None = None,
        many: bool = False,
        max: int | None = None,
        mask: model.Expr | None = None,
        shift: int = 0,
    ) -> None:
        self.kind = kind
        self.wire = wire
        self.doc = doc
        self.default = default
        self.since = since
        self.until = until
        self.renamed_from = renamed_from
        self.tag = tag
        self.many = many
        self.max = max
        self.mask = mask
        self.shift = shift

    @property
    def is_argument(self) -> bool:
        """Whether a value of the record is made with it."""
        return self.kind in ("field", "tlv", "bits")


class Rule:
    """How a computed number follows from the rest: `name` and the field, or the place, it concerns."""

    __slots__ = ("argument", "name")

    def __init__(self, name: str, argument: str | int) -> None:
        self.name = name
        self.argument = argument


def size_of(field: str) -> Rule:
    """The bytes that a field takes, without the padding behind it."""
    return Rule("size_of", field)


def count_of(field: str) -> Rule:
    """The items of a list."""
    return Rule("count_of", field)


def tag_of(field: str) -> Rule:
    """The number of the arm that a union's value belongs to, by its type: the record, or `int`, `str`, `bytes` …"""
    return Rule("tag_of", field)


def record_size() -> Rule:
    """The bytes of the whole record, this number included."""
    return Rule("record_size", "")


def crc32(at: int) -> Rule:
    """CRC-32 (IEEE 802.3) of the whole record with the four bytes at `at`, the sum itself, read as zero."""
    return Rule("crc32", at)


@overload
def field(
    wire: Wire[T],
    doc: str,
    *,
    since: str | None = None,
    until: str | None = None,
    renamed_from: str | None = None,
) -> T: ...


@overload
def field(
    wire: Wire[T],
    doc: str,
    *,
    default: D,
    since: str | None = None,
    until: str | None = None,
    renamed_from: str | None = None,
) -> T | D: ...


def field(wire: Any, doc: str, **options: Any) -> Any:
    """A field. One that some versions lack has a `default`, which is what it reads as there."""
    return Declared("field", wire, doc, **options)


def const(
    wire: Wire[T],
    value: T,
    doc: str,
    *,
    since: str | None = None,
    until: str | None = None,
    init: Literal[False] = False,
) -> T:
    """A field that always holds `value`."""
    constant: Any = Declared(
        "const", Part(model.Const, of=wire, value=value), doc, default=value, since=since, until=until
    )
    return constant  # type: ignore[no-any-return]


def computed(wire: Wire[int], rule: Rule, doc: str, *, init: Literal[False] = False) -> int:
    """A number that follows from other fields; see `size_of`, `count_of`, `tag_of`, `record_size`, `crc32`."""
    number: Any = Declared("computed", _computed(wire, rule), doc)
    return number  # type: ignore[no-any-return]


def _computed(wire: Wire[int], rule: Rule) -> Part:
    if rule.name == "crc32":
        return Part(model.Checksum, of=wire, kind=rule.name, at=rule.argument)
    return Part(model.Computed, of=wire, rule=(rule.name, rule.argument))


def reserved(
    wire: Wire[Any],
    doc: str,
    policy: Literal["reject", "ignore"] = "reject",
    *,
    since: str | None = None,
    until: str | None = None,
    init: Literal[False] = False,
) -> Any:
    """Zero on the wire; anything else is refused, or ignored."""
    part = Part(model.Reserved, of=wire, policy=policy)
    return Declared("reserved", part, doc, default=None, since=since, until=until)


@overload
def bit_field(mask: Any, doc: str, *, shift: int = 0) -> int: ...


@overload
def bit_field(mask: Any, doc: str, *, of: Wire[T], shift: int = 0) -> T: ...


def bit_field(mask: Any, doc: str, *, of: Any = None, shift: int = 0) -> Any:
    """The bits under `mask` of a record declared with `bits=`, moved right by `shift`, read as `of`."""
    return Declared("bits", of, doc, mask=expression(mask), shift=shift)


@overload
def tlv(
    tag: int,
    wire: Wire[T],
    doc: str,
    *,
    since: str | None = None,
    until: str | None = None,
    renamed_from: str | None = None,
) -> T: ...


@overload
def tlv(
    tag: int,
    wire: Wire[T],
    doc: str,
    *,
    default: D,
    since: str | None = None,
    until: str | None = None,
    renamed_from: str | None = None,
) -> T | D: ...


def tlv(tag: int, wire: Any, doc: str, **options: Any) -> Any:
    """An entry of a `Tagged` record; without `default` it is mandatory."""
    return Declared("tlv", wire, doc, tag=_tag(tag), **options)


def tlvs(
    tag: int,
    wire: Wire[T],
    doc: str,
    *,
    max: int | None = None,
    default: tuple[T, ...] = (),
    since: str | None = None,
    until: str | None = None,
    renamed_from: str | None = None,
) -> tuple[T, ...]:
    """An entry that may repeat. Type checkers know that it may be left out where `default=()` is written."""
    entries: Any = Declared(
        "tlv",
        wire,
        doc,
        default=default,
        since=since,
        until=until,
        renamed_from=renamed_from,
        tag=_tag(tag),
        many=True,
        max=max,
    )
    return entries  # type: ignore[no-any-return]


def _tag(tag: int) -> int:
    if not isinstance(tag, int) or tag < 0:
        raise SchemaError("vocabulary", f"{tag!r} is no tag number")
    return int(tag)
