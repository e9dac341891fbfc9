"""Published numbers stay: of messages, entries, members of enumerations, capabilities and parameters."""

from __future__ import annotations

import pytest

from tests.derive.index_numbers import Groups, changed, merged, present, published

ONE: dict[str, Groups] = {"talk": {"messages": {"Say": 1, "Hear": 2}}}


@pytest.mark.requirement("CH-031", "HS-213")
def test_no_published_number_changes_or_goes() -> None:
    assert changed(published(), present()) == []


@pytest.mark.requirement("HS-213")
def test_every_number_is_published() -> None:
    """Fails when something new was declared: run python -m tests.derive.index_numbers."""
    assert changed(present(), published()) == []


@pytest.mark.requirement("HS-213")
def test_no_number_is_used_twice() -> None:
    for groups in published().values():
        for group, numbers in groups.items():
            assert len({number & 0x7FFF for number in numbers.values()}) == len(numbers), group


@pytest.mark.parametrize(
    ("now", "gone"),
    [
        ({"Say": 1, "Hear": 2, "Ask": 3}, []),
        ({"Say": 1}, ["talk: messages: Hear"]),
        ({"Say": 2, "Hear": 1}, ["talk: messages: Say", "talk: messages: Hear"]),
    ],
)
def test_changes_are_named(now: dict[str, int], gone: list[str]) -> None:
    assert changed(ONE, {"talk": {"messages": now}}) == gone


def test_the_index_is_only_added_to() -> None:
    now: dict[str, Groups] = {"talk": {"messages": {"Ask": 3, "Say": 7}}}
    assert merged(ONE, now) == {"talk": {"messages": {"Say": 1, "Hear": 2, "Ask": 3}}}
