"""Messages of all channels, with bytes that real programs sent."""

from __future__ import annotations

import pytest

from wireformat.codec import codec_for, encode
from wireformat.errors import DecodeError
from wireformat.protocols.spice.codes import ChannelType, LinkCode, MigrateFlags, Severity, Visibility
from wireformat.protocols.spice.common_messages import (
    Ack,
    AckSync,
    AwaitedMessage,
    ClientMigrateData,
    Migrate,
    MigrateFlushMark,
    Notify,
    Ping,
    Pong,
    ServerDisconnecting,
    SetAck,
    WaitForChannels,
)
from wireformat.schema import Message

NOTICE = "7a526c58280200000100000002000000000000001c0000006b6579626f617264206368616e6e656c20697320696e73656375726500"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("03000000", Migrate(flags=MigrateFlags.NEED_FLUSH | MigrateFlags.NEED_DATA_TRANSFER)),
        ("0100000014000000", SetAck(generation=1, window=20)),
        ("0100000089052d9200000000", Ping(id=1, timestamp=0x922D0589)),
        ("0100000089052d92000000000000", Ping(id=1, timestamp=0x922D0589, filler=bytes(2))),
        ("0100000089052d9200000000", Pong(id=1, timestamp=0x922D0589)),
        (
            NOTICE,
            Notify(
                timestamp=0x228586C527A,
                severity=Severity.WARN,
                visibility=Visibility.HIGH,
                what=0,
                text="keyboard channel is insecure",
            ),
        ),
        (
            "010200" + "0500000000000000",
            WaitForChannels(messages=(AwaitedMessage(channel_type=ChannelType.DISPLAY, channel_id=0, serial=5),)),
        ),
        ("010000000000000007000000", ServerDisconnecting(timestamp=1, reason=LinkCode.PERMISSION_DENIED)),
        ("01000000", AckSync(generation=1)),
        ("", Ack()),
        ("", MigrateFlushMark()),
        ("49434d44010000000000", ClientMigrateData(data=b"ICMD\1\0\0\0\0\0")),
    ],
)
def test_bytes_and_values(body: str, value: Message) -> None:
    assert codec_for(type(value)).decode(bytes.fromhex(body)) == value
    assert encode(value).hex() == body


@pytest.mark.requirement("SP-063")
def test_the_zero_byte_of_a_notice_is_not_counted_and_must_be_there() -> None:
    with pytest.raises(DecodeError) as caught:
        codec_for(Notify).decode(bytes.fromhex(NOTICE)[:-1])
    assert caught.value.path == "end"
