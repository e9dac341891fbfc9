"""The right-hand sides of fields: what each one remembers."""

from __future__ import annotations

import pytest

from wireformat.errors import SchemaError
from wireformat.schema import (
    Int8ub,
    Record,
    bit_field,
    computed,
    const,
    count_of,
    crc32,
    field,
    lift,
    model,
    record_size,
    reserved,
    size_of,
    tag_of,
    this,
    tlv,
    tlvs,
)
from wireformat.schema.declare import MISSING, Declared
from wireformat.schema.record import RecordType

INT8 = model.Int(1)


def lifted(declared: object) -> model.Field:
    """The field that a declaration becomes."""
    return lift(RecordType("Case", (Record,), {"v": declared})).record.fields[0]


def test_plain_fields() -> None:
    declared = field(Int8ub, "doc", default=3, since="1", until="2", renamed_from="old")
    assert isinstance(declared, Declared)
    assert declared.is_argument
    assert lifted(declared) == model.Field(
        "v", INT8, "doc", since="1", until="2", renamed_from="old", optional=True, default=3
    )
    assert field(Int8ub, "doc").default is MISSING  # type: ignore[attr-defined]
    assert repr(MISSING) == "MISSING"
    assert lifted(field(Int8ub, "doc", default=None)).optional


def test_fields_that_are_no_arguments() -> None:
    assert lifted(const(Int8ub, 7, "seven")) == model.Field("v", model.Const(INT8, 7), "seven")
    assert lifted(reserved(Int8ub, "zero", "ignore")).of == model.Reserved(INT8, "ignore")
    assert lifted(computed(Int8ub, size_of("x"), "size")).of == model.Computed(INT8, ("size_of", "x"))
    assert lifted(computed(Int8ub, count_of("x"), "count")).of == model.Computed(INT8, ("count_of", "x"))
    assert lifted(computed(Int8ub, tag_of("x"), "tag")).of == model.Computed(INT8, ("tag_of", "x"))
    assert lifted(computed(Int8ub, record_size(), "size")).of == model.Computed(INT8, ("record_size", ""))
    assert lifted(computed(Int8ub, crc32(at=4), "sum")).of == model.Checksum(INT8, "crc32", 4)


def test_bits() -> None:
    declared = bit_field(this._params.page_size - 1, "offset", shift=2)
    record = lift(RecordType("Case", (Record,), {"v": declared}, bits=Int8ub)).record
    mask = ("-", ("get", "_params", "page_size"), 1)
    assert record.fields == (model.Field("v", INT8, "offset", mask=mask, shift=2),)
    assert record.base == INT8


def test_entries() -> None:
    assert lifted(tlv(5, Int8ub, "five")) == model.Field("v", INT8, "five", tag=5)
    assert lifted(tlvs(6, Int8ub, "six", max=3)) == model.Field(
        "v", INT8, "six", optional=True, default=(), tag=6, many=True, max=3
    )
    with pytest.raises(SchemaError, match="-1 is no tag"):
        tlv(-1, Int8ub, "below zero")
