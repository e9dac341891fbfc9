"""Lists of messages inside a message: all of them, or an error."""

from __future__ import annotations

from struct import pack

import pytest

from wireformat.errors import DecodeError
from wireformat.protocols.spice.sublist import read_list

ONE, TWO = pack("<HI", 4, 3) + b"abc", pack("<HI", 102, 0)


def test_members_in_the_order_of_the_list() -> None:
    body = b"main" + pack("<HII", 2, 14 + len(ONE), 14) + ONE + TWO
    found = [(at, member.type, member.body) for at, member in read_list(body, 4)]
    assert found == [(29, 102, b""), (20, 4, b"abc")]


def test_an_empty_list() -> None:
    assert read_list(pack("<H", 0), 0) == ()


@pytest.mark.requirement("SP-058")
@pytest.mark.parametrize(
    ("body", "id", "offset"),
    [
        (b"\1", "overrun", 0),
        (pack("<HI", 2, 0), "overrun", 6),
        (pack("<HI", 1, 100), "overrun", 100),
        (pack("<HI", 1, 6) + pack("<HI", 4, 4) + b"abc", "overrun", 12),
        (pack("<HI", 1, 6) + pack("<HI", 4, 0xFFFFFFFF), "limit", 12),
        (pack("<HII", 2, 10, 10) + ONE, "overrun", 10),
    ],
    ids=["cut", "offsets-missing", "outside", "body-cut", "huge", "overlap"],
)
def test_what_is_no_list(body: bytes, id: str, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        read_list(body, 0)
    assert (caught.value.id, caught.value.offset) == (id, offset)


def test_many_members_on_the_same_bytes_are_refused_soon() -> None:
    member = pack("<HI", 4, 1 << 16) + bytes(1 << 16)
    body = pack("<H", 0xFFFF) + pack("<I", 2 + 4 * 0xFFFF) * 0xFFFF + member
    with pytest.raises(DecodeError, match="overlap"):
        read_list(body, 0)
