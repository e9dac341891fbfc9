"""The destination's end of a channel: it answers on its own, and speaks to the session only once it is accepted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocols.handshake.loopback import (
    STREAM,
    STRIPED_OFFER,
    Loopback,
    codes,
    destination_config,
    message_of,
    names,
    source_config,
)
from wireformat.protocols.channels.messages import ChannelHeader, ChannelKind, HeaderFlags
from wireformat.protocols.handshake.sessions.channel_destination import ChannelDestination
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import ChannelKey

HEADER = ChannelHeader(kind=ChannelKind.DATA, flags=HeaderFlags.FROM_SOURCE, binding=bytes(range(16)))


@pytest.mark.requirement("CH-052", "CH-058")
def test_where_nothing_goes_on() -> None:
    end = ChannelDestination(None, TODAY)
    end.opened(HEADER)
    sent = end.data_to_send()
    answer: Any = TODAY.headers.decode(sent[:32])
    assert (answer.kind, answer.binding, int(answer.flags)) == (ChannelKind.DATA, HEADER.binding, 0)
    assert codes(message_of(sent[32:])) == ["CHANNEL_BINDING"]
    assert (end.state, end.wants_close) == ("closed", True)
    assert [found.code.name for found in end.errors] == ["CHANNEL_BINDING"]


@pytest.mark.requirement("CH-040", "CH-052")
def test_it_is_accepted_under_its_name() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.pump()
    link = run.dial(ChannelKey("multifd", 2))
    run.pump()
    end = link.far.end
    assert isinstance(end, ChannelDestination)
    assert (end.key, end.state, link.far.role) == (ChannelKey("multifd", 2), "open", "data")
    assert names(run.heard)[-1] == "ChannelOpened"
    assert not link.far.wants_data
    assert not end.wants_close


@pytest.mark.requirement("HS-030")
def test_bytes_before_all_is_ready_end_the_migration() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.pump()
    run.dial(ChannelKey("multifd", 2))
    run.pump()
    run.channels[ChannelKey("multifd", 2)].send(run.source.striper.end())
    run.pump()
    assert run.outcome == ("failed", "failed")
    assert run.codes("source") == ["UNEXPECTED"]


def test_pieces_may_overtake_the_start_on_their_own_connections() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.handshake()
    run.source.start()
    for number, piece in enumerate(run.source.striper.cut(STREAM, 10)):
        list(run.channels.values())[number % 3].send(piece)
    for link in run.links[1:]:
        link.move()
    assert run.destination.state == "ready"
    assert not any(link.far.wants_data for link in run.links[1:])
    for channel in run.channels.values():
        channel.send(run.source.striper.end())
    run.source.payload_complete()
    run.finish()
    assert run.outcome == ("complete", "complete")
    assert run.received == STREAM


def test_only_few_bytes_may_overtake_the_start() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.handshake()
    channel = next(iter(run.channels.values()))
    for _ in range(5):
        channel.send(bytes(1 << 20))
    run.pump()
    assert run.outcome == ("failed", "failed")
    assert run.codes("source") == ["UNEXPECTED"]
