"""What an offer and a result list on the wire: capabilities, parameters, channels, errors [handshake D.6, D.7].

Every item is a fixed part followed by entries, of which revision 1 knows none. In a message, items of one kind stand in
ascending order of their bytes, so that equal offers are equal bytes.
"""

from __future__ import annotations

from wireformat.protocols.channels.framing import FRAMING, NO_EXTENSIONS, REVISIONS, Extensions, RestToken, Token
from wireformat.protocols.handshake.error_codes import ErrorCode, Retry, Severity
from wireformat.schema import (
    EnumOf,
    FlagsOf,
    Int8ub,
    Int16ub,
    Int64ub,
    List,
    Nested,
    OneOf,
    OpenEnum,
    OpenFlags,
    Record,
    RestText,
    String8,
    Tagged,
    computed,
    field,
    tag_of,
    this,
    tlv,
)

MAX_VALUES = 255
MAX_TEXT = 512
MAX_PATH = 1024


class AbilityFlags(OpenFlags):
    """What holds of a capability on one side."""

    ABLE = 1


class WishKind(OpenEnum):
    """What a side wants of a capability [handshake D.7]."""

    REQUIRE = 1
    WANT = 2
    AUTO = 3
    AVOID = 4
    FORBID = 5


class CapabilityItem(Record, source="handshake D.7"):
    """A capability that a side knows."""

    name: str = field(Token, "name of the capability: `postcopy-ram`")
    flags: AbilityFlags = field(FlagsOf(Int8ub, AbilityFlags), "whether the side is able to do it")
    wish: WishKind = field(EnumOf(Int8ub, WishKind), "what the side wants of it")
    more: Extensions = field(Nested(Extensions), "entries of later revisions", default=NO_EXTENSIONS)


class Range(Record, source="handshake D.7"):
    """Integers that a side accepts."""

    low: int = field(Int64ub, "smallest, included")
    high: int = field(Int64ub, "largest, included")


class Numbers(Record, source="handshake D.7"):
    """Single integers that a side accepts."""

    values: tuple[int, ...] = field(List(Int64ub, count=Int8ub, max=MAX_VALUES), "the integers")


class Names(Record, source="handshake D.7"):
    """Texts that a side accepts."""

    values: tuple[str, ...] = field(List(String8, count=Int8ub, max=MAX_VALUES), "the texts")


class Nothing(Record, source="handshake D.7"):
    """The registry says it."""


class ParameterFlags(OpenFlags):
    """How a side insists on a parameter."""

    EXACT = 1
    REQUIRE = 2


class ParameterItem(Record, source="handshake D.7"):
    """A parameter that a side knows, its value there, and what the side accepts."""

    name: str = field(Token, "name of the parameter: `max-bandwidth`")
    flags: ParameterFlags = field(
        FlagsOf(Int8ub, ParameterFlags), "EXACT: no other value will do; REQUIRE: the other side must know it"
    )
    value_kind: int = computed(Int8ub, tag_of("value"), "how the value is written")
    value: Nothing | int | str = field(
        OneOf(this.value_kind, {0: Nested(Nothing), 1: Int64ub, 2: String8}),
        "the value; absent where the default holds",
    )
    allowed_kind: int = computed(Int8ub, tag_of("allowed"), "how the accepted values are written")
    allowed: Nothing | Range | Numbers | Names = field(
        OneOf(this.allowed_kind, {0: Nested(Nothing), 1: Nested(Range), 2: Nested(Numbers), 3: Nested(Names)}),
        "what the side accepts; an order of preference where the registry says so",
    )
    more: Extensions = field(Nested(Extensions), "entries of later revisions", default=NO_EXTENSIONS)


class ChannelItem(Record, source="handshake D.7"):
    """Channels of one type."""

    type: str = field(Token, "registered type: `multifd`")
    want: int = field(Int16ub, "source: how many it would open; destination: 0")
    minimum: int = field(Int16ub, "source: how many it needs; destination: 0")
    maximum: int = field(Int16ub, "destination: how many it accepts; source: 0")
    more: Extensions = field(Nested(Extensions), "entries of later revisions", default=NO_EXTENSIONS)


class DiskFlags(OpenFlags):
    """How a source insists on a disk."""

    REQUIRED = 1


class DiskItem(Record, source="handshake D.3"):
    """A disk that a source would write over a channel of its own, or that a destination exports for it."""

    name: str = field(Token, "name of the disk: `vda`")
    flags: DiskFlags = field(FlagsOf(Int8ub, DiskFlags), "REQUIRED: without it nothing is migrated")
    more: Extensions = field(Nested(Extensions), "entries of later revisions", default=NO_EXTENSIONS)


class SettingItem(Record, source="handshake D.7"):
    """A parameter with the value that both sides use."""

    name: str = field(Token, "name of the parameter")
    value_kind: int = computed(Int8ub, tag_of("value"), "how the value is written")
    value: int | str = field(OneOf(this.value_kind, {1: Int64ub, 2: String8}), "the value")


class ChannelCount(Record, source="handshake D.7"):
    """How many channels of a type there will be."""

    type: str = field(Token, "registered type")
    count: int = field(Int16ub, "how many")


class ChannelNameEntries(Tagged, tlv=FRAMING, source="handshake D.3", versions=REVISIONS):
    """What type and index do not say of a channel."""

    target: str | None = tlv(0x8001, RestToken, "what the channel carries: the disk `vda`", default=None, since="2")


class ChannelName(Record, source="handshake D.3"):
    """Name a channel: `multifd/3`, or with a target `nbd/vda`."""

    type: str = field(Token, "registered type of the channel")
    index: int = field(Int16ub, "number among those of its type, from 0")
    entries: ChannelNameEntries = field(
        Nested(ChannelNameEntries), "what the index does not say", default=ChannelNameEntries()
    )


class ErrorEntries(Tagged, tlv=FRAMING, source="handshake D.6"):
    """One reason why a handshake ends. Programs act on code, severity and retry; the rest is for people."""

    code: ErrorCode = tlv(0x8001, EnumOf(Int16ub, ErrorCode), "what went wrong")
    path: str = tlv(0x8002, RestText(MAX_PATH, nul="forbid"), "what it concerns, as a JSON Pointer", default="")
    expected: str | None = tlv(0x0003, RestText(MAX_TEXT, nul="forbid"), "JSON text of what was wanted", default=None)
    actual: str | None = tlv(0x0004, RestText(MAX_TEXT, nul="forbid"), "JSON text of what was found", default=None)
    text: str | None = tlv(0x0005, RestText(MAX_TEXT, nul="forbid"), "a sentence for people", default=None)
    severity: Severity = tlv(0x0006, EnumOf(Int8ub, Severity), "how bad it is", default=Severity.FATAL)
    retry: Retry = tlv(0x0007, EnumOf(Int8ub, Retry), "what must change before trying again helps", default=Retry.NEVER)
