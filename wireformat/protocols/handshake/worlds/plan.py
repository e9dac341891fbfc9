"""The steps of two data channels beside the main connection, each a connection of its own, in any order.

Beside both roles: channels that are cut, given up and dialled again, so that the header of a connection which its
source has left arrives late; strangers with headers of every wrong kind, as often as they like. A destination's slot
of the plan is filled by a link, by an `orphan`, a link that the source has given up, or never.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from wireformat.protocols.handshake.worlds.agreement import Case
from wireformat.protocols.handshake.worlds.guards import Guards, Header, Offer, planned
from wireformat.protocols.handshake.worlds.line import BOTH, DESTINATION, END, SOURCE
from wireformat.protocols.handshake.worlds.link import HEADER, NO_LINK, PAYLOAD, REJECT, Ends, Link
from wireformat.protocols.handshake.worlds.main import Bound, Main, Opening
from wireformat.schema.machine import Table
from wireformat.schema.world import Act

AGREED = Case((Offer((1,), "none"), Offer((1,), "none")))
COUNT = 2
MAX_DIALS = 3
"""Over all channels: one may be dialled a second time."""

REQUIRED = ((True, True), (True, False))
"""Of both cases: which channels the plan insists on."""


def strangers(index: int) -> Mapping[str, Header]:
    """Headers that are not that of the channel, and come near it."""
    theirs = Header("guest", "theirs", 0, "multifd", index, ("their secret", "theirs", 0, "multifd", index))
    return {
        "other migration": theirs,
        "wrong proof": planned(index)._replace(proof="guessed"),
        "old epoch": planned(index, -1),
        "other type": planned(index)._replace(type="nbd"),
        "index too high": planned(COUNT + index),
    }


class Slot(NamedTuple):
    """One channel of the plan: its link, what is left of an earlier one, and who holds it at the destination."""

    link: Link = NO_LINK
    orphan: Link = NO_LINK
    holder: str = ""


class Channels(NamedTuple):
    """The main connection and the slots; dials that are left; what CHANNELS_READY
    named; strangers in places that the plan does not have."""

    main: Main
    slots: tuple[Slot, ...] = (Slot(),) * COUNT
    dials: int = MAX_DIALS
    bound: tuple[int, ...] = ()
    beyond: tuple[str, ...] = ()

    def with_slot(self, index: int, slot: Slot) -> Channels:
        """With another slot."""
        slots = (*self.slots[:index], slot, *self.slots[index + 1 :])
        return Channels(self.main, slots, self.dials, self.bound, self.beyond)

    @property
    def is_held(self) -> tuple[bool, ...]:
        """Which slots are filled."""
        return tuple(bool(slot.holder) for slot in self.slots)


Step: TypeAlias = tuple[Act, Channels]


class Plan:
    """The steps of the main connection and of the channels together."""

    def __init__(self, table: Table, guards: Guards) -> None:
        self.opening = Opening(table, guards, [AGREED] * len(REQUIRED))
        self._ends = Ends(table)
        self._guards = guards
        self._knocks: dict[tuple[bool, ...], list[tuple[Act, int | None]]] = {}

    def required(self, state: Channels) -> tuple[bool, ...]:
        """Which channels the plan insists on."""
        return REQUIRED[state.main.case]

    def steps(self, state: Channels) -> Iterator[Step]:
        """Everything that may happen."""
        is_held = state.is_held
        is_ready = self._guards.is_ready(is_held, self.required(state))
        bound: Bound = tuple(index for index, held in enumerate(is_held) if held) if is_ready else None
        for act, main in self.opening.steps(state.main, bound):
            yield act, self._settled(state, act, main)
        for index, slot in enumerate(state.slots):
            yield from self._dialled(state, index, slot)
            yield from self._read_by_source(state, index, slot)
            yield from self._read_by_destination(state, index, slot)
            for note, line in slot.link.line.cut():
                act = Act("network", "network", "cut", f"{name(index)}{', ' * bool(note)}{note}", False)
                yield act, state.with_slot(index, slot._replace(link=slot.link._replace(line=line)))
        yield from self._strangers(state, is_held)

    def _settled(self, state: Channels, act: Act, main: Main) -> Channels:
        """After a step of the main connection: who has ended closes its channels."""
        before, state = state.main, state._replace(main=main)
        for role in BOTH:
            if self.opening.is_over(main, role) and not self.opening.is_over(before, role):
                state = self._left(state, role, ())
        if act.event == "ChannelsReady":
            bound = tuple(index for index, held in enumerate(state.is_held) if held)
            return state._replace(bound=bound)
        return self._left(state, SOURCE, state.bound) if act.event == "takes ChannelsReady" else state

    def _left(self, state: Channels, role: int, kept: tuple[int, ...]) -> Channels:
        """After a role has closed its ends of all channels but some."""
        for index, slot in enumerate(state.slots):
            if index not in kept:
                link, orphan = self._ends.closed(slot.link, role), self._ends.closed(slot.orphan, role)
                state = state.with_slot(index, Slot(link, orphan, "" if role == DESTINATION else slot.holder))
        return state

    def _failed(self, state: Channels, role: int) -> Channels:
        """After a role has given up because of a channel."""
        return self._left(state._replace(main=self.opening.failed(state.main, role, "fault")), role, ())

    def _dialled(self, state: Channels, index: int, slot: Slot) -> Iterator[Step]:
        """The source opens a channel, again after it was lost; without a dial left it gives up what it must have."""
        if state.main.sides[SOURCE].state != "opening":
            return
        if slot.link.ends[SOURCE] != "closed":
            if self._ends.allows(slot.link, SOURCE, "silence"):
                link = self._ends.after(slot.link, SOURCE, "silence")
                act = Act("source", "source", "silence", name(index), False)
                yield act, state.with_slot(index, slot._replace(link=link))
        elif state.dials and slot.orphan == NO_LINK:
            after = Slot(self._ends.dialled(), slot.link, slot.holder if slot.holder != "link" else "orphan")
            act = Act("source", "destination", HEADER.event, name(index))
            yield act, state.with_slot(index, after)._replace(dials=state.dials - 1)
        elif self.required(state)[index]:
            yield Act("source", "source", "gives up", name(index)), self._failed(state, SOURCE)

    def _read_by_source(self, state: Channels, index: int, slot: Slot) -> Iterator[Step]:
        """The source reads an answer, or the end of a channel; and sends payload where it may."""
        link, main = slot.link, state.main.sides[SOURCE].state
        if main == "payload" and link.is_open and not link.has_sent:
            sent = self._ends.after(link, SOURCE, PAYLOAD.event, PAYLOAD)._replace(has_sent=True)
            act = Act("source", "destination", PAYLOAD.event, name(index))
            yield act, state.with_slot(index, slot._replace(link=sent))
        message = link.line.head(SOURCE)
        if message is None:
            return
        link = self._ends.after(link._replace(line=link.line.taken(SOURCE)), SOURCE, message.event)
        state = state.with_slot(index, slot._replace(link=link))
        state = self._noted(state, SOURCE, "channel-open" if link.is_open else "channel-refused")
        is_lost = link.ends[SOURCE] == "closed" and main in ("ready", "payload") and index in state.bound
        act = Act("source", "source", f"takes {message.event}", name(index))
        yield act, self._failed(state, SOURCE) if is_lost else state

    def _read_by_destination(self, state: Channels, index: int, slot: Slot) -> Iterator[Step]:
        """The destination reads what a link, or what is left of an earlier one, has brought."""
        for holder, link in (("link", slot.link), ("orphan", slot.orphan)):
            message = link.line.head(DESTINATION)
            if message == HEADER:
                yield self._answered(state, index, slot, holder)
            elif message == PAYLOAD and state.main.sides[DESTINATION].state == "payload":
                after = self._ends.after(link._replace(line=link.line.taken(DESTINATION)), DESTINATION, PAYLOAD.event)
                act = Act("destination", "destination", "takes payload", name(index))
                yield act, state.with_slot(index, with_link(slot, holder, after))
            elif message == END:
                yield self._lost(state, index, slot, holder)

    def _answered(self, state: Channels, index: int, slot: Slot, holder: str) -> Step:
        """The destination has read a header, and answers on the same connection."""
        is_binding = state.main.sides[DESTINATION].state == "binding"
        place = self._guards.slot_of(planned(index), state.is_held, 0) if is_binding else None
        link = self._ends.answered(slot.link if holder == "link" else slot.orphan, place is not None)
        act = Act("destination", "source", REJECT.event if place is None else "ChannelAck", name(index))
        state = state.with_slot(index, with_link(slot, holder, link))
        state = self._noted(state, DESTINATION, "channel-refused" if place is None else "channel-bound")
        if place is None:
            return act, state
        word = holder if place == index else name(index)
        return act, state.with_slot(place, state.slots[place]._replace(holder=word))

    def _noted(self, state: Channels, role: int, event: str) -> Channels:
        """A role after news of a channel, while its table waits for any."""
        main = state.main
        if event not in self.opening.row(main, role):
            return state
        return state._replace(main=self.opening.moved(main, role, event, main.line))

    def _lost(self, state: Channels, index: int, slot: Slot, holder: str) -> Step:
        """The destination has noticed the end of a connection; what holds a slot is missed."""
        link = slot.link if holder == "link" else slot.orphan
        link = self._ends.after(link._replace(line=link.line.taken(DESTINATION)), DESTINATION, END.event)
        is_missed = slot.holder == holder
        state = state.with_slot(index, with_link(slot, holder, link)._replace(holder="" if is_missed else slot.holder))
        act = Act("destination", "destination", "takes cut", name(index))
        is_fatal = is_missed and state.main.sides[DESTINATION].state in ("ready", "payload")
        return act, self._failed(state, DESTINATION) if is_fatal else state

    def _strangers(self, state: Channels, is_held: tuple[bool, ...]) -> Iterator[Step]:
        """Connections of others: refused, each with itself alone."""
        main = state.main
        if self.opening.is_over(main, DESTINATION):
            return
        is_binding = main.sides[DESTINATION].state == "binding"
        for act, place in self._answers(is_held):
            if not is_binding or place is None:
                yield act, state
            elif place < COUNT:
                yield act, state.with_slot(place, state.slots[place]._replace(holder=act.event))
            else:
                yield act, state._replace(beyond=(act.event,))

    def _answers(self, is_held: tuple[bool, ...]) -> list[tuple[Act, int | None]]:
        """Each stranger and the slot it is given, which is none: with these slots filled."""
        if is_held not in self._knocks:
            headers = [item for index in range(COUNT) for item in strangers(index).items()]
            headers += [("filled slot", planned(index)) for index, held in enumerate(is_held) if held]
            self._knocks[is_held] = [
                (
                    Act("stranger", "destination", word, name(header.number), False),
                    self._guards.slot_of(header, is_held, 0),
                )
                for word, header in headers
            ]
        return self._knocks[is_held]


def name(index: int) -> str:
    """The name of a channel."""
    return f"multifd/{index}"


def with_link(slot: Slot, holder: str, link: Link) -> Slot:
    """A slot with another link, or another orphan."""
    return slot._replace(link=link) if holder == "link" else slot._replace(orphan=link)
