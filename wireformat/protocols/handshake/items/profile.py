"""What a target profile lists of the state that a destination can load [handshake D.9].

An inventory says what there is, a profile what may come, and that is never known whole: a program's classes are known
without their paths, a stream's devices without what else they could load. So a section of a profile says what of it is
known, and nothing is refused for what is not. Items of one kind stand in ascending order of their bytes.
"""

from __future__ import annotations

from wireformat.protocols.channels.framing import FRAMING, NO_EXTENSIONS, Extensions
from wireformat.protocols.handshake.items.inventory import MAX_FEATURES, MAX_SUBSECTIONS, FeatureItem
from wireformat.schema import FlagsOf, Int8ub, Int32ub, Nested, OpenFlags, Record, String8, Tagged, field, tlvs


class LoadableFlags(OpenFlags):
    """What is known of a section that can be loaded."""

    ANYWHERE = 1
    ALL_SUBSECTIONS = 2
    ALL_FEATURES = 4
    REQUIRED = 8


class LoadableSubsection(Record, source="handshake D.9"):
    """A subsection that a destination can load."""

    name: str = field(String8, "name of the subsection: `virtio-net/rss`")
    newest: int = field(Int32ub, "newest version of its layout")
    oldest: int = field(Int32ub, "oldest version of its layout")
    more: Extensions = field(Nested(Extensions), "entries of later revisions", default=NO_EXTENSIONS)


class LoadableEntries(Tagged, tlv=FRAMING, source="handshake D.9"):
    """What a section may consist of besides its own fields."""

    subsections: tuple[LoadableSubsection, ...] = tlvs(
        0x8001, Nested(LoadableSubsection), "subsections that can be loaded", max=MAX_SUBSECTIONS, default=()
    )
    features: tuple[FeatureItem, ...] = tlvs(
        0x8002, Nested(FeatureItem), "what the backend gives the guest", max=MAX_FEATURES, default=()
    )


class LoadableSection(Record, source="handshake D.9"):
    """A section that a destination can load."""

    idstr: str = field(String8, "name of the section; with ANYWHERE it may stand below any device path")
    instance_id: int = field(Int32ub, "tells sections of equal name apart; with ANYWHERE it may be any, and 0 is here")
    newest: int = field(Int32ub, "newest version of its layout")
    oldest: int = field(Int32ub, "oldest version of its layout")
    flags: LoadableFlags = field(
        FlagsOf(Int8ub, LoadableFlags),
        "where it may stand, whether all its subsections and features are listed, whether it must be there",
        default=LoadableFlags(0),
    )
    entries: LoadableEntries = field(Nested(LoadableEntries), "what may be in it", default=LoadableEntries())
