"""Messages of the main channel, with bytes that real programs sent; pointers as readers take them."""

from __future__ import annotations

from struct import pack

import pytest

from wireformat.codec import codec_for, encode
from wireformat.errors import DecodeError
from wireformat.protocols.spice.codes import ChannelType, MouseMode
from wireformat.protocols.spice.main_messages import (
    ChannelItem,
    ChannelsList,
    Init,
    MigrateBegin,
    MigrateBeginSeamless,
    MigrateConnected,
    MigrateDstDoSeamless,
    MigrateSwitchHost,
    MouseModeChange,
    Name,
    PublicKeyType,
)
from wireformat.schema import Message

HOST, SUBJECT = b"127.0.0.1\0", b"C=XX,O=Example,CN=target.example\0"
STRINGS = (HOST + SUBJECT).hex()


@pytest.mark.requirement("SP-074", "SP-080", "SP-081")
@pytest.mark.parametrize(
    ("body", "value"),
    [
        (
            "00fff8e00100000001000000010000000000000 00a0000001909200000e0ff02".replace(" ", ""),
            Init(
                session_id=0xE0F8FF00,
                display_channels_hint=1,
                supported_mouse_modes=MouseMode.SERVER,
                current_mouse_mode=MouseMode.SERVER,
                agent_connected=0,
                agent_tokens=10,
                multi_media_time=0x200919,
                ram_hint=0x2FFE000,
            ),
        ),
        (
            "03000000020004000300",
            ChannelsList(
                channels=tuple(
                    ChannelItem(type=kind, id=0)
                    for kind in (ChannelType.DISPLAY, ChannelType.CURSOR, ChannelType.INPUTS)
                )
            ),
        ),
        ("03000200", MouseModeChange(supported=MouseMode.SERVER | MouseMode.CLIENT, current=MouseMode.CLIENT)),
        ("07000000736f7572636500", Name(name="source")),
        ("3d3effff0a000000140000000000000000000000" + HOST.hex(), MigrateBegin(port=15933, sport=65535, host=HOST)),
        (
            "653e7f3e0a00000014000000210000001e000000" + STRINGS,
            MigrateBegin(port=15973, sport=15999, host=HOST, cert_subject=SUBJECT),
        ),
        (
            "653e7f3e0a00000014000000210000001e000000" + STRINGS,
            MigrateSwitchHost(port=15973, sport=15999, host=HOST, cert_subject=SUBJECT),
        ),
        (
            "653e7f3e0a000000180000002100000022000000 01000000".replace(" ", "") + STRINGS,
            MigrateBeginSeamless(port=15973, sport=15999, host=HOST, cert_subject=SUBJECT, version=1),
        ),
        ("01000000", MigrateDstDoSeamless(version=1)),
        ("", MigrateConnected()),
    ],
)
def test_bytes_and_values(body: str, value: Message) -> None:
    assert codec_for(type(value)).decode(bytes.fromhex(body)) == value
    assert encode(value).hex() == body


@pytest.mark.requirement("SP-083")
@pytest.mark.parametrize("cls", [MigrateBegin, MigrateBeginSeamless, MigrateSwitchHost])
@pytest.mark.parametrize(("size", "offset"), [(10, 100), (11, 30), (0xFFFFFFFF, 30), (1, 0xFFFFFFFF)])
def test_pointers_that_lead_outside(cls: type[Message], size: int, offset: int) -> None:
    body = pack("<HHIIIII", 1, 2, size, offset, 0, 0, 1) + HOST[:6]
    with pytest.raises(DecodeError) as caught:
        codec_for(cls).decode(body)
    assert caught.value.id in ("pointer", "limit")


@pytest.mark.requirement("SP-085")
def test_a_null_pointer_is_nothing() -> None:
    body = pack("<HHIIII", 1, 2, 0, 0, 0, 0)
    assert codec_for(MigrateSwitchHost).decode(body).host is None
    assert codec_for(MigrateBegin).decode(body).cert_subject is None


@pytest.mark.requirement("SP-087")
def test_the_layout_before_certificates_had_subjects() -> None:
    body = pack("<HHIIHII", 5900, 5901, 2, 22, 1, 3, 24) + b"h\0key"
    found = codec_for(MigrateBegin, "0.5").decode(body)
    assert (found.host, found.key_type, found.key, found.cert_subject) == (b"h\0", PublicKeyType.RSA, b"key", None)
    assert encode(found, "0.5") == body
