"""What the messages of the main connection mean: offers, results, verdicts, transcripts, confirmations.

A side is what one role knows. Sending and taking a message turns it into another one, or shows that there is nothing
to say, or that the peer cannot be agreed with. Transcripts are digests of everything sent and taken; `seen` is the
same for the eyes of the checks only, headers always included.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from wireformat.protocols.handshake.worlds.guards import Digests, Guards, Offer, Result
from wireformat.protocols.handshake.worlds.line import DESTINATION, SOURCE, Message

HEADER = "header"
"""Stands for the channel header in front of HELLO and its reply; flags that are ignored on receipt may differ."""

UNPROVEN = "without a key"


class Case(NamedTuple):
    """What is fixed before a run: both offers, whether the destination knows a subsection (`known`), or it may be left
    out (`droppable`), or not (`needed`), what management told each side, whether there is a key."""

    offers: tuple[Offer, Offer]
    subsection: str = "known"
    contexts: tuple[str, str] = ("one", "one")
    has_key: bool = False


class Side(NamedTuple):
    """What one role knows. `can_answer`: what it took last may be answered, and is not to be refused.
    `has_finished`: it has said its last message, CHANNELS_READY or START."""

    state: str
    seen: int = 0
    transcript: int = 0
    result: Result | None = None
    is_unknown: bool = False
    is_omitted: bool = False
    can_answer: bool = True
    is_agreed: bool = False
    has_finished: bool = False
    has_reason: bool = False


class Agreement:
    """Contents of messages under given guards."""

    def __init__(self, guards: Guards) -> None:
        self._guards = guards
        self._digests = Digests()

    def begun(self, state: str, context: str) -> Side:
        """A side that has only been told the context by its management."""
        return Side(state, self._digests.of("nothing"), self._digests.of(("prologue", context)))

    def composed(self, case: Case, role: int, side: Side, event: str) -> Message | None:
        """The message that a role sends; none where its guard forbids it."""
        if not side.can_answer:
            return None
        match event:
            case "Hello" | "HelloReply":
                offer = case.offers[role]
                return Message(event, (HEADER, offer, case.contexts[role], side.result))
            case "InventoryReply":
                return Message(event, (side.is_unknown,))
            case "Commit" if side.is_unknown and case.subsection == "needed":
                return None
            case "Commit":
                content = (side.result, side.is_unknown)
                return Message(event, (*content, *self._confirmation(case, side, event, content)))
            case "CommitAck":
                return Message(event, self._confirmation(case, side, event, ()))
            case _:
                return Message(event)

    def sent(self, side: Side, message: Message) -> Side:
        """The side after it has sent a message; with COMMIT_ACK the destination has agreed."""
        side = self._absorbed(side, message)
        match message.event:
            case "Commit":
                return side._replace(is_omitted=side.is_unknown)
            case "CommitAck":
                return side._replace(is_agreed=True)
            case "ChannelsReady" | "Start":
                return side._replace(has_finished=True)
            case _:
                return side

    def understood(self, case: Case, role: int, side: Side, message: Message) -> Side | None:
        """The side after it has taken a message; none where the message shows that both disagree."""
        after = self._absorbed(side, message)
        match message.event:
            case "Hello":
                _, offer, context, _ = message.body
                result = self._guards.negotiate(_offer(offer), case.offers[DESTINATION])
                return after._replace(result=result, can_answer=result is not None and context == case.contexts[role])
            case "HelloReply":
                _, offer, _, theirs = message.body
                result = self._guards.negotiate(case.offers[SOURCE], _offer(offer))
                return after._replace(result=result) if result == theirs else None
            case "Inventory":
                return after._replace(is_unknown=case.subsection != "known")
            case "InventoryReply":
                return after._replace(is_unknown=bool(message.body[0]))
            case "Commit":
                is_same = message.body[:2] == (side.result, side.is_unknown)
                is_same &= self._confirms(case, side, message, message.body[:2])
                return after._replace(is_omitted=bool(message.body[1]), can_answer=is_same)
            case "CommitAck":
                return after._replace(is_agreed=True) if self._confirms(case, side, message, ()) else None
            case _:
                return after

    def expected(self, side: Side, message: Message) -> int:
        """The transcript that the reader of a message expects to find in it."""
        return self._transcript(side, message.event, message.body[:-2])

    def _transcript(self, side: Side, event: str, content: tuple[Hashable, ...]) -> int:
        return self._digests.of((side.transcript, event, content))

    def _confirmation(self, case: Case, side: Side, event: str, content: tuple[Hashable, ...]) -> tuple[int, str]:
        transcript = self._transcript(side, event, content)
        return transcript, f"{event} {transcript} with the key" if case.has_key else UNPROVEN

    def _confirms(self, case: Case, side: Side, message: Message, content: tuple[Hashable, ...]) -> bool:
        """Whether a message closes with the transcript, and the MAC, that its reader computes."""
        transcript, proof = self._confirmation(case, side, message.event, content)
        is_proven = message.body[-1] == proof or not self._guards.compares_confirmation
        return message.body[-2] == transcript and is_proven

    def _absorbed(self, side: Side, message: Message) -> Side:
        """The side with a message in its transcript; nothing is added once it has agreed."""
        if side.is_agreed:
            return side
        is_bare = message.event in ("Hello", "HelloReply") and not self._guards.covers_headers
        covered = message.body[1:] if is_bare else message.body
        seen = self._digests.of((side.seen, message))
        transcript = self._digests.of((side.transcript, message.event, covered, "whole"))
        return side._replace(seen=seen, transcript=transcript)


def _offer(value: Hashable) -> Offer:
    if not isinstance(value, Offer):
        raise TypeError(f"no offer: {value!r}")
    return value
