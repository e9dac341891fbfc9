"""What files hold: the manifest in front of a saved stream, and the profile it may be saved for [handshake D.9].

A file cannot ask back. So it says what a destination would have said no to, and a profile is what a destination would
have offered.
"""

from __future__ import annotations

from wireformat.protocols.channels.framing import Label
from wireformat.protocols.handshake.items.inventory import MachineItem, OmittedItem, RamBlockItem, SectionItem
from wireformat.protocols.handshake.items.profile import LoadableSection
from wireformat.protocols.handshake.messages import (
    DIGEST_SIZE,
    MAX_BLOCKS,
    MAX_SECTIONS,
    MAX_VERSIONS,
    HandshakeMessage,
    OfferMessage,
    ResultEntries,
)
from wireformat.schema import Bytes, Int16ub, Int32ub, List, Nested, tlv, tlvs


class Profile(OfferMessage, source="handshake D.9"):
    """An offer of a destination and what it can load, saved for migrating when none is there.

    Whatever of machine, memory and sections is not listed is not known, and not judged.
    """

    name: str = tlv(0x0010, Label, "name of the profile; for people only", default="")
    machine: MachineItem | None = tlv(0x8011, Nested(MachineItem), "the machine", default=None)
    ram_blocks: tuple[RamBlockItem, ...] = tlvs(0x8012, Nested(RamBlockItem), "memory", max=MAX_BLOCKS, default=())
    sections: tuple[LoadableSection, ...] = tlvs(
        0x8013, Nested(LoadableSection), "state that can be loaded", max=MAX_SECTIONS, default=()
    )


class Manifest(HandshakeMessage, code=0x8030, sender="source", channel="file", source="handshake D.9"):
    """Say in a file what the stream behind it needs of a destination."""

    versions: tuple[int, ...] = tlv(0x8001, List(Int16ub, None, max=MAX_VERSIONS), "revisions that the writer knows")
    result: ResultEntries = tlv(0x8002, Nested(ResultEntries), "what the source assumed")
    machine: MachineItem = tlv(0x8003, Nested(MachineItem), "the machine")
    ram_blocks: tuple[RamBlockItem, ...] = tlvs(0x8004, Nested(RamBlockItem), "memory", max=MAX_BLOCKS, default=())
    sections: tuple[SectionItem, ...] = tlvs(0x8005, Nested(SectionItem), "state", max=MAX_SECTIONS, default=())
    omitted: tuple[OmittedItem, ...] = tlvs(
        0x8006, Nested(OmittedItem), "subsections that were left out", max=MAX_SECTIONS, default=()
    )
    profile: str = tlv(0x0007, Label, "name of the target profile", default="")
    header_size: int = tlv(0x8008, Int32ub, "offset of the stream in the file, a multiple of 4096")


class ManifestEnd(HandshakeMessage, code=0x8031, sender="source", channel="file", source="handshake D.9"):
    """Close the manifest."""

    digest: bytes = tlv(0x8001, Bytes(DIGEST_SIZE), "SHA-256 of the file up to this frame")
