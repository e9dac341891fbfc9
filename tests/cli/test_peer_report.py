"""What a peer says is shown to people, and never obeyed by their terminal."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from wireformat.cli.peer_report import Report
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.items.inventory import OmittedItem, VersionItem
from wireformat.protocols.handshake.negotiation.offers import Result
from wireformat.protocols.handshake.sessions.events import (
    Agreed,
    ChannelKey,
    ChannelOpened,
    ChannelRefused,
    Event,
    Failed,
    Negotiated,
    Paused,
    ProgressReported,
    Ready,
    Started,
)
from wireformat.protocols.handshake.sessions.refusal import item

EVIL = "\x1b]0;pwned\x07\nwireformat peer: complete\r\x9b2J\u202e"
SHOWN = r"\x1b]0;pwned\x07 wireformat peer: complete\x0d\x9b2J\u202e"
REASON = replace(item(ErrorCode.MALFORMED, EVIL, EVIL), expected=EVIL, actual=EVIL)
OMITTED = OmittedItem(idstr=EVIL, instance_id=0, subsection=EVIL)
VERSION = VersionItem(idstr=EVIL, instance_id=0, version=1)

EVENTS: list[tuple[Event, int, int]] = [
    (Negotiated(Result(1, EVIL, (EVIL,), (), ((EVIL, 1),)), EVIL), 1, 4),
    (ProgressReported(EVIL, 7), 1, 1),
    (ProgressReported(EVIL, None), 1, 1),
    (Agreed((OMITTED,), (VERSION,), (REASON,)), 3, 7),
    (ChannelOpened(ChannelKey(EVIL, 0)), 1, 1),
    (ChannelRefused(ChannelKey("nbd", 0, EVIL), (REASON,)), 1, 5),
    (Ready((), (ChannelKey(EVIL, 0),)), 1, 1),
    (Started(EVIL), 1, 1),
    (Paused(1, (REASON,)), 2, 4),
    (Failed((REASON, REASON), "peer"), 2, 8),
]
"""An event, how many lines it takes, and how often the text of the peer is in them."""


@pytest.mark.parametrize(("event", "count", "shown"), EVENTS)
def test_nothing_of_a_peer_reaches_the_terminal(
    capsys: pytest.CaptureFixture[str], event: Event, count: int, shown: int
) -> None:
    Report("peer source", as_json=False)(event)
    told = capsys.readouterr().err
    lines = told.splitlines()
    assert len(lines) == count
    assert all(line.startswith("wireformat peer source: ") and line.isprintable() for line in lines)
    assert told.count(SHOWN) == shown


def test_json_says_it_unchanged(capsys: pytest.CaptureFixture[str]) -> None:
    Report("peer source", as_json=True)(ProgressReported(EVIL, 7))
    (line,) = capsys.readouterr().err.split("\n")[:-1]
    assert json.loads(line) == {"event": "progress-reported", "text": EVIL, "percent": 7}
