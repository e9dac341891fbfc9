"""How a connection is written down while it goes on: the lines of its file in a capture (`capture`).

Long runs of zeros stand as their number: the message by which servers measure a line is 250 KiB of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from wireformat.protocols.spice.capture import CONNECTION_PREFIX, DIRECTIONS, SUFFIX
from wireformat.protocols.spice.names import Sender
from wireformat.protocols.spice.party_events import ChannelKey

ZEROS: Final = re.compile(rb"(\0{256,})")
UNKNOWN: Final = "unlinked-0"
"""The channel of a connection whose client never said which it wants."""


def file_name(number: int, server: str, channel: ChannelKey | None) -> str:
    """The file of a connection, by the number of its opening."""
    return f"{CONNECTION_PREFIX}{number:02}-{server}-{channel or UNKNOWN}{SUFFIX}"


def head(number: int, server: str, channel: ChannelKey | None, opened: float) -> dict[str, Any]:
    """What the file says of the connection."""
    return {"conn": number, "server": server, "channel": str(channel or UNKNOWN), "opened": round(opened, 6)}


def rows(sender: Sender, data: bytes, time: float) -> Iterator[dict[str, Any]]:
    """Bytes of one side, as lines."""
    for part in ZEROS.split(data):
        if part:
            content = {"zeros": len(part)} if ZEROS.fullmatch(part) else {"hex": part.hex()}
            yield {"t": round(time, 6), "dir": DIRECTIONS[sender], **content}


def note(sender: Sender | None, what: str, time: float) -> dict[str, Any]:
    """What else happened: `eof` or `error` of a side, `closed` of the connection."""
    return {"t": round(time, 6), "dir": "-" if sender is None else DIRECTIONS[sender], "what": what}
