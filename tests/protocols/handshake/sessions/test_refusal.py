"""From errors to error items and back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wireformat.errors import DecodeError, EncodeError, LocalProtocolError, RemoteProtocolError
from wireformat.protocols.handshake.error_codes import ErrorCode, Retry, Severity
from wireformat.protocols.handshake.items.offer import ErrorEntries
from wireformat.protocols.handshake.messages import Abort, Reject
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.frames import FIRST_LIMIT, FrameWriter
from wireformat.protocols.handshake.sessions.refusal import (
    Violation,
    error_entries,
    error_item,
    errors_of,
    item,
    items_of,
    pointer,
    refusing,
    violation,
)


@pytest.mark.requirement("HS-157")
@pytest.mark.parametrize(
    ("id", "code"),
    [
        ("checksum", "CRC"),
        ("handshake/sequence", "SEQUENCE"),
        ("order", "NON_CANONICAL"),
        ("duplicate", "DUPLICATE"),
        ("missing", "MISSING"),
        ("tag", "UNKNOWN_CRITICAL"),
        ("limit", "LIMIT"),
        ("overrun", "MALFORMED"),
        ("text", "MALFORMED"),
    ],
)
def test_codes_of_errors(id: str, code: str) -> None:
    (found,) = items_of(DecodeError(id, "why", path="message.capabilities[3].name", expected=1, actual=b"no"))
    assert (found.code.name, found.path, found.text) == (code, "/capabilities/3/name", "why")
    assert (found.expected, found.actual) == ("1", None)


def test_whose_fault_it_is() -> None:
    assert items_of(RemoteProtocolError("illegal-event", "no"))[0].code == ErrorCode.UNEXPECTED
    for error in (EncodeError("limit", "too much"), LocalProtocolError("illegal-event", "no")):
        assert items_of(error)[0].code == ErrorCode.INTERNAL


@pytest.mark.requirement("HS-151", "HS-157")
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", ""),
        ("message", ""),
        ("crc", "/crc"),
        ("message.sections[0].entries.subsections[12]", "/sections/0/entries/subsections/12"),
        ('message["#tag"]', "/#tag"),
    ],
)
def test_pointers(path: str, expected: str) -> None:
    assert pointer(path) == expected


def test_a_violation_holds_its_items_in_order() -> None:
    late, early = item(ErrorCode.BUSY, "/b"), item(ErrorCode.CRC, "/z")
    assert Violation((late, early, late)).items == (early, late)
    assert items_of(violation(ErrorCode.BUSY, "/b")) == (late,)
    assert late.retry == Retry.LATER


@pytest.mark.requirement("HS-151", "HS-153")
def test_items_travel() -> None:
    whole = ErrorItem(
        ErrorCode.CAP_UNSUPPORTED,
        "/capabilities/zero-copy-send",
        '"on"',
        '"unsupported"',
        "destination lacks zero-copy-send",
        Severity.WARNING,
        Retry.AFTER_CHANGE_ON_DESTINATION,
    )
    assert error_item(error_entries(whole)) == whole
    assert error_item(error_entries(item(ErrorCode.CRC))) == item(ErrorCode.CRC)


def test_long_and_odd_texts_are_cut() -> None:
    entries = error_entries(item(ErrorCode.CRC, "/" + "p" * 2000, "\u00e4" * 400 + "\0"))
    assert entries.path == "/" + "p" * 1023
    assert entries.text == "\u00e4" * 256
    assert error_entries(item(ErrorCode.CRC, text="a\0b")).text == "ab"


@pytest.mark.requirement("CH-026")
def test_items_travel_in_the_order_of_their_bytes() -> None:
    items = [item(ErrorCode.CRC, "/long/path"), item(ErrorCode.CRC, "/z"), item(ErrorCode.BUSY), item(ErrorCode.BUSY)]
    sent = refusing(items, TODAY)
    assert [found.path for found in sent] == ["/z", "/long/path", ""]
    encoded = [TODAY.part(found) for found in sent]
    assert encoded == sorted(set(encoded))


@pytest.mark.requirement("HS-150")
def test_a_refusal_without_a_fatal_reason_gets_one() -> None:
    assert [found.code for found in errors_of(Reject())] == [ErrorCode.MISSING]
    warning = ErrorEntries(code=ErrorCode.BUSY, severity=Severity.WARNING)
    assert [found.code for found in errors_of(Abort(errors=(warning,)))] == [ErrorCode.BUSY, ErrorCode.MISSING]
    assert [found.code for found in errors_of(Abort(errors=(ErrorEntries(code=ErrorCode.BUSY),)))] == [ErrorCode.BUSY]


@pytest.mark.requirement("HS-150")
@pytest.mark.parametrize(("count", "sent"), [(63, 63), (64, 64), (65, 64), (5000, 64)])
def test_a_message_takes_so_many_items(count: int, sent: int) -> None:
    reasons = [item(ErrorCode.SECTION_UNKNOWN, f"/{index}") for index in range(count)]
    found = refusing(reasons, TODAY)
    assert len(found) == sent
    rest = [(entries.path, entries.text) for entries in found if entries.severity == Severity.WARNING]
    assert rest == ([("/errors", f"there are {count - 63} more reasons")] if count > 64 else [])
    assert len(Violation(reasons).items) == count


@pytest.mark.requirement("HS-150")
def test_what_is_fatal_is_said_first() -> None:
    warnings = [replace(item(ErrorCode.CRC, f"/{index}"), severity=Severity.WARNING) for index in range(100)]
    found = refusing([*warnings, item(ErrorCode.INTERNAL, "/the/reason")], TODAY)
    assert [entries.path for entries in found if entries.severity == Severity.FATAL] == ["/the/reason"]
    assert len(found) == 64
    assert len(refusing(errors_of(Reject(errors=tuple(map(error_entries, warnings[:64])))), TODAY)) == 64


@pytest.mark.requirement("HS-150")
def test_a_message_takes_so_many_bytes() -> None:
    """The longest items: a message of 64 of them would be longer than what a peer takes."""
    reasons = [item(ErrorCode.CRC, f"/{index}" + "p" * 2000, "t" * 600, actual="a" * 600) for index in range(64)]
    frame = FrameWriter(TODAY, TODAY.frames()).encode(Reject(errors=refusing(reasons, TODAY)))
    assert 1 << 15 < len(frame) < FIRST_LIMIT
