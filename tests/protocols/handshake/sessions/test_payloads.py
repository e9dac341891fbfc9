"""Results that cannot be carried out."""

from __future__ import annotations

import pytest

from wireformat.protocols.handshake.negotiation.offers import Result
from wireformat.protocols.handshake.sessions.payloads import RAW, STRIPED, impossible


@pytest.mark.requirement("HS-137")
def test_the_payloads_of_revision_1() -> None:
    assert (RAW, STRIPED) == ("v1-raw", "v1-striped")


def test_pieces_need_a_channel() -> None:
    assert [(found.code.name, found.path) for found in impossible(Result(1, STRIPED))] == [
        ("CHANNEL_COUNT", "/channels")
    ]
    assert list(impossible(Result(1, STRIPED, channels=(("multifd", 1),)))) == []
    assert list(impossible(Result(1, RAW))) == []
