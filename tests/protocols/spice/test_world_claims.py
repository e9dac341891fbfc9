"""Claims: known by their names, each a sentence; what is not guaranteed belongs to one that is."""

from __future__ import annotations

from wireformat.protocols.spice.world_claims import BY_ID, CLAIMS


def test_names_are_used_once() -> None:
    assert len(BY_ID) == len(CLAIMS)


def test_every_price_belongs_to_a_guarantee() -> None:
    prices = [claim.id for claim in CLAIMS if not claim.is_guaranteed]
    assert len(prices) == 6
    assert all(BY_ID[price[: len("S-00")]].is_guaranteed for price in prices)


def test_each_is_one_sentence() -> None:
    assert [claim.id for claim in CLAIMS if not claim.sentence.endswith(".")] == []
