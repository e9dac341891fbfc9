"""Link messages and replies: the bytes of real programs, and capabilities that stand elsewhere than usual."""

from __future__ import annotations

from struct import pack

import pytest

from wireformat.codec import codec_for, encode
from wireformat.errors import DecodeError
from wireformat.protocols.spice.codes import ChannelType, LinkCode
from wireformat.protocols.spice.link import (
    LINK_REPLY_SIZE,
    ClientLink,
    LinkMessage,
    LinkReply,
    LinkResult,
    SaslMechanisms,
    ServerLink,
    Ticket,
)

TARGET = bytes.fromhex("5245445102000000020000001a000000c8e3e35901000100000001000000120000000b0000000f000000")


@pytest.mark.requirement("SP-001", "SP-010")
def test_a_link_to_a_target() -> None:
    found = codec_for(ClientLink).decode(TARGET)
    assert found == ClientLink(
        message=LinkMessage(
            connection_id=0x59E3E3C8, channel_type=ChannelType.MAIN, channel_id=0, common=(0xB,), channel=(0xF,)
        )
    )
    assert encode(found) == TARGET
    assert (found.size, found.message.common_count) == (26, 1)


@pytest.mark.parametrize(
    ("offset", "words", "tail"),
    [(18, 1, b""), (22, 1, b"fill"), (18, 1, b"more"), (0, 0, b""), (5000, 0, b"more")],
)
def test_wherever_capabilities_stand_the_bytes_come_back(offset: int, words: int, tail: bytes) -> None:
    filler = bytes(offset - 18) if words else b""
    body = pack("<IBBIII", 0, 1, 0, words, 0, offset) + filler + pack(f"<{words}I", *[7] * words) + tail
    data = b"REDQ" + pack("<III", 2, 2, len(body)) + body
    found = codec_for(ClientLink).decode(data)
    assert found.message.common == (7,) * words
    assert encode(found) == data


@pytest.mark.requirement("SP-020")
def test_an_error_is_zero_behind_its_code() -> None:
    data = encode(ServerLink(reply=LinkReply(error=LinkCode.INVALID_MAGIC)))
    assert data == b"REDQ" + pack("<IIII", 2, 2, LINK_REPLY_SIZE, 2) + bytes(174)


@pytest.mark.requirement("SP-002")
def test_too_many_words_are_refused_before_they_are_read() -> None:
    with pytest.raises(DecodeError) as caught:
        codec_for(ClientLink).decode(TARGET[:22] + pack("<I", 2000) + TARGET[26:])
    assert (caught.value.id, caught.value.path) == ("limit", "message.common")


def test_results_and_lists_of_mechanisms() -> None:
    assert codec_for(LinkResult).decode(b"\7\0\0\0").code == LinkCode.PERMISSION_DENIED
    assert codec_for(SaslMechanisms).decode(b"\x0c\0\0\0,DIGEST-MD5,").names == ",DIGEST-MD5,"


@pytest.mark.requirement("SP-039")
def test_a_ticket_does_not_show() -> None:
    assert repr(Ticket(encrypted=b"\x41" * 128)) == "Ticket(…)"
