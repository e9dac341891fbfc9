"""Names of what is not declared; and nothing has two names."""

from __future__ import annotations

import pytest

from wireformat.protocols.spice.codes import ChannelType
from wireformat.protocols.spice.lookup import message_class
from wireformat.protocols.spice.names import NAMES, Sender, name_of


@pytest.mark.parametrize(
    ("channel", "sender", "number", "name"),
    [
        (ChannelType.DISPLAY, "server", 304, "DRAW_COPY"),
        (ChannelType.DISPLAY, "client", 101, "INIT"),
        (ChannelType.INPUTS, "client", 104, "KEY_SCANCODE"),
        (ChannelType.PLAYBACK, "server", 107, "LATENCY"),
        (ChannelType.WEBDAV, "client", 201, "EVENT"),
        (ChannelType.DISPLAY, "server", 121, ""),
        (ChannelType(99), "server", 101, ""),
    ],
)
def test_names(channel: ChannelType, sender: Sender, number: int, name: str) -> None:
    assert name_of(channel, sender, number) == name


def test_what_is_declared_is_not_named_again() -> None:
    for (channel, sender), names in NAMES.items():
        assert [number for number in names if message_class(channel, sender, number) is not None] == []
        assert min(names) > 100
