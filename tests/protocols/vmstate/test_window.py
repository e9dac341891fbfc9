"""A window shows the bytes that are there, whether they stay or pass by, and says where it stands."""

from __future__ import annotations

import pytest

from wireformat.codec import codec_for
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.messages import Configuration, Header, subsection_marker
from wireformat.protocols.vmstate.window import FIRST_SLICE, KEEP, Window, shifted

HEADER = b"QEVM\0\0\0\3"


def growing(*pieces: bytes) -> Window:
    """A window that has been fed."""
    window = Window()
    for piece in pieces:
        window.feed(piece)
    return window


def test_a_window_on_bytes_shows_all() -> None:
    window = Window(HEADER)
    assert (window.position, window.end, window.available, window.final, window.whole) == (0, 8, 8, True, True)


def test_a_window_shows_what_it_is_told_to() -> None:
    window = Window(HEADER, visible=3)
    assert (window.available, window.final) == (3, False)
    window.show(2)
    assert (window.available, window.final, window.peek(8)) == (5, False, HEADER[:5])
    window.show(100)
    assert (window.available, window.final) == (8, True)


def test_a_growing_window() -> None:
    window = growing(b"ab", b"cd")
    assert (window.peek(9), window.final, window.whole) == (b"abcd", False, False)
    window.skip(3)
    assert (window.peek(1), window.available, window.peek(4, 1)) == (b"d", 1, b"")


def test_consumed_bytes_are_forgotten() -> None:
    """Memory stays bounded; positions go on counting from the start of the stream."""
    window = growing(bytes(KEEP + 10))
    window.skip(KEEP + 4)
    window.feed(b"xyz")
    assert (window.base, len(window.buffer), window.end) == (KEEP + 4, 9, KEEP + 13)
    assert window.peek(9) == bytes(6) + b"xyz"


def test_a_position_ahead_of_the_bytes() -> None:
    """What has been skipped before it came is never held."""
    window = growing(b"ab")
    window.skip(10)
    assert window.available == 0
    window.feed(b"cdefgh")
    assert (len(window.buffer), window.available) == (0, 0)
    window.feed(b"ijklm")
    assert (window.peek(9), window.position, window.end) == (b"klm", 10, 13)


def test_need() -> None:
    window = growing(b"abc")
    window.need(3)
    with pytest.raises(DecodeError) as caught:
        window.need(4)
    assert (caught.value.id, caught.value.offset) == ("truncated", 3)


@pytest.mark.parametrize("window", [Window(b""), Window(HEADER, visible=2)])
def test_only_a_growing_window_can_be_fed(window: Window) -> None:
    with pytest.raises(ValueError, match="closed"):
        window.feed(b"x")


def test_nothing_follows_the_end() -> None:
    window = growing(b"a")
    window.final = True
    with pytest.raises(ValueError, match="closed"):
        window.feed(b"b")


def test_a_message_is_taken() -> None:
    window = growing(HEADER, b"rest")
    assert window.take(codec_for(Header), "header") == Header(version=3)
    assert window.position == 8


def test_a_message_longer_than_the_first_slice() -> None:
    name = "m" * (3 * FIRST_SLICE)
    data = len(name).to_bytes(4, "big") + name.encode()
    window = Window(b"##" + data + bytes(FIRST_SLICE))
    value, end = window.decode(codec_for(Configuration), 2)
    assert (value.name, end) == (name, 2 + len(data))


def test_errors_count_from_the_start_of_the_stream() -> None:
    window = growing(bytes(100), b"QEVX\0\0\0\3")
    with pytest.raises(DecodeError) as caught:
        window.decode(codec_for(Header), 100, path="header")
    assert (caught.value.path, caught.value.offset) == ("header.magic", 100)


def test_a_subsection_may_still_follow() -> None:
    """Configuration ends where no subsection begins, which shows only in the bytes behind it."""
    data = b"\0\0\0\2pc"
    window = growing(data)
    with pytest.raises(DecodeError) as caught:
        window.decode(codec_for(Configuration), 0)
    assert caught.value.need_more
    window.feed(subsection_marker("configuration/uuid", 1) + bytes(range(16)))
    window.final = True
    value, end = window.decode(codec_for(Configuration), 0)
    assert (value.uuid, end) == (bytes(range(16)), window.end)


@pytest.mark.parametrize(
    ("path", "name", "joined"),
    [("a", "b", "b.a"), ("", "b", "b"), ("a", "", "a"), ("[3].a", "b", "b[3].a"), ("", "", "")],
)
def test_a_shifted_error(path: str, name: str, joined: str) -> None:
    error = DecodeError("range", "detail", path=path, offset=3, expected=1, actual=2, source="s")
    moved = shifted(error, 40, name)
    assert (moved.path, moved.offset, error.offset) == (joined, 43, 3)
    assert (moved.id, moved.detail, moved.expected, moved.actual, moved.source) == ("range", "detail", 1, 2, "s")


def test_an_error_without_a_place_stays_without() -> None:
    assert shifted(DecodeError("range", "detail"), 5).offset is None
