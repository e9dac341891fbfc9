"""The FILE container: a manifest in front of a plain VM-state stream [handshake D.9].

    channel header (kind FILE) | frame MANIFEST | frame MANIFEST_END | zeros | the stream, byte for byte

MANIFEST_END holds the SHA-256 of all that precedes its frame. The stream begins at a multiple of 4096, which the
manifest states, so that a program that knows nothing of containers loads it by that offset. The digest guards against
damage, not against people: a manifest is as untrusted as any input. Frames that are not critical may stand before
MANIFEST_END; a reader skips what it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from wireformat.protocols.channels.messages import (
    MAGIC,
    MARKER,
    NO_BINDING,
    ChannelHeader,
    ChannelKind,
    HeaderFlags,
)
from wireformat.protocols.handshake.file_messages import Manifest, ManifestEnd
from wireformat.protocols.handshake.frame import MAX_FRAME
from wireformat.protocols.handshake.inventories.inventory import applied
from wireformat.protocols.handshake.inventories.resolution import Resolution
from wireformat.protocols.handshake.messages import Inventory, ResultEntries
from wireformat.protocols.handshake.sessions.dialect import TODAY, Dialect
from wireformat.protocols.handshake.sessions.frames import FrameWriter

ALIGNMENT: Final = 4096
FIRST_BYTES: Final = MAGIC.to_bytes(4, "big") + MARKER.to_bytes(4, "big") + bytes([ChannelKind.FILE])
"""What every container begins with."""


@dataclass(frozen=True, slots=True)
class Container:
    """The front of a container. The stream begins at `size`."""

    manifest: Any
    size: int


def manifest_of(
    result: ResultEntries, inventory: Inventory, resolution: Resolution | None = None, *, profile: str = ""
) -> Manifest:
    """The manifest of what is sent under a result: an inventory with its promises kept. `front` fills in the size."""
    kept = resolution or Resolution()
    sent = applied(inventory, kept.omitted, kept.versions)
    return Manifest(
        versions=(result.version,),
        result=result,
        machine=sent.machine,
        ram_blocks=sent.ram_blocks,
        sections=sent.sections,
        omitted=kept.omitted,
        profile=profile,
        header_size=0,
    )


def front(manifest: Manifest, dialect: Dialect = TODAY) -> bytes:
    """Everything in front of the stream, with the right `header_size` in the manifest.

    Raises `EncodeError`, or `Violation` for a manifest longer than a frame can be.
    """
    size = len(_frames(manifest, dialect))
    whole = -(-size // ALIGNMENT) * ALIGNMENT
    return _frames(replace(manifest, header_size=whole), dialect).ljust(whole, b"\0")


def _frames(manifest: Manifest, dialect: Dialect) -> bytes:
    header = ChannelHeader(kind=ChannelKind.FILE, flags=HeaderFlags.FROM_SOURCE, binding=NO_BINDING)
    writer = FrameWriter(dialect, dialect.frames(manifest.result.version))
    writer.large = MAX_FRAME
    start = dialect.headers.encode(dialect.adopt(header)) + writer.encode(manifest)
    return start + writer.encode(ManifestEnd(digest=sha256(start).digest()))


def is_container(data: bytes) -> bool:
    """Whether bytes begin as a container does; nine tell."""
    return data[: len(FIRST_BYTES)] == FIRST_BYTES
