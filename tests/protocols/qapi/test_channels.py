"""The channels of `migrate` and `migrate-incoming`: what the commands take, and every rule broken once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocols.qapi.test_objects import EXAMPLES
from wireformat.protocols.qapi.addresses import AddressError, Inet, Unix
from wireformat.protocols.qapi.channels import Channel, ChannelType, Command, channels_of, to_channels

HERE: dict[str, Any] = {"transport": "socket", "type": "inet", "host": "127.0.0.1", "port": "49999"}
FILE: dict[str, Any] = {"transport": "file", "filename": "x", "offset": 0}
CPR: dict[str, Any] = {"transport": "socket", "type": "unix", "path": "/run/vm7/cpr.sock"}


def entry(kind: object, address: object = HERE) -> dict[str, Any]:
    """One entry of a list of channels."""
    return {"channel-type": kind, "addr": address}


def test_a_uri_is_the_main_channel() -> None:
    expected = (Channel(ChannelType.MAIN, Inet("h", "1")),)
    assert channels_of("migrate", {"uri": "tcp:h:1", "resume": True}) == expected
    assert channels_of("migrate-incoming", {"uri": "tcp:h:1", "channels": None}) == expected


@pytest.mark.parametrize("given", [given for given, _ in EXAMPLES])
def test_a_list_names_the_main_channel(given: dict[str, Any]) -> None:
    found = channels_of("migrate-incoming", {"channels": [entry("main", given)]})
    assert [channel.type for channel in found] == [ChannelType.MAIN]
    assert to_channels(found) == [entry("main", given)]


def test_the_main_channel_comes_first() -> None:
    found = channels_of("migrate", {"channels": [entry("cpr", CPR), entry("main-v2")]})
    assert found == (
        Channel(ChannelType.MAIN_V2, Inet("127.0.0.1", "49999")),
        Channel(ChannelType.CPR, Unix("/run/vm7/cpr.sock")),
    )


@pytest.mark.parametrize(
    ("arguments", "id", "path"),
    [
        ({}, "qapi/channels", "arguments"),
        ({"uri": "tcp:0:1", "channels": [entry("main")]}, "qapi/channels", "arguments"),
        ({"channels": []}, "qapi/channels", "channels"),
        ({"channels": [entry("main"), entry("main")]}, "qapi/channels", "channels"),
        ({"channels": [entry("main"), entry("main-v2")]}, "qapi/channels", "channels"),
        ({"channels": [entry("cpr", CPR)]}, "qapi/channels", "channels"),
        ({"channels": [entry("cpr", CPR), entry("main"), entry("cpr", CPR)]}, "qapi/channels", "channels"),
        ({"channels": [{"channeltype": "main", "addr": HERE}]}, "qapi/member", 'channels[0]["channel-type"]'),
        ({"channels": [{**entry("main"), "x": 1}]}, "qapi/member", "channels[0].x"),
        ({"channels": [entry("main-v3")]}, "qapi/member", 'channels[0]["channel-type"]'),
        ({"channels": [entry(1)]}, "qapi/member", 'channels[0]["channel-type"]'),
        ({"channels": [entry("main", {**HERE, "port": 1})]}, "qapi/member", "channels[0].addr.port"),
        ({"channels": ["main"]}, "qapi/member", "channels[0]"),
        ({"channels": entry("main")}, "qapi/member", "channels"),
        ({"uri": 1}, "qapi/member", "uri"),
        ({"uri": "tcp:"}, "qapi/address", "uri"),
        ({"channels": [entry("main-v2", FILE)]}, "qapi/one-way", "channels"),
    ],
)
def test_refused(arguments: dict[str, Any], id: str, path: str) -> None:
    with pytest.raises(AddressError) as caught:
        channels_of("migrate", arguments)
    assert (caught.value.id, caught.value.path) == (id, path)


def test_an_incoming_migration_takes_the_main_channel_only() -> None:
    both = {"channels": [entry("main"), entry("cpr", CPR)]}
    assert len(channels_of("migrate", both)) == 2
    with pytest.raises(AddressError, match="takes no channel but the main one"):
        channels_of("migrate-incoming", both)


@pytest.mark.requirement("HS-022")
@pytest.mark.parametrize("command", ["migrate", "migrate-incoming"])
def test_a_file_has_no_handshake(command: Command) -> None:
    with pytest.raises(AddressError, match="a file cannot answer a handshake"):
        channels_of(command, {"channels": [entry("main-v2", FILE)]})


@pytest.mark.requirement("HS-020")
@pytest.mark.parametrize("kind", ["main", "main-v2"])
def test_the_handshake_is_chosen_by_the_type_of_the_main_channel(kind: str) -> None:
    """And by nothing else: the address is the same, and a URI never means the handshake."""
    (found,) = channels_of("migrate-incoming", {"channels": [entry(kind)]})
    assert found == Channel(ChannelType(kind), Inet("127.0.0.1", "49999"))
    assert [channel.type for channel in channels_of("migrate", {"uri": "tcp:127.0.0.1:49999"})] == [ChannelType.MAIN]


@pytest.mark.requirement("HS-023")
def test_a_file_is_fine_without_the_handshake() -> None:
    assert len(channels_of("migrate", {"channels": [entry("main", FILE)]})) == 1
