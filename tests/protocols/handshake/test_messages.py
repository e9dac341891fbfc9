"""The messages: numbers, directions, what must be in them, and the byte strings that the design prints."""

from __future__ import annotations

from typing import Any

import pytest

from tests.derive.plain_bytes import frame, header
from tests.derive.vectors_handshake import HELLO_OF_THE_DESIGN
from wireformat.codec import codec_for, decode, encode
from wireformat.errors import DecodeError
from wireformat.protocols.channels.messages import ChannelHeader, ChannelKind, HeaderEntries, HeaderFlags
from wireformat.protocols.handshake import messages
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.frame import Frame
from wireformat.protocols.handshake.items.offer import ErrorEntries
from wireformat.schema.lift import lift

REJECT_OF_THE_DESIGN = bytes.fromhex(
    """800b0000 00000000 0000007f 15c5a7b8 80400000 00000077 80010000 00000002
    03018002 00000000 001c2f63 61706162 696c6974 6965732f 7a65726f 2d636f70
    792d7365 6e640003 00000000 0004226f 6e220004 00000000 000d2275 6e737570
    706f7274 65642200 05000000 00002064 65737469 6e617469 6f6e206c 61636b73
    207a6572 6f2d636f 70792d73 656e64"""
)
CHANNEL_OF_THE_DESIGN = bytes.fromhex(
    """5145564d 48530001 0201005d 9155fa89 00010203 04050607 08090a0b 0c0d0e0f
    80010000 00000007 6d756c74 69666480 02000000 00000200 03800300 00000000
    10aaaaaa aaaaaaaa aaaaaaaa aaaaaaaa aa800500 00000000 04000000 00"""
)

NUMBERS = {
    0x8001: ("Hello", "source"),
    0x8002: ("HelloReply", "destination"),
    0x8003: ("Inventory", "source"),
    0x8004: ("InventoryReply", "destination"),
    0x8005: ("Commit", "source"),
    0x8006: ("CommitAck", "destination"),
    0x8007: ("ChannelsReady", "destination"),
    0x8008: ("Start", "source"),
    0x8009: ("Resume", "source"),
    0x800A: ("ResumeReply", "destination"),
    0x800B: ("Reject", "either"),
    0x800C: ("Abort", "either"),
    0x000D: ("Progress", "either"),
    0x800E: ("ChannelAck", "destination"),
}


@pytest.mark.requirement("HS-213")
@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_and_directions(number: int) -> None:
    name, sender = NUMBERS[number]
    record = lift(getattr(messages, name)).record
    assert (record.code, record.sender) == (number, sender)


@pytest.mark.requirement("HS-005")
def test_what_never_changes_has_its_numbers() -> None:
    for cls in (messages.Hello, messages.HelloReply):
        assert {field.tag: field.name for field in lift(cls).record.fields}[0x8001] == "versions"
    for refusal in (messages.Reject, messages.Abort):
        assert {field.tag: field.name for field in lift(refusal).record.fields}[0x8040] == "errors"
    assert {field.name: field.tag for field in lift(ErrorEntries).record.fields} == {
        "code": 0x8001,
        "path": 0x8002,
        "expected": 0x0003,
        "actual": 0x0004,
        "text": 0x0005,
        "severity": 0x0006,
        "retry": 0x0007,
    }


@pytest.mark.parametrize(
    ("cls", "mandatory"),
    [
        (messages.Hello, {"versions", "nonce", "payloads"}),
        (
            messages.HelloReply,
            {
                "versions",
                "nonce",
                "payloads",
                "chosen_version",
                "migration_id",
                "channel_secret",
                "result_digest",
            },
        ),
        (messages.Commit, {"result", "transcript"}),
        (messages.CommitAck, {"transcript"}),
        (messages.Resume, {"epoch", "nonce", "proof", "sent"}),
        (messages.Progress, set()),
    ],
)
def test_what_is_mandatory_in_revision_1(cls: type, mandatory: set[str]) -> None:
    fields = lift(cls).record.fields
    assert {
        field.name for field in fields if not field.optional and not field.many and field.since is None
    } == mandatory


@pytest.mark.requirement("HS-110")
def test_the_transcript_stands_behind_everything_else() -> None:
    for cls in (messages.Commit, messages.CommitAck):
        tags = {field.name: (field.tag or 0) & 0x7FFF for field in lift(cls).record.fields}
        assert (tags.pop("transcript"), tags.pop("confirmation")) == (0x7FFD, 0x7FFE)
        assert all(tag < 0x7FFD for tag in tags.values())


@pytest.mark.requirement("HS-151")
def test_the_reject_of_the_design() -> None:
    item = ErrorEntries(
        code=ErrorCode.CAP_UNSUPPORTED,
        path="/capabilities/zero-copy-send",
        expected='"on"',
        actual='"unsupported"',
        text="destination lacks zero-copy-send",
    )
    value = Frame(sequence=0, message=messages.Reject(errors=(item,)))
    assert encode(value) == REJECT_OF_THE_DESIGN
    assert decode(Frame, REJECT_OF_THE_DESIGN) == value


def test_the_hello_of_the_design_lacks_its_payloads() -> None:
    with pytest.raises(DecodeError) as caught:
        decode(Frame, HELLO_OF_THE_DESIGN)
    assert (caught.value.id, caught.value.path) == ("missing", "message.payloads")
    whole = frame(0x8001, HELLO_OF_THE_DESIGN[16:-9] + bytes.fromhex("8008000000000007") + b"\6v1-raw")
    hello: Any = decode(Frame, whole).message
    assert (hello.versions, hello.nonce, hello.payloads) == ((1, 2, 0x1A1A), bytes(range(32)), ("v1-raw",))


@pytest.mark.requirement("CH-001", "CH-041")
def test_the_headers_of_the_design() -> None:
    value = ChannelHeader(
        kind=ChannelKind.DATA,
        flags=HeaderFlags.FROM_SOURCE,
        binding=bytes(range(16)),
        entries=HeaderEntries(channel_type="multifd", index=3, proof=b"\xaa" * 16, epoch=0),
    )
    assert codec_for(ChannelHeader, "1").encode(value) == CHANNEL_OF_THE_DESIGN
    assert header(1, 1, bytes(16)).hex() == "5145564d4853000101010020b0618ee8" + 32 * "0"
    assert header(1, 0, bytes(16)).hex() == "5145564d48530001010000202b12643c" + 32 * "0"
