"""The whole handshake with two data channels: the bounded space that the explorer visits completely.

Bounds: one revision and no feature in the offers, which the world `handshake` varies; no PROGRESS; three dials for two
channels; one payload message on each. Not bounded: cuts, lost and late messages, timers, cancellation on either side,
strangers. Where the plan insists on both channels, states that differ in the names of channels only are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wireformat.protocols.handshake.machine import TRANSITIONS
from wireformat.protocols.handshake.worlds import main_checks as checks
from wireformat.protocols.handshake.worlds.guards import GUARDS, Guards
from wireformat.protocols.handshake.worlds.line import DESTINATION, SOURCE
from wireformat.protocols.handshake.worlds.link import ACK, HEADER, NO_LINK, Link
from wireformat.protocols.handshake.worlds.plan import MAX_DIALS, REQUIRED, Channels, Plan
from wireformat.schema.machine import Table
from wireformat.schema.world import Act, Always, AtEnd, AtMost, Check, Each, EndInReach

TURNS = 8
HOLDERS = ("", "link", "orphan")


class ChannelsWorld:
    """Source, destination, management, two data channels, a network that cuts and delays, strangers."""

    name = "channels"
    doc = "The handshake and two data channels, with cuts, delays, duplicates and strangers: the whole bounded space."
    parties = ("management", "source", "network", "destination", "stranger")

    def __init__(self, table: Table = TRANSITIONS, guards: Guards = GUARDS) -> None:
        self.plan = Plan(table, guards)
        self.checks: Sequence[Check[Channels]] = (
            Always("P-01", self._agrees),
            Always("P-02", self._is_in_order),
            Each("P-02", self._says_ready_in_time),
            Always("P-03", self._has_not_touched),
            AtEnd("P-04", self._fails_cleanly),
            Always("P-08", is_bound_rightly),
            AtEnd("P-09", self._has_planned_map),
            Each("P-13", is_unmoved_by_strangers),
            AtMost("L-01", message_cost, TURNS + 2 * MAX_DIALS),
            Always("L-02", self._can_be_cancelled),
            Each("L-02", self._cancels),
            EndInReach("L-03"),
            Each("L-04", self._notices_cut),
            AtEnd("L-05", self._is_free_again),
        )

    def initial(self) -> Iterator[Channels]:
        """Nobody has dialled; both channels are required, or one."""
        return map(Channels, self.plan.opening.initial())

    def steps(self, state: Channels) -> Iterator[tuple[Act, Channels]]:
        """Everything that may happen."""
        return self.plan.steps(state)

    def is_end(self, state: Channels) -> bool:
        """Whether the attempt is over, and nothing is under way on any channel."""
        return self.plan.opening.is_end(state.main) and all(
            slot.orphan == NO_LINK and is_settled(slot.link) for slot in state.slots
        )

    def canonical(self, state: Channels) -> Channels:
        """Channels in one order, where the plan makes no difference between them."""
        first, second = state.slots
        if REQUIRED[state.main.case] == (True, True) and second < first:
            return state._replace(slots=(second, first))
        return state

    def _agrees(self, state: Channels) -> bool:
        return checks.agrees(state.main)

    def _is_in_order(self, state: Channels) -> bool:
        """P-02: on main as ever; on a channel, payload only behind the acknowledgement."""
        has_agreed = state.main.sides[DESTINATION].is_agreed
        return (
            checks.is_in_order(state.main)
            and all(slot.link.is_acknowledged or not (slot.link.is_open or slot.link.has_sent) for slot in state.slots)
            and (has_agreed or all(slot.link == NO_LINK for slot in state.slots))
        )

    def _says_ready_in_time(self, before: Channels, act: Act, after: Channels) -> bool:
        """P-02: CHANNELS_READY comes behind the last acknowledgement of a required channel."""
        if act.event != "ChannelsReady":
            return True
        required = self.plan.required(before)
        return all(held or not needed for held, needed in zip(before.is_held, required, strict=True))

    def _has_not_touched(self, state: Channels) -> bool:
        return checks.has_not_touched(state.main)

    def _fails_cleanly(self, state: Channels) -> bool:
        """P-04: as on main; and no channel is left open, no slot filled."""
        if not checks.fails_cleanly(state.main):
            return False
        is_started = state.main.sides[SOURCE].state == "payload"
        return is_started or all(slot.link == NO_LINK and not slot.holder for slot in state.slots)

    def _has_planned_map(self, state: Channels) -> bool:
        """P-09: in whatever order channels came, each used slot holds its own, and no required one is missing."""
        if state.main.sides[SOURCE].state != "payload":
            return True
        required = self.plan.required(state)
        return all(
            slot.holder == ("link" if index in state.bound else "") and (index in state.bound or not required[index])
            for index, slot in enumerate(state.slots)
        )

    def _can_be_cancelled(self, state: Channels) -> bool:
        return checks.can_be_cancelled(self.plan.opening, state.main)

    def _cancels(self, before: Channels, act: Act, after: Channels) -> bool:
        return checks.cancels(self.plan.opening, before.main, act, after.main)

    def _notices_cut(self, before: Channels, act: Act, after: Channels) -> bool:
        on_channel = "multifd" in act.note
        return on_channel or checks.notices_cut(self.plan.opening, before.main, act, after.main)

    def _is_free_again(self, state: Channels) -> bool:
        return checks.is_free_again(self.plan.opening, state.main)


def is_settled(link: Link) -> bool:
    """Whether nothing goes on: the link is gone, or open at both ends with its payload delivered."""
    return link == NO_LINK or (link.ends == ("open", "open") and link.has_sent and link.line.queues == ((), ()))


def is_bound_rightly(state: Channels) -> bool:
    """P-08: a slot is filled by its own channel of this migration and epoch, or not at all."""
    return not state.beyond and all(slot.holder in HOLDERS for slot in state.slots)


def is_unmoved_by_strangers(before: Channels, act: Act, after: Channels) -> bool:
    """P-13: whatever a stranger sends, the migration does not change."""
    return act.sender != "stranger" or after == before


def message_cost(act: Act) -> int:
    """L-01: the messages of main that pass the turn on, and two for each connection of a channel."""
    return checks.turn_cost(act) + (act.event in (HEADER.event, ACK.event))
