"""Acts, claims and checks are values."""

from __future__ import annotations

from wireformat.schema.world import Act, Always, AtMost, Claim, EndInReach


def never(state: int) -> bool:
    """Holds nowhere."""
    return False


def test_an_act_is_fair_and_without_a_note_unless_said_otherwise() -> None:
    assert Act("source", "destination", "Hello") == ("source", "destination", "Hello", "", True)


def test_a_claim_is_guaranteed_and_checked_in_worlds_unless_said_otherwise() -> None:
    claim = Claim("P-01", "agreement", "Both agree.")
    assert (claim.is_guaranteed, claim.tests) == (True, ())


def test_checks_compare_by_what_they_say() -> None:
    assert Always("P-01", never) == Always("P-01", never)
    assert EndInReach("L-03") != EndInReach("L-04")
    assert AtMost("L-01", len, 8).bound == 8
