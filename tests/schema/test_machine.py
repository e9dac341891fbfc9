"""Machines: what the table says happens, everything else is refused."""

from __future__ import annotations

import pytest

from wireformat.errors import LocalProtocolError, RemoteProtocolError, SchemaError
from wireformat.schema.machine import Machine, check, reachable

TABLE = {
    "source": {"idle": {"begin": "active"}, "active": {"page": "active", "end": "done"}, "done": {}},
    "destination": {"waiting": {"begin": "waiting"}},
}


def test_steps_follow_the_table() -> None:
    machine = Machine(TABLE)
    state = machine.start("source")
    for event in ("begin", "page", "page", "end"):
        state = machine.step("source", state, event)
    assert state == "done"
    assert machine.is_final("source", "done")
    assert not machine.is_final("source", "active")
    assert machine.events("source", "active") == ("page", "end")
    assert machine.roles == ("source", "destination")


@pytest.mark.parametrize(("is_ours", "error"), [(True, LocalProtocolError), (False, RemoteProtocolError)])
def test_illegal_events(is_ours: bool, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        Machine(TABLE).step("source", "idle", "end", is_ours=is_ours)
    assert (caught.value.id, caught.value.expected) == ("illegal-event", ("begin",))  # type: ignore[attr-defined]
    assert str(caught.value) == "input: end is not legal in state idle of source"


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"a": {"x": {"go": "y"}}}, "x leads to y, which has no row"),
        ({"a": {"x": {}, "y": {}}}, "no transition leads to y"),
        ({"a": {}}, "no states"),
    ],
)
def test_tables_must_be_closed(table: dict[str, dict[str, dict[str, str]]], complaint: str) -> None:
    assert [error.detail for error in check(table)] == [complaint]
    with pytest.raises(SchemaError, match=complaint):
        Machine(table)


def test_reachable() -> None:
    assert reachable({"a": {"x": "b"}, "b": {"y": "a"}, "c": {}}) == {"a", "b"}
