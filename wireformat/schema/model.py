"""The one model: what a schema means, as plain data.

`lift` turns any schema in the vocabulary into these nodes; every derivation (fast codec, strategies, pages,
dissector, compatibility) reads them and nothing else. A node is a frozen dataclass of numbers, strings, tuples and
other nodes, so a schema is comparable, hashable and serialises to JSON. The docstring of a node is its meaning on
the wire: both codecs implement exactly that.

Expressions are tuples: `("get", "name", …)` reads a value by path from the record being decoded, where a first name
`"_params"` reads a parameter given by the caller; `(operator, left, right)` and `("~", operand)` combine them.
Operators: `+ - * // % & | ^ << >> == != < <= > >= and or not`. Plain integers are themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Expr: TypeAlias = "int | tuple[Any, ...]"


@dataclass(frozen=True, slots=True)
class Int:
    """An integer of `size` bytes (1 to 8)."""

    size: int
    signed: bool = False
    little: bool = False

    @property
    def fmt(self) -> str | None:
        """The `struct` letter, without byte order; None for sizes that `struct` lacks."""
        letter = {1: "b", 2: "h", 4: "i", 8: "q"}.get(self.size)
        return letter if letter is None or self.signed else letter.upper()

    @property
    def range(self) -> tuple[int, int]:
        """Smallest and largest value."""
        bits = 8 * self.size
        return (-(1 << bits - 1), (1 << bits - 1) - 1) if self.signed else (0, (1 << bits) - 1)


@dataclass(frozen=True, slots=True)
class Float:
    """An IEEE 754 number of 4 or 8 bytes."""

    size: int
    little: bool = False


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes, or text when `encoding` is given.

    `size` counts bytes: a number, an expression, an `Int` that stands before the bytes, or None for all that is left
    of the enclosing region. More than `max` bytes is error `limit`, checked before anything is read. `pad` > 1: zero
    bytes follow up to a multiple of `pad` (checked, error `padding`). Undecodable text is error `text`.

    `nul` concerns text: `"keep"` leaves U+0000 alone, `"forbid"` makes it error `text`, `"pad"` is text in a field of
    fixed `size` filled up with NUL (text ends at the first NUL and only NUL may follow, error `padding`; encoding
    refuses inner NUL), `"end"` is text that must end with exactly one NUL, which is not part of the value.
    """

    size: Expr | Int | None
    max: int
    pad: int = 1
    encoding: str | None = None
    nul: Literal["keep", "forbid", "pad", "end"] = "keep"


@dataclass(frozen=True, slots=True)
class Const:
    """`of` must hold `value` (error `constant`); it is no argument when a record is made."""

    of: Node
    value: Any


@dataclass(frozen=True, slots=True)
class Reserved:
    """Zero when written (all bits of the Int, all bytes of the Data); read: `reject` makes anything else error
    `reserved`, `ignore` accepts and forgets it."""

    of: Node
    policy: Literal["reject", "ignore"] = "reject"


@dataclass(frozen=True, slots=True)
class Enum:
    """One of `members`. Open: other numbers are kept, as members named by their number. Closed: error `member`."""

    of: Int
    name: str
    members: tuple[tuple[str, int], ...]
    open: bool
    cls: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Flags:
    """A set of `members`. Open: other bits are kept. Closed: an unknown bit is error `member`."""

    of: Int
    name: str
    members: tuple[tuple[str, int], ...]
    open: bool
    cls: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class List:
    """Items back to back, as a tuple. `count`: a number, an expression, an `Int` before the items, or None for as
    many as fill the enclosing region. More than `max` items is error `limit`, checked before any is read."""

    of: Node
    max: int
    count: Expr | Int | None


@dataclass(frozen=True, slots=True)
class Chain:
    """Items, each announced by the bytes `more`, ended by the bytes `end`; as a tuple. Any other announcement is
    error `constant`; more than `max` items is error `limit`. (QEMU's lists: `01` item … `00`.)"""

    of: Node
    more: bytes
    end: bytes
    max: int


@dataclass(frozen=True, slots=True)
class Region:
    """`of` inside exactly as many bytes as `size` (an `Int` before them, or an expression) says. Fewer needed is error
    `trailing`, more needed error `overrun`. More than `max` bytes is error `limit`."""

    size: Expr | Int
    of: Node
    max: int


@dataclass(frozen=True, slots=True)
class Maybe:
    """XDR's optional: `of` a number 0 (then None) or 1 (then the value); other numbers are error `constant`."""

    flag: Int
    of: Node


@dataclass(frozen=True, slots=True)
class When:
    """`of` where `cond` is not zero, else nothing on the wire and None."""

    cond: Expr
    of: Node


@dataclass(frozen=True, slots=True)
class Announced:
    """`of` where the next bytes equal `marker` (which then precede it), else nothing on the wire and None. Outside
    regions an input that ends inside the marker, behind its first byte, is `truncated`; at its very end nothing is
    announced."""

    marker: bytes
    of: Node


@dataclass(frozen=True, slots=True)
class Union:
    """The arm that the number `on` names. A number without an arm gives `Unknown(tag, data)` holding the rest of the
    enclosing region when `unknown` is true, else error `tag`. Encoding refuses a value of another arm. A version that
    an arm's record is not in, by its `since` and `until`, has no such arm."""

    on: Expr
    arms: tuple[tuple[int, Node], ...]
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Pointed:
    """SPICE's pointer: `size_int` and `offset_int` stand here (in that order), the bytes `of` at `offset` counted from
    the start of the record, behind its fixed part. Outside the record is error `pointer`. Encoded tails follow in field
    order. A record with pointers extends to the end of the enclosing region; bytes that no pointer reaches are
    ignored. Size 0 at offset 0 is a null pointer: the value is None, and None is encoded so."""

    of: Data
    size_int: Int
    offset_int: Int


@dataclass(frozen=True, slots=True)
class Computed:
    """A number that follows from the rest: `("size_of", field)` in bytes, `("count_of", field)` in items,
    `("tag_of", field)` (of arms whose values have the same Python type, the first), or `("record_size", "")`, the bytes
    of the whole record, this number and tails of pointers included. A decoded number that disagrees is error
    `mismatch`. The size of a record is known last: while encoding nothing can read it but the sizes and counts of other
    fields, which must then agree (error `mismatch`)."""

    of: Int
    rule: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Checksum:
    """A sum (`kind`: `crc32`) over the whole record with this field, at byte `at`, read as zero; else error
    `checksum`."""

    of: Int
    kind: str
    at: int


@dataclass(frozen=True, slots=True)
class Ref:
    """The record of that name in the schema."""

    name: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something outside the vocabulary, named instead of understood. Cannot be decoded."""

    cls: str
    reason: str


Node: TypeAlias = (
    Int
    | Float
    | Data
    | Const
    | Reserved
    | Enum
    | Flags
    | List
    | Chain
    | Region
    | Maybe
    | When
    | Announced
    | Union
    | Pointed
    | Computed
    | Checksum
    | Ref
    | Opaque
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record.

    `since` and `until` are versions, both included. `tag` and `many` (may repeat; a tuple) belong to layout `tlv`,
    `mask` and `shift` to layout `bits`. `default` is what an absent field (older version, no TLV) reads as; `optional`
    says that there is one. An empty `name` is a part without a value (constants, reserved bytes of a stranger).
    """

    name: str
    of: Node
    doc: str = ""
    since: str | None = None
    until: str | None = None
    renamed_from: str | None = None
    optional: bool = False
    default: Any = None
    tag: int | None = None
    many: bool = False
    max: int | None = None
    mask: Expr | None = None
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Tlv:
    """How a record with layout `tlv` frames its entries: tag, size, value; ascending tags, leaving `critical` aside.

    An integer `reserved` stands between tag and size; it is zero when written and not looked at when read.
    `critical` is the bit of the tag number that makes an unknown entry error `tag`, and so does a known number with the
    wrong bit; others are kept as `Unknown(tag, data)` in the attribute `unknown`, where a tag may repeat. Errors:
    `order`, `duplicate`, `missing` (field without default), `limit` (a value above `max` bytes, a field above its
    `max` entries). An entry whose value equals the field's default is not written.

    With `ascending`, entries of one field that may repeat stand in strictly ascending order of the bytes of their
    values, so that one set of values has one form; else `order`, for equal neighbours `duplicate`.
    """

    tag: Int
    size: Int
    critical: int = 0
    max: int = 1 << 16
    reserved: Int | None = None
    ascending: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Fields in order. Layout `sequence`: back to back. `tlv`: entries framed as `tlv` says, up to the end of the
    enclosing region. `bits`: fields are parts of one integer `base`; bits outside every mask must be zero, error
    `reserved`. `versions` lists all versions, oldest first; a message that some of them lack says `since` and `until`,
    both included, and cannot be coded in others. `channel` is where a message travels when there are several. `cls` is
    the Python class of its values; without one a value is a `dict`.
    """

    name: str
    fields: tuple[Field, ...]
    layout: Literal["sequence", "tlv", "bits"] = "sequence"
    doc: str = ""
    code: int | None = None
    sender: str | None = None
    source: str = ""
    versions: tuple[str, ...] = ()
    channel: str | None = None
    since: str | None = None
    until: str | None = None
    tlv: Tlv | None = None
    base: Int | None = None
    cls: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Schema:
    """A root record and every record that it refers to, by name."""

    root: str
    records: Mapping[str, Record]

    @property
    def record(self) -> Record:
        """The root record."""
        return self.records[self.root]
