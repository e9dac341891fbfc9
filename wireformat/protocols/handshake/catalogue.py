"""What can be wrong in a handshake beyond the errors that every codec knows.

Peers never see these ids: what they are told are error items with the codes of `error_codes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wireformat.errors import ErrorEntry

CATALOGUE: Final[Mapping[str, ErrorEntry]] = {
    "handshake/sequence": ErrorEntry(
        "malformed",
        "a frame does not have the number that follows",
        "Frames of one direction are counted from 0 without a gap, those that mean nothing included. The peer is told "
        "SEQUENCE. [handshake D.4]",
    ),
    "handshake/refused": ErrorEntry(
        "malformed",
        "what the peer wants is refused",
        "The bytes are well formed, and this side does not go on all the same. The error carries every reason as an "
        "error item, which is what the peer is told. [handshake D.6]",
    ),
    "handshake/usage": ErrorEntry(
        "usage",
        "a session is asked for what cannot be",
        "A key is missing for the level of confirmation, a local parameter is in an offer, or something is done in a "
        "state in which it is not possible. [handshake D.10]",
    ),
    "handshake/manifest": ErrorEntry(
        "malformed",
        "the stream in a container is not what its manifest says",
        "A section or subsection is there that the manifest does not list, or in another version. A destination that "
        "trusted the manifest would find out only while it loads. [handshake D.9]",
    ),
    "handshake/state": ErrorEntry(
        "malformed",
        "a text is not the state of a paused migration",
        "What a source has written down to be resumed by another process is JSON of a fixed shape. [handshake D.11]",
    ),
}
