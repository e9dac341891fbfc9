"""The list of refusals is complete: no broken bytes give an error that it does not name."""

from __future__ import annotations

import re
from itertools import chain, islice

import pytest

from tests.codec.random_values import Maker
from tests.codec.specimens import PARAMS, SCHEMAS, Header, Sorted
from wireformat.codec import codec_for
from wireformat.derive.mutate import mutations, truncations
from wireformat.derive.refusals import Refusal, refusals
from wireformat.errors import DecodeError, EncodeError
from wireformat.protocols.vmstate.messages import Command
from wireformat.schema import lift


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_broken_bytes_give_only_listed_errors(name: str) -> None:
    schema = SCHEMAS[name]
    codec, listed = codec_for(schema), {refusal.id for refusal in refusals(schema)}
    seen: set[str] = set()
    for seed in range(12):
        try:
            data = codec.encode(Maker(schema, None, PARAMS, seed).value(), PARAMS)
        except EncodeError:
            continue
        for broken in chain(islice(mutations(data, seed), 40), islice(truncations(data), 40)):
            try:
                codec.decode(broken, PARAMS)
            except DecodeError as error:
                seen.add(error.id)
    assert seen
    assert seen <= listed


def test_listed_fields_are_those_where_errors_occur() -> None:
    schema = lift(Command)
    listed = {(refusal.id, refusal.field) for refusal in refusals(schema)}
    for hexadecimal in ("0002000400000001ff", "00020003000001", "000200", "00ff0000", "000600080106000000000000"):
        with pytest.raises(DecodeError) as caught:
            codec_for(schema).decode(bytes.fromhex(hexadecimal))
        path = re.sub(r"\[\d+\]", "[]", caught.value.path)
        assert (caught.value.id, path) in listed


def test_inside_a_region_a_lack_is_an_overrun() -> None:
    found = refusals(lift(Command))
    assert Refusal("truncated", "command", "the input ends before it does") in found
    assert Refusal("overrun", "body.value", "the part that holds it is too small") in found
    assert [refusal.id for refusal in found if refusal.field == "body.value"] == ["overrun"]


def test_a_size_of_the_whole_may_disagree() -> None:
    assert Refusal("mismatch", "length", "is not the size of the record") in refusals(lift(Header))


def test_values_of_entries_that_repeat_may_be_out_of_order() -> None:
    found = refusals(lift(Sorted))
    assert Refusal("order", "words", "the bytes of its values do not ascend") in found
    assert Refusal("duplicate", "words", "the same value stands twice") in found
    assert [each.id for each in found if each.field == "level"] == ["overrun"]


def test_each_stands_once() -> None:
    for schema in SCHEMAS.values():
        found = refusals(schema)
        assert len(found) == len(set(found))
