"""The client of a server, and the channels that it has linked."""

from __future__ import annotations

import pytest

from tests.protocols.spice.linking import linked
from wireformat.errors import DecodeError
from wireformat.protocols.spice.channel_messages import InputsInit
from wireformat.protocols.spice.codes import ChannelType, MainCapability, MigrateFlags
from wireformat.protocols.spice.lane import ServerLane
from wireformat.protocols.spice.party_events import MAIN, ChannelKey
from wireformat.protocols.spice.server_channel import ServedChannel, Session, first_message
from wireformat.protocols.spice.steps import Steps

INPUTS = ChannelKey(ChannelType.INPUTS)
CURSOR = ChannelKey(ChannelType.CURSOR)


def served(key: ChannelKey, capabilities: int = 0) -> ServedChannel:
    """A channel with a client."""
    _, server = linked({"channel_type": key.type, "connection_id": 1, "capabilities": capabilities})
    roles = [Steps(role, lambda event: None, key) for role in ("source-channel", "target-channel")]
    return ServedChannel(key, ServerLane(server, list), *roles)


def test_the_smallest_states() -> None:
    assert served(MAIN).state() == b"MNMD\1\0\0\0\1\0\0\0".ljust(65, b"\0")
    assert served(INPUTS).state() == bytes.fromhex("49434d44 01000000 0000")


@pytest.mark.requirement("SP-170")
def test_a_state_is_looked_at() -> None:
    inputs = served(INPUTS)
    inputs.restore(inputs.state())
    with pytest.raises(DecodeError, match="instead of b'ICMD'"):
        inputs.restore(served(MAIN).state())
    with pytest.raises(DecodeError):
        inputs.restore(b"ICMD")
    with pytest.raises(DecodeError, match="version 2 is above 1"):
        inputs.restore(b"ICMD\2\0\0\0\0\0")


@pytest.mark.requirement("SP-172")
def test_what_moving_takes() -> None:
    assert served(MAIN).flags == MigrateFlags.NEED_FLUSH | MigrateFlags.NEED_DATA_TRANSFER
    assert served(CURSOR).flags == MigrateFlags(0)


def test_what_is_said_first() -> None:
    assert isinstance(first_message(ChannelType.INPUTS), InputsInit)
    assert first_message(ChannelType.MAIN) is None


def test_a_session_knows_its_channels() -> None:
    main, inputs = served(MAIN, capabilities=5), served(INPUTS)
    session = Session(1, main, {INPUTS: inputs})
    assert list(session.channels()) == [main, inputs]
    assert session.channel_of(inputs.lane) is inputs
    assert session.channel_of(served(INPUTS).lane) is None
    assert session.can(MainCapability.SEMI_SEAMLESS_MIGRATE, MainCapability.AGENT_CONNECTED_TOKENS)
    assert not session.can(MainCapability.SEMI_SEAMLESS_MIGRATE, MainCapability.SEAMLESS_MIGRATE)


def test_nothing_is_sent_to_who_is_gone() -> None:
    inputs = served(INPUTS)
    message = first_message(ChannelType.INPUTS)
    assert message is not None
    inputs.send(message)
    assert inputs.lane.data_to_send() == bytes.fromhex("6500 02000000 0000")
    inputs.lane.connection.close()
    inputs.send(message)
    assert inputs.lane.data_to_send() == b""
