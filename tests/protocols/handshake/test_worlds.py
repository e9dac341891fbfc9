"""Each mutant of the handshake is killed by a property with a name: wrong tables, wrong guards [handshake E.7]."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import pytest

from tests.schema.test_layout import Ascending
from wireformat.codec import disagreements
from wireformat.errors import DecodeError, WireError
from wireformat.explore.search import explore
from wireformat.protocols.handshake.machine import TRANSITIONS
from wireformat.protocols.handshake.negotiation.offers import ErrorItem, Offer
from wireformat.protocols.handshake.sessions import destination_handshake, keys, refusal, source_handshake
from wireformat.protocols.handshake.sessions.frames import FrameReader
from wireformat.protocols.handshake.worlds.channels import ChannelsWorld
from wireformat.protocols.handshake.worlds.guards import GUARDS, Header, planned
from wireformat.protocols.handshake.worlds.handover import HandoverWorld
from wireformat.protocols.handshake.worlds.handshake import HandshakeWorld
from wireformat.protocols.handshake.worlds.resume import ResumeWorld
from wireformat.protocols.handshake.worlds.tampering import TamperingWorld
from wireformat.schema.layout.entries import Entries
from wireformat.schema.machine import Table
from wireformat.schema.values import Unknown
from wireformat.schema.world import World

TESTS = "tests/protocols/handshake/"


def with_row(role: str, state: str, **events: str | None) -> Table:
    """The tables with some events of one row leading elsewhere, or nowhere."""
    row = {event: after for event, after in {**TRANSITIONS[role][state], **events}.items() if after is not None}
    return {**TRANSITIONS, role: {**TRANSITIONS[role], state: row}}


def guest_only(header: Header, is_filled: Sequence[bool], epoch: int) -> int | None:
    """Binds a channel by the guest's UUID alone, as multifd does."""
    is_ours = header.guest == planned(0).guest and 0 <= header.number < len(is_filled)
    return header.number if is_ours and not is_filled[header.number] else None


def index_off_by_one(header: Header, is_filled: Sequence[bool], epoch: int) -> int | None:
    """Refuses an index only where it is greater than the count."""
    if header.number > len(is_filled) or (header.number < len(is_filled) and is_filled[header.number]):
        return None
    return header.number if header == planned(header.number, epoch) else None


def any_epoch(header: Header, is_filled: Sequence[bool], epoch: int) -> int | None:
    """Takes channels of every epoch."""
    return GUARDS.slot_of(header, is_filled, header.epoch)


def unproven(header: Header, is_filled: Sequence[bool], epoch: int) -> int | None:
    """Does not look at the proof."""
    return GUARDS.slot_of(header._replace(proof=planned(header.number, epoch).proof), is_filled, epoch)


def any_type(header: Header, is_filled: Sequence[bool], epoch: int) -> int | None:
    """Does not look at the type of a channel."""
    return GUARDS.slot_of(header._replace(type="multifd"), is_filled, epoch)


def twice(header: Header, is_filled: Sequence[bool], epoch: int) -> int | None:
    """Gives away a slot that is filled."""
    return GUARDS.slot_of(header, [False] * len(is_filled), epoch)


def in_order_of_arrival(header: Header, is_filled: Sequence[bool], epoch: int) -> int | None:
    """Gives the next channel the first free slot."""
    if GUARDS.slot_of(header, is_filled, epoch) is None:
        return None
    return list(is_filled).index(False)


def anybody(kind: str) -> bool:
    """Takes the first connection for the main channel."""
    return True


def one_missing(is_bound: Sequence[bool], is_required: Sequence[bool]) -> bool:
    """Is ready before the last channel."""
    return sum(is_bound) >= sum(is_required) - 1


def never_free(state: str, is_over: bool) -> bool:
    """Goes on being busy with an attempt that has failed."""
    return state != "listening"


def next_epoch_only(epoch: int, current: int, is_confirmed: bool) -> bool:
    """Takes no epoch but the next."""
    return epoch == current + 1


def same_epoch_too(epoch: int, current: int, is_confirmed: bool) -> bool:
    """Takes a RESUME that was taken before."""
    return epoch >= current


def waits_for_all(is_bound: Sequence[bool], is_required: Sequence[bool]) -> bool:
    """Is not ready before channels that may be missing have come, too."""
    return all(is_bound)


def what_was_asked(agreed: Hashable, asked: Hashable) -> Hashable:
    """Lets a RESUME change the result."""
    return asked


def always_resumes(state: str, has_postcopy: bool) -> bool:
    """Resumes the guest on the source even where postcopy runs it on the destination."""
    return state in ("failed", "cancelled")


@dataclass(frozen=True)
class Mutant:
    """Something wrong, in a world, and the claim that it violates."""

    what: str
    claim: str
    world: Callable[..., World[Any]]
    table: Table = field(default_factory=dict)
    guards: Mapping[str, Any] = field(default_factory=dict)

    def made(self) -> World[Any]:
        """The world with the mistake in it."""
        return self.world(table=self.table or TRANSITIONS, guards=replace(GUARDS, **self.guards))


MUTANTS = [
    Mutant("fallback to v1 on EOF", "P-02", HandshakeWorld, with_row("source", "hello-sent", cut="payload")),
    Mutant("timer that turns into success", "P-02", HandshakeWorld, with_row("source", "opening", silence="ready")),
    Mutant("timer that agrees", "P-02", ChannelsWorld, with_row("source", "commit-sent", silence="opening")),
    Mutant("loads on COMMIT_ACK", "P-03", HandshakeWorld, with_row("destination", "committing", CommitAck="payload")),
    Mutant("refusals without items", "P-04", HandshakeWorld, guards={"names_reasons": False}),
    Mutant("first connection as main", "P-13", HandshakeWorld, guards={"opens_migration": anybody}),
    Mutant("no cancellation while opening", "L-02", HandshakeWorld, with_row("source", "opening", cancel=None)),
    Mutant("cancellation that is ignored", "L-02", HandshakeWorld, with_row("source", "opening", cancel="opening")),
    Mutant("waits for what never comes", "L-03", HandshakeWorld, with_row("source", "ready", Start=None)),
    Mutant("a cut that is ignored", "L-04", HandshakeWorld, with_row("source", "opening", cut="opening")),
    Mutant("busy for ever", "L-05", HandshakeWorld, guards={"is_busy": never_free}),
    Mutant("CHANNELS_READY before the last ACK", "P-02", ChannelsWorld, guards={"is_ready": one_missing}),
    Mutant("waits for an optional channel", "L-03", ChannelsWorld, guards={"is_ready": waits_for_all}),
    Mutant("uuid-only binding", "P-08", ChannelsWorld, guards={"slot_of": guest_only}),
    Mutant("index check > instead of ≥", "P-08", ChannelsWorld, guards={"slot_of": index_off_by_one}),
    Mutant("proof not compared", "P-08", ChannelsWorld, guards={"slot_of": unproven}),
    Mutant("type not compared", "P-08", ChannelsWorld, guards={"slot_of": any_type}),
    Mutant("ignoring epoch", "P-08", ResumeWorld, guards={"slot_of": any_epoch}),
    Mutant("a slot given away twice", "P-13", ChannelsWorld, guards={"slot_of": twice}),
    Mutant("slots in order of arrival", "P-09", ChannelsWorld, guards={"slot_of": in_order_of_arrival}),
    Mutant("transcript without headers", "P-10", TamperingWorld, guards={"covers_headers": False}),
    Mutant("MAC not compared: agreement", "P-01", TamperingWorld, guards={"compares_confirmation": False}),
    Mutant("MAC not compared: downgrade", "P-10", TamperingWorld, guards={"compares_confirmation": False}),
    Mutant("source resumes behind GRANT", "P-05", HandoverWorld, with_row("source", "granted", cut="failed")),
    Mutant("ambiguity taken for failure", "P-07", HandoverWorld, with_row("source", "granted", silence="failed")),
    Mutant("source forgets before RUNNING", "P-06", HandoverWorld, with_row("source", "granted", cut="complete")),
    Mutant("destination runs without GRANT", "P-05", HandoverWorld, with_row("destination", "loaded", cut="complete")),
    Mutant(
        "timer that runs the guest",
        "P-05",
        HandoverWorld,
        with_row("destination", "held", **{"policy-drop": "complete"}),
    ),
    Mutant("timer in place of GRANT", "P-05", HandoverWorld, with_row("destination", "loaded", silence="complete")),
    Mutant("result changed by RESUME", "P-16", ResumeWorld, guards={"result_after_resume": what_was_asked}),
    Mutant("RESUME taken twice", "P-13", ResumeWorld, guards={"takes_epoch": same_epoch_too}),
    Mutant("only the next epoch", "L-03", ResumeWorld, guards={"takes_epoch": next_epoch_only}),
    Mutant("resumes in spite of postcopy", "P-05", ResumeWorld, guards={"resumes_guest": always_resumes}),
]


def is_slow(mutant: Mutant) -> bool:
    """Whether all of a large world is to be visited before the mutant is killed, or much of it."""
    return mutant.world is TamperingWorld or (mutant.claim == "L-03" and mutant.world is not ResumeWorld)


PARAMETERS = [pytest.param(each, id=each.what, marks=pytest.mark.slow if is_slow(each) else ()) for each in MUTANTS]


@pytest.mark.slow
@pytest.mark.parametrize("mutant", PARAMETERS)
def test_each_mutant_is_killed_by_name(mutant: Mutant) -> None:
    report = explore(mutant.made(), [mutant.claim], is_hasty=True)
    violation = report.violation(mutant.claim)
    assert violation is not None
    assert violation.run


def test_every_explored_claim_that_is_guaranteed_kills_something() -> None:
    """A check that no mistake violates checks nothing; L-01 is shown to be exact elsewhere."""
    worlds = {mutant.world for mutant in MUTANTS}
    explored = {check.claim for world in worlds for check in world().checks}
    spared = explored - {mutant.claim for mutant in MUTANTS}
    assert spared == {"L-01", "P-06-postcopy", "P-07-held", "P-10-open"}


OURS = f"{TESTS}test_worlds.py::test_each_mutant_is_killed_by_name"
KILLERS: Mapping[str, str] = {
    "naive conflict resolution": f"{TESTS}negotiation/test_negotiate.py::test_monotonicity_catches_the_naive_way",
    "index check > instead of ≥": OURS,
    "uuid-only binding": OURS,
    "first connection as main": OURS,
    "ignoring epoch": OURS,
    "verifier that rejects optional unknowns": (
        f"{TESTS}files/test_container_reader.py::test_what_is_not_critical_is_skipped"
    ),
    "offer parser that fails on one unknown entry": (
        f"{TESTS}sessions/test_session.py::test_unknown_entries_are_skipped"
    ),
    "digest over non-canonical bytes": "tests/schema/test_layout.py::test_values_out_of_order",
    "transcript without headers": OURS,
    "fallback to v1 on EOF": OURS,
    "timer that turns into success": OURS,
    "error list cut to the first item": f"{TESTS}sessions/test_session.py::test_every_mismatch_is_reported_at_once",
    "OMIT but section version not lowered": (
        f"{TESTS}inventories/test_soundness.py::test_mutant_omitted_but_section_version_not_lowered"
    ),
    "CONFIRM_MAC compared on a prefix": f"{TESTS}test_worlds.py::test_macs_are_compared_whole",
    "LOCAL parameter leak": f"{TESTS}sessions/test_session.py::test_local_parameters_are_never_offered",
    "CHANNELS_READY before the last ACK": OURS,
}
"""Every mutant of the list, and the test that kills it; those of tables and guards are killed above, by name."""


def killer_of(mutant: str) -> Callable[..., None]:
    """The test that kills a mutant."""
    path, _, name = KILLERS[mutant].partition("::")
    found: Callable[..., None] = getattr(import_module(path.removesuffix(".py").replace("/", ".")), name)
    return found


def skips_nothing(reader: FrameReader, type: int, raw: bytes) -> Any:
    """Takes a message that is unknown for an error, critical or not."""
    message = reader.codec.decode(raw).message
    if isinstance(message, Unknown):
        raise DecodeError("tag", f"message {type:#06x} is unknown")
    return message


def knows_every_entry(reader: FrameReader, type: int, raw: bytes) -> Any:
    """Takes an entry that is unknown for an error, critical or not."""
    message = reader.codec.decode(raw).message
    if getattr(message, "unknown", ()):
        raise DecodeError("tag", f"message {type:#06x} has an unknown entry")
    return message


def any_order(*_: Any) -> None:
    """Reads values in any order, so that bytes that were not made by the rules have a digest, too."""


def only_the_first(count: int, items: tuple[ErrorItem, ...]) -> tuple[ErrorItem, ...]:
    """Tells the peer one reason."""
    return items[:1]


def by_prefix(one: bytes | None, other: bytes) -> bool:
    """Compares the first half."""
    return one is not None and one[:16] == other[:16]


def offers_everything(offer: Offer) -> None:
    """Offers parameters that concern one side alone."""


@dataclass(frozen=True)
class Mistake:
    """Something wrong in the code: what takes the place of which names; `given` is what the killer is called with."""

    wrong: Callable[..., Any]
    places: Sequence[tuple[object, str]]
    given: Sequence[Any] = ()


UNORDERED = (Ascending(names=("b", "")), "00020162 000200", "order", "names[1]", 4)
MISTAKES: Mapping[str, Mistake] = {
    "verifier that rejects optional unknowns": Mistake(skips_nothing, [(FrameReader, "_message")]),
    "offer parser that fails on one unknown entry": Mistake(
        knows_every_entry, [(FrameReader, "_message")], ["Hello", 0x3000]
    ),
    "digest over non-canonical bytes": Mistake(any_order, [(Entries, "_check_order")], UNORDERED),
    "error list cut to the first item": Mistake(only_the_first, [(refusal, "_at_most")]),
    "CONFIRM_MAC compared on a prefix": Mistake(by_prefix, [(keys, "is_equal")], [31]),
    "LOCAL parameter leak": Mistake(
        offers_everything, [(source_handshake, "check_offer"), (destination_handshake, "check_offer")]
    ),
}
MAKING_THEIR_OWN = {"naive conflict resolution", "OMIT but section version not lowered"}
"""Mutants that the test that kills them makes itself."""


def test_every_mutant_of_the_list_has_its_killer() -> None:
    named = {mutant for mutant, killer in KILLERS.items() if killer == OURS}
    assert named <= {each.what for each in MUTANTS}
    assert KILLERS.keys() == named | MISTAKES.keys() | MAKING_THEIR_OWN
    assert all(callable(killer_of(mutant)) for mutant in KILLERS)


@pytest.mark.parametrize("mutant", MISTAKES)
def test_the_killer_fails_with_the_mistake_and_only_with_it(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mistake, killer = MISTAKES[mutant], killer_of(mutant)
    killer(*mistake.given)
    for owner, name in mistake.places:
        monkeypatch.setattr(owner, name, mistake.wrong)
    with pytest.raises((AssertionError, WireError, pytest.fail.Exception)):
        killer(*mistake.given)
    disagreements.clear()


@pytest.mark.parametrize("index", [0, 15, 16, 30, 31])
def test_macs_are_compared_whole(index: int) -> None:
    """Kills a comparison of a prefix, and one of a suffix."""
    proof = bytes(range(32))
    other = proof[:index] + b"\xff" + proof[index + 1 :]
    assert keys.is_equal(proof, proof)
    assert not keys.is_equal(proof, other)
