"""What must hold of the main connection alone, whatever else a world has beside it."""

from __future__ import annotations

from wireformat.protocols.handshake.worlds.line import BOTH, DESTINATION, END, ROLES, SOURCE
from wireformat.protocols.handshake.worlds.main import SENDERS, Main, Opening
from wireformat.schema.world import Act

CLEAN = ("failed", "cancelled")
LEFT = ("listening", "refused", "failed", "cancelled")


def agrees(main: Main) -> bool:
    """P-01: whoever is in the payload, both have the same result, leave out the same, and saw the same."""
    source, destination = main.sides
    if "payload" not in (source.state, destination.state):
        return True
    return source.result is not None and (source.result, source.is_omitted, source.transcript) == (
        destination.result,
        destination.is_omitted,
        destination.transcript,
    )


def is_in_order(main: Main) -> bool:
    """P-02: payload only once the destination has said COMMIT_ACK and CHANNELS_READY, and the source has agreed."""
    source, destination = main.sides
    is_ready = destination.is_agreed and destination.has_finished
    if source.state == "payload" or source.has_finished:
        return is_ready and source.is_agreed
    return is_ready or destination.state != "payload"


def has_not_touched(main: Main) -> bool:
    """P-03: the destination loads nothing before the source said START, and the source hands over nothing."""
    source, destination = main.sides
    return (destination.state != "payload" or source.has_finished) and source.state != "handed-over"


def fails_cleanly(main: Main) -> bool:
    """P-04: where the source failed it knows why, the destination has ended too, the connection is closed."""
    source, destination = main.sides
    if source.state not in CLEAN:
        return source.state == destination.state == "payload"
    return source.has_reason and destination.state in LEFT and not main.line.is_up


def can_be_cancelled(opening: Opening, main: Main) -> bool:
    """L-02, the states: wherever a role has not ended, management can end it."""
    return all(opening.is_over(main, role) or "cancel" in opening.row(main, role) for role in BOTH)


def cancels(opening: Opening, before: Main, act: Act, after: Main) -> bool:
    """L-02, the steps: who is cancelled has ended."""
    return act.event != "cancel" or opening.is_over(after, ROLES.index(act.receiver))


def notices_cut(opening: Opening, before: Main, act: Act, after: Main) -> bool:
    """L-04: after a cut the end of the connection is on its way to everyone who still reads, and ends the attempt."""
    if act.event == "takes cut":
        return opening.is_over(after, ROLES.index(act.receiver))
    if act.event != "cut":
        return True
    return all(opening.is_over(after, role) or after.line.queues[role][-1:] == (END,) for role in BOTH)


def is_free_again(opening: Opening, main: Main) -> bool:
    """L-05: a destination whose attempt came to nothing takes the next one."""
    return main.sides[SOURCE].state == "payload" or not opening.is_busy(main)


def turn_cost(act: Act) -> int:
    """L-01: one for each message that passes the turn on."""
    return int(act.event in SENDERS and act.sender != act.receiver)


def is_started(main: Main) -> bool:
    """Whether somebody takes the migration for agreed."""
    return main.sides[SOURCE].state == "payload" or main.sides[DESTINATION].state == "payload"
