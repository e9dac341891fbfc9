"""Filter names: what Wireshark allows, each once, and the types that it has."""

from __future__ import annotations

import pytest

from wireformat.derive.lua_fields import FieldTable, filter_part, number_type
from wireformat.schema import model


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("RamBlock", "ram_block"),
        ("instance_id", "instance_id"),
        ("0000:00:03.0/virtio-net", "0000_00_03_0_virtio-net"),
        ("bytes_", "bytes"),
        ("<b>&\n", "b"),
        ("ü", "unnamed"),
    ],
)
def test_parts_of_filter_names(name: str, part: str) -> None:
    assert filter_part(name) == part


@pytest.mark.parametrize(
    ("node", "type"),
    [
        (model.Int(1), "uint8"),
        (model.Int(3, signed=True), "int24"),
        (model.Int(5), "uint64"),
        (model.Int(8, signed=True), "int64"),
    ],
)
def test_types_of_numbers(node: model.Int, type: str) -> None:
    assert number_type(node) == type


def test_a_name_of_another_type_gets_a_number() -> None:
    table = FieldTable()
    assert table.add("wf.p.r.x", "uint8") == "wf.p.r.x"
    assert table.add("wf.p.r.x", "uint8") == "wf.p.r.x"
    assert table.add("wf.p.r.x", "bytes") == "wf.p.r.x_2"
    assert [row["f"] for row in table.rows] == ["wf.p.r.x", "wf.p.r.x_2"]
    assert table.rows[0]["label"] == "x"
