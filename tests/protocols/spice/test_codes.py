"""Numbers with names, and numbers without."""

from __future__ import annotations

import pytest

from wireformat.protocols.spice.codes import (
    CHANNEL_CAPABILITIES,
    ChannelType,
    CommonCapability,
    LinkCode,
    MainCapability,
    Mechanism,
)


def test_what_real_programs_can() -> None:
    assert CommonCapability(0xD).name == "AUTH_SELECTION|AUTH_SASL|MINI_HEADER"
    assert CommonCapability(0xB).name == "AUTH_SELECTION|AUTH_SPICE|MINI_HEADER"
    assert MainCapability(0xF) == sum(MainCapability.__members__.values())


@pytest.mark.requirement("SP-031")
def test_a_mechanism_is_the_bit_of_its_capability() -> None:
    assert 1 << Mechanism.SPICE == CommonCapability.AUTH_SPICE
    assert 1 << Mechanism.SASL == CommonCapability.AUTH_SASL


@pytest.mark.requirement("SP-003")
def test_unknown_numbers_are_kept() -> None:
    assert (ChannelType(99).name, int(ChannelType(99))) == ("99", 99)
    assert LinkCode(10).name == "10"


def test_capabilities_of_channels_by_bit() -> None:
    assert CHANNEL_CAPABILITIES[ChannelType.MAIN][3] == "seamless_migrate"
    assert CHANNEL_CAPABILITIES[ChannelType.DISPLAY].index("codec_h265") == 14
    assert CHANNEL_CAPABILITIES[ChannelType.PLAYBACK] == ("celt", "volume", "latency", "opus")
