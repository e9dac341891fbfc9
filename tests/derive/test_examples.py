"""Examples are valid bytes, the same each time, and there is none where a schema has no meaning."""

from __future__ import annotations

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
