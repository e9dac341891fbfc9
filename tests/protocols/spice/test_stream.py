"""Messages of a direction: decoded, kept, skipped or refused; and written again as they came."""

from __future__ import annotations

from struct import pack

import pytest

from tests.captures.spice_runs import NAMES, run
from wireformat.errors import DecodeError, EncodeError, LocalProtocolError
from wireformat.protocols.spice.codes import ChannelType
from wireformat.protocols.spice.common_messages import MessageList, Ping, Pong
from wireformat.protocols.spice.headers import MAX_BODY
from wireformat.protocols.spice.main_messages import MigrateBegin, MigrateCancel, ServerMigrateEnd
from wireformat.protocols.spice.stream import (
    MessageReader,
    MessageWriter,
    OpaqueMessage,
    Received,
    received_bytes,
)

MAIN = ChannelType.MAIN
BEGIN = bytes.fromhex("3d3effff0a000000140000000000000000000000") + b"127.0.0.1\0"


def read(data: bytes, *, is_mini: bool = True, channel: ChannelType = MAIN, version: str | None = None) -> Received:
    """The one message that bytes are."""
    reader = MessageReader(channel, "server", is_mini, version=version)
    reader.feed(data)
    received = reader.next_message()
    assert received is not None
    reader.close()
    assert received_bytes(received, is_mini, version) == data
    return received


def mini(number: int, body: bytes = b"") -> bytes:
    """A message with a mini header."""
    return pack("<HI", number, len(body)) + body


def full(number: int, body: bytes = b"", serial: int = 1, sub_list: int = 0) -> bytes:
    """A message with a full header."""
    return pack("<QHII", serial, number, len(body), sub_list) + body


def test_a_declared_message() -> None:
    found = read(mini(101, BEGIN))
    assert found.message == MigrateBegin(port=15933, sport=65535, host=b"127.0.0.1\0")
    assert (found.name, found.number, found.serial, found.error) == ("MigrateBegin", 101, 1, None)


@pytest.mark.requirement("SP-054")
def test_an_opaque_message() -> None:
    found = read(mini(304, b"draw"), channel=ChannelType.DISPLAY)
    assert found.message == OpaqueMessage(304, "DRAW_COPY", b"draw")
    assert read(mini(999, b"?")).message == OpaqueMessage(999, "", b"?")


@pytest.mark.requirement("SP-087")
def test_the_old_layout_by_version() -> None:
    old = pack("<HHIIHII", 5900, 0, 2, 22, 1, 3, 24) + b"h\0key"
    found = read(mini(101, old), version="0.5")
    assert isinstance(found.message, MigrateBegin)
    assert (found.message.host, found.message.key) == (b"h\0", b"key")


@pytest.mark.requirement("SP-082")
def test_pointers_out_of_order_come_back_as_they_were() -> None:
    odd = pack("<HHIIII", 1, 2, 2, 25, 2, 22) + b"..s\0.h\0..."
    found = read(mini(101, odd))
    assert found.message == MigrateBegin(port=1, sport=2, host=b"h\0", cert_subject=b"s\0")
    assert found.raw == odd


@pytest.mark.requirement("SP-055")
@pytest.mark.parametrize(
    ("body", "id"),
    [
        (BEGIN[:19], "overrun"),
        (BEGIN[:-1], "pointer"),
        (b"", "overrun"),
        (pack("<HHIIII", 1, 1, 9, 90, 0, 0), "pointer"),
    ],
)
def test_a_body_that_does_not_decode_is_kept(body: bytes, id: str) -> None:
    found = read(mini(101, body))
    assert found.message == OpaqueMessage(101, "MigrateBegin", body)
    assert found.error is not None
    assert found.error.id == id
    assert found.error.path.startswith("MigrateBegin")


@pytest.mark.requirement("SP-084")
@pytest.mark.parametrize(
    ("number", "body", "is_refused"),
    [
        (101, pack("<HHIIII", 1, 2, 0, 0, 0, 0), True),
        (101, pack("<HHIIII", 1, 2, 4, 0, 0, 0), True),
        (116, pack("<HHIIIII", 1, 2, 0, 0, 0, 0, 1), True),
        (111, pack("<HHIIII", 1, 2, 0, 0, 0, 0), False),
    ],
)
def test_a_migration_begins_with_a_host(number: int, body: bytes, is_refused: bool) -> None:
    found = read(mini(number, body))
    assert (found.error is not None) is is_refused
    assert found.error is None or (found.error.id, found.error.offset) == ("pointer", 14)


def test_bytes_too_many_are_an_error() -> None:
    found = read(mini(102, b"x"))
    assert found.error is not None
    assert (found.error.id, found.error.offset) == ("trailing", 6)


@pytest.mark.requirement("SP-051")
def test_full_headers_carry_serials() -> None:
    found = read(full(102, serial=77), is_mini=False)
    assert (found.serial, found.message) == (77, MigrateCancel())


@pytest.mark.requirement("SP-051")
def test_mini_headers_count_serials() -> None:
    reader = MessageReader(MAIN, "server", True)
    reader.feed(mini(102) + mini(112) + mini(999))
    found = [reader.next_message() for _ in range(3)]
    assert [one.serial for one in found if one] == [1, 2, 3]
    assert reader.next_message() is None


@pytest.mark.requirement("SP-056")
def test_a_list_behind_a_message() -> None:
    pong = pack("<IQ", 1, 2)
    tail = pack("<HII", 2, 8 + 10, 8 + 10 + 6) + pack("<HI", 102, 0) + pack("<HI", 4, 12) + pong
    found = read(full(106, pack("<II", 5, 0) + tail, sub_list=8), is_mini=False)
    assert found.error is not None  # eight bytes are too many for MULTI_MEDIA_TIME
    tail = pack("<HII", 2, 14, 20) + pack("<HI", 102, 0) + pack("<HI", 4, 12) + pong
    found = read(full(106, pack("<I", 5) + tail, sub_list=4), is_mini=False)
    assert found.name == "MultiMediaTime"
    assert [part.message for part in found.parts] == [MigrateCancel(), Ping(id=1, timestamp=2)]
    assert found.tail == tail


@pytest.mark.requirement("SP-057")
def test_a_list_as_a_message_of_its_own() -> None:
    found = read(mini(8, pack("<HI", 1, 6) + mini(102)))
    assert isinstance(found.message, MessageList)
    assert [part.message for part in found.parts] == [MigrateCancel()]


@pytest.mark.requirement("SP-058")
@pytest.mark.parametrize("sub_list", [9, 5, 0xFFFFFFFF])
def test_a_list_that_is_none_is_refused_cleanly(sub_list: int) -> None:
    found = read(full(106, pack("<II", 5, 0xFFFF), sub_list=sub_list), is_mini=False)
    assert isinstance(found.message, OpaqueMessage)
    assert found.error is not None
    assert found.error.id in ("pointer", "overrun")


def test_a_broken_member_is_named_by_its_place() -> None:
    found = read(mini(8, pack("<HI", 1, 6) + pack("<HI", 4, 3) + b"abc"))
    assert found.error is not None
    assert (found.error.id, found.error.path, found.error.offset) == ("overrun", "Ping.id", 6 + 12)


@pytest.mark.requirement("SP-002", "SP-052")
def test_the_limit_comes_before_the_body() -> None:
    reader = MessageReader(MAIN, "server", True)
    reader.feed(pack("<HI", 2, MAX_BODY + 1))
    for _ in range(2):
        with pytest.raises(DecodeError) as caught:
            reader.next_message()
        assert (caught.value.id, caught.value.actual) == ("limit", MAX_BODY + 1)
    assert reader.inbox.offset == 0


@pytest.mark.parametrize("data", [b"\1", mini(4, bytes(12))[:-1]])
def test_an_end_inside_a_message(data: bytes) -> None:
    reader = MessageReader(MAIN, "server", True)
    reader.feed(mini(102) + data)
    assert reader.next_message() is not None
    assert reader.next_message() is None
    with pytest.raises(DecodeError) as caught:
        reader.close()
    assert (caught.value.id, caught.value.offset) == ("truncated", 6)


@pytest.mark.parametrize("is_mini", [True, False])
def test_what_a_writer_writes_a_reader_reads(is_mini: bool) -> None:
    writer = MessageWriter(MAIN, "server", is_mini)
    reader = MessageReader(MAIN, "server", is_mini)
    sent = [ServerMigrateEnd(), OpaqueMessage(333, "", b"x"), Ping(id=1, timestamp=2, filler=b"fill")]
    for message in sent:
        reader.feed(writer.encode(message))
    found = [reader.next_message() for _ in sent]
    assert [one.message for one in found if one] == sent
    assert [one.serial for one in found if one] == [1, 2, 3]


def test_serials_go_on_where_they_are_set() -> None:
    writer = MessageWriter(MAIN, "server", False)
    writer.next_serial = 40
    writer.encode(MigrateCancel())
    assert writer.encode(MigrateCancel()) == full(102, serial=41)


def test_nobody_sends_what_is_not_theirs() -> None:
    with pytest.raises(LocalProtocolError) as caught:
        MessageWriter(MAIN, "server", True).encode(Pong(id=1, timestamp=1))
    assert caught.value.id == "spice/misplaced"


@pytest.mark.parametrize("message", [OpaqueMessage(1, "", bytes(MAX_BODY + 1)), OpaqueMessage(70000, "", b"")])
def test_what_no_header_can_carry(message: OpaqueMessage) -> None:
    with pytest.raises(EncodeError):
        MessageWriter(MAIN, "server", True).encode(message)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_real_traffic_is_unusual(name: str) -> None:
    for connection in run(name).connections:
        received = [one.received for one in connection.sightings if one.received is not None]
        assert [one for one in received if one.raw is not None or one.error or one.sub_list] == []
        assert [one.number for one in received if not one.name] == []
