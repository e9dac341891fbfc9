"""The order of elements in a stream, as a table; the decoder, the pages and the explorer read it.

`opened` is a stream whose header has been read, `ended` one whose EOF has been read. A package inside a command is a
sequence of elements of its own, without header and without EOF [qemu-stream 1, 5.1].
"""

from __future__ import annotations

from collections.abc import Mapping

TRANSITIONS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "stream": {
        "start": {"header": "opened"},
        "opened": {"configuration": "elements", "section": "elements", "command": "elements", "eof": "ended"},
        "elements": {"section": "elements", "command": "elements", "eof": "ended"},
        "ended": {"description": "described"},
        "described": {},
    },
    "package": {
        "elements": {"section": "elements", "command": "elements"},
    },
}

EVENTS: Mapping[int, str] = {
    0x00: "eof",
    0x01: "section",
    0x02: "section",
    0x03: "section",
    0x04: "section",
    0x06: "description",
    0x07: "configuration",
    0x08: "command",
}
"""The event that a type byte stands for."""
