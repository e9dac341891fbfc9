"""What an inventory lists: the machine, its memory, the sections of its state [handshake D.8].

Every item is a fixed part followed by entries, of which revision 1 knows few: that is where later revisions grow. In a
message, items of one kind stand in ascending order of their bytes. What a side does not know of its machine or memory,
as one that has nothing but a stream may not, it leaves empty or 0; nobody refuses what is not known.
"""

from __future__ import annotations

from wireformat.protocols.channels.framing import FRAMING, NO_EXTENSIONS, Extensions, Token
from wireformat.schema import (
    EnumOf,
    FlagsOf,
    Int8ub,
    Int32ub,
    Int64ub,
    Nested,
    OpenEnum,
    OpenFlags,
    Record,
    RestBytes,
    String8,
    Tagged,
    field,
    tlvs,
)

MAX_SUBSECTIONS = 256
MAX_FEATURES = 256
MAX_VALUE = 4096


class MachineItem(Record, source="handshake D.8"):
    """The machine: both sides must emulate the same one, as far as both know theirs."""

    type: str = field(String8, "machine type, aliases resolved: `pc-q35-7.2`, not `q35`; empty: not known")
    architecture: str = field(Token, "architecture of the guest's processor: `x86_64`; empty: not known")
    page_bits: int = field(Int8ub, "binary logarithm of the guest's page size; 0: not known")
    more: Extensions = field(Nested(Extensions), "entries of later revisions", default=NO_EXTENSIONS)


class RamFlags(OpenFlags):
    """What holds of a RAM block."""

    SHARED = 1


class RamBlockItem(Record, source="handshake D.8"):
    """A block of guest memory."""

    idstr: str = field(String8, "name of the block: `pc.ram`")
    used_length: int = field(Int64ub, "bytes in use")
    max_length: int = field(Int64ub, "bytes that the block may grow to")
    page_size: int = field(Int32ub, "bytes of a host page that backs the block; 0: not known")
    flags: RamFlags = field(FlagsOf(Int8ub, RamFlags), "what holds of the block", default=RamFlags(0))
    more: Extensions = field(Nested(Extensions), "entries of later revisions", default=NO_EXTENSIONS)


class SubsectionFlags(OpenFlags):
    """What holds of a subsection on the source."""

    DROPPABLE = 1
    PRESENT = 2


class SubsectionItem(Record, source="handshake D.8"):
    """A part of a section that is sent only when needed."""

    name: str = field(String8, "name of the subsection: `virtio-net/rss`")
    version: int = field(Int32ub, "version of its layout")
    flags: SubsectionFlags = field(
        FlagsOf(Int8ub, SubsectionFlags),
        "whether it may be left out without the guest noticing, and whether it would be sent now",
        default=SubsectionFlags(0),
    )
    more: Extensions = field(Nested(Extensions), "entries of later revisions", default=NO_EXTENSIONS)


class FeatureItem(Record, source="handshake D.8"):
    """Something the guest sees of a device that its backend decides."""

    name: str = field(String8, "name of the feature: `guest-uso4`")
    value: bytes = field(RestBytes(MAX_VALUE), "its value, compared byte for byte")


class SectionFlags(OpenFlags):
    """What holds of a section."""

    ITERABLE = 1
    EARLY = 2
    REQUIRED = 4


class SectionEntries(Tagged, tlv=FRAMING, source="handshake D.8"):
    """What a section consists of besides its own fields."""

    subsections: tuple[SubsectionItem, ...] = tlvs(
        0x8001, Nested(SubsectionItem), "what the section may carry", max=MAX_SUBSECTIONS, default=()
    )
    features: tuple[FeatureItem, ...] = tlvs(
        0x8002, Nested(FeatureItem), "what the backend gives the guest", max=MAX_FEATURES, default=()
    )


class SectionItem(Record, source="handshake D.8"):
    """A section that the source will send, or that a destination can load."""

    idstr: str = field(String8, "name of the section: device path and VMState name")
    instance_id: int = field(Int32ub, "tells sections of equal name apart")
    version: int = field(Int32ub, "newest version of its layout")
    oldest: int = field(Int32ub, "oldest version: the source can send it, the destination load it")
    flags: SectionFlags = field(FlagsOf(Int8ub, SectionFlags), "what holds of the section", default=SectionFlags(0))
    entries: SectionEntries = field(Nested(SectionEntries), "what the section consists of", default=SectionEntries())


class SectionKey(Record, source="handshake D.8"):
    """What tells a section from every other one of an inventory."""

    idstr: str = field(String8, "name of the section")
    instance_id: int = field(Int32ub, "which of that name")


class SectionDigest(SectionKey):
    """Stand for a section by the digest of its item, so that only differing ones need be listed."""

    digest: bytes = field(RestBytes(32), "first 16 bytes of the SHA-256 of its item")


class SectionName(SectionKey):
    """Name one section of an inventory."""

    more: Extensions = field(Nested(Extensions), "entries of later revisions", default=NO_EXTENSIONS)


class VerdictKind(OpenEnum):
    """What a destination says of a section."""

    OK = 0
    TOO_NEW = 1
    TOO_OLD = 2
    UNKNOWN = 3


class VerdictEntries(Tagged, tlv=FRAMING, source="handshake D.8"):
    """What the destination lacks of a section that it knows."""

    unknown_subsections: tuple[str, ...] = tlvs(
        0x8001, String8, "subsections that it cannot load", max=MAX_SUBSECTIONS, default=()
    )
    missing_features: tuple[str, ...] = tlvs(
        0x8002, String8, "features that its backend lacks or that differ", max=MAX_FEATURES, default=()
    )


class VerdictItem(SectionKey):
    """What a destination says of one section."""

    verdict: VerdictKind = field(EnumOf(Int8ub, VerdictKind), "whether it can be loaded")
    version: int = field(Int32ub, "OK: the version to send; TOO_NEW: the newest it loads; TOO_OLD: the oldest")
    entries: VerdictEntries = field(Nested(VerdictEntries), "what is lacking", default=VerdictEntries())


class OmittedItem(SectionKey):
    """A subsection that the source promises to leave out."""

    subsection: str = field(String8, "name of the subsection")
    more: Extensions = field(Nested(Extensions), "entries of later revisions", default=NO_EXTENSIONS)


class VersionItem(SectionKey):
    """A section whose version the source lowers for this destination."""

    version: int = field(Int32ub, "version that will be sent")
    more: Extensions = field(Nested(Extensions), "entries of later revisions", default=NO_EXTENSIONS)
