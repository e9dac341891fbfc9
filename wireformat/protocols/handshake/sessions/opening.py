"""The first bytes of a connection: whose they are, and the header once it is all there [handshake D.3, D.12].

Eight bytes tell whether a peer speaks this protocol at all. Only then is the rest believed, and never more than a
header's longest size is waited for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wireformat.errors import DecodeError
from wireformat.protocols.channels.messages import (
    FIXED_SIZE,
    MAGIC,
    MARKER,
    MAX_HEADER,
    ChannelHeader,
    ChannelKind,
    HeaderEntries,
    HeaderFlags,
)
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.sessions.dialect import Dialect
from wireformat.protocols.handshake.sessions.refusal import violation

OURS: Final = MAGIC.to_bytes(4, "big") + MARKER.to_bytes(4, "big")
STREAM: Final = MAGIC.to_bytes(4, "big") + (3).to_bytes(4, "big")
SHOWN: Final = 16

STRANGERS: Final[Mapping[bytes, tuple[ErrorCode, str]]] = {
    STREAM: (ErrorCode.LEGACY_PEER, "a VM-state stream without a handshake"),
    b"\x11\x22\x33\x44": (ErrorCode.LEGACY_PEER, "a multifd channel without a handshake"),
    b"QCPR": (ErrorCode.LEGACY_PEER, "a cpr channel without a handshake"),
    b"\x16\x03": (ErrorCode.TLS_UNEXPECTED, "TLS, which this side is configured without"),
    b"\x15\x03": (ErrorCode.TLS_UNEXPECTED, "a TLS alert: the peer expects TLS"),
}
"""Known beginnings that are not ours."""


def is_possible(start: bytes | bytearray) -> bool:
    """Whether these first bytes, however few, may become a header of ours."""
    return OURS.startswith(start[: len(OURS)])


def stranger(start: bytes | bytearray) -> tuple[ErrorCode, str] | None:
    """What a connection is that begins with these bytes; None while they may become ours, or something else known."""
    if is_possible(start):
        return None
    for known, meaning in STRANGERS.items():
        if start.startswith(known):
            return meaning
        if known.startswith(start):
            return None
    return ErrorCode.MALFORMED, f"a connection that begins with {bytes(start[:SHOWN]).hex()}"


def take_header(buffer: bytearray, dialect: Dialect) -> tuple[Any, bytes] | None:
    """The header at the front of a buffer whose beginning is possible, and its bytes; None while it is incomplete.

    Raises `DecodeError`.
    """
    if len(buffer) < FIXED_SIZE:
        return None
    size = int.from_bytes(buffer[10:12], "big")
    if size < FIXED_SIZE:
        raise DecodeError("mismatch", f"header of {size} bytes", path="header_size", expected=FIXED_SIZE, actual=size)
    if size > MAX_HEADER:
        raise DecodeError("limit", f"header of {size} bytes", path="header_size", expected=MAX_HEADER, actual=size)
    if len(buffer) < size:
        return None
    raw = bytes(buffer[:size])
    header = dialect.headers.decode(raw)
    del buffer[:size]
    return header, raw


def check_header(header: Any, kind: ChannelKind, binding: bytes, *, from_source: bool) -> None:
    """Refuse a header of our own direction, of another kind or of another migration. Raises `Violation`."""
    if bool(header.flags & HeaderFlags.FROM_SOURCE) != from_source:
        raise violation(ErrorCode.REFLECTION, "/header/flags", "the connection returns what it is sent")
    if header.kind != kind:
        text = f"a header of kind {int(header.kind)}"
        raise violation(ErrorCode.UNEXPECTED, "/header/kind", text, expected=int(kind), actual=int(header.kind))
    if header.binding != binding:
        raise violation(ErrorCode.CHANNEL_BINDING, "/header/binding", "the header of another migration")


def header_bytes(
    dialect: Dialect,
    kind: ChannelKind,
    binding: bytes,
    *,
    from_source: bool,
    entries: HeaderEntries | None = None,
) -> bytes:
    """A header."""
    flags = HeaderFlags.FROM_SOURCE if from_source else HeaderFlags(0)
    header = ChannelHeader(kind=kind, flags=flags, binding=binding, entries=entries or HeaderEntries())
    return dialect.headers.encode(dialect.adopt(header))
