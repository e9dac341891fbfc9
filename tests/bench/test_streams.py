"""The benchmark's streams are valid, and have the shape they claim."""

from __future__ import annotations

import io

import pytest

from tests.bench.stream_jobs import FieldReader
from tests.bench.streams import SMALL_BLOCKS, Mix, stretches, write_stream
from wireformat.protocols.vmstate.ram import CONTINUE, PAGE, ZERO
from wireformat.protocols.vmstate.stream import read_stream

TINY = Mix("tiny", 3_000_000, page_run=5, zero_run=20, section_size=200_000)
TWICE = Mix("twice", 3_000_000, page_run=40, zero_run=9, section_size=250_000, passes=2, first_pass=0.5, gap=30)


def written(mix: Mix) -> bytes:
    out = io.BytesIO()
    write_stream(mix, out)
    return out.getvalue()


def expected(mix: Mix) -> dict[int, int]:
    return {kind: sum(part.count for part in stretches(mix) if part.kind == kind) for kind in (PAGE, ZERO)}


@pytest.mark.parametrize("mix", [TINY, TWICE])
def test_our_reader_finds_every_record_and_no_fault(mix: Mix) -> None:
    stream = read_stream(written(mix))
    assert (stream.fault, stream.findings) == (None, ())
    found = {PAGE: 0, ZERO: 0}
    for run in stream.ram.runs:
        if run.flags & ~CONTINUE in found:
            found[run.flags & ~CONTINUE] += run.count
    assert found == expected(mix)
    assert [block.name for block in stream.ram.blocks] == ["pc.ram", *(name for name, _ in SMALL_BLOCKS)]


@pytest.mark.parametrize("mix", [TINY, TWICE])
def test_the_reader_by_fields_finds_the_same(mix: Mix) -> None:
    reader = FieldReader(io.BytesIO(written(mix)))
    reader.stream()
    assert {PAGE: reader.pages, ZERO: reader.zeros} == expected(mix)


def test_size_and_run_lengths_follow_the_mix() -> None:
    assert len(written(TINY)) == pytest.approx(TINY.size, rel=0.1)
    pages = [part.count for part in stretches(TINY) if part.kind == PAGE]
    assert sum(pages) / len(pages) == pytest.approx(TINY.page_run, rel=0.25)


def test_a_stream_is_the_same_each_time() -> None:
    assert written(TINY) == written(TINY)
