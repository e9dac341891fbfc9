"""Mutations: the same for the same seed, of many kinds, and never too much for a decoder."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.codec.specimens import Sorted
from wireformat.codec import codec_for
from wireformat.derive.mutate import bit_flips, mutations, truncations
from wireformat.errors import DecodeError
from wireformat.schema import Int8ub, Int16ub, List, Record, SizedBytes, String8, field

DATA = bytes(range(20))


class Note(Record):
    """A note."""

    text: str = field(String8, "what it says")
    data: bytes = field(SizedBytes(Int16ub, max=40), "bytes")
    numbers: tuple[int, ...] = field(List(Int16ub, count=Int8ub, max=5), "numbers")


def test_truncations_and_bit_flips_are_exhaustive() -> None:
    assert list(truncations(b"abc")) == [b"", b"a", b"ab"]
    assert list(bit_flips(b"\0\x81")) == [
        *(bytes([1 << bit, 0x81]) for bit in range(8)),
        *(bytes([0, 0x81 ^ 1 << bit]) for bit in range(8)),
    ]


def test_a_seed_decides_everything() -> None:
    first, again = (list(islice(mutations(DATA, 5), 50)) for _ in range(2))
    assert first == again
    assert first != list(islice(mutations(DATA, 6), 50))
    assert next(mutations(DATA, 5)).hex() == first[0].hex()


def test_mutations_are_varied() -> None:
    found = list(islice(mutations(DATA, 1), 500))
    assert len(set(found)) > 350
    assert any(len(data) > len(DATA) for data in found)
    assert any(len(data) < len(DATA) for data in found)
    assert any(len(data) == len(DATA) and data != DATA for data in found)


@pytest.mark.parametrize("data", [b"", b"x"])
def test_small_inputs(data: bytes) -> None:
    assert len(list(islice(mutations(data, 3), 200))) == 200


def test_spans_lead_to_the_borders_of_fields() -> None:
    spans = {"a": (0, 10), "b": (10, 20)}
    cuts = [data for data in islice(mutations(DATA, 2, spans), 2000) if DATA.startswith(data) and data != DATA]
    at_border = [data for data in cuts if len(data) in (0, 10)]
    assert len(at_border) > len(cuts) / 2


def test_items_change_places() -> None:
    spans = {"x[9]": (8, 12), "x[10]": (12, 20), 'y["a"]': (0, 8), "x[10][0]": (12, 15)}
    exchanged = DATA[:8] + DATA[12:] + DATA[8:12]
    found = list(islice(mutations(DATA, 4, spans), 500))
    assert found.count(exchanged) > 5
    borders = {"x": (8, 12), "y": (12, 20), "z": (0, 8), "a": (12, 15)}
    assert found.count(exchanged) > 2 * list(islice(mutations(DATA, 4, borders), 500)).count(exchanged)


def test_entries_out_of_order_are_refused() -> None:
    codec = codec_for(Sorted)
    data = codec.encode(Sorted(words=("a", "b", "c")))
    _, spans = codec.spans(data)
    ids = set()
    for mutated in islice(mutations(data, 1, spans), 300):
        try:
            codec.decode(mutated)
        except DecodeError as error:
            ids.add(error.id)
    assert {"order", "duplicate"} <= ids


def test_mutated_bytes_decode_or_are_refused_by_both_codecs() -> None:
    codec = codec_for(Note)
    data = codec.encode(Note(text="hé", data=b"abc", numbers=(1, 2, 3)))
    _, spans = codec.spans(data)
    outcomes: dict[str, int] = {}
    for mutated in islice(mutations(data, 9, spans), 1500):
        try:
            value = codec.decode(mutated)
        except DecodeError as error:
            outcomes[error.id] = outcomes.get(error.id, 0) + 1
        else:
            assert codec.encode(value) == mutated
    assert {"truncated", "trailing", "text", "limit"} <= set(outcomes)
