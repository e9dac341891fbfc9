"""The header of a channel: its first 32 bytes, and what listeners make of it."""

from __future__ import annotations

import json
from zlib import crc32

import pytest

from tests.derive.plain_bytes import header
from tests.derive.vectors_handshake import VALUES
from tests.house.project import ROOT
from tests.protocols.handshake.loopback import (
    RESUMABLE_OFFER,
    STREAM,
    STRIPED_OFFER,
    Loopback,
    Speaker,
    codes,
    destination_config,
    hello,
    offer,
    source_config,
)
from wireformat.codec import codec_for
from wireformat.errors import DecodeError
from wireformat.protocols.channels.messages import ChannelHeader, ChannelKind, HeaderFlags
from wireformat.protocols.handshake.files.container import front
from wireformat.protocols.handshake.sessions import keys
from wireformat.protocols.handshake.sessions.binding import Binding
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.handshake.sessions.listener import Listener
from wireformat.protocols.handshake.sessions.resume import Thread

VECTORS = json.loads((ROOT / "spec/vectors/channels/valid/ChannelHeader.json").read_text())["vectors"]
HEADERS = [bytes.fromhex(each["hex"]) for each in VECTORS]
BINDING = bytes(range(16))


@pytest.mark.requirement("CH-001", "CH-002", "CH-003", "CH-005", "CH-007", "HS-001")
def test_the_first_32_bytes_are_where_they_will_always_be() -> None:
    kinds = set()
    for data in HEADERS:
        value = codec_for(ChannelHeader).decode(data)
        assert data[:8] == bytes.fromhex("51 45 56 4d 48 53 00 01")
        assert data[8] == value.kind
        assert data[9] == value.flags
        assert int.from_bytes(data[10:12], "big") == len(data)
        assert data[16:32] == value.binding
        kinds.add(value.kind)
    assert {ChannelKind.MAIN, ChannelKind.DATA, ChannelKind.FILE, ChannelKind.RESUME} < kinds


@pytest.mark.requirement("CH-006")
def test_the_sum_is_that_of_zlib_over_all_but_itself() -> None:
    for data in HEADERS:
        assert int.from_bytes(data[12:16], "big") == crc32(data[:12] + bytes(4) + data[16:])
        for bit in range(8 * len(data)):
            broken = bytearray(data)
            broken[bit // 8] ^= 1 << bit % 8
            with pytest.raises(DecodeError):
                codec_for(ChannelHeader).decode(bytes(broken))


@pytest.mark.requirement("CH-004")
def test_only_one_bit_of_the_flags_means_something() -> None:
    speaker = Speaker(Listener(destination_config()), header(ChannelKind.MAIN, 0xFF, bytes(16)))
    assert type(speaker.say(hello())).__name__ == "HelloReply"
    assert speaker.answer[9] == 0
    echo = Speaker(Listener(destination_config()), header(ChannelKind.MAIN, 0xFE, bytes(16)))
    assert codes(echo.send(b"")) == ["REFLECTION"]


@pytest.mark.requirement("CH-003", "CH-073")
@pytest.mark.parametrize("kind", [0, 5, 0x1A, 255])
def test_other_kinds_are_refused(kind: int) -> None:
    listener = Listener(destination_config())
    speaker = Speaker(listener, header(kind, HeaderFlags.FROM_SOURCE, bytes(16)))
    assert speaker.connection.wants_close
    assert not listener.is_busy


@pytest.mark.requirement("CH-007", "CH-042")
def test_bindings_and_entries_by_kind() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.handshake()
    main, *channels = (link.log[0][1] for link in run.links)
    assert (main[10:12].hex(), main[16:32]) == ("0020", bytes(16))
    file = front(VALUES["Manifest"][0][1])
    assert file[:32] == header(ChannelKind.FILE, HeaderFlags.FROM_SOURCE, bytes(16))
    assert {data[16:32] for data in channels} == {bytes([1]) * 16}
    assert {link.log[1][1][:32] for link in run.links[1:]} == {header(ChannelKind.DATA, 0, bytes([1]) * 16)}


@pytest.mark.requirement("CH-042")
def test_a_header_of_resume_holds_the_epoch_alone() -> None:
    run = Loopback(source_config(RESUMABLE_OFFER), destination_config(RESUMABLE_OFFER))
    run.handshake()
    run.source.start()
    run.source.send_payload(STREAM[:100])
    run.pump()
    run.main.cut()
    run.source.reconnected(bytes(range(32)))
    found = codec_for(ChannelHeader).decode_from(run.source.data_to_send())[0]
    assert (found.kind, found.binding) == (ChannelKind.RESUME, bytes([1]) * 16)
    assert (found.entries.epoch, found.entries.channel_type, found.entries.index, found.entries.proof) == (
        1,
        None,
        None,
        None,
    )


@pytest.mark.requirement("CH-044")
@pytest.mark.parametrize("label", ["", "main", "multifd/0", "\u00e4" * 60])
def test_a_label_decides_nothing(label: str) -> None:
    key, thread = ChannelKey("multifd", 1), Thread(BINDING, bytes(range(32)), 0)
    value = codec_for(ChannelHeader).decode(HEADERS[2])
    proof = keys.channel_proof(thread.secret, BINDING, 0, key)
    fields = {"channel_type": "multifd", "index": 1, "proof": proof, "epoch": 0, "label": label}
    told = type(value)(kind=value.kind, flags=value.flags, binding=BINDING, entries=type(value.entries)(**fields))
    assert Binding(thread, (ChannelKey("multifd", 0), key)).admit(told) == key


@pytest.mark.requirement("CH-034")
def test_unknown_names_are_not_supported_and_no_error() -> None:
    wanted = offer("x-unheard-of@example.org", payloads=("v9-raw", "v1-raw"), channels=0)
    speaker = Speaker(Listener(destination_config()))
    reply = speaker.say(hello(wanted))
    assert type(reply).__name__ == "HelloReply"
    assert [item.name for item in reply.capabilities] == []
