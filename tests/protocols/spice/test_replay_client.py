"""The client of a recorded run: what it has linked decides what it may say."""

from __future__ import annotations

import pytest

from tests.protocols.spice.test_replay_parties import HERE, link
from wireformat.protocols.spice.codes import ChannelType
from wireformat.protocols.spice.replay_client import Client
from wireformat.protocols.spice.replay_parties import Link


def at(server: str, made: Link) -> Link:
    made.server = server
    return made


def begun(*channels: ChannelType) -> Client:
    """A client that has been told to link to the target, with these channels at the source."""
    client, main = Client(), at("source", link(0))
    client.linked(main)
    client.received(main, "Init", HERE)
    for channel in channels:
        client.linked(at("source", link(7, channel)))
    client.received(main, "MigrateBegin", HERE)
    client.linked(at("target", link(7)))
    return client


def answers(client: Client, event: str) -> list[str]:
    """The client's answer to the source; what it breaks with that."""
    client.sent(next(one for one in client.links if one.is_main), event, HERE)
    return [each.error.detail for each in client.illegal]


@pytest.mark.requirement("SP-104")
def test_it_may_answer_once_every_channel_is_linked() -> None:
    client = begun(ChannelType.INPUTS)
    client.linked(at("target", link(7, ChannelType.INPUTS)))
    assert answers(client, "MigrateConnected") == []


@pytest.mark.requirement("SP-104")
def test_it_may_not_answer_before() -> None:
    found = answers(begun(ChannelType.INPUTS), "MigrateConnected")
    assert found == ["MigrateConnected is not legal in state attaching of client"]


@pytest.mark.requirement("SP-106")
def test_it_may_give_up_any_time() -> None:
    assert answers(begun(ChannelType.INPUTS), "MigrateConnectError") == []


@pytest.mark.requirement("SP-110")
def test_it_may_dial_anew_only_when_told() -> None:
    client = begun()
    assert not client.may_dial
    client.received(next(one for one in client.links if one.is_main), "MigrateSwitchHost", HERE)
    assert not client.may_dial
    assert answers(client, "MigrateConnected") == []
    assert client.may_dial
