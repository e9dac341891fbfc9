"""The fast codec and the reference accept the same bytes and values, and make of them the same values and bytes.

Errors need no comparison: whatever the fast codec raises, the reference is asked. So the one thing to hold is that it
refuses exactly what the reference refuses. `WIREFORMAT_SOAK=1` runs a hundred times as many cases.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.codec.random_schemas import SchemaMaker
from tests.codec.random_values import Maker, mutated, wrong_values
from tests.codec.specimens import PARAMS, SCHEMAS, VERSIONS
from wireformat.codec import fast, reference
from wireformat.errors import DecodeError, EncodeError
from wireformat.schema import model

VALUES = 30 * (100 if os.environ.get("WIREFORMAT_SOAK") else 1)
CASES = [(name, version) for name in SCHEMAS for version in VERSIONS.get(name, (None,))]
REFUSED = "refused"


class Pair:
    """Both codecs of one version of a schema; each gives a result or `REFUSED`."""

    def __init__(self, schema: model.Schema, version: str | None) -> None:
        self.schema = schema
        self.version = version
        self._decoder = fast.decoder(schema, version)
        self._encoder = fast.encoder(schema, version)

    def decoded(self, data: bytes) -> tuple[Any, Any]:
        """What the fast codec and the reference decode; bytes stand before and behind the input."""
        padded = b"\1" + data + b"\0\1\0\0"
        end = 1 + len(data)
        exact = outcome(lambda: reference.decode(self.schema, padded, 1, end, self.version, PARAMS), DecodeError)
        return outcome(lambda: self._decoder(padded, 1, end, PARAMS), Exception), exact

    def encoded(self, value: Any) -> tuple[Any, Any]:
        """What the fast codec and the reference encode."""
        exact = outcome(lambda: reference.encode(self.schema, value, self.version, PARAMS), EncodeError)
        return outcome(lambda: self._encoder(value, PARAMS), Exception), exact


def outcome(run: Callable[[], Any], refusal: type[Exception]) -> Any:
    """The result, told apart by types too; NaN equals itself."""
    try:
        found = run()
    except refusal:
        return REFUSED
    return repr(found)


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def pair(request: pytest.FixtureRequest) -> Pair:
    name, version = request.param
    return Pair(SCHEMAS[name], version)


def test_valid_values_and_their_bytes(pair: Pair) -> None:
    maker = Maker(pair.schema, pair.version, PARAMS, 1)
    accepted = 0
    for _ in range(VALUES):
        value = maker.value()
        quick, exact = pair.encoded(value)
        assert quick == exact, value
        if exact != REFUSED:
            accepted += 1
            data = eval(exact)
            quick, exact = pair.decoded(data)
            assert quick == exact, data
            assert exact == repr((value, 1 + len(data)))
    assert accepted > VALUES // 10


def test_broken_bytes(pair: Pair) -> None:
    maker = Maker(pair.schema, pair.version, PARAMS, 2)
    refused = 0
    for seed in range(VALUES):
        _, exact = pair.encoded(maker.value())
        for data in mutated(eval(exact) if exact != REFUSED else b"", seed):
            quick, exact = pair.decoded(data)
            assert quick == exact, data
            refused += exact == REFUSED
    assert refused > 0


def test_wrong_values(pair: Pair) -> None:
    maker = Maker(pair.schema, pair.version, PARAMS, 3)
    refused = 0
    for seed in range(VALUES):
        for value in wrong_values(maker.value(), pair.schema, seed):
            quick, exact = pair.encoded(value)
            assert quick == exact, value
            refused += exact == REFUSED
    assert refused > VALUES


@pytest.mark.parametrize("wrong", [None, 0, "text", b"bytes", (), [], object(), {"no such field": 1}])
def test_values_that_are_no_record(pair: Pair, wrong: object) -> None:
    assert pair.encoded(wrong) == (REFUSED, REFUSED)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_specimen_has_source(name: str) -> None:
    assert "def decode0(b, p, end, P" in fast.source(SCHEMAS[name])


def test_random_schemas() -> None:
    """Nodes inside nodes in every order; `fast.source` raises where the reference would do the work alone."""
    accepted = 0
    for seed in range(VALUES * 3):
        schema = SchemaMaker(seed).schema()
        assert fast.source(schema)
        pair = Pair(schema, None)
        value = Maker(schema, None, PARAMS, seed).value()
        quick, exact = pair.encoded(value)
        assert quick == exact, seed
        accepted += exact != REFUSED
        data = b"\1" * 20 if exact == REFUSED else eval(exact)
        for bytes_ in (data, *mutated(data, seed)):
            quick, exact = pair.decoded(bytes_)
            assert quick == exact, seed
        for wrong in wrong_values(value, schema, seed):
            quick, exact = pair.encoded(wrong)
            assert quick == exact, seed
    assert accepted > VALUES
