"""Entries: how they are framed, what may be skipped, and the one order in which they are written."""

from __future__ import annotations

import pytest

from tests.derive.plain_bytes import entry
from wireformat.codec import codec_for
from wireformat.errors import DecodeError
from wireformat.protocols.channels.framing import CRITICAL, FRAMING, is_grease
from wireformat.protocols.channels.messages import HeaderEntries
from wireformat.protocols.handshake.messages import Commit, Hello, ResultEntries
from wireformat.protocols.handshake.negotiation.registry import registry
from wireformat.protocols.handshake.sessions.payloads import RAW, STRIPED
from wireformat.schema.lift import lift
from wireformat.schema.values import Unknown

TYPE, INDEX, LABEL = entry(0x8001, b"nbd"), entry(0x8002, b"\0\3"), entry(0x0004, b"a label")
LEAST = entry(0x8001, b"\0\1") + entry(0x8002, b"v1-raw")
"""The entries of a result that must be there."""


def read(data: bytes) -> HeaderEntries:
    """The entries of a header."""
    found: HeaderEntries = codec_for(HeaderEntries).decode(data)
    return found


def error(data: bytes, cls: type = HeaderEntries) -> str:
    """The id of the error that some entries give."""
    with pytest.raises(DecodeError) as caught:
        codec_for(cls).decode(data)
    return caught.value.id


@pytest.mark.requirement("CH-020")
def test_an_entry_is_number_reserved_size_value() -> None:
    assert TYPE.hex() == "8001" + "0000" + "00000003" + b"nbd".hex()
    assert codec_for(HeaderEntries).encode(HeaderEntries(channel_type="nbd", index=3, label="a label")) == (
        TYPE + INDEX + LABEL
    )
    assert read(entry(0x8001, b"nbd", reserved=0xFFFF)) == read(TYPE)


@pytest.mark.requirement("CH-021")
def test_numbers_belong_to_what_they_stand_in() -> None:
    tags = {cls: {field.tag: field.name for field in lift(cls).record.fields} for cls in (HeaderEntries, Hello, Commit)}
    assert [tags[cls][0x8002] for cls in tags] == ["index", "nonce", "omitted"]


@pytest.mark.requirement("CH-022", "CH-023")
@pytest.mark.parametrize("number", [0x0003, 0x0042, 0x3FFF, 0x4000, 0x6FFF, 0x0A0A, 0x7A7A])
def test_unknown_entries_are_skipped_unless_they_are_critical(number: int) -> None:
    known = b"" if number == 0x0003 else TYPE
    if number != 0x0003:
        found = read(known + entry(number, b"\xff\0what"))
        assert (found.channel_type, found.unknown) == ("nbd", (Unknown(number, b"\xff\0what"),))
    assert error(known + entry(number | CRITICAL, b"\xff")) in ("tag", "overrun", "truncated")


@pytest.mark.requirement("CH-022")
def test_what_is_critical_and_unknown_is_named() -> None:
    assert error(entry(0x8007, b"")) == "tag"
    assert error(entry(0xCA0A, b"")) == "tag"


@pytest.mark.requirement("CH-024")
@pytest.mark.parametrize("number", [0x0001, 0x0002, 0x0003, 0x8004, 0x0005])
def test_a_known_entry_with_the_wrong_bit_is_refused(number: int) -> None:
    assert error(entry(number, b"\0\1")) == "tag"


@pytest.mark.requirement("CH-025")
def test_numbers_ascend_whatever_their_top_bit() -> None:
    assert read(TYPE + INDEX + LABEL + entry(0x8005, bytes(4))).epoch == 0
    assert error(INDEX + TYPE) == "order"
    assert error(LABEL + INDEX) == "order"
    assert error(entry(0x3000, b"") + LABEL) == "order"


@pytest.mark.requirement("CH-026")
@pytest.mark.parametrize(
    ("names", "id"),
    [
        ([b"a", b"ab", b"b"], ""),
        ([b"b", b"a"], "order"),
        ([b"ab", b"a"], "order"),
        ([b"a", b"a"], "duplicate"),
    ],
)
def test_values_that_repeat_ascend(names: list[bytes], id: str) -> None:
    data = LEAST + b"".join(entry(0x8003, name) for name in names)
    if id:
        assert error(data, ResultEntries) == id
    else:
        assert codec_for(ResultEntries).decode(data).capabilities == tuple(name.decode() for name in names)


@pytest.mark.requirement("CH-026")
def test_nothing_stands_between_values_that_repeat() -> None:
    between = entry(0x8005, b"\3nbd\0\1")
    assert error(LEAST + entry(0x8003, b"a") + between + entry(0x8003, b"b"), ResultEntries) == "order"


@pytest.mark.requirement("CH-027")
def test_once_means_once_and_mandatory_entries_are_there() -> None:
    assert error(TYPE + TYPE) == "duplicate"
    assert error(entry(0x8001, b"\0\1"), ResultEntries) == "missing"
    assert error(entry(0x8002, b"v1-raw"), ResultEntries) == "missing"


@pytest.mark.requirement("CH-028")
@pytest.mark.parametrize("data", [entry(0x8002, b"\0"), entry(0x8002, b"\0\0\0"), INDEX[:-1], INDEX[:5]])
def test_values_fill_their_entries_and_entries_end_in_time(data: bytes) -> None:
    assert error(data) in ("overrun", "truncated", "trailing")


@pytest.mark.requirement("CH-029")
def test_private_entries_are_skipped() -> None:
    private = entry(0x4000, b"\x0bexample.comanything")
    assert read(TYPE + private).channel_type == "nbd"


@pytest.mark.requirement("CH-029", "CH-030")
def test_no_assigned_number_is_private_reserved_or_of_those_that_mean_nothing() -> None:
    for cls in (HeaderEntries, Hello, Commit, ResultEntries):
        plain = {(field.tag or 0) & ~CRITICAL for field in lift(cls).record.fields}
        assert not any(is_grease(number) for number in plain)
        assert all(1 <= number <= 0x3FFF or 0x7000 <= number <= 0x7FFE for number in plain)


@pytest.mark.requirement("CH-030")
def test_numbers_that_mean_nothing() -> None:
    found = [number for number in range(0x10000) if is_grease(number)]
    assert len(found) == 256
    assert {0x0A0A, 0x1A1A, 0x7A7A, 0x8A0A, 0xFAFA} <= set(found)
    assert all(f"{number:04x}"[1::2] == "aa" for number in found)


@pytest.mark.requirement("CH-032")
@pytest.mark.parametrize(
    ("data", "id"),
    [
        (entry(0x8001, b"a" * 64), ""),
        (entry(0x8001, b"a" * 65), "limit"),
        (entry(0x8001, "\u00e9".encode()), "text"),
        (entry(0x8001, b"a\0"), "text"),
        (entry(0x0004, "\u00e9".encode()), ""),
        (entry(0x0004, b"\xe9"), "text"),
        (entry(0x0004, b"a\0"), "text"),
    ],
)
def test_texts(data: bytes, id: str) -> None:
    if id:
        assert error(data) == id
    else:
        assert codec_for(HeaderEntries).encode(read(data)) == data


@pytest.mark.requirement("CH-033")
def test_registered_names() -> None:
    known = registry()
    found = [each.name for each in known.capabilities] + [each.name for each in known.parameters] + [RAW, STRIPED]
    assert len(found) > 60
    assert [name for name in found if not (1 <= len(name) <= 32 and set(name) <= set(ALLOWED))] == []


ALLOWED = "abcdefghijklmnopqrstuvwxyz0123456789-"


def test_the_framing_takes_eight_bytes() -> None:
    sizes = (FRAMING.tag.size, FRAMING.reserved.size if FRAMING.reserved else 0, FRAMING.size.size)
    assert (sizes, FRAMING.critical, FRAMING.ascending) == ((2, 2, 4), 0x8000, True)
