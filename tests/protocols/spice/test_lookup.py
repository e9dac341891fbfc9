"""Numbers lead to declared messages, and back."""

from __future__ import annotations

import pytest

from wireformat.protocols.spice.channel_messages import PortInit, ServerDeviceData
from wireformat.protocols.spice.codes import ChannelType
from wireformat.protocols.spice.common_messages import Ack, SetAck
from wireformat.protocols.spice.link import ClientLink, Ticket
from wireformat.protocols.spice.lookup import class_named, message_class, number_of, sends, state_class
from wireformat.protocols.spice.main_messages import Init, MigrateBegin, ServerMigrateEnd
from wireformat.protocols.spice.migration_data import DisplayState, InputsState, MainState
from wireformat.protocols.spice.names import Sender
from wireformat.schema import Message


@pytest.mark.requirement("SP-053")
@pytest.mark.parametrize(
    ("channel", "sender", "number", "expected"),
    [
        (ChannelType.MAIN, "server", 103, Init),
        (ChannelType.MAIN, "server", 3, SetAck),
        (ChannelType.MAIN, "client", 2, Ack),
        (ChannelType(77), "server", 3, SetAck),
        (ChannelType.INPUTS, "server", 103, None),
        (ChannelType.PORT, "server", 201, PortInit),
        (ChannelType.WEBDAV, "server", 201, PortInit),
        (ChannelType.USBREDIR, "server", 201, None),
        (ChannelType.USBREDIR, "server", 101, ServerDeviceData),
        (ChannelType.PORT, "server", 101, ServerDeviceData),
        (ChannelType.DISPLAY, "server", 304, None),
    ],
)
def test_the_class_of_a_number(
    channel: ChannelType, sender: Sender, number: int, expected: type[Message] | None
) -> None:
    assert message_class(channel, sender, number) is expected


def test_a_version_knows_only_its_own() -> None:
    assert message_class(ChannelType.MAIN, "server", 112, "0.8.2") is ServerMigrateEnd
    assert message_class(ChannelType.MAIN, "server", 112, "0.5") is None
    assert message_class(ChannelType.MAIN, "server", 101, "0.5") is MigrateBegin


def test_the_number_of_a_message() -> None:
    assert number_of(ServerMigrateEnd()) == 112
    with pytest.raises(KeyError):
        number_of(Ticket(encrypted=bytes(128)))


def test_who_may_send_what() -> None:
    assert sends(ChannelType.MAIN, "server", ServerMigrateEnd())
    assert not sends(ChannelType.MAIN, "client", ServerMigrateEnd())
    assert not sends(ChannelType.INPUTS, "server", ServerMigrateEnd())
    assert not sends(ChannelType.MAIN, "client", Ticket(encrypted=bytes(128)))


def test_states_by_their_magic() -> None:
    assert [state_class(magic + b"rest") for magic in (b"MNMD", b"ICMD", b"DCMD")] == [
        MainState,
        InputsState,
        DisplayState,
    ]
    assert state_class(b"MNM") is None


def test_classes_by_name() -> None:
    assert class_named("ClientLink") is ClientLink
    assert class_named("MigrateBegin") is MigrateBegin
    assert class_named("DRAW_COPY") is None
