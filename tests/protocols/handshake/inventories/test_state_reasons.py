"""Error items about state: what they concern, and who has to change."""

from __future__ import annotations

import pytest

from wireformat.protocols.handshake.error_codes import ErrorCode, Retry
from wireformat.protocols.handshake.inventories.state_reasons import (
    error,
    escaped,
    feature_path,
    in_order,
    section_path,
    subsection_path,
)


@pytest.mark.parametrize(
    ("name", "step"), [("pc.ram", "pc.ram"), ("a/b", "a~1b"), ("a~b", "a~0b"), ("~1", "~01"), ("/~", "~1~0")]
)
def test_names_are_escaped_as_json_pointers_want(name: str, step: str) -> None:
    assert escaped(name) == step


def test_paths() -> None:
    assert section_path("0000:00:03.0/virtio-net", 1) == "/sections/0000:00:03.0~1virtio-net[1]"
    assert subsection_path("nic", 0, "nic/rss") == "/sections/nic[0]/subsections/nic~1rss"
    assert feature_path("nic", 0, "uso4") == "/sections/nic[0]/features/uso4"


@pytest.mark.parametrize(
    ("code", "retry"),
    [
        (ErrorCode.SECTION_MISSING_ON_SRC, Retry.AFTER_CHANGE_ON_SOURCE),
        (ErrorCode.MISSING, Retry.AFTER_CHANGE_ON_SOURCE),
        (ErrorCode.SECTION_UNKNOWN, Retry.AFTER_CHANGE_ON_DESTINATION),
        (ErrorCode.MACHINE_TYPE, Retry.AFTER_CHANGE_ON_DESTINATION),
    ],
)
def test_an_item_says_who_has_to_change(code: ErrorCode, retry: Retry) -> None:
    assert error(code, "/x", "text").retry == retry


def test_values_are_json() -> None:
    found = error(ErrorCode.MACHINE_TYPE, "/machine/type", "differ", "pc", 3)
    assert (found.expected, found.actual) == ('"pc"', "3")
    assert error(ErrorCode.MACHINE_TYPE, "/machine/type", "differ").expected is None


def test_order_is_by_code_and_path() -> None:
    items = [
        error(ErrorCode.RAMBLOCK, "/b", ""),
        error(ErrorCode.RAMBLOCK, "/a", ""),
        error(ErrorCode.MACHINE_TYPE, "/z", ""),
    ]
    assert in_order(items) == (items[2], items[1], items[0])
