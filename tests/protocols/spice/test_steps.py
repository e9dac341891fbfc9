"""Steps of one machine."""

from __future__ import annotations

import pytest

from wireformat.errors import LocalProtocolError, RemoteProtocolError
from wireformat.protocols.spice.party_events import MAIN, PartyEvent, Stepped
from wireformat.protocols.spice.steps import Steps


def test_steps_are_told() -> None:
    told: list[PartyEvent] = []
    steps = Steps("client-channel", told.append, MAIN)
    assert steps.state == "served"
    assert steps.did("dial-target") == "linking"
    assert steps.heard("target-linked") == "doubled"
    assert told == [
        Stepped("client-channel", "dial-target", "linking", MAIN),
        Stepped("client-channel", "target-linked", "doubled", MAIN),
    ]


def test_whose_fault_an_illegal_step_is() -> None:
    told: list[PartyEvent] = []
    steps = Steps("client", told.append)
    with pytest.raises(RemoteProtocolError, match="Init is not legal in state dialling of client"):
        steps.heard("Init")
    with pytest.raises(LocalProtocolError, match="MigrateConnected is not legal"):
        steps.did("MigrateConnected")
    assert (steps.state, told) == ("dialling", [])


def test_what_is_known_and_what_is_legal() -> None:
    steps = Steps("client", lambda event: None)
    assert steps.knows("Init")
    assert not steps.allows("Init")
    assert steps.allows("linked")
    assert not steps.knows("Ping")
