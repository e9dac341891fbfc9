"""A queue of bytes."""

from __future__ import annotations

from wireformat.protocols.spice.inbox import COMPACT, Inbox


def test_what_comes_in_goes_out_in_order() -> None:
    inbox = Inbox()
    inbox.feed(b"abc")
    inbox.feed(memoryview(b"defg"))
    assert (inbox.peek(4), len(inbox), inbox.offset) == (b"abcd", 7, 0)
    assert (inbox.take(4), len(inbox), inbox.offset) == (b"abcd", 3, 4)
    assert (inbox.take(9), len(inbox), inbox.offset) == (b"efg", 0, 7)
    assert inbox.take_all() == b""


def test_what_is_gone_is_forgotten_in_the_end() -> None:
    inbox = Inbox()
    for number in range(64):
        inbox.feed(bytes([number]) * COMPACT)
        assert inbox.take(COMPACT) == bytes([number]) * COMPACT
    assert len(inbox._data) <= 2 * COMPACT
    assert inbox.offset == 64 * COMPACT
