"""The table of elements: what may follow what, by table and by the decoder."""

from __future__ import annotations

import pytest

from tests.protocols.vmstate.building import EOF, command, configuration, description, events, full, header, package
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.elements import TrailingElement
from wireformat.protocols.vmstate.machine import EVENTS, TRANSITIONS
from wireformat.protocols.vmstate.messages import CommandCode, ElementType

ELEMENTS = {
    "configuration": configuration(),
    "section": full(1, "dev", b"\xff"),
    "command": command(CommandCode.PING),
    "eof": EOF,
    "description": description(),
}
"""An element for each event but the header."""

WAYS = {
    "opened": header(),
    "elements": header() + configuration(),
    "ended": header() + configuration() + EOF,
    "described": header() + configuration() + EOF + description(),
}
"""A stream that leads to each state but the first."""

EXPECTED = {
    "opened": {"configuration", "section", "command", "eof"},
    "elements": {"section", "command", "eof"},
    "ended": {"description"},
    "described": set(),
}


def test_the_table() -> None:
    assert {state: set(row) for state, row in TRANSITIONS["stream"].items()} == {"start": {"header"}} | EXPECTED
    assert {state: set(row) for state, row in TRANSITIONS["package"].items()} == {"elements": {"section", "command"}}


def test_every_target_is_a_state() -> None:
    for states in TRANSITIONS.values():
        assert {following for row in states.values() for following in row.values()} <= set(states)


def test_every_type_byte_has_an_event() -> None:
    """Subsections and footers stand inside sections and are no elements."""
    assert set(EVENTS) == {*map(int, ElementType)} - {ElementType.SUBSECTION, ElementType.SECTION_FOOTER}
    assert set(EVENTS.values()) == set(ELEMENTS)


@pytest.mark.parametrize("state", WAYS)
@pytest.mark.parametrize("event", ELEMENTS)
def test_the_decoder_keeps_to_the_table(state: str, event: str) -> None:
    data = WAYS[state] + ELEMENTS[event]
    legal = event in EXPECTED[state]
    following = TRANSITIONS["stream"][state].get(event, "")
    if state in ("ended", "described") or following == "ended":
        assert isinstance(events(data)[-1], TrailingElement) == (not legal)
        return
    with pytest.raises(DecodeError) as caught:
        events(data)
    assert caught.value.id == ("truncated" if legal else "vmstate/element")


@pytest.mark.parametrize("event", ELEMENTS)
def test_the_same_in_a_package(event: str) -> None:
    data = header() + configuration() + package(ELEMENTS[event]) + EOF
    if event in TRANSITIONS["package"]["elements"]:
        assert len(events(data)) == 4
    else:
        with pytest.raises(DecodeError, match="is not legal in state elements"):
            events(data)
