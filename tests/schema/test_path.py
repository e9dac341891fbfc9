"""Paths: text and names determine each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireformat.errors import SchemaError
from wireformat.schema.path import join, parse

NAMES = st.one_of(st.text(max_size=6), st.integers(0, 99), st.sampled_from(["a", "_x", "größe"]))


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ((), ""),
        (("block",), "block"),
        (("block", "pages", 3, "offset"), "block.pages[3].offset"),
        (("devices", "0000:00:03.0/virtio-net", "vdev"), 'devices["0000:00:03.0/virtio-net"].vdev'),
        (("env.cr[4]",), '["env.cr[4]"]'),
        ((0, 1), "[0][1]"),
        (("", 'a"b'), '[""]["a\\"b"]'),
    ],
)
def test_grammar(names: tuple[str | int, ...], text: str) -> None:
    assert join(names) == text
    assert parse(text) == names


@given(st.lists(NAMES, max_size=5))
def test_parse_undoes_join(names: list[str | int]) -> None:
    assert parse(join(names)) == tuple(names)


@pytest.mark.parametrize("text", [".a", "a..b", "a.[1]", "a[1]b", "[x]", "a b", "a[", '["a]', "a."])
def test_malformed(text: str) -> None:
    with pytest.raises(SchemaError) as caught:
        parse(text)
    assert caught.value.id == "path"
