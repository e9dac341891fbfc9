"""Examples are valid bytes, the same each time, and there is none where a schema has no meaning."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.codec.specimens import PARAMS, SCHEMAS, VERSIONS
from wireformat.codec import codec_for
from wireformat.derive.examples import example
from wireformat.protocols.vmstate.messages import SectionStart
from wireformat.schema import lift, model

CASES = [(name, version) for name in SCHEMAS for version in VERSIONS.get(name, (None,))]


@pytest.mark.parametrize(("name", "version"), CASES)
def test_every_specimen_has_one_that_is_canonical(name: str, version: str | None) -> None:
    schema = SCHEMAS[name]
    data = example(schema, version, PARAMS)
    assert data is not None
    codec = codec_for(schema, version)
    assert codec.encode(codec.decode(data, PARAMS), PARAMS) == data == example(schema, version, PARAMS)


def test_numbers_and_text_are_plain() -> None:
    assert example(lift(SectionStart)) == b"\0\0\0\x01\x07example\0\0\0\x01\0\0\0\x01"


@pytest.mark.parametrize("node", [model.Opaque("X", "strange"), model.Ref("r"), model.Union(7, ())])
def test_what_has_no_value_has_no_example(node: model.Node) -> None:
    schema = model.Schema("r", {"r": model.Record("r", (model.Field("x", node),))})
    assert example(schema) is None


@pytest.mark.parametrize(
    ("size", "nul", "encoding", "expected"),
    [
        (8, "keep", "utf-16-le", "exam".encode("utf-16-le")),
        (64, "keep", "utf-16-le", ("example" * 5)[:32].encode("utf-16-le")),
        (64, "pad", "utf-16-le", bytes(64)),
        (6, "keep", "utf-16", "ex".encode("utf-16")),
        (9, "end", "ascii", b"exampleex"[:8] + b"\0"),
        (3, "pad", "utf-8", b"ex\0"),
        (0, "pad", "utf-8", b""),
    ],
)
def test_text_fills_its_bytes(size: int, nul: Literal["keep", "pad", "end"], encoding: str, expected: bytes) -> None:
    field = model.Field("x", model.Data(size, 64, encoding=encoding, nul=nul))
    assert example(model.Schema("r", {"r": model.Record("r", (field,))})) == expected
