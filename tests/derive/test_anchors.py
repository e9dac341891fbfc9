"""No published anchor vanishes, and new ones are published."""

from __future__ import annotations

import pytest

from tests.derive.anchors import listed, present


@pytest.mark.slow
def test_anchors_are_stable() -> None:
    published, now = listed(), set(present())
    assert len(published) > 300
    assert published == sorted(set(published))
    assert set(published) - now == set(), "vanished: links from elsewhere break"
    assert now - set(published) == set(), "new: run python -m tests.derive.anchors"


def test_fields_and_errors_are_among_them() -> None:
    assert {"vmstate/Command#field-body", "vmstate/Command#bytes", "errors/vmstate/footer"} <= set(listed())
