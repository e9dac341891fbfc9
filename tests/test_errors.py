"""The one error: how it reads, what it carries, and that it survives a process boundary."""

from __future__ import annotations

import pickle

import pytest

from wireformat.errors import DecodeError, EncodeError, WireError


def test_line_has_place_reason_and_source() -> None:
    error = DecodeError(
        "limit", "size 70000 exceeds 1024", path="spice.migrate_begin.host", offset=0x12, source="spice:main"
    )
    assert str(error) == "spice.migrate_begin.host at 0x12: size 70000 exceeds 1024 [spice:main]"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DecodeError("truncated", "needs 4 bytes, has 1", offset=0), "input at 0x0: needs 4 bytes, has 1"),
        (EncodeError("range", "256 is more than 255", path="a.b[3]"), "a.b[3]: 256 is more than 255"),
    ],
)
def test_parts_that_are_unknown_are_left_out(error: WireError, line: str) -> None:
    assert str(error) == line


def test_only_truncation_asks_for_more() -> None:
    assert DecodeError("truncated", "more").need_more
    assert not DecodeError("overrun", "too long").need_more


def test_error_survives_pickling_with_all_parts() -> None:
    error = DecodeError("constant", "differs", path="a", offset=7, expected=1, actual=b"\0", source="clause 1")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is DecodeError
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)
