"""Messages as wholes: which ones of two versions are the same, and what their numbers, senders and channels do.

A message is known by its name, else by its number, sender and channel. No codec reads these: who receives a frame looks
the number up, and a number that is not there is refused before any field is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from wireformat.derive.baseline import Baseline
from wireformat.derive.compat_change import SAFE, Change, Direction, backward, both, forward
from wireformat.schema import model

Names = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Placed:
    """A change of a message as a whole, and by direction why the reader finds no such message."""

    change: Change
    refusals: Mapping[Direction, str] = field(default_factory=dict)


def pairs(old: Baseline, new: Baseline) -> Iterator[Names]:
    """Messages and parts with their old and new names, the new ones in order, then those that are gone."""
    gone = [name for name in old.models if name not in new.models]
    for now in new.models:
        before = now if now in old.models else next((each for each in gone if _same(old, each, new, now)), None)
        if before in gone:
            gone.remove(before)
        yield before, now
    yield from ((name, None) for name in gone)


def _same(old: Baseline, before: str, new: Baseline, now: str) -> bool:
    """Whether two names stand for one message: the number says so."""
    one, other = old.models[before].record, new.models[now].record
    return one.code is not None and _place(one) == _place(other)


def _place(record: model.Record) -> tuple[int | None, str | None, str | None]:
    """Number, sender and channel: what a number means depends on the others."""
    return record.code, record.sender, record.channel


def placed(old: Baseline, new: Baseline, before: str | None, now: str | None) -> Iterator[Placed]:
    """What changed about a message as a whole."""
    if before is None or now is None:
        yield _alone(old, new, before, now)
        return
    one, other = old.models[before].record, new.models[now].record
    if before != now:
        yield Placed(Change("message-renamed", now, f"was {before}", SAFE))
    if one.code != other.code:
        refusals = {Direction.BACKWARD: _lookup(new, one), Direction.FORWARD: _lookup(old, other)}
        yield Placed(Change("message-renumbered", now, f"{one.code} became {other.code}", both("tag")), refusals)
    if (one.sender, one.channel) != (other.sender, other.channel):
        detail = f"{_way(one)} became {_way(other)}"
        yield Placed(Change("message-moved", now, detail, both()))


def _alone(old: Baseline, new: Baseline, before: str | None, now: str | None) -> Placed:
    """A message that one side lacks."""
    if now is None:
        record = old.models[before or ""].record
        change = Change("message-removed", record.name, "is gone", backward("tag"))
        return Placed(change, {Direction.BACKWARD: _lookup(new, record)})
    record = new.models[now].record
    return Placed(
        Change("message-added", record.name, "is new", forward("tag")), {Direction.FORWARD: _lookup(old, record)}
    )


def _lookup(reader: Baseline, record: model.Record) -> str:
    """What a reader finds who looks for a message of that number, from that sender, on that channel."""
    if record.code is None:
        return f"version {reader.version} has no {record.name}"
    for name in reader.messages:
        if _place(reader.models[name].record) == _place(record):
            return f"version {reader.version} has {name} as number {record.code:#x}"
    return f"version {reader.version} has no number {record.code:#x}"


def _way(record: model.Record) -> str:
    return f"{record.sender or 'anyone'} on {record.channel or 'the one channel'}"
