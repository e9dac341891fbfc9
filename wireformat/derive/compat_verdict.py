"""What is said of two versions: verdicts of messages, findings, readings, and the bytes that show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What is known of one direction."""

    READS = "reads"
    BREAKS = "breaks"
    UNPROVEN = "unproven"


class Verdict(StrEnum):
    """What is known of both directions."""

    COMPATIBLE = "compatible"
    ONE_WAY = "readable one way"
    BROKEN = "broken"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Witness:
    """Bytes, what the writer reads in them and what the reader does: values in their JSON form, or an error.

    `error` is its id and `text` its line; `differs` is the path of what the reader takes for something else.
    """

    data: bytes
    params: tuple[tuple[str, int], ...]
    written: Any
    read: Any = None
    error: str = ""
    offset: int | None = None
    text: str = ""
    differs: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One direction: its status, bytes that show it, and the reason where nothing shows it."""

    status: Status
    witness: Witness | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One change, or what no rule explains."""

    rule: str
    path: str
    detail: str
    backward: Reading
    forward: Reading

    @property
    def verdict(self) -> Verdict:
        """The verdict on both directions."""
        return together(self.backward, self.forward)


@dataclass(frozen=True, slots=True)
class MessageVerdict:
    """One message or part: what was found, and each direction with all of that together."""

    name: str
    findings: tuple[Finding, ...]
    backward: Reading
    forward: Reading

    @property
    def verdict(self) -> Verdict:
        """The verdict on both directions."""
        return together(self.backward, self.forward)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All messages and parts of two versions of a protocol."""

    protocol: str
    old: str
    new: str
    messages: tuple[MessageVerdict, ...]

    @property
    def is_broken(self) -> bool:
        """Whether neither direction works for some message."""
        return any(message.verdict is Verdict.BROKEN for message in self.messages)


def together(backward: Reading, forward: Reading) -> Verdict:
    """The verdict that two directions give."""
    found = {backward.status, forward.status}
    if Status.UNPROVEN in found:
        return Verdict.UNPROVEN
    if found == {Status.BREAKS}:
        return Verdict.BROKEN
    return Verdict.ONE_WAY if Status.BREAKS in found else Verdict.COMPATIBLE


def summed(name: str, findings: Sequence[Finding], example: Witness | None) -> MessageVerdict:
    """The verdict on a message with these findings. `example` shows a direction that nothing concerns."""
    return MessageVerdict(
        name,
        tuple(findings),
        _worst([finding.backward for finding in findings], example),
        _worst([finding.forward for finding in findings], example),
    )


def _worst(readings: Sequence[Reading], example: Witness | None) -> Reading:
    """What all readings of one direction come to, with the shortest bytes that show it."""
    known = {reading.status for reading in readings}
    status = next((each for each in (Status.BREAKS, Status.UNPROVEN) if each in known), Status.READS)
    same = [reading for reading in readings if reading.status is status]
    shown = [reading for reading in same if reading.witness is not None]
    if not shown:
        return same[0] if same and status is Status.UNPROVEN else Reading(status, example)
    return min(shown, key=_size)


def _size(reading: Reading) -> tuple[int, bytes]:
    data = reading.witness.data if reading.witness else b""
    return len(data), data
