"""How two schemas differ: record by record from the roots on, field by field.

Fields are matched by name and by the names they had. What is left over was added or removed; where one was removed and
another added in the same place, it was replaced. In layout `sequence` order matters, in layout `tlv` numbers do, in
layout `bits` masks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from wireformat.derive.compat_change import (
    DIFFERS,
    SAFE,
    Breaks,
    Change,
    Direction,
    Spot,
    backward,
    both,
    forward,
    turned,
)
from wireformat.derive.compat_nodes import Link, deltas
from wireformat.derive.compat_values import difference, partner
from wireformat.schema import model
from wireformat.schema.transform import former_names, with_field_names

Pair: TypeAlias = tuple[model.Field, model.Field]
Extra: TypeAlias = tuple[str, str, Breaks]
"""Rule, detail and effect of a field that one side has alone, seen from the side that lacks it as the old one."""

WIDTHS = frozenset({"field-widened", "field-narrowed", "sign-changed", "byte-order-changed"})
"""Rules that do not matter to bits of a word: their mask says where they are."""


def changes(old: model.Schema, new: model.Schema) -> list[Change]:
    """All changes from one schema to another, each once, with the path where it shows first."""
    named_alike = with_field_names(new, former_names(old, new))
    found: list[Change] = []
    seen: set[tuple[str, str]] = set()
    waiting = [(old.root, new.root, "")]
    while waiting:
        before, now, path = waiting.pop(0)
        if (before, now) not in seen:
            seen.add((before, now))
            compared = _Records(before, now, old, new, named_alike, path)
            found += compared.changes()
            waiting += compared.links
    return found


class _Records:
    """Two records in the same place. `alike` is the new one with the old names of its fields."""

    def __init__(
        self, before: str, now: str, old: model.Schema, new: model.Schema, alike: model.Schema, path: str
    ) -> None:
        self.links: list[tuple[str, str, str]] = []
        self._names = before, now
        self._old = old.records[before]
        self._new = new.records[now]
        self._alike = dict(zip(map(id, self._new.fields), alike.records[now].fields, strict=True))
        self._path = path
        self._pairs = list(_paired(self._old.fields, self._new.fields))

    def changes(self) -> Iterator[Change]:
        """What differs in this record; `links` then leads on."""
        if self._old.layout != self._new.layout:
            detail = f"{self._old.layout} became {self._new.layout}"
            yield Change("layout-changed", self._path, detail, both(), self._spot())
            return
        yield from self._framing()
        yield from self._unpaired()
        if self._old.layout == "sequence":
            yield from self._moved()
        for old, new in self._pairs:
            yield from self._renamed(old, new)
            yield from self._attributes(old, new)
            yield from self._nodes(old, new)

    def _spot(self, old: model.Field | None = None, new: model.Field | None = None) -> Spot:
        return Spot(self._names[0], old.name if old else None, self._names[1], new.name if new else None)

    def _at(self, field: model.Field, below: str = "") -> str:
        return f"{self._path}.{field.name}".strip(".") + below

    def _change(
        self, rule: str, detail: str, breaks: Breaks, old: model.Field | None, new: model.Field | None
    ) -> Change:
        shown = new or old
        path = self._path if shown is None else self._at(shown)
        return Change(rule, path, detail, breaks, self._spot(old, new))

    def _framing(self) -> Iterator[Change]:
        """How entries are framed, or how large the word of bits is."""
        if self._old.base != self._new.base:
            yield self._change("word-changed", f"{self._old.base} became {self._new.base}", both(), None, None)
        old, new = self._old.tlv, self._new.tlv
        if old is None or new is None or old == new:
            return
        if (old.tag, old.size, old.critical, old.reserved) != (new.tag, new.size, new.critical, new.reserved):
            yield self._change("framing-changed", "tag, size or critical bit", both(), None, None)
        if old.max != new.max:
            yield self._limit(old.max, new.max, "bytes of an entry", None, None)
        if old.ascending != new.ascending:
            rule, breaks = ("entries-ordered", backward) if new.ascending else ("entries-unordered", forward)
            yield self._change(rule, "entries that repeat", breaks("order", "duplicate"), None, None)

    def _limit(self, old: int, new: int, unit: str, before: model.Field | None, now: model.Field | None) -> Change:
        rule, breaks = ("limit-lowered", backward("limit")) if new < old else ("limit-raised", forward("limit"))
        return self._change(rule, f"{old} {unit} became {new}", breaks, before, now)

    def _unpaired(self) -> Iterator[Change]:
        """Fields that one side has alone."""
        old = [field for field in self._old.fields if all(field is not pair[0] for pair in self._pairs)]
        new = [field for field in self._new.fields if all(field is not pair[1] for pair in self._pairs)]
        for gone in list(old):
            come = next((field for field in new if self._in_place_of(gone, field)), None)
            if come is not None:
                old.remove(gone)
                new.remove(come)
                yield self._replaced(gone, come)
        for field in old:
            rule, detail, breaks = self._extra(field, self._old, self._new, "removed")
            yield self._change(rule, detail, turned(breaks), field, None)
        for field in new:
            yield self._change(*self._extra(field, self._new, self._old, "added"), None, field)

    def _replaced(self, gone: model.Field, come: model.Field) -> Change:
        detail = f"stands where {gone.name} was; renamed_from={gone.name!r} if it is the same"
        return self._change("field-replaced", detail, both(), gone, come)

    def _in_place_of(self, gone: model.Field, come: model.Field) -> bool:
        """Whether a field stands on the wire where another one stood."""
        if not gone.name or not come.name:
            return False
        if self._old.layout == "tlv":
            return gone.tag == come.tag
        if self._old.layout == "bits":
            return gone.mask == come.mask
        return self._neighbour(gone, self._old, 0) == self._neighbour(come, self._new, 1)

    def _neighbour(self, field: model.Field, record: model.Record, side: int) -> int:
        """Which pair stands before a field; -1 where none does."""
        place = _place(field, record)
        before = [index for index, pair in enumerate(self._pairs) if _place(pair[side], record) < place]
        return max(before, key=lambda index: _place(self._pairs[index][side], record), default=-1)

    def _extra(self, field: model.Field, having: model.Record, lacking: model.Record, verb: str) -> Extra:
        return EXTRAS[having.layout](field, having, lacking, verb)

    def _moved(self) -> Iterator[Change]:
        """The fewest fields that must move to make the new order of the old one."""
        places = [_place(new, self._new) for _, new in self._pairs]
        stay = _increasing(places)
        for (old, new), place in zip(self._pairs, places, strict=True):
            if place not in stay:
                detail = f"from place {_place(old, self._old)} to {place}"
                yield self._change("field-moved", detail, both(), old, new)

    def _renamed(self, old: model.Field, new: model.Field) -> Iterator[Change]:
        if old.name != new.name:
            yield self._change("field-renamed", f"was {old.name}", SAFE, old, new)

    def _attributes(self, old: model.Field, new: model.Field) -> Iterator[Change]:
        """What a field says beside its type."""
        if self._old.layout == "bits" and (old.mask, old.shift) != (self._alike[id(new)].mask, new.shift):
            yield self._change("bits-moved", f"mask {old.mask} became {new.mask}", both(), old, new)
        if self._old.layout == "tlv":
            yield from self._entry(old, new)
        elif old.optional and new.optional and not _same(old, new):
            yield self._change("default-changed", f"{old.default!r} became {new.default!r}", SAFE, old, new)

    def _entry(self, old: model.Field, new: model.Field) -> Iterator[Change]:
        critical = self._new.tlv.critical if self._new.tlv else 0
        if old.tag != new.tag and ((old.tag or 0) ^ (new.tag or 0)) & ~critical:
            yield self._change("tlv-tag-changed", f"{old.tag:#x} became {new.tag:#x}", both(), old, new)
        elif old.tag != new.tag:
            yield self._change("tlv-critical-changed", f"{old.tag:#x} became {new.tag:#x}", both("tag"), old, new)
        if old.many != new.many:
            rule, breaks = ("became-repeatable", forward) if new.many else ("became-single", backward)
            yield self._change(rule, "may repeat" if new.many else "stands once", breaks("duplicate"), old, new)
        if old.many and new.many and old.max != new.max:
            yield self._limit(old.max or 1 << 62, new.max or 1 << 62, "entries", old, new)
        yield from self._absence(old, new)

    def _absence(self, old: model.Field, new: model.Field) -> Iterator[Change]:
        """What happens where an entry is left out."""
        may, might = _may_lack(new), _may_lack(old)
        if may != might:
            rule, breaks = ("became-optional", forward) if may else ("became-mandatory", backward)
            yield self._change(rule, "may be left out" if may else "must be there", breaks("missing"), old, new)
        elif old.optional and new.optional and not (old.many or new.many) and not _same(old, new):
            detail = f"{old.default!r} became {new.default!r}"
            yield self._change("default-changed", detail, both(DIFFERS), old, new)

    def _nodes(self, old: model.Field, new: model.Field) -> Iterator[Change]:
        for found in deltas(old.of, self._alike[id(new)].of):
            path = self._at(new, found.below)
            if isinstance(found, Link):
                self.links.append((found.old, found.new, path))
            elif self._old.layout != "bits" or found.rule not in WIDTHS:
                yield Change(found.rule, path, found.detail, found.breaks, self._spot(old, new))


def _same(old: model.Field, new: model.Field) -> bool:
    """Whether two defaults mean one value."""
    return difference(old.default, new.default) is None


def _may_lack(field: model.Field) -> bool:
    return field.optional or field.many


def _paired(old: Sequence[model.Field], new: Sequence[model.Field]) -> Iterator[Pair]:
    """The fields that both sides have; parts without a name go by their place among their kind."""
    taken: set[int] = set()
    for before in old:
        rest = [field for field in new if id(field) not in taken]
        now = partner(before, rest) if before.name else _nameless(before, rest)
        if now is not None:
            taken.add(id(now))
            yield before, now


def _nameless(before: model.Field, rest: Sequence[model.Field]) -> model.Field | None:
    return next((field for field in rest if not field.name and type(field.of) is type(before.of)), None)


def _place(field: model.Field, record: model.Record) -> int:
    return next(index for index, other in enumerate(record.fields) if other is field)


def _increasing(places: Sequence[int]) -> frozenset[int]:
    """The longest part of the numbers that is in order."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for place in places:
        at = bisect_left(ends, place)
        before[place] = ends[at - 1] if at else None
        ends[at:] = [place] if at == len(ends) else [place, *ends[at + 1 :]]
    chain, last = set(), ends[-1] if ends else None
    while last is not None:
        chain.add(last)
        last = before[last]
    return frozenset(chain)


def _extra_in_sequence(field: model.Field, having: model.Record, lacking: model.Record, verb: str) -> Extra:
    """A field that takes bytes where the other side expects others. Rest that is empty takes none; a record with
    pointers ignores bytes that no pointer reaches."""
    place = _place(field, having)
    known = [_place(other, having) for other in having.fields if partner(other, lacking.fields) is not None]
    is_last = all(place > other for other in known)
    breaks = dict(both())
    if isinstance(field.of, model.Announced | model.Data | model.List) and _vanishes(field.of):
        del breaks[Direction.BACKWARD]
    if is_last and any(isinstance(other.of, model.Pointed) for other in lacking.fields):
        del breaks[Direction.FORWARD]
    if verb == "removed":
        return "field-removed", "is gone", breaks
    return ("field-appended", "is new, at the end", breaks) if is_last else ("field-inserted", "is new", breaks)


def _vanishes(node: model.Announced | model.Data | model.List) -> bool:
    """Whether a part may take no bytes where nothing is left."""
    if isinstance(node, model.Announced):
        return True
    return (node.size if isinstance(node, model.Data) else node.count) is None


def _extra_entry(field: model.Field, having: model.Record, lacking: model.Record, verb: str) -> Extra:
    critical = bool((field.tag or 0) & (lacking.tlv.critical if lacking.tlv else 0))
    breaks: dict[Direction, frozenset[str]] = dict(forward("tag")) if critical else {}
    detail = f"entry {field.tag:#x}, " + ("refused" if critical else "skipped") + " where it is not known"
    if not _may_lack(field):
        return f"tlv-mandatory-{verb}", f"{detail}, and mandatory", {**breaks, **backward("missing")}
    return (f"tlv-critical-{verb}" if critical else f"tlv-{verb}"), detail, breaks


def _extra_bits(field: model.Field, having: model.Record, lacking: model.Record, verb: str) -> Extra:
    """Bits that the other side leaves zero, which must mean something."""
    breaks = forward()
    if isinstance(field.of, model.Enum) and not field.of.open and 0 not in dict(field.of.members).values():
        breaks = {**breaks, **backward("member")}
    return f"bits-{verb}", f"mask {field.mask}", breaks


EXTRAS: Mapping[str, Callable[[model.Field, model.Record, model.Record, str], Extra]] = {
    "sequence": _extra_in_sequence,
    "tlv": _extra_entry,
    "bits": _extra_bits,
}
