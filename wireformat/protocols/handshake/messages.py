"""The messages of the handshake, and the frame that carries each [handshake D.4, D.8 to D.14].

A frame is a header of 16 bytes and entries. Source and destination take turns: only the side whose turn it is sends,
and ends its turn with its message; PROGRESS and messages of reserved numbers may precede it, ABORT may come at any
time. A number names an entry within one message: HELLO's entry 4 is not COMMIT's. What comes behind START, and what
only files hold, is declared beside this module.
"""

from __future__ import annotations

from wireformat.protocols.channels.framing import FRAMING, REVISIONS, Label, RestToken, Token
from wireformat.protocols.handshake.items.inventory import (
    MachineItem,
    OmittedItem,
    RamBlockItem,
    SectionDigest,
    SectionItem,
    SectionName,
    VerdictItem,
    VersionItem,
)
from wireformat.protocols.handshake.items.offer import (
    CapabilityItem,
    ChannelCount,
    ChannelItem,
    ChannelName,
    DiskItem,
    ErrorEntries,
    ParameterItem,
    SettingItem,
)
from wireformat.schema import (
    Bytes,
    EnumOf,
    Int8ub,
    Int16ub,
    Int32ub,
    Int64ub,
    List,
    Nested,
    OpenEnum,
    RestText,
    Tagged,
    TaggedMessage,
    tlv,
    tlvs,
)

MAX_VERSIONS = 64
MAX_PAYLOADS = 32
MAX_CAPABILITIES = 512
MAX_PARAMETERS = 512
MAX_CHANNEL_TYPES = 32
MAX_CHANNELS = 256
MAX_DISKS = 64
MAX_SECTIONS = 16384
MAX_BLOCKS = 4096
MAX_ERRORS = 64
MAX_PAGE_SIZES = 16
MAX_PROGRESS = 512
DIGEST_SIZE = 32
NONCE_SIZE = 32
ID_SIZE = 16


class ConfirmLevel(OpenEnum):
    """What the confirmation of both transcripts is keyed with [handshake D.10]."""

    NONE = 0
    EXPORTER = 1
    PSK = 2


class DigestKind(OpenEnum):
    """How the digests of sections are made."""

    SHA256_128 = 1


class Context(Tagged, tlv=FRAMING, source="handshake D.7"):
    """What management told a side about the migration; both sides must have been told the same."""

    label: str = tlv(0x8001, Label, "name of the migration", default="")
    uuid: bytes | None = tlv(0x8002, Bytes(16), "UUID of the guest", default=None)


class Limits(Tagged, tlv=FRAMING, source="handshake D.5"):
    """What a side takes once both have offered; never less than what holds before."""

    inventory_size: int = tlv(0x8001, Int32ub, "bytes of a frame with an inventory or verdicts", default=4 << 20)


class ResultEntries(Tagged, tlv=FRAMING, source="handshake D.7", versions=REVISIONS):
    """What both sides will do; its bytes are what the digest covers."""

    version: int = tlv(0x8001, Int16ub, "revision of the handshake")
    payload: str = tlv(0x8002, RestToken, "encoding of the VM state")
    capabilities: tuple[str, ...] = tlvs(
        0x8003, RestToken, "capabilities that are on", max=MAX_CAPABILITIES, default=()
    )
    parameters: tuple[SettingItem, ...] = tlvs(
        0x8004, Nested(SettingItem), "parameters with their values", max=MAX_PARAMETERS, default=()
    )
    channels: tuple[ChannelCount, ...] = tlvs(
        0x8005, Nested(ChannelCount), "channels beside the main one", max=MAX_CHANNEL_TYPES, default=()
    )
    disks: tuple[str, ...] = tlvs(
        0x8006, RestToken, "disks, each with a channel of its own", max=MAX_DISKS, default=(), since="2"
    )


class HandshakeMessage(TaggedMessage, tlv=FRAMING, versions=REVISIONS):
    """What a frame carries."""


class OfferMessage(HandshakeMessage, source="handshake D.4", channel="main"):
    """What a side can and wants; HELLO, its reply and a target profile are offers."""

    versions: tuple[int, ...] = tlv(0x8001, List(Int16ub, None, max=MAX_VERSIONS), "revisions that the side knows")
    capabilities: tuple[CapabilityItem, ...] = tlvs(
        0x8004, Nested(CapabilityItem), "capabilities that the side knows", max=MAX_CAPABILITIES, default=()
    )
    parameters: tuple[ParameterItem, ...] = tlvs(
        0x8005, Nested(ParameterItem), "parameters that the side knows", max=MAX_PARAMETERS, default=()
    )
    channels: tuple[ChannelItem, ...] = tlvs(
        0x8006, Nested(ChannelItem), "channels that the side opens or accepts", max=MAX_CHANNEL_TYPES, default=()
    )
    limits: Limits = tlv(0x8007, Nested(Limits), "what the side takes", default=Limits())
    payloads: tuple[str, ...] = tlv(
        0x8008, List(Token, None, max=MAX_PAYLOADS), "encodings of the VM state that the side knows, best first"
    )
    implementation: str = tlv(0x0009, Label, "name and version of the program; for people only", default="")
    budget: int = tlv(0x800A, Int16ub, "most connections that the side allows, the main one included", default=1)
    confirm: ConfirmLevel = tlv(
        0x800B, EnumOf(Int8ub, ConfirmLevel), "what transcripts are confirmed with", default=ConfirmLevel.NONE
    )
    disks: tuple[DiskItem, ...] = tlvs(
        0x000C, Nested(DiskItem), "disks that the side would write or exports", max=MAX_DISKS, default=(), since="2"
    )


class Hello(OfferMessage, code=0x8001, sender="source", source="handshake D.4"):
    """Open the handshake with everything the source can and wants."""

    nonce: bytes = tlv(0x8002, Bytes(NONCE_SIZE), "random bytes, new for each attempt")
    context: Context = tlv(0x8003, Nested(Context), "what management said of the migration", default=Context())


class HelloReply(OfferMessage, code=0x8002, sender="destination", source="handshake D.4"):
    """Answer with what the destination can, and what follows from both offers."""

    nonce: bytes = tlv(0x8002, Bytes(NONCE_SIZE), "random bytes, new for each attempt")
    context: Context = tlv(0x8003, Nested(Context), "what management said of the migration", default=Context())
    chosen_version: int = tlv(0x8010, Int16ub, "revision that holds from now on")
    migration_id: bytes = tlv(0x8011, Bytes(ID_SIZE), "names this attempt on every further channel")
    channel_secret: bytes = tlv(0x8012, Bytes(32), "key of the proofs of further channels")
    result_digest: bytes = tlv(0x8013, Bytes(DIGEST_SIZE), "SHA-256 of the result that the destination computed")


class Inventory(HandshakeMessage, code=0x8003, sender="source", channel="main", source="handshake D.8"):
    """List what will be sent: machine, memory, sections."""

    machine: MachineItem = tlv(0x8001, Nested(MachineItem), "the machine")
    page_sizes: tuple[int, ...] = tlv(
        0x8002, List(Int32ub, None, max=MAX_PAGE_SIZES), "sizes of the host pages that memory is sent in, ascending"
    )
    ram_blocks: tuple[RamBlockItem, ...] = tlvs(0x8003, Nested(RamBlockItem), "memory", max=MAX_BLOCKS, default=())
    sections: tuple[SectionItem, ...] = tlvs(0x8004, Nested(SectionItem), "state", max=MAX_SECTIONS, default=())
    digest_kind: DigestKind | None = tlv(
        0x8005, EnumOf(Int8ub, DigestKind), "how digests are made; always there in revision 2", default=None, since="2"
    )
    digests: tuple[SectionDigest, ...] = tlvs(
        0x8006, Nested(SectionDigest), "sections by their digests alone", max=MAX_SECTIONS, default=(), since="2"
    )


class InventoryReply(HandshakeMessage, code=0x8004, sender="destination", channel="main", source="handshake D.8"):
    """Say of every section whether it can be loaded."""

    verdicts: tuple[VerdictItem, ...] = tlvs(
        0x8001, Nested(VerdictItem), "one for each section", max=MAX_SECTIONS, default=()
    )
    missing_on_source: tuple[SectionName, ...] = tlvs(
        0x8002,
        Nested(SectionName),
        "sections that the destination must be given and is not",
        max=MAX_SECTIONS,
        default=(),
    )
    warnings: tuple[ErrorEntries, ...] = tlvs(
        0x0003, Nested(ErrorEntries), "what does not prevent the migration", max=MAX_ERRORS, default=()
    )
    wanted: tuple[SectionName, ...] = tlvs(
        0x8004,
        Nested(SectionName),
        "sections whose digests differ: send them whole",
        max=MAX_SECTIONS,
        default=(),
        since="2",
    )


class Commit(HandshakeMessage, code=0x8005, sender="source", channel="main", source="handshake D.8"):
    """Fix everything: the result, what is left out, every channel."""

    result: ResultEntries = tlv(0x8001, Nested(ResultEntries), "the result that the source computed")
    omitted: tuple[OmittedItem, ...] = tlvs(
        0x8002, Nested(OmittedItem), "subsections that will not be sent", max=MAX_SECTIONS, default=()
    )
    plan: tuple[ChannelName, ...] = tlvs(
        0x8003, Nested(ChannelName), "every further channel", max=MAX_CHANNELS, default=()
    )
    versions: tuple[VersionItem, ...] = tlvs(
        0x8004, Nested(VersionItem), "sections that will be sent in an older version", max=MAX_SECTIONS, default=()
    )
    transcript: bytes = tlv(0xFFFD, Bytes(DIGEST_SIZE), "SHA-256 of all that was sent and received before this entry")
    confirmation: bytes | None = tlv(0xFFFE, Bytes(32), "HMAC-SHA-256 of the transcript", default=None)


class CommitAck(HandshakeMessage, code=0x8006, sender="destination", channel="main", source="handshake D.10"):
    """Agree."""

    transcript: bytes = tlv(0xFFFD, Bytes(DIGEST_SIZE), "SHA-256 of all that was sent and received before this entry")
    confirmation: bytes | None = tlv(0xFFFE, Bytes(32), "HMAC-SHA-256 of the transcript", default=None)


class ChannelsReady(HandshakeMessage, code=0x8007, sender="destination", channel="main", source="handshake D.13"):
    """Say which channels are bound."""

    bound: tuple[ChannelName, ...] = tlvs(0x8001, Nested(ChannelName), "channels in use", max=MAX_CHANNELS, default=())
    missing: tuple[ChannelName, ...] = tlvs(
        0x8002, Nested(ChannelName), "optional channels that did not come", max=MAX_CHANNELS, default=()
    )


class Start(HandshakeMessage, code=0x8008, sender="source", channel="main", source="handshake D.13"):
    """Begin the payload, directly behind this message."""

    payload: str = tlv(0x8001, RestToken, "encoding of the VM state, as in the result")


class Resume(HandshakeMessage, code=0x8009, sender="source", channel="resume", source="handshake D.11"):
    """Go on with a migration whose connections were lost."""

    epoch: int = tlv(0x8001, Int32ub, "one more than that of the lost connections")
    nonce: bytes = tlv(0x8002, Bytes(NONCE_SIZE), "random bytes")
    proof: bytes = tlv(0x8003, Bytes(32), "HMAC-SHA-256 of id, epoch and nonce, keyed with the channel secret")
    sent: int = tlv(0x8004, Int64ub, "bytes of the payload that the source had sent")


class ResumeReply(HandshakeMessage, code=0x800A, sender="destination", channel="resume", source="handshake D.11"):
    """Say where to go on."""

    epoch: int = tlv(0x8001, Int32ub, "the epoch that begins")
    nonce: bytes = tlv(0x8002, Bytes(NONCE_SIZE), "random bytes")
    proof: bytes = tlv(0x8003, Bytes(32), "HMAC-SHA-256 of id, epoch and both nonces, keyed with the channel secret")
    received: int = tlv(0x8004, Int64ub, "bytes of the payload that arrived without a gap")
    digest: bytes = tlv(0x8005, Bytes(DIGEST_SIZE), "SHA-256 of those bytes")


class RefusalMessage(HandshakeMessage, sender="either", channel="any", source="handshake D.6"):
    """Why the sender does not go on."""

    errors: tuple[ErrorEntries, ...] = tlvs(0x8040, Nested(ErrorEntries), "every reason", max=MAX_ERRORS, default=())


class Reject(RefusalMessage, code=0x800B, source="handshake D.6"):
    """Refuse a handshake, or a single channel. The guest goes on running at the source."""


class Abort(RefusalMessage, code=0x800C, source="handshake D.6"):
    """End a migration that was committed, or whose peer broke the protocol."""


class Progress(HandshakeMessage, code=0x000D, sender="either", channel="main", source="handshake D.4"):
    """Say that the answer takes time."""

    text: str = tlv(0x0001, RestText(MAX_PROGRESS, nul="forbid"), "for people", default="")
    percent: int | None = tlv(0x0002, Int8ub, "how much is done", default=None)


class ChannelAck(HandshakeMessage, code=0x800E, sender="destination", channel="data", source="handshake D.3"):
    """Accept a channel."""

    name: ChannelName = tlv(0x8001, Nested(ChannelName), "the channel, as the destination understood it")
