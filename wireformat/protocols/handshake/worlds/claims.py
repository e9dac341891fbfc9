"""What is claimed of the handshake, sentence by sentence: data that the command line and the documentation read.

A claim about interleavings is checked in worlds; another names the tests that check it. What is not guaranteed is
claimed all the same, as the price that is known: the explorer shows the shortest run to it.
"""

from __future__ import annotations

from collections.abc import Mapping

from wireformat.schema.world import Claim

TESTS = "tests/protocols/handshake/"

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "P-01",
        "agreement",
        "Once one side is in the payload, both have the same result, leave out the same and have seen the same.",
    ),
    Claim(
        "P-02",
        "order",
        "No payload before COMMIT_ACK, on a channel not before CHANNEL_ACK; CHANNELS_READY behind the last of these.",
    ),
    Claim("P-03", "no side effects", "Before START the destination touches nothing and the source does not pause."),
    Claim(
        "P-04",
        "clean failure",
        "A failed migration leaves the guest running on the source, everything closed, and a reason on the source.",
    ),
    Claim("P-05", "no split brain", "The guest never runs on both sides; behind postcopy never on the source."),
    Claim(
        "P-06",
        "no loss",
        "While no host fails, one side has a whole copy; the source gives up its own once the destination runs.",
    ),
    Claim(
        "P-06-postcopy",
        "no loss in postcopy",
        "The guest survives a postcopy migration that is given up.",
        is_guaranteed=False,
    ),
    Claim("P-07", "explicit ambiguity", "Cut behind GRANT, the source is `unknown`; only management resolves that."),
    Claim(
        "P-07-held",
        "availability",
        "There is always a side that runs the guest, or will without being told.",
        is_guaranteed=False,
    ),
    Claim(
        "P-08",
        "binding",
        "A channel is bound only with the migration, epoch, proof, type and index of a free slot of the plan.",
    ),
    Claim("P-09", "independence of order", "In whatever order channels arrive, the same channels fill the same slots."),
    Claim(
        "P-10",
        "no downgrade",
        "With a key, what starts has the result of the untouched offers, and nothing that passed was changed.",
    ),
    Claim(
        "P-10-open",
        "no downgrade without a key",
        "Without a key, what starts has the result of the untouched offers.",
        is_guaranteed=False,
    ),
    Claim(
        "P-11",
        "locality",
        "Values of local parameters are in no byte that is sent.",
        tests=(f"{TESTS}sessions/test_session.py::test_local_parameters_are_never_offered",),
    ),
    Claim(
        "P-12",
        "bounds",
        "Frames, bytes, nesting and memory stay within the limits, whatever is received.",
        tests=(
            f"{TESTS}sessions/test_session.py::test_mutated_bytes_never_break_a_listener",
            f"{TESTS}sessions/test_session.py::test_mutated_bytes_never_break_a_source",
            f"{TESTS}files/test_container_reader.py::test_memory_is_not_taken_before_sizes_are_checked",
        ),
    ),
    Claim("P-13", "isolation", "Whatever strangers connect with, a migration goes on as if they had not."),
    Claim(
        "P-14",
        "sound omission",
        "The payload has nothing that was omitted, and nothing that was not accepted.",
        tests=(f"{TESTS}inventories/test_soundness.py::test_a_source_that_keeps_its_promise_violates_nothing",),
    ),
    Claim(
        "P-15",
        "equal files",
        "The payload in a file container is the plain stream with the same result.",
        tests=(f"{TESTS}files/test_container.py::test_the_payload_is_the_plain_stream",),
    ),
    Claim("P-16", "frozen result", "The result does not change after COMMIT, also across resumes."),
    Claim(
        "P-17",
        "errors that help",
        "Every refusal has a fatal item; mending what all items name makes it succeed.",
        tests=(
            f"{TESTS}negotiation/test_negotiate.py::test_repair",
            f"{TESTS}sessions/test_session.py::test_repairing_every_named_item_makes_it_succeed",
            f"{TESTS}inventories/test_judgement.py::test_where_all_that_is_named_is_changed_the_same_run_succeeds",
        ),
    ),
    Claim(
        "P-18",
        "no faith in names",
        "Names of programs and texts for people change no decision.",
        tests=(f"{TESTS}sessions/test_session.py::test_no_decision_rests_on_text",),
    ),
    Claim(
        "L-01",
        "short",
        "A run is decided by 8 messages on main, 2 more for an inventory sent again, and 2 on each connection.",
    ),
    Claim("L-02", "cancellation", "Management can end every attempt, up to GRANT at the source."),
    Claim("L-03", "no deadlock", "From everywhere an end is in reach without timers, cuts or second thoughts."),
    Claim("L-04", "cuts are noticed", "After a cut both ends are told, and need no timer for that."),
    Claim("L-05", "free again", "After a failure the destination takes the next migration."),
)

BY_ID: Mapping[str, Claim] = {claim.id: claim for claim in CLAIMS}
