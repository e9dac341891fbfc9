"""Verdicts whose proofs are checked: both codecs decode the bytes once more, without the code that said what they do.

Also small schemas made where they are needed.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.derive import planted
from wireformat.codec import Codec
from wireformat.codec.json_form import to_json
from wireformat.derive.compat import judge_schemas
from wireformat.derive.compat_verdict import MessageVerdict, Reading, Status
from wireformat.errors import DecodeError
from wireformat.schema import (
    Int8ub,
    OneOf,
    Record,
    Region,
    computed,
    field,
    lift,
    model,
    tag_of,
    this,
)
from wireformat.schema.revive import revive

READS, BREAKS = "reads", "breaks"
BOTH, NEITHER = (BREAKS, BREAKS), (READS, READS)
OLD_ONLY, NEW_ONLY = (READS, BREAKS), (BREAKS, READS)
"""Only what old writes is read; only what new writes is read."""


def classed(cls: type[Record]) -> model.Schema:
    return revive({"it": lift(cls)})["it"]


def judged(old: type[Record], new: type[Record]) -> MessageVerdict:
    """The verdict on two classes, all of its proofs checked."""
    before, now = classed(old), classed(new)
    verdict = judge_schemas(before, now, new.__name__)
    for finding in (*verdict.findings, verdict):
        check(finding.backward, Codec(before), Codec(now))
        check(finding.forward, Codec(now), Codec(before))
    return verdict


def check(reading: Reading, writer: Codec, reader: Codec) -> None:
    """Decode the bytes with both codecs and compare with what is said of them."""
    witness = reading.witness
    assert (witness is None) == (reading.status is Status.UNPROVEN), reading
    if witness is None:
        return
    params = dict(witness.params)
    meant = writer.decode(witness.data, params)
    assert writer.encode(meant, params) == witness.data
    assert to_json(writer.schema, meant) == witness.written
    if witness.error:
        assert reading.status is Status.BREAKS
        with pytest.raises(DecodeError) as caught:
            reader.decode(witness.data, params)
        assert (caught.value.id, caught.value.offset, str(caught.value)) == (
            witness.error,
            witness.offset,
            witness.text,
        )
        return
    assert to_json(reader.schema, reader.decode(witness.data, params)) == witness.read
    assert (reading.status is Status.BREAKS) == bool(witness.differs)


def shown(reading: Reading) -> str:
    """The error id of a reading's bytes, or the path that differs."""
    assert reading.witness is not None
    return reading.witness.error or reading.witness.differs or reading.status


def thing(**declared: Any) -> type[Record]:
    """A record with these fields."""
    made: type[Record] = type(Record)("Thing", (Record,), {"__doc__": "A thing.", **declared})  # type: ignore[assignment]
    return made


def one(wire: Any, **options: Any) -> type[Record]:
    """A record with a byte and one field."""
    return thing(head=field(Int8ub, "head"), x=field(wire, "x", **options))


def entry(declared: Any) -> type[Record]:
    """A record with one entry."""
    return planted.group({"x": declared})


def envelope(arms: dict[int, Any], unknown: Any = False) -> type[Record]:
    """A union in a region, its tag computed."""
    body = Region(Int8ub, OneOf(this.kind, arms, unknown=unknown), max=9)
    return thing(kind=computed(Int8ub, tag_of("body"), "kind"), body=field(body, "body"))


class Small(Record):
    """A byte."""

    n: int = field(Int8ub, "n")
