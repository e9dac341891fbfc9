"""Every node of the model has a table, and the run time a handler for each kind."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import get_args

import pytest

from tests.codec.specimens import SCHEMAS
from wireformat.derive.lua_fields import FieldTable
from wireformat.derive.lua_nodes import NodeWriter
from wireformat.schema import model
from wireformat.schema.traverse import walk

RUN_TIME = "".join(path.read_text() for path in files("wireformat.derive").joinpath("lua").iterdir())
HANDLERS = set(re.findall(r"^(?:function )?handlers(?:\.(\w+)|\[\"(\w+)\"\])", RUN_TIME, re.MULTILINE))
KINDS = {one or other for one, other in HANDLERS}


def test_every_kind_has_a_handler() -> None:
    assert {node.__name__.lower() for node in get_args(model.Node)} == KINDS


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_tables_name_kinds_that_have_handlers(name: str) -> None:
    nodes = [node for record in SCHEMAS[name].records.values() for field in record.fields for node in walk(field.of)]
    tables = [NodeWriter(FieldTable(), "doc").table(node, "wf.p.r.x") for node in nodes]
    assert tables
    assert {table["k"] for table in tables} <= KINDS


def test_sizes_before_data_are_fields_of_their_own() -> None:
    fields = FieldTable()
    table = NodeWriter(fields, "what").table(model.Data(model.Int(2), 9, pad=4), "wf.p.r.x")
    assert table["size"] == {"k": "int", "n": 2, "s": None, "l": None, "f": "wf.p.r.x.size"}
    assert [row["f"] for row in fields.rows] == ["wf.p.r.x", "wf.p.r.x.padding", "wf.p.r.x.size"]
    assert fields.rows[0]["doc"] == "what"


def test_arms_that_are_no_records_have_names_of_their_own() -> None:
    node = model.Union(("get", "k"), ((1, model.Int(4)), (-2, model.Data(None, 9)), (3, model.Ref("R"))))
    arms = NodeWriter(FieldTable(), "").table(node, "wf.p.r.x")["arms"]
    assert [arm["f"] for arm in arms.values()] == ["wf.p.r.x.arm1", "wf.p.r.x.armm2", "wf.p.r.x"]
