"""The encodings of the VM state that follow START, and what both sides may do about it, by their registered names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.negotiation.offers import ErrorItem, Result
from wireformat.protocols.handshake.sessions.refusal import item

RAW: Final = "v1-raw"
"""The plain stream on the main channel, up to where the stream itself ends."""

FRAMED: Final = "v1-framed"
"""The plain stream in frames on the main channel, so that its end is said, and either side may end it before."""

STRIPED: Final = "v1-striped"
"""The plain stream in pieces over the further channels, none of it on the main one."""

KNOWN: Final = (RAW, FRAMED, STRIPED)
"""The encodings that can be written and read here."""

SINCE: Final[Mapping[str, int]] = {FRAMED: 2}
"""The revisions that have encodings which not every revision has."""

HANDOVER: Final = "ownership-handover"
"""The capability that lets the sides say who owns the guest."""

RESUME: Final = "stream-resume"
"""The capability that lets a payload go on over new connections after a cut."""


def impossible(result: Result) -> Iterator[ErrorItem]:
    """Why a result cannot be carried out, beside what negotiation looks at."""
    if result.payload == STRIPED and not result.channels:
        text = "pieces of a stream need a channel to travel on"
        yield item(ErrorCode.CHANNEL_COUNT, "/channels", text, expected=1, actual=0)
