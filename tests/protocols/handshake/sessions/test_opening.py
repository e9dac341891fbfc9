"""First bytes: the headers of the design, byte for byte, and what is not ours."""

from __future__ import annotations

import pytest

from tests.protocols.handshake.loopback import MAIN_HEADER
from wireformat.errors import DecodeError
from wireformat.protocols.channels.messages import NO_BINDING, ChannelKind, HeaderEntries
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.opening import (
    OURS,
    check_header,
    header_bytes,
    is_possible,
    stranger,
    take_header,
)
from wireformat.protocols.handshake.sessions.refusal import Violation

DATA = bytes.fromhex(
    "5145564d 48530001 0201005d 9155fa89 00010203 04050607 08090a0b 0c0d0e0f"
    "80010000 00000007 6d756c74 69666480 02000000 00000200 03800300 00000000"
    "10aaaaaa aaaaaaaa aaaaaaaa aaaaaaaa aa800500 00000000 04000000 00"
)


@pytest.mark.requirement("CH-001", "CH-002", "CH-003", "CH-004", "CH-005", "CH-006", "CH-007", "HS-001")
def test_headers_are_those_of_the_design() -> None:
    assert header_bytes(TODAY, ChannelKind.MAIN, NO_BINDING, from_source=True) == MAIN_HEADER
    entries = HeaderEntries(channel_type="multifd", index=3, proof=b"\xaa" * 16, epoch=0)
    assert header_bytes(TODAY, ChannelKind.DATA, bytes(range(16)), from_source=True, entries=entries) == DATA


@pytest.mark.requirement("CH-008")
def test_a_header_is_taken_once_it_is_whole() -> None:
    for size in range(len(DATA)):
        buffer = bytearray(DATA[:size])
        assert take_header(buffer, TODAY) is None
        assert buffer == DATA[:size]
    buffer = bytearray(DATA + b"rest")
    taken = take_header(buffer, TODAY)
    assert taken is not None
    assert (taken[0].entries.index, taken[1], bytes(buffer)) == (3, DATA, b"rest")


@pytest.mark.requirement("CH-005", "CH-009")
@pytest.mark.parametrize(("size", "id"), [(0, "mismatch"), (31, "mismatch"), (4097, "limit"), (65535, "limit")])
def test_sizes_are_refused_before_waiting(size: int, id: str) -> None:
    with pytest.raises(DecodeError) as caught:
        take_header(bytearray(DATA[:10] + size.to_bytes(2, "big") + DATA[12:32]), TODAY)
    assert caught.value.id == id


@pytest.mark.requirement("CH-008")
def test_beginnings() -> None:
    for size in range(9):
        assert is_possible(OURS[:size])
        assert stranger(OURS[:size]) is None
    assert not is_possible(b"QEVM\0")
    assert stranger(b"QEVM\0\0\0") is None
    assert stranger(b"\x16") is None
    assert stranger(b"") is None
    found = {data: stranger(data) for data in (b"QEVM\0\0\0\3", b"\x16\x03", b"QEVM\0\0\0\4", b"x")}
    assert [one and one[0] for one in found.values()] == [
        ErrorCode.LEGACY_PEER,
        ErrorCode.TLS_UNEXPECTED,
        ErrorCode.MALFORMED,
        ErrorCode.MALFORMED,
    ]


@pytest.mark.requirement("CH-007", "CH-072")
@pytest.mark.parametrize(
    ("kind", "binding", "from_source", "code"),
    [
        (ChannelKind.MAIN, NO_BINDING, False, ErrorCode.REFLECTION),
        (ChannelKind.DATA, NO_BINDING, True, ErrorCode.UNEXPECTED),
        (ChannelKind.MAIN, bytes([1]) * 16, True, ErrorCode.CHANNEL_BINDING),
    ],
)
def test_headers_of_others(kind: ChannelKind, binding: bytes, from_source: bool, code: ErrorCode) -> None:
    taken = take_header(bytearray(header_bytes(TODAY, kind, binding, from_source=from_source)), TODAY)
    assert taken is not None
    with pytest.raises(Violation) as caught:
        check_header(taken[0], ChannelKind.MAIN, NO_BINDING, from_source=True)
    assert [found.code for found in caught.value.items] == [code]
