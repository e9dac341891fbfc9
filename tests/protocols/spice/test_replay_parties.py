"""Parties of a recorded run: what flags rule out, and that a server sees a new main channel as the end of the last."""

from __future__ import annotations

import pytest

from wireformat.protocols.spice.codes import ChannelType, MigrateFlags
from wireformat.protocols.spice.link import LinkMessage
from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.protocols.spice.replay_parties import Link, Server, bars
from wireformat.protocols.spice.replay_tracker import Place, Tracker

HERE = Place("here")


def link(connection_id: int, channel: ChannelType = ChannelType.MAIN) -> Link:
    request = LinkMessage(connection_id=connection_id, channel_type=channel, channel_id=0)
    ends = (Tracker(TRANSITIONS, "source-channel"), Tracker(TRANSITIONS, "target-channel"))
    return Link(HERE, "server", request, *ends)


@pytest.mark.requirement("SP-120", "SP-121", "SP-123")
def test_flags_rule_out_what_is_not_needed() -> None:
    both = MigrateFlags.NEED_FLUSH | MigrateFlags.NEED_DATA_TRANSFER
    assert bars(both) == {("moving", "ServerMigrateData"), ("moving", "swap"), ("flushed", "swap")}
    assert bars(MigrateFlags(0)) == {
        ("moving", "MigrateFlushMark"),
        ("moving", "ServerMigrateData"),
        ("flushed", "ServerMigrateData"),
    }


@pytest.mark.requirement("SP-151")
def test_a_migrating_link_starts_nothing() -> None:
    server, main, inputs = Server("server"), link(7), link(7, ChannelType.INPUTS)
    server.open(main)
    server.open(inputs)
    assert [set(server.target.states), set(inputs.target.states)] == [{"withholding"}, {"withheld"}]
    server.said(inputs, "InputsInit", HERE)
    assert [(each.role, each.error.actual) for each in server.illegal] == [("target-channel", "InputsInit")]


def test_a_ping_is_no_sign_of_a_channel_at_work() -> None:
    server, main = Server("server"), link(7)
    server.open(main)
    server.said(main, "Ping", HERE)
    assert server.illegal == []


@pytest.mark.requirement("SP-043")
def test_a_second_main_link_throws_the_first_client_out() -> None:
    server = Server("server")
    for connection_id in (0, 7):
        server.open(link(connection_id))
        if connection_id == 0:
            server.sent("Init", HERE)
    assert server.illegal == []
    assert server.target.states == {"alone", "withholding"}, "alone: the end of the first client was read late"
    assert "receiving" in server.source.states
