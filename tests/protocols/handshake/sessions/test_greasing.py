"""Nonsense: what appears where, and that it is the same for the same seed."""

from __future__ import annotations

import pytest

from tests.protocols.handshake.loopback import STRIPED_OFFER, hello
from wireformat.protocols.channels.framing import CRITICAL, is_grease
from wireformat.protocols.handshake.negotiation.offers import is_grease_name
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.greasing import Greasing
from wireformat.protocols.handshake.sessions.offer_wire import offer_of
from wireformat.protocols.handshake.transfer_messages import Loaded


def test_a_seed_decides() -> None:
    one, same, other = Greasing(1), Greasing(1), Greasing(2)
    message = hello(STRIPED_OFFER)
    assert one.dressed(message) == same.dressed(message)
    assert one.dressed(message) != other.dressed(message)


@pytest.mark.requirement("CH-030", "CH-033", "HS-034")
def test_everything_added_is_reserved() -> None:
    greasing, plain = Greasing(3), hello(STRIPED_OFFER)
    tags, frames = set(), 0
    for _ in range(50):
        dressed = greasing.dressed(plain)
        assert {version for version in dressed.versions if not is_grease(version)} == {1}
        assert tuple(name for name in dressed.payloads if not is_grease_name(name)) == plain.payloads
        assert tuple(c for c in dressed.capabilities if not is_grease_name(c.name)) == plain.capabilities
        assert tuple(c for c in dressed.channels if not is_grease_name(c.type)) == plain.channels
        assert len(dressed.capabilities) == len(plain.capabilities) + 1
        tags |= {entry.tag for entry in (*dressed.unknown, *greasing.dressed(Loaded()).unknown)}
        frames += len(greasing.frames())
        codec = TODAY.frames(1)
        assert codec.decode(codec.encode(TODAY.frame(0, dressed))).message == dressed
        assert offer_of(dressed).budget == STRIPED_OFFER.budget
    assert all(is_grease(tag) and not tag & CRITICAL for tag in tags)
    assert len(tags) == 8
    assert frames > 20
