"""What proves that a channel belongs to a migration, and that both sides saw the same handshake.

Every proof is an HMAC with SHA-256 whose text begins with a label that says what is proven, so that no proof passes for
another. The secret of channels travels in HELLO_REPLY: without TLS it protects from mix-ups and from senders off the
path, not from somebody who reads along [handshake D.3, D.10, D.11].
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Final

from wireformat.protocols.handshake.sessions.events import ChannelKey

PROOF_SIZE: Final = 16
KEY_SIZE: Final = 32
EXPORTER_LABEL: Final = b"EXPORTER-vmhs1-confirm"
"""Label of the TLS exporter that confirmation may be keyed with; it has no context and 32 bytes."""


def result_digest(entries: bytes) -> bytes:
    """SHA-256 of an encoded result."""
    return sha256(b"vmhs1 result\0" + entries).digest()


def channel_proof(secret: bytes, binding: bytes, epoch: int, key: ChannelKey) -> bytes:
    """What a channel shows in its header: 16 bytes over migration, epoch and name."""
    text = b"vmhs1 channel\0" + binding + epoch.to_bytes(4, "big")
    text += key.type.encode() + b"\0" + key.index.to_bytes(2, "big") + key.target.encode()
    return hmac.digest(secret, text, "sha256")[:PROOF_SIZE]


def confirmation(key: bytes, role: str, transcript: bytes) -> bytes:
    """What a side confirms its transcript with; `role` is `source` or `destination`."""
    return hmac.digest(key, b"vmhs1 confirm " + role.encode() + b"\0" + transcript, "sha256")


def resume_proof(secret: bytes, binding: bytes, epoch: int, nonce: bytes) -> bytes:
    """What a source shows when it comes back."""
    text = b"vmhs1 resume source\0" + binding + epoch.to_bytes(4, "big") + nonce
    return hmac.digest(secret, text, "sha256")


def resume_answer(
    secret: bytes, binding: bytes, epoch: int, nonces: tuple[bytes, bytes], received: int, digest: bytes
) -> bytes:
    """What a destination answers to that; `nonces` are the source's and its own."""
    text = b"vmhs1 resume destination\0" + binding + epoch.to_bytes(4, "big") + b"".join(nonces)
    return hmac.digest(secret, text + received.to_bytes(8, "big") + digest, "sha256")


def is_equal(one: bytes | None, other: bytes) -> bool:
    """Whether a proof is the one that was expected, all of it; the time taken does not tell how much of it."""
    return one is not None and hmac.compare_digest(one, other)
