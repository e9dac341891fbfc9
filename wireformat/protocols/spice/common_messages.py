"""Messages of all channels [spice-migration 3]. Numbers up to 100 mean the same everywhere."""

from __future__ import annotations

from wireformat.protocols.spice.codes import ChannelType, LinkCode, MigrateFlags, Severity, Visibility
from wireformat.protocols.spice.headers import MAX_BODY
from wireformat.protocols.spice.link import VERSIONS
from wireformat.schema import (
    EnumOf,
    FlagsOf,
    Int8ul,
    Int16ul,
    Int32ul,
    Int64ul,
    List,
    Message,
    Nested,
    Record,
    RestBytes,
    SizedBytes,
    Text,
    computed,
    const,
    count_of,
    field,
    size_of,
    this,
)

MAX_TEXT = 1 << 16


class CommonServerMessage(Message, sender="server", channel="any", versions=VERSIONS, source="spice-migration 3"):
    """What a server sends on any channel."""


class CommonClientMessage(Message, sender="client", channel="any", versions=VERSIONS, source="spice-migration 3"):
    """What a client sends on any channel."""


class Migrate(CommonServerMessage, code=1):
    """Move this channel to the target now."""

    flags: MigrateFlags = field(FlagsOf(Int32ul, MigrateFlags), "what moving the channel takes")


class ServerMigrateData(CommonServerMessage, code=2):
    """Hand over the state of the channel, for the target; the client does not look inside."""

    data: bytes = field(RestBytes(MAX_BODY), "the state")


class SetAck(CommonServerMessage, code=3):
    """Ask for an acknowledgement after every so many messages."""

    generation: int = field(Int32ul, "number of this demand")
    window: int = field(Int32ul, "messages from one acknowledgement to the next")


class Ping(CommonServerMessage, code=4):
    """Ask for an answer."""

    id: int = field(Int32ul, "number of the question")
    timestamp: int = field(Int64ul, "time of the server, in a unit of its own")
    filler: bytes = field(RestBytes(MAX_BODY), "bytes that make the question long", default=b"")


class AwaitedMessage(Record, source="spice-migration 3"):
    """A message on another channel."""

    channel_type: ChannelType = field(EnumOf(Int8ul, ChannelType), "type of the channel")
    channel_id: int = field(Int8ul, "which of that type")
    serial: int = field(Int64ul, "serial of the message")


class WaitForChannels(CommonServerMessage, code=5):
    """Wait until these messages of other channels have been handled."""

    count: int = computed(Int8ul, count_of("messages"), "how many")
    messages: tuple[AwaitedMessage, ...] = field(List(Nested(AwaitedMessage), this.count, max=255), "which messages")


class ServerDisconnecting(CommonServerMessage, code=6):
    """Say why the server will close."""

    timestamp: int = field(Int64ul, "time of the server")
    reason: LinkCode = field(EnumOf(Int32ul, LinkCode), "why")


class Notify(CommonServerMessage, code=7):
    """Tell the user something."""

    timestamp: int = field(Int64ul, "time of the server, in nanoseconds")
    severity: Severity = field(EnumOf(Int32ul, Severity), "how bad it is")
    visibility: Visibility = field(EnumOf(Int32ul, Visibility), "to whom it should be shown")
    what: int = field(Int32ul, "0, or with severity ERROR a link code")
    size: int = computed(Int32ul, size_of("text"), "bytes of the text, without the zero byte behind it")
    text: str = field(Text(this.size, max=MAX_TEXT), "what to tell")
    end: int = const(Int8ul, 0, "the zero byte")


class SubMessage(Record, source="spice-migration 2"):
    """A message inside a list."""

    type: int = field(Int16ul, "number of the message")
    size: int = computed(Int32ul, size_of("body"), "bytes of the body")
    body: bytes = field(SizedBytes(this.size, max=MAX_BODY), "the body")


class MessageList(CommonServerMessage, code=8, since="0.12"):
    """Carry several messages at once; only in front of mini headers."""

    count: int = computed(Int16ul, count_of("offsets"), "how many")
    offsets: tuple[int, ...] = field(List(Int32ul, this.count, max=0xFFFF), "where each begins, from here on")
    messages: bytes = field(RestBytes(MAX_BODY), "the messages")


class AckSync(CommonClientMessage, code=1):
    """Answer SET_ACK."""

    generation: int = field(Int32ul, "number of the demand")


class Ack(CommonClientMessage, code=2):
    """Say that a window of messages has been received."""


class Pong(CommonClientMessage, code=3):
    """Answer PING."""

    id: int = field(Int32ul, "number of the question")
    timestamp: int = field(Int64ul, "the timestamp of the question")


class MigrateFlushMark(CommonClientMessage, code=4):
    """Say that this is the client's last message on the channel of the source."""


class ClientMigrateData(CommonClientMessage, code=5):
    """Hand the state of the channel to the target."""

    data: bytes = field(RestBytes(MAX_BODY), "the state, as the source gave it")


class ClientDisconnecting(CommonClientMessage, code=6):
    """Say why the client will close."""

    timestamp: int = field(Int64ul, "time of the client")
    reason: LinkCode = field(EnumOf(Int32ul, LinkCode), "why")
