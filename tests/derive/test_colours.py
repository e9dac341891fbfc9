"""A field and its parts share a colour; what is no field has none."""

from __future__ import annotations

import pytest

from wireformat.derive.colours import colour
from wireformat.derive.pages import stylesheet
from wireformat.protocols.vmstate.messages import Command
from wireformat.schema import lift


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("command", "wf-c0"),
        ("body", "wf-c1"),
        ("body size", "wf-c1"),
        ("body.ranges[0].start", "wf-c1"),
        ("", "wf-none"),
        ("x", "wf-none"),
    ],
)
def test_colour(path: str, expected: str) -> None:
    assert colour(lift(Command).record, path) == expected


def test_every_colour_is_in_the_stylesheet() -> None:
    text = stylesheet()
    assert all(f".wf-c{number} {{" in text for number in range(8))
    assert ".wf-none {" in text
