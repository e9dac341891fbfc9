"""Schemas that together use every node of the model, for tests that hold two codecs against each other."""

from __future__ import annotations

from typing import Any

from wireformat.schema import (
    Announced,
    Bytes,
    Chain,
    EnumOf,
    FlagsOf,
    Float32l,
    Float64b,
    If,
    Int8sb,
    Int8ub,
    Int16sl,
    Int16ub,
    Int16ul,
    Int24sl,
    Int24ub,
    Int32ub,
    Int32ul,
    Int64sb,
    Int64ub,
    List,
    Message,
    Nested,
    OneOf,
    OpenEnum,
    OpenFlags,
    PaddedText,
    Pointed,
    Record,
    Region,
    RestBytes,
    RestText,
    SizedBytes,
    String8,
    Tagged,
    TaggedMessage,
    Text,
    Unknown,
    XdrArray,
    XdrOpaque,
    XdrOptional,
    XdrString,
    bit_field,
    computed,
    const,
    count_of,
    crc32,
    field,
    lift,
    model,
    record_size,
    reserved,
    size_of,
    tag_of,
    this,
    tlv,
    tlvs,
)


class Colour(OpenEnum):
    RED = 1
    BLUE = 7


class Mode(OpenFlags):
    FAST = 1
    LOUD = 4


class Fixed(Message, code=1):
    """Numbers of every kind, one behind the other."""

    a: int = field(Int16ub, "unsigned")
    b: int = field(Int8sb, "signed")
    c: int = field(Int16sl, "little, signed")
    d: int = field(Int24ub, "three bytes")
    e: int = field(Int24sl, "three bytes, little, signed")
    f: int = field(Int64sb, "large")
    g: float = field(Float64b, "double")
    h: float = field(Float32l, "single")
    i: bytes = field(Bytes(5), "bytes")
    j: str = field(PaddedText(6), "padded text")


class Named(Record):
    """Names for numbers, zeros and constants."""

    magic: bytes = const(Bytes(4), b"MAGI", "constant bytes")
    version: int = const(Int16ub, 3, "constant number")
    colour: Colour = field(EnumOf(Int8ub, Colour), "open")
    shade: Colour = field(EnumOf(Int32ul, Colour, open=False), "closed")
    mode: Mode = field(FlagsOf(Int16ub, Mode), "open")
    limit: Mode = field(FlagsOf(Int8ub, Mode, open=False), "closed")
    zero: Any = reserved(Int32ub, "zero")
    gap: Any = reserved(Bytes(3), "anything", policy="ignore")
    spare: Any = reserved(Int16ub, "anything", policy="ignore")


class Xdr(Record):
    """XDR's kinds."""

    name: str = field(XdrString(40), "text")
    handle: int = field(Int32ub, "number behind padding")
    blob: bytes = field(XdrOpaque(20), "bytes")
    words: tuple[int, ...] = field(XdrArray(Int32ub, 6), "numbers")
    names: tuple[str, ...] = field(XdrArray(XdrString(9), 4), "texts")
    fixed: bytes = field(Bytes(8), "fixed")
    tail: str | None = field(XdrOptional(XdrString(9)), "optional text")
    blob_2: bytes = field(XdrOpaque(9), "padding at the end")


class Texts(Record):
    """Text and data of every kind."""

    short: str = field(String8, "counted")
    nul: str = field(Text(Int16ul, max=30, nul="end"), "ends with NUL")
    plain: str = field(Text(Int8ub, max=9, encoding="ascii", nul="forbid"), "ascii")
    filled: str = field(Text(Int8ub, max=9, nul="pad"), "counted, filled")
    size: int = field(Int8ub, "bytes of body")
    body: bytes = field(SizedBytes(this.size - 2, max=20), "by expression")
    padded: str = field(Text(this.size, max=22, nul="pad"), "filled to an expression")
    rest: str = field(RestText(40), "all that is left")


class Point(Record):
    """Small and fixed."""

    x: int = field(Int16ub, "x")
    y: int = field(Int8sb, "y")


class Lists(Record):
    """Lists, counted in every way."""

    four: tuple[int, ...] = field(List(Int16ul, count=4), "fixed count of numbers")
    reals: tuple[float, ...] = field(List(Float64b, count=Int8ub, max=3), "floats")
    points: tuple[Point, ...] = field(List(Nested(Point), count=2), "fixed count of records")
    count: int = field(Int8sb, "count of more")
    more: tuple[Point, ...] = field(List(Nested(Point), count=this.count, max=5), "counted by a field")
    bytes_: tuple[int, ...] = field(List(Int8ub, count=Int8ub, max=250), "bytes")
    texts: tuple[str, ...] = field(List(String8, count=Int16ub, max=3), "texts")
    odd: tuple[int, ...] = field(List(Int24ub, count=Int8ub, max=3), "three bytes each")
    point: Point = field(Nested(Point), "nested")
    items: tuple[Point, ...] = field(List(Nested(Point), count=None, max=4), "as many as fit")


class Hello(Record):
    """One arm."""

    seq: int = field(Int16ub, "number")


class Bye(Record):
    """Another arm."""

    why: str = field(RestText(20), "reason")


class Envelope(Record):
    """A union in a region, its tag computed."""

    kind: int = computed(Int16ub, tag_of("body"), "which body")
    body: Any = field(
        Region(Int32ub, OneOf(this.kind, {1: Nested(Hello), 7: Nested(Bye)}, unknown=Unknown), max=64), "body"
    )


class Setting(Record):
    """A union whose arms are told apart by the Python types of their values."""

    kind: int = computed(Int8ub, tag_of("value"), "type")
    value: Any = field(
        OneOf(
            this.kind,
            {
                1: Int64ub,
                2: String8,
                3: XdrOpaque(9),
                4: Nested(Hello),
                5: EnumOf(Int8ub, Colour),
                6: XdrArray(Int8ub, 3),
                7: Region(Int8ub, Float64b, max=9),
            },
        ),
        "value",
    )


class Value(Record):
    """A union whose arms share Python types."""

    kind: int = field(Int8ub, "type")
    value: Any = field(OneOf(this.kind, {1: Int32ub, 2: Int64ub, 3: String8, 4: XdrArray(Int8ub, 3)}), "value")


class Frame(Message, code=2):
    """Sizes, counts and a sum."""

    length: int = computed(Int32ub, size_of("payload"), "bytes of the payload")
    total: int = computed(Int16ub, size_of("names"), "bytes of the names")
    crc: int = computed(Int32ub, crc32(at=6), "sum")
    payload: bytes = field(SizedBytes(this.length, max=50), "steered by length")
    count: int = computed(Int8ub, count_of("items"), "items")
    items: tuple[int, ...] = field(List(Int16ub, count=this.count, max=9), "steered by count")
    names: tuple[str, ...] = field(List(String8, count=2), "measured")
    padded: int = computed(Int8ub, size_of("blob"), "bytes of the blob, without padding")
    blob: bytes = field(XdrOpaque(9), "padded")


class Entry(Tagged, tlv=model.Tlv(model.Int(2), model.Int(2), critical=0x8000, max=48)):
    """Entries of tag, size and value."""

    code: int = tlv(0x8001, Int16ub, "mandatory")
    text: str | None = tlv(0x0005, RestText(12), "optional", default=None)
    level: int = tlv(0x0009, Int8ub, "optional with a value", default=3)
    points: tuple[Point, ...] = tlvs(0x8010, Nested(Point), "many", max=3)
    causes: tuple[Entry, ...] = tlvs(0x0040, Nested(lambda: Entry), "recursive")
    name: str | None = tlv(0x0041, String8, "counted inside", default=None)


class Extras(Tagged, versions=("1", "2")):
    """Entries, none of them mandatory."""

    level: int = tlv(1, Int8ub, "optional", default=3)
    hints: tuple[int, ...] = tlvs(2, Int16ub, "many", max=2)
    later: tuple[int, ...] = tlvs(3, Int16ub, "many, in a later version", since="2", default=())


class Extended(Record, versions=("1", "2")):
    """A part that is often empty, at the end."""

    kind: int = field(Int8ub, "kind")
    extras: Extras = field(Nested(Extras), "perhaps nothing")


FRAMING = model.Tlv(model.Int(2), model.Int(4), critical=0x8000, max=60, reserved=model.Int(2))


class Offer(TaggedMessage, tlv=FRAMING, code=0x8001, sender="source"):
    """A message of entries, each with something reserved in its header."""

    numbers: tuple[int, ...] = tlv(0x8001, List(Int16ub, None, 5), "mandatory, as many as fit")
    name: str | None = tlv(0x0002, RestText(9), "optional", default=None)
    entries: tuple[Entry, ...] = tlvs(0x8003, Nested(Entry), "entries framed in another way", max=2)


ASCENDING = model.Tlv(model.Int(2), model.Int(1), critical=0x8000, max=30, ascending=True)


class Sorted(Tagged, tlv=ASCENDING):
    """Entries that repeat in ascending order of their bytes."""

    points: tuple[Point, ...] = tlvs(0x8001, Nested(Point), "of fixed size", max=3, default=())
    names: tuple[str, ...] = tlvs(0x0002, RestText(9), "perhaps empty", default=())
    words: tuple[str, ...] = tlvs(0x0003, String8, "counted, so shorter ones come first", default=())
    inner: tuple[Sorted, ...] = tlvs(0x0008, Nested(lambda: Sorted), "the same inside", default=())
    level: int = tlv(0x0009, Int8ub, "once", default=3)


class Header(Message, sender="source"):
    """A record that says how long it is, itself included, with a sum over all of it."""

    magic: int = const(Int32ub, 0x5145564D, "constant")
    kind: Colour = field(EnumOf(Int8ub, Colour), "kind")
    length: int = computed(Int16ub, record_size(), "bytes of all this")
    crc: int = computed(Int32ub, crc32(at=7), "sum")
    label_size: int = computed(Int8ub, size_of("label"), "bytes of the label")
    label: bytes = field(SizedBytes(this.label_size, max=9), "not of fixed size")
    offer: Offer = field(Region(this.length - 12 - this.label_size, Nested(Offer), max=150), "what is left")


class Packet(Message, sender="source"):
    """A frame whose type follows from its payload."""

    type: int = computed(Int16ub, tag_of("payload"), "which payload")
    flags: Any = reserved(Int16ub, "anything", policy="ignore")
    seq: int = field(Int32ub, "number")
    length: int = computed(Int32ub, size_of("payload"), "bytes of the payload")
    crc: int = computed(Int32ub, crc32(at=12), "sum")
    payload: Any = field(
        Region(this.length, OneOf(this.type, {0x8001: Nested(Offer), 0x8002: Nested(Entry)}, unknown=Unknown), max=150),
        "entries",
    )


class Early(Message, code=1, sender="source", versions=("1", "2", "10"), until="2"):
    """A message that was dropped."""

    seq: int = field(Int8ub, "number")


class Late(Message, code=2, sender="source", versions=("1", "2", "10"), since="2"):
    """A message that was added."""

    seq: int = field(Int16ub, "number")


class Steady(Record, versions=("1", "2", "10")):
    """In all versions."""

    seq: int = field(Int16ub, "number")


class Letter(Record, versions=("1", "2", "10")):
    """A union whose arms depend on the version; others are kept."""

    kind: int = computed(Int8ub, tag_of("body"), "which body")
    body: Any = field(
        Region(
            Int8ub, OneOf(this.kind, {1: Nested(Early), 2: Nested(Late), 3: Nested(Steady)}, unknown=Unknown), max=9
        ),
        "body",
    )


class BodyKind(OpenEnum):
    EARLY = 1
    LATE = 2
    STEADY = 3


class Telegram(Record, versions=("1", "2", "10")):
    """The same, with a number that is given; others are refused."""

    kind: BodyKind = field(EnumOf(Int8ub, BodyKind), "which body")
    body: Any = field(OneOf(this.kind, {1: Nested(Early), 2: Nested(Late), 3: Nested(Steady)}), "body")


class Parcel(Record):
    """The size of a record with a tail, and without anything to steer."""

    total: int = computed(Int8ub, record_size(), "bytes, the tail included")
    words: tuple[int, ...] = field(XdrArray(Int16ub, 3), "words")
    note: str | None = field(Pointed(Text(max=9)), "tail")


class Word(Record, bits=Int64ub):
    """An address and flags in one word, divided by a parameter."""

    address: int = bit_field(this._params.page_size * 255, "address")
    flags: Mode = bit_field(0x0F, "flags", of=FlagsOf(Int8ub, Mode))
    kind: Colour = bit_field(0x70, "kind", of=EnumOf(Int8ub, Colour, open=False), shift=4)


class Page(Record):
    """Parts that other fields call for."""

    word: Word = field(Nested(Word), "word")
    name: str | None = field(If((this.word.flags & 4) == 0, String8), "absent when loud")
    body: bytes | None = field(If(this.word.flags & 1, Bytes(this._params.page_size // 1024)), "body")


class Section(Record):
    """Chains and announced parts."""

    chain: tuple[Point, ...] = field(Chain(Nested(Point), more=b"\1", end=b"\0", max=4), "chain")
    sub: Point | None = field(Announced(b"\5sub", Nested(Point)), "announced")
    other: int | None = field(Announced(b"\xee", Int16ub), "announced")
    inner: Any = field(Region(Int8ub, Nested(lambda: Inner), max=30), "announced inside a region")


class Inner(Record):
    """A marker that may be cut by the end of its region."""

    sub: int | None = field(Announced(b"\5sub", Int8ub), "announced")
    rest: bytes = field(RestBytes(20), "rest")


class Migrate(Message, code=101, versions=("1", "2", "10")):
    """SPICE's pointers, and fields of some versions only."""

    port: int = field(Int16ul, "port")
    old: int = field(Int8ub, "dropped", until="2", default=0)
    host: str | None = field(Pointed(Text(max=20)), "host")
    subject: str | None = field(Pointed(Text(max=20, nul="end")), "subject", since="2", default=None)
    extra: bytes = field(SizedBytes(Int8ub, max=5), "behind a pointer", since="10", default=b"")


class Tree(Record):
    """A record that holds itself."""

    label: int = field(Int8ub, "label")
    left: Tree | None = field(XdrOptional(Nested(lambda: Tree)), "left")
    right: Tree | None = field(XdrOptional(Nested(lambda: Tree)), "right")


def device(leaves: int = 40) -> model.Schema:
    """A schema as a VM description gives it: made at run time, values are dicts, names are arbitrary."""
    sizes = (1, 2, 4, 8, 3)
    fields = [model.Field(f"env.cr[{index}]", model.Int(sizes[index % 5])) for index in range(leaves)]
    fields += [model.Field(f"r{index}", model.Int(8, signed=True)) for index in range(leaves)]
    fields.append(model.Field("msr", model.List(model.Int(8), 4, 4)))
    fields.append(model.Field("0000:00:03.0/virtio-net", model.Ref("queue")))
    fields.append(model.Field("queues", model.List(model.Ref("queue"), 3, 3)))
    fields.append(model.Field("", model.Reserved(model.Data(7, 7), "ignore")))
    fields.append(model.Field("magic", model.Const(model.Int(4), 0xABCD)))
    fields.append(model.Field('ring\'s "end"\n', model.Announced(b"\5q", model.Ref("queue"))))
    optional = model.Field("note", model.Data(model.Int(1), 9, encoding="utf-8"), optional=True, default="")
    queue = model.Record("queue", (model.Field("x", model.Int(2)), model.Field("y", model.Int(4, little=True))))
    return model.Schema("device", {"device": model.Record("device", (*fields, optional)), "queue": queue})


CLASSES: tuple[type[Record], ...] = (
    Fixed,
    Named,
    Xdr,
    Texts,
    Lists,
    Envelope,
    Setting,
    Value,
    Frame,
    Entry,
    Extended,
    Offer,
    Sorted,
    Header,
    Packet,
    Letter,
    Telegram,
    Parcel,
    Word,
    Page,
    Section,
    Migrate,
    Tree,
)

SCHEMAS: dict[str, model.Schema] = {cls.__name__: lift(cls) for cls in CLASSES} | {"device": device()}

VERSIONS: dict[str, tuple[str | None, ...]] = {
    "Migrate": ("1", "2", "10", None),
    "Extended": ("1", "2"),
    "Letter": ("1", "2", "10"),
    "Telegram": ("1", "2", "10"),
}

PARAMS = {"page_size": 4096}
