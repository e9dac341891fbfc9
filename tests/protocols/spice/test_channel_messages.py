"""Messages of inputs, cursor, ports and devices, with bytes that real servers sent."""

from __future__ import annotations

import pytest

from wireformat.codec import codec_for, encode
from wireformat.protocols.spice.channel_messages import (
    ClientKeyModifiers,
    CursorInit,
    CursorInvalAll,
    CursorReset,
    InputsInit,
    Locks,
    PortInit,
    ServerDeviceData,
    ServerKeyModifiers,
)
from wireformat.schema import Message


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("0000", InputsInit(locks=Locks(0))),
        ("0200", ServerKeyModifiers(locks=Locks.NUM)),
        ("0500", ClientKeyModifiers(locks=Locks.SCROLL | Locks.CAPS)),
        ("0000000000000000010100", CursorInit(x=0, y=0, trail_length=0, trail_frequency=0, visible=1, flags=1)),
        (
            "ffff0200000000000100008899",
            CursorInit(x=-1, y=2, trail_length=0, trail_frequency=0, visible=1, flags=0, image=b"\x88\x99"),
        ),
        ("", CursorReset()),
        ("", CursorInvalAll()),
        (
            "1300000009000000006f72672e6578616d706c652e706f72742e3000",
            PortInit(name=b"org.example.port.0\0", opened=0),
        ),
        ("00000000", ServerDeviceData(data=bytes(4))),
    ],
)
def test_bytes_and_values(body: str, value: Message) -> None:
    assert codec_for(type(value)).decode(bytes.fromhex(body)) == value
    assert encode(value).hex() == body
