"""TLS on the listening side of a handshake: with the first byte, or not at all [handshake D.10].

Whoever begins in clear is refused. A peer of our kind is told why, in the one way that it understands; nobody else gets
an answer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from wireformat.peer.line import LINGER
from wireformat.peer.wire import Wire
from wireformat.protocols.channels.messages import MAGIC, MARKER
from wireformat.protocols.handshake.sessions.listener import refuse_plaintext

if TYPE_CHECKING:
    from OpenSSL import SSL

    from wireformat.peer.tls import TlsWire

OURS = MAGIC.to_bytes(4, "big") + MARKER.to_bytes(4, "big")
"""How a connection of the handshake begins in clear."""


class Plaintext(ConnectionError):
    """A connection that begins in clear where TLS is wanted; `first` are its first bytes."""

    def __init__(self, first: bytes) -> None:
        super().__init__("the connection begins without TLS")
        self.first = first


async def secure(wire: Wire, context: SSL.Context) -> TlsWire:
    """The wire with TLS. Raises `Plaintext`, `TlsFault`, `OSError`."""
    from wireformat.peer.tls import FIRST_BYTES, accept_tls

    first = b""
    while len(first) < len(OURS) and first[:1] in (b"", FIRST_BYTES[:1], OURS[:1]):
        data = await wire.read(len(OURS) - len(first))
        if not data:
            break
        first += data
    if not first.startswith(FIRST_BYTES):
        raise Plaintext(first)
    return await accept_tls(wire, context, first)


async def refuse(wire: Wire, first: bytes) -> None:
    """Tell a peer of our kind that TLS is wanted; nobody else gets an answer in clear. Raises `OSError`."""
    if first != OURS:
        return
    await wire.write(refuse_plaintext())
    await wire.finish()
    async with asyncio.timeout(LINGER):
        while await wire.read():
            pass
