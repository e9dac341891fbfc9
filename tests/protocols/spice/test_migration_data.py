"""States of channels, as real servers handed them over."""

from __future__ import annotations

import pytest

from tests.captures.spice_runs import run
from wireformat.codec import codec_for, encode
from wireformat.errors import DecodeError
from wireformat.protocols.spice.common_messages import ServerMigrateData
from wireformat.protocols.spice.lookup import STATES
from wireformat.protocols.spice.migration_data import DeviceState, InputsState, MainState

SIZES = {b"MNMD": 65, b"ICMD": 10, b"SVMD": 33, b"DCMD": 88}


def recorded() -> list[bytes]:
    """Every state of the seamless run."""
    return [
        one.value.data for _, one in run("seamless-ok-ticket").messages() if isinstance(one.value, ServerMigrateData)
    ]


def test_states_have_the_sizes_that_are_known() -> None:
    assert {data[:4]: len(data) for data in recorded()} == SIZES


@pytest.mark.requirement("SP-171")
@pytest.mark.parametrize("data", recorded(), ids=len)
def test_states_come_back_byte_for_byte(data: bytes) -> None:
    state = codec_for(STATES[data[:4]]).decode(data)
    assert encode(state) == data
    assert state.version == 1  # type: ignore[attr-defined]


def test_a_state_without_an_agent_is_almost_all_zero() -> None:
    data = next(data for data in recorded() if data.startswith(b"MNMD"))
    state = codec_for(MainState).decode(data)
    assert (state.device.version, state.agent_started, state.data) == (1, 0, b"")
    assert data.count(0) == 65 - 4 - 2


def test_a_device_without_flow_control() -> None:
    data = next(data for data in recorded() if data.startswith(b"SVMD"))
    assert codec_for(DeviceState).decode(data).device.client_tokens == 0xFFFFFFFF


@pytest.mark.requirement("SP-170")
def test_another_magic_is_refused() -> None:
    with pytest.raises(DecodeError) as caught:
        codec_for(InputsState).decode(b"SVMD\1\0\0\0\0\0")
    assert (caught.value.id, caught.value.path) == ("constant", "magic")
