"""Capabilities as numbers, and the checks of link messages in their order."""

from __future__ import annotations

from struct import pack

import pytest

from wireformat.protocols.spice.codes import CommonCapability, LinkCode
from wireformat.protocols.spice.inbox import Inbox
from wireformat.protocols.spice.link_stage import (
    LinkFault,
    bits_of,
    check_header,
    read_message,
    read_reply,
    request_of,
    take_body,
    words_of,
)


@pytest.mark.requirement("SP-019")
@pytest.mark.parametrize(
    ("bits", "words"), [(0, ()), (0xB, (0xB,)), (1 << 32, (0, 1)), (1 << 63 | 5, (5, 1 << 31)), (1 << 64, (0, 0, 1))]
)
def test_capabilities_as_words(bits: int, words: tuple[int, ...]) -> None:
    assert words_of(bits) == words
    assert bits_of(words) == bits


def message(offset: int = 18, common: int = 0, channel: int = 0, words: bytes = b"") -> bytes:
    """A link message for the first inputs channel."""
    return pack("<IBBIII", 7, 3, 0, common, channel, offset) + words


def test_what_a_message_asks_for() -> None:
    request = request_of(read_message(message(common=1, channel=2, words=pack("<III", 0xB, 1, 2)), 16))
    assert (request.connection_id, request.channel_type.name, request.channel_id) == (7, "INPUTS", 0)
    assert request.common == CommonCapability(0xB)
    assert request.capabilities == 2 << 32 | 1


@pytest.mark.requirement("SP-015")
def test_words_may_stand_further_behind() -> None:
    request = request_of(read_message(message(20, common=1, words=b"zz" + pack("<I", 8)), 16))
    assert request.common == CommonCapability.MINI_HEADER


@pytest.mark.requirement("SP-015")
@pytest.mark.parametrize("offset", [0, 17, 4096, 0xFFFFFFFF])
def test_without_words_their_place_does_not_matter(offset: int) -> None:
    assert request_of(read_message(message(offset), 16)).common == 0


@pytest.mark.requirement("SP-015")
@pytest.mark.parametrize(
    "data",
    [
        message(17, common=1, words=pack("<I", 1)),
        message(0, channel=1, words=pack("<I", 1)),
        message(18, common=1),
        message(18, common=1, words=b"\0\0\0"),
        message(22, common=1, words=pack("<I", 1)),
        message(18, common=1025, words=bytes(4100)),
        message(18, channel=0xFFFFFFFF),
    ],
)
def test_words_that_are_not_there(data: bytes) -> None:
    with pytest.raises(LinkFault) as caught:
        read_message(data, 16)
    assert caught.value.code == LinkCode.INVALID_DATA


@pytest.mark.requirement("SP-022")
def test_replies_are_checked_the_same_way() -> None:
    body = pack("<I162sIII", 0, bytes(162), 1, 0, 178)
    assert read_reply(body + pack("<I", 11), 16).common == (11,)
    with pytest.raises(LinkFault):
        read_reply(body, 16)
    with pytest.raises(LinkFault):
        read_reply(pack("<I162sIII", 0, bytes(162), 1, 0, 4) + pack("<I", 11), 16)


@pytest.mark.requirement("SP-011", "SP-012", "SP-013", "SP-014", "SP-015", "SP-016")
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"GET / HTTP/1.1\r\n", LinkCode.INVALID_MAGIC),
        (b"RED0", LinkCode.INVALID_MAGIC),
        (b"RED0" + pack("<III", 1, 3, 9), LinkCode.INVALID_MAGIC),
        (b"REDQ" + pack("<III", 1, 3, 9), LinkCode.VERSION_MISMATCH),
        (b"REDQ" + pack("<III", 3, 0, 30), LinkCode.VERSION_MISMATCH),
        (b"REDQ" + pack("<III", 0, 3, 9), None),
        (b"REDQ" + pack("<III", 2, 2, 17), LinkCode.INVALID_DATA),
        (b"REDQ" + pack("<III", 2, 2, 4097), LinkCode.INVALID_DATA),
        (b"REDQ" + pack("<III", 2, 99, 0xFFFFFFFF), LinkCode.INVALID_DATA),
    ],
)
def test_the_first_broken_rule_decides(data: bytes, code: LinkCode | None) -> None:
    with pytest.raises(LinkFault) as caught:
        check_header(data, 0, 18)
    assert caught.value.code == code


@pytest.mark.parametrize("data", [b"", b"RED", b"REDQ", b"REDQ" + bytes(11)])
def test_too_few_bytes_are_no_fault(data: bytes) -> None:
    assert check_header(data, 0, 18) is None


@pytest.mark.requirement("SP-013")
@pytest.mark.parametrize("size", [18, 4096])
def test_sizes_at_the_limits(size: int) -> None:
    inbox = Inbox()
    inbox.feed(b"REDQ" + pack("<III", 2, 99, size))
    inbox.feed(bytes(size - 1))
    assert take_body(inbox, 18) is None
    assert inbox.offset == 0
    inbox.feed(b"\1rest")
    assert take_body(inbox, 18) == bytes(size - 1) + b"\1"
    assert inbox.take_all() == b"rest"
