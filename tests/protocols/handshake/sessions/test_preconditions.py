"""What is checked before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocols.handshake.loopback import offer
from wireformat.errors import LocalProtocolError
from wireformat.protocols.handshake.messages import ConfirmLevel, Context
from wireformat.protocols.handshake.negotiation.offers import ParameterOffer
from wireformat.protocols.handshake.negotiation.registry import Rule, registry
from wireformat.protocols.handshake.sessions.payloads import FRAMED, RAW, STRIPED
from wireformat.protocols.handshake.sessions.preconditions import check_offer, confirming_key, context_items

KEY = bytes(range(32))


def test_the_key_of_each_level() -> None:
    assert confirming_key(ConfirmLevel.NONE, KEY, KEY) == b""
    assert confirming_key(ConfirmLevel.PSK, KEY, b"") == KEY
    assert confirming_key(ConfirmLevel.EXPORTER, b"", KEY) == KEY


@pytest.mark.requirement("HS-112")
@pytest.mark.parametrize("level", [ConfirmLevel.PSK, ConfirmLevel.EXPORTER, ConfirmLevel(9)])
def test_a_level_without_its_key(level: ConfirmLevel) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        confirming_key(level, KEY[:31], b"")
    assert caught.value.path == "confirm"


@pytest.mark.requirement("HS-035")
@pytest.mark.parametrize("name", [p.name for p in registry().parameters if p.rule is Rule.LOCAL])
def test_local_parameters_stay(name: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        check_offer(offer(parameters=(ParameterOffer(name, "canary"),)))
    assert caught.value.path == f"/parameters/{name}"


@pytest.mark.parametrize("payloads", [("nonsense",), (RAW, "v9-raw"), ("",)])
def test_no_encoding_is_offered_that_cannot_be_written(payloads: tuple[str, ...]) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        check_offer(offer(payloads=payloads))
    assert (caught.value.path, caught.value.detail) == ("/payloads", f"{payloads[-1]} is not known")
    check_offer(offer(payloads=(STRIPED, FRAMED, RAW)))


def test_other_parameters_travel() -> None:
    check_offer(offer(parameters=(ParameterOffer("max-bandwidth", 1), ParameterOffer("x@example.org", 1))))


@pytest.mark.requirement("HS-038")
@pytest.mark.parametrize(
    ("told", "paths"),
    [
        ({"label": "web", "uuid": KEY[:16]}, []),
        ({"label": "db", "uuid": KEY[:16]}, ["/context/label"]),
        ({"label": "web"}, ["/context/uuid"]),
        ({}, ["/context/label", "/context/uuid"]),
    ],
)
def test_both_sides_are_told_the_same(told: dict[str, Any], paths: list[str]) -> None:
    found = list(context_items(Context(**told), Context(label="web", uuid=KEY[:16])))
    assert [item.path for item in found] == paths
