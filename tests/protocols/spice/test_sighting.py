"""Stretches of bytes: they give back their bytes, can be changed as a relay changes them, and lose their tickets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.captures.spice_runs import run
from wireformat.errors import LocalProtocolError
from wireformat.protocols.spice.link import Ticket
from wireformat.protocols.spice.main_messages import MigrateBegin
from wireformat.protocols.spice.sighting import OpaqueBytes, Sighting, blanked, coalesced
from wireformat.protocols.spice.stream import OpaqueMessage

RUN = "minimal-client-semi-seamless"


def seen(name: str) -> Sighting:
    """The first sighting of that name on the first connection."""
    return next(one for one in run(RUN).connections[0].sightings if one.name == name)


def test_a_relay_changes_where_the_target_is() -> None:
    sighting = seen("MigrateBegin")
    assert isinstance(sighting.value, MigrateBegin)
    changed = sighting.changed(replace(sighting.value, host=b"relay.example\0", port=1))
    data = changed.encode()
    assert data[:6] == bytes.fromhex("650022000000")
    assert data[-14:] == b"relay.example\0"
    assert changed.size == len(data) == sighting.size + 4
    assert (changed.sender, changed.serial, changed.time) == ("server", 9, sighting.time)


def test_a_link_message_can_be_changed_too() -> None:
    sighting = seen("ClientLink")
    changed = sighting.changed(replace(sighting.value, minor=99))  # type: ignore[type-var]
    assert changed.encode()[8:12] == b"\x63\0\0\0"
    with pytest.raises(LocalProtocolError):
        sighting.changed(OpaqueMessage(1, "", b""))


@pytest.mark.requirement("SP-039")
def test_blanked_sightings_hold_no_ticket() -> None:
    sighting = seen("Ticket")
    assert any(sighting.encode())
    assert blanked(sighting).encode() == bytes(128)
    assert blanked(seen("Init")) is seen("Init")


def test_a_ticket_does_not_show() -> None:
    sighting = seen("Ticket")
    assert isinstance(sighting.value, Ticket)
    secret = sighting.value.encrypted
    assert repr(secret)[2:40] not in repr(sighting)
    assert secret.hex() not in repr(sighting)


def opaque(offset: int, data: bytes, arrival: int = 0) -> Sighting:
    """Bytes that nobody could read."""
    return Sighting("client", offset, len(data), part=OpaqueBytes(data), arrival=arrival)


def test_opaque_neighbours_become_one() -> None:
    link = seen("ClientLink")
    parts = [link, opaque(42, b"ab", 1), opaque(44, b"c", 2), opaque(45, b"", 3)]
    first, second, last = coalesced(parts)
    assert first is link
    assert (second.offset, second.size, second.encode(), second.arrival) == (42, 3, b"abc", 2)
    assert last.size == 0
    assert list(coalesced([])) == []
