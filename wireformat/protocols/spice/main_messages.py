"""Messages of the main channel [spice-migration 4, 5], with what moves a client from one server to another.

Host and certificate subject are pointed to: size and offset stand in the fixed part, the bytes behind it. Offsets count
from the start of the body, so the kind of header changes nothing.
"""

from __future__ import annotations

from wireformat.protocols.spice.codes import ChannelType, LinkCode, MouseMode
from wireformat.protocols.spice.link import VERSIONS
from wireformat.schema import (
    Bytes,
    EnumOf,
    FlagsOf,
    Int8ul,
    Int16ul,
    Int32ul,
    Int64ul,
    List,
    Message,
    Nested,
    OpenEnum,
    Pointed,
    Record,
    RestBytes,
    Text,
    computed,
    count_of,
    field,
    this,
)

NO_PORT = 0xFFFF
MAX_HOST = 1024
MAX_SUBJECT = 4096
MAX_KEY = 4096
MAX_NAME = 4096
MAX_AGENT_DATA = 1 << 20
MIGRATION_VERSION = 1
"""The version of the state that servers hand each other in a seamless migration."""


class PublicKeyType(OpenEnum):
    """What the key in an old MIGRATE_BEGIN is [spice-migration 12]."""

    INVALID = 0
    RSA = 1
    RSA2 = 2
    DSA = 3
    DSA1 = 4
    DSA2 = 5
    DSA3 = 6
    DSA4 = 7


class MainServerMessage(Message, sender="server", channel="main", versions=VERSIONS, source="spice-migration 4.1"):
    """What a server sends on the main channel."""


class MainClientMessage(Message, sender="client", channel="main", versions=VERSIONS, source="spice-migration 4.2"):
    """What a client sends on the main channel."""


class TargetMessage(MainServerMessage, source="spice-migration 5"):
    """What a server says of a target."""

    port: int = field(Int16ul, "TCP port of the target; 65535 when it has none")
    sport: int = field(Int16ul, "TLS port of the target; 65535 when it has none")
    host: bytes | None = field(Pointed(RestBytes(MAX_HOST)), "name or address of the target, with a zero byte")


class MigrateBegin(TargetMessage, code=101):
    """Tell the client to connect to the target before the guest moves."""

    key_type: PublicKeyType = field(
        EnumOf(Int16ul, PublicKeyType), "kind of the key", until="0.5", default=PublicKeyType.INVALID
    )
    key: bytes | None = field(Pointed(RestBytes(MAX_KEY)), "public key of the target", until="0.5", default=None)
    cert_subject: bytes | None = field(
        Pointed(RestBytes(MAX_SUBJECT)),
        "certificate subject that the target must have, with a zero byte",
        since="0.8.2",
        default=None,
    )


class MigrateCancel(MainServerMessage, code=102):
    """Stay: the migration failed, or the answer to MIGRATE_BEGIN came too late."""


class Init(MainServerMessage, code=103):
    """Open the session; to a client that migrates, after its MIGRATE_END."""

    session_id: int = field(Int32ul, "names the session when further channels are linked")
    display_channels_hint: int = field(Int32ul, "how many displays to expect")
    supported_mouse_modes: MouseMode = field(FlagsOf(Int32ul, MouseMode), "modes that the server can")
    current_mouse_mode: MouseMode = field(FlagsOf(Int32ul, MouseMode), "mode in use")
    agent_connected: int = field(Int32ul, "1 when an agent runs in the guest")
    agent_tokens: int = field(Int32ul, "messages that the client may send to the agent")
    multi_media_time: int = field(Int32ul, "clock of sound and video, in ms")
    ram_hint: int = field(Int32ul, "bytes of video memory")


class ChannelItem(Record, source="spice-migration 4.1"):
    """A channel that can be linked."""

    type: ChannelType = field(EnumOf(Int8ul, ChannelType), "type of the channel")
    id: int = field(Int8ul, "which of that type")


class ChannelsList(MainServerMessage, code=104):
    """List the channels besides main."""

    count: int = computed(Int32ul, count_of("channels"), "how many")
    channels: tuple[ChannelItem, ...] = field(List(Nested(ChannelItem), this.count, max=1 << 16), "the channels")


class MouseModeChange(MainServerMessage, code=105):
    """Tell who moves the pointer."""

    supported: MouseMode = field(FlagsOf(Int16ul, MouseMode), "modes that the server can")
    current: MouseMode = field(FlagsOf(Int16ul, MouseMode), "mode in use")


class MultiMediaTime(MainServerMessage, code=106):
    """Set the clock of sound and video."""

    time: int = field(Int32ul, "ms")


class AgentConnected(MainServerMessage, code=107):
    """An agent runs in the guest now."""


class AgentDisconnected(MainServerMessage, code=108):
    """The agent in the guest is gone."""

    code: LinkCode = field(EnumOf(Int32ul, LinkCode), "why")


class ServerAgentData(MainServerMessage, code=109):
    """Carry a piece of the agent's stream to the client."""

    data: bytes = field(RestBytes(MAX_AGENT_DATA), "bytes of the stream")


class ServerAgentToken(MainServerMessage, code=110):
    """Allow the client further messages to the agent."""

    tokens: int = field(Int32ul, "how many")


class MigrateSwitchHost(TargetMessage, code=111):
    """Leave, and begin a new session at the target."""

    cert_subject: bytes | None = field(
        Pointed(RestBytes(MAX_SUBJECT)),
        "certificate subject that the target must have, with a zero byte",
        default=None,
    )


class ServerMigrateEnd(MainServerMessage, code=112, since="0.8.2"):
    """Go: the guest runs at the target."""


class Name(MainServerMessage, code=113, since="0.12"):
    """Name the guest; only to clients with NAME_AND_UUID."""

    name: str = field(Text(Int32ul, max=MAX_NAME, nul="end"), "name of the guest")


class Uuid(MainServerMessage, code=114, since="0.12"):
    """Give the guest's UUID; only to clients with NAME_AND_UUID."""

    uuid: bytes = field(Bytes(16), "the UUID")


class AgentConnectedTokens(MainServerMessage, code=115, since="0.12"):
    """An agent runs in the guest now; to clients with AGENT_CONNECTED_TOKENS."""

    tokens: int = field(Int32ul, "messages that the client may send to it")


class MigrateBeginSeamless(TargetMessage, code=116, since="0.12"):
    """Tell the client to connect to the target, and to ask it for a seamless migration."""

    cert_subject: bytes | None = field(
        Pointed(RestBytes(MAX_SUBJECT)),
        "certificate subject that the target must have, with a zero byte",
        default=None,
    )
    version: int = field(Int32ul, "version of the state that the source hands over", default=MIGRATION_VERSION)


class MigrateDstSeamlessAck(MainServerMessage, code=117, since="0.12"):
    """The target takes a seamless migration."""


class MigrateDstSeamlessNack(MainServerMessage, code=118, since="0.12"):
    """The target takes none: go on semi-seamless."""


class ClientInfo(MainClientMessage, code=101):
    """Tell the size of the client's cache; servers of today drop who sends it."""

    cache_size: int = field(Int64ul, "bytes")


class MigrateConnected(MainClientMessage, code=102):
    """Every channel is linked to the target."""


class MigrateConnectError(MainClientMessage, code=103):
    """The target cannot be reached, or refuses."""


class AttachChannels(MainClientMessage, code=104):
    """Ask for the list of channels."""


class MouseModeRequest(MainClientMessage, code=105):
    """Ask for a mouse mode."""

    mode: MouseMode = field(FlagsOf(Int16ul, MouseMode), "the mode")


class AgentStart(MainClientMessage, code=106):
    """Begin to talk with the agent."""

    tokens: int = field(Int32ul, "messages that the server may send")


class ClientAgentData(MainClientMessage, code=107):
    """Carry a piece of the stream to the agent."""

    data: bytes = field(RestBytes(MAX_AGENT_DATA), "bytes of the stream")


class ClientAgentToken(MainClientMessage, code=108):
    """Allow the server further messages from the agent."""

    tokens: int = field(Int32ul, "how many")


class ClientMigrateEnd(MainClientMessage, code=109, since="0.8.2"):
    """Tell the target that the client is here for good: it sends INIT and starts every channel."""


class MigrateDstDoSeamless(MainClientMessage, code=110, since="0.12"):
    """Ask the target for a seamless migration; the first message on its main channel."""

    version: int = field(Int32ul, "version that the source said")


class MigrateConnectedSeamless(MainClientMessage, code=111, since="0.12"):
    """Every channel is linked to the target, and it takes a seamless migration."""


class QualityIndicator(MainClientMessage, code=112, since="0.14"):
    """Tell how good the connection is."""

    data: bytes = field(RestBytes(MAX_AGENT_DATA), "bytes that are not declared here")
