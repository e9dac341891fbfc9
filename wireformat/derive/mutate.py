"""Valid bytes made slightly wrong, the same way for the same seed.

Mutations know what hurts decoders: bits, sizes one off or huge, ends too early, pieces missing, doubled or swapped.
With the spans of the fields (`Codec.spans`) they hit the borders of fields instead of any byte, and exchange items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from wireformat.schema.path import parse

_MASK = (1 << 64) - 1
INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, _MASK >> 1, _MASK)
"""Numbers at the edges of integer types."""


class _Chance:
    """A small generator of numbers (SplitMix64), so that a seed means the same everywhere."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1; 0 when there is no room."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & _MASK
        return (mixed ^ mixed >> 31) % limit if limit > 0 else 0


@dataclass(frozen=True, slots=True)
class _Places:
    """Where fields begin and end, and where items that follow each other do: (first, second, behind)."""

    borders: tuple[int, ...] = ()
    neighbours: tuple[tuple[int, int, int], ...] = ()


def _places(spans: Mapping[str, tuple[int, int]]) -> _Places:
    borders = {edge for span in spans.values() for edge in span}
    items = {parse(path): span for path, span in spans.items() if path.endswith("]")}
    pairs = ((span, items.get((*path[:-1], path[-1] + 1))) for path, span in items.items() if isinstance(path[-1], int))
    neighbours = {(one[0], one[1], other[1]) for one, other in pairs if other and one[1] == other[0]}
    return _Places(tuple(sorted(borders)), tuple(sorted(neighbours)))


def truncations(data: bytes) -> Iterator[bytes]:
    """The input cut at every byte, shortest first."""
    for size in range(len(data)):
        yield data[:size]


def bit_flips(data: bytes) -> Iterator[bytes]:
    """The input with every single bit flipped."""
    for position in range(len(data)):
        for bit in range(8):
            yield _replaced(data, position, bytes([data[position] ^ 1 << bit]))


def mutations(data: bytes, seed: int, spans: Mapping[str, tuple[int, int]] | None = None) -> Iterator[bytes]:
    """Wrong versions of the input without end, determined by `seed`. Each has one to three changes."""
    chance = _Chance(seed)
    places = _places(spans or {})
    while True:
        changed = data
        for _ in range(1 + chance.below(3)):
            changed = KINDS[chance.below(len(KINDS))](changed, chance, places)
        yield changed


def _place(data: bytes, chance: _Chance, places: _Places) -> int:
    """A position: mostly the border of a field, when those are known."""
    if places.borders and chance.below(4):
        return min(places.borders[chance.below(len(places.borders))], len(data))
    return chance.below(len(data) + 1)


def _replaced(data: bytes, position: int, new: bytes) -> bytes:
    return data[:position] + new + data[position + len(new) :]


def _flip(data: bytes, chance: _Chance, places: _Places) -> bytes:
    position = chance.below(len(data))
    return _replaced(data, position, bytes([data[position] ^ 1 << chance.below(8)])) if data else data


def _byte(data: bytes, chance: _Chance, places: _Places) -> bytes:
    return _replaced(data, _place(data, chance, places), bytes([chance.below(256)]))


def _number(data: bytes, chance: _Chance, places: _Places) -> bytes:
    """An edge of an integer type where a number may stand."""
    size, position = 1 << chance.below(4), _place(data, chance, places)
    number = INTERESTING[chance.below(len(INTERESTING))] & ((1 << 8 * size) - 1)
    return _replaced(data, position, number.to_bytes(size, "big" if chance.below(2) else "little"))


def _off_by_one(data: bytes, chance: _Chance, places: _Places) -> bytes:
    """A size or count one too large or too small, in the byte that matters."""
    position = _place(data, chance, places) - chance.below(2)
    if not 0 <= position < len(data):
        return data
    return _replaced(data, position, bytes([(data[position] + 1 - 2 * chance.below(2)) & 0xFF]))


def _cut(data: bytes, chance: _Chance, places: _Places) -> bytes:
    return data[: _place(data, chance, places)]


def _drop(data: bytes, chance: _Chance, places: _Places) -> bytes:
    start, end = sorted((_place(data, chance, places), _place(data, chance, places)))
    return data[:start] + data[end:]


def _double(data: bytes, chance: _Chance, places: _Places) -> bytes:
    start, end = sorted((_place(data, chance, places), _place(data, chance, places)))
    return data[:end] + data[start:end] + data[end:]


def _insert(data: bytes, chance: _Chance, places: _Places) -> bytes:
    position = _place(data, chance, places)
    return data[:position] + bytes(chance.below(256) for _ in range(1 + chance.below(8))) + data[position:]


def _swap(data: bytes, chance: _Chance, places: _Places) -> bytes:
    """Two neighbours in each other's place: items of a list where there are any, mostly."""
    if places.neighbours and chance.below(4):
        start, middle, end = places.neighbours[chance.below(len(places.neighbours))]
    else:
        start, middle, end = sorted(_place(data, chance, places) for _ in range(3))
    return data[:start] + data[middle:end] + data[start:middle] + data[end:]


KINDS: tuple[Callable[[bytes, _Chance, _Places], bytes], ...] = (
    _flip,
    _byte,
    _number,
    _off_by_one,
    _cut,
    _drop,
    _double,
    _insert,
    _swap,
)
