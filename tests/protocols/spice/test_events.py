"""Events are values: they compare by what they tell."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import get_args

import pytest

from wireformat.protocols.spice.events import Closed, Event, MessageReceived
from wireformat.protocols.spice.main_messages import MigrateCancel


def test_equal_events_are_equal() -> None:
    one, other = (MessageReceived(MigrateCancel(), 102, "MigrateCancel", 1) for _ in range(2))
    assert one == other
    assert len({one, other, Closed(), Closed()}) == 2


def test_events_stay_as_they_are() -> None:
    for cls in get_args(Event):
        assert cls.__dataclass_params__.frozen, cls
    with pytest.raises(FrozenInstanceError):
        MessageReceived(MigrateCancel(), 102, "", 1).serial = 2  # type: ignore[misc]
    assert [field.name for field in fields(MessageReceived)] == ["message", "number", "name", "serial"]
