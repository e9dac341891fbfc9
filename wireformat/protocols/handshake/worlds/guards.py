"""Guards: what the tables cannot say, decided over small values that stand for the real ones.

A version is a number, a feature is one word on either side, a digest is the number of a value in a book that never
gives two values the same one: a hash function without collisions. Proofs are the values they are computed from. Each
guard is a function that a test may replace by a wrong one; a property must then fail.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Offer(NamedTuple):
    """What a side can: revisions, and of one feature `want`, `require` or `none`."""

    versions: tuple[int, ...]
    feature: str


class Result(NamedTuple):
    """What both sides will do."""

    version: int
    has_feature: bool


class Header(NamedTuple):
    """The header of a further channel. `guest` stands for the guest's UUID, `proof` for what the MAC covers."""

    guest: str
    binding: str
    epoch: int
    type: str
    number: int
    proof: Hashable


class Digests:
    """Numbers for values, equal for equal values and only for these."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def of(self, value: Hashable) -> int:
        """The number of a value."""
        return self._numbers.setdefault(value, len(self._numbers))


def planned(index: int, epoch: int = 0) -> Header:
    """The header that the source sends for a channel of the plan."""
    return Header("guest", "ours", epoch, "multifd", index, ("our secret", "ours", epoch, "multifd", index))


def negotiate(source: Offer, destination: Offer) -> Result | None:
    """The result of both offers; none where there is no agreement [handshake D.7]."""
    common = set(source.versions) & set(destination.versions)
    if not common or {source.feature, destination.feature} == {"require", "none"}:
        return None
    return Result(max(common), source.feature != "none" and destination.feature != "none")


def opens_migration(kind: str) -> bool:
    """Whether a connection whose header is of that kind may become the main channel [handshake D.3]."""
    return kind == "main"


def is_busy(state: str, is_over: bool) -> bool:
    """Whether the destination has no time for another migration: from a HELLO on, not from a header on
    [handshake D.13]."""
    return state not in ("listening", "header") and not is_over


def slot_of(header: Header, is_filled: Sequence[bool], epoch: int) -> int | None:
    """The slot of the plan that a channel fills; none where it is refused [handshake D.3, D.13]."""
    if not 0 <= header.number < len(is_filled) or is_filled[header.number]:
        return None
    return header.number if header == planned(header.number, epoch) else None


def is_ready(is_bound: Sequence[bool], is_required: Sequence[bool]) -> bool:
    """Whether the destination may say CHANNELS_READY; where nothing is required, it waits for all that may come."""
    return all(bound or not required for bound, required in zip(is_bound, is_required, strict=True))


def takes_epoch(epoch: int, current: int, is_confirmed: bool) -> bool:
    """Whether a destination resumes with that epoch: the next one, or the present one again as long as it has heard
    nothing in it, for then the source may not know that it began [handshake D.11]."""
    return epoch == current + 1 or (epoch == current and not is_confirmed)


def result_after_resume(agreed: Hashable, asked: Hashable) -> Hashable:
    """The result that holds after a RESUME: what was agreed, whatever was asked for since."""
    return agreed


def resumes_guest(state: str, has_postcopy: bool) -> bool:
    """Whether the source runs the guest again by itself: its attempt has ended, and it never gave the guest away."""
    return state in ("failed", "cancelled") and not has_postcopy


@dataclass(frozen=True, slots=True)
class Guards:
    """Every guard by name."""

    negotiate: Callable[[Offer, Offer], Result | None] = negotiate
    opens_migration: Callable[[str], bool] = opens_migration
    is_busy: Callable[[str, bool], bool] = is_busy
    slot_of: Callable[[Header, Sequence[bool], int], int | None] = slot_of
    is_ready: Callable[[Sequence[bool], Sequence[bool]], bool] = is_ready
    takes_epoch: Callable[[int, int, bool], bool] = takes_epoch
    result_after_resume: Callable[[Hashable, Hashable], Hashable] = result_after_resume
    resumes_guest: Callable[[str, bool], bool] = resumes_guest
    covers_headers: bool = True
    compares_confirmation: bool = True
    names_reasons: bool = True
    """Whether transcripts cover the headers, MACs are compared, and refusals say why."""


GUARDS = Guards()
