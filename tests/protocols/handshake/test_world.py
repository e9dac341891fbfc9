"""What is guaranteed holds in every world; what is not has a shortest run; every claim is checked somewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from functools import cache
from operator import attrgetter
from time import process_time
from typing import Any

import pytest

from tests.house.project import ROOT
from wireformat.explore.search import Report, explore
from wireformat.protocols.handshake.world import CLAIMS, WORLDS
from wireformat.protocols.handshake.worlds.channels import ChannelsWorld
from wireformat.protocols.handshake.worlds.claims import BY_ID
from wireformat.protocols.handshake.worlds.handover import HandoverWorld
from wireformat.protocols.handshake.worlds.handshake import HandshakeWorld
from wireformat.protocols.handshake.worlds.plan import Channels
from wireformat.schema.world import Always, AtMost


@cache
def report(name: str) -> Report:
    """Everything that the explorer finds in a world."""
    return explore(WORLDS[name])


def broken(name: str) -> list[str]:
    """The guaranteed claims that do not hold in a world, all of which was visited."""
    assert report(name).is_complete
    return [each.claim for each in report(name).violations if BY_ID[each.claim].is_guaranteed]


@pytest.mark.slow
@pytest.mark.requirement("HS-014", "HS-016", "HS-155", "HS-160", "HS-161", "HS-162", "HS-204")
def test_all_offers_on_the_main_connection() -> None:
    assert broken("handshake") == []


@pytest.mark.slow
@pytest.mark.requirement("CH-050", "CH-051", "CH-054", "CH-061", "CH-062", "CH-070", "HS-118", "HS-119", "HS-162")
def test_two_channels() -> None:
    assert broken("channels") == []


@pytest.mark.slow
@pytest.mark.requirement("HS-111", "HS-112", "HS-173")
def test_a_tamperer() -> None:
    assert broken("tampering") == []


@pytest.mark.requirement("HS-140", "HS-141", "HS-142", "HS-143", "HS-144", "HS-145", "HS-146")
def test_hand_over() -> None:
    assert broken("handover") == []


@pytest.mark.requirement("CH-064", "HS-117", "HS-191", "HS-192", "HS-195", "HS-196")
def test_resume() -> None:
    assert broken("resume") == []


def test_no_world_is_forgotten() -> None:
    assert list(WORLDS) == ["handshake", "channels", "tampering", "handover", "resume"]


@pytest.mark.slow
def test_two_channels_take_less_than_a_minute() -> None:
    """The handshake with two channels, all of it, in processor time of one core."""
    before = process_time()
    assert explore(WORLDS["channels"]).states > 25_000
    assert process_time() - before < 60


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("tampering", 30_000), ("handover", 80), ("resume", 9_000)])
def test_the_worlds_are_not_empty(name: str, least: int) -> None:
    """Fails when a world is cut short by mistake, so that there is little to violate anything."""
    assert report(name).states >= least
    assert report(name).ends > 5


def test_every_claim_is_checked_in_a_world_or_by_a_test() -> None:
    explored = {check.claim for world in WORLDS.values() for check in world.checks}
    assert explored <= BY_ID.keys()
    assert [claim.id for claim in CLAIMS if claim.id not in explored and not claim.tests] == []


def test_ids_are_those_of_the_specification() -> None:
    plain = [claim.id for claim in CLAIMS if claim.is_guaranteed]
    assert plain == [f"P-{number:02}" for number in range(1, 19)] + [f"L-{number:02}" for number in range(1, 6)]


@pytest.mark.parametrize("test", [test for claim in CLAIMS for test in claim.tests])
def test_the_tests_that_claims_name_exist(test: str) -> None:
    path, _, name = test.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE)


def test_without_a_key_the_result_can_be_lowered_unseen() -> None:
    violation = report("tampering").violation("P-10-open")
    assert violation is not None
    edits = [act.event for act in violation.run if act.sender == "tamperer"]
    assert edits.count("puts in what the reader expects") >= 2
    assert {act.event for act in violation.run} >= {"Hello", "Commit", "CommitAck", "Start"}


def test_nobody_runs_the_guest_for_a_while_after_a_cut_behind_grant() -> None:
    violation = report("handover").violation("P-07-held")
    assert violation is not None
    messages = [act.event for act in violation.run if act.sender != act.receiver and act.sender != "network"]
    assert messages == ["Handover", "Loaded", "Grant"]


def test_postcopy_that_is_given_up_loses_the_guest() -> None:
    assert report("resume").violation("P-06-postcopy") is not None


@pytest.mark.parametrize("name", ["handover", "resume", "tampering"])
def test_runs_name_parties_only(name: str) -> None:
    world = WORLDS[name]
    named = {party for each in report(name).violations for act in each.run for party in (act.sender, act.receiver)}
    assert named
    assert named <= set(world.parties)


@pytest.mark.slow
def test_the_bound_on_messages_is_exact() -> None:
    """L-01 would fail with a bound that is lower by one."""
    world = HandshakeWorld()
    (check,) = [check for check in world.checks if isinstance(check, AtMost)]
    world.checks = [AtMost("L-01", check.cost, check.bound - 1)]
    violation = explore(world).violation("L-01")
    assert violation is not None
    assert sum(map(check.cost, violation.run)) == check.bound


def seen(world: Any, look: Callable[[Any], Hashable]) -> set[Hashable]:
    """What there is to see in the states of a world."""
    found: set[Hashable] = set()

    def notes(state: Any) -> bool:
        found.add(look(state))
        return True

    world.checks = [Always("seen", notes)]
    assert explore(world).is_complete
    return found


def test_the_ends_of_a_hand_over() -> None:
    """Those that a model made by hand had, and none where the guest runs twice [handshake D.14]."""
    pairs = seen(HandoverWorld(), attrgetter("states"))
    assert pairs >= {
        ("complete", "complete"),
        ("failed", "failed"),
        ("failed", "held"),
        ("unknown", "held"),
        ("unknown", "complete"),
    }
    assert pairs.isdisjoint({("failed", "granted"), ("failed", "complete"), ("cancelled", "complete")})


@pytest.mark.slow
def test_what_makes_channels_hard_is_visited() -> None:
    """A dead connection that holds a slot, an acknowledgement that CHANNELS_READY overtakes, a channel left out."""
    found = seen(ChannelsWorld(), hardships)
    assert frozenset({"orphan"}) in found
    assert any("overtaken" in each for each in found if isinstance(each, frozenset))
    assert any("left out" in each for each in found if isinstance(each, frozenset))


def hardships(state: Channels) -> frozenset[str]:
    """The words for what a state of the channels is an example of."""
    source = state.main.sides[0].state
    words = {
        "orphan": any(slot.holder == "orphan" for slot in state.slots),
        "overtaken": source == "payload" and any(slot.link.ends == ("header-sent", "open") for slot in state.slots),
        "left out": source == "payload" and len(state.bound) == 1,
    }
    return frozenset(word for word, is_so in words.items() if is_so)
