"""A connection that is lost before any answer says nothing of its channel."""

from __future__ import annotations

from wireformat.peer.attempt import Attempt
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions.channel_source import ChannelSource
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.handshake.sessions.opening import OURS
from wireformat.protocols.handshake.sessions.resume import Thread

THREAD = Thread(bytes(range(16)), bytes(range(32)), 0)


class Owner:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.closed: list[ChannelKey] = []

    def notice_open(self, key: ChannelKey) -> None:
        """See `Owner`."""

    def notice_ended(self, key: ChannelKey) -> None:
        """See `Owner`."""

    def notice_closed(self, key: ChannelKey, errors: tuple[ErrorItem, ...], *, was_open: bool, by_peer: bool) -> None:
        """See `Owner`."""
        self.closed.append(key)


def channel(owner: Owner) -> ChannelSource:
    """A channel that has said which one it is."""
    made = ChannelSource(ChannelKey("multifd", 0), THREAD, TODAY, owner)
    made.connected()
    return made


def test_lost_before_an_answer() -> None:
    owner = Owner()
    made = channel(owner)
    attempt = Attempt(made)
    assert OURS in attempt.data_to_send()
    assert not attempt.wants_close
    attempt.receive_eof()
    assert (attempt.is_lost, attempt.wants_close) == (True, True)
    assert (made.state, owner.closed) == ("header-sent", [])


def test_lost_after_an_answer() -> None:
    owner = Owner()
    made = channel(owner)
    attempt = Attempt(made)
    attempt.receive_data(b"HTTP/1.1 400 Bad Request")
    attempt.receive_eof()
    assert (attempt.is_lost, attempt.wants_close, made.state) == (False, True, "closed")
    assert owner.closed == [made.key]
