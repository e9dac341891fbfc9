"""Whatever a name holds, a page shows it as text: checked through Markdown itself."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.interop.programs import require_module
from wireformat.derive.escape import anchor, cell, code, file_name, html, prose, table, visible

markdown = require_module("markdown", "docs")

HOSTILE = (
    "a|b",
    "two\nlines",
    "<script>alert(1)</script>",
    "<b>bold</b>",
    "**bold** _em_ `code`",
    "[x](javascript:alert(1))",
    "![x](http://example.org/x.png)",
    "{: onclick=alert(1) }",
    "&lt;&amp;&#60;",
    "</code></td></table>",
    "\\| \\",
    "# heading",
    "- item",
    "!!! note",
    "back\u202eward \x00 \u2028",
    "'\"quotes\"'",
    "http://example.org",
)


def shown(text: str) -> ElementTree.Element:
    """A piece of Markdown as the site renders it."""
    made = markdown.markdown(text, extensions=["tables", "attr_list", "md_in_html", "admonition", "toc"])
    return ElementTree.fromstring(f"<div>{made}</div>")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_shows_the_text_and_nothing_else(text: str) -> None:
    root = shown(table(("Name", "Code"), [(cell(text), code(text))]))
    rows = [list(row.iter("td")) for row in root.iter("tr")][1:]
    assert [len(row) for row in rows] == [2]
    assert ["".join(each.itertext()) for each in rows[0]] == [visible(text).strip(), visible(text).strip()]
    tags = {node.tag for node in root.iter()}
    assert tags <= {"div", "table", "thead", "tbody", "tr", "th", "td", "code"}
    assert all(not node.attrib for node in root.iter() if node.tag in ("td", "code"))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_sentence_shows_its_text(text: str) -> None:
    root = shown(prose(f"x {text}"))
    assert "".join(root.itertext()).strip() == "x " + visible(" ".join(text.split())).replace("`", "").strip()
    assert {node.tag for node in root.iter()} <= {"div", "p", "code"}


@pytest.mark.parametrize("text", HOSTILE)
def test_an_attribute_holds_the_text(text: str) -> None:
    root = shown(f'<pre><span title="{html(text)}">x</span></pre>')
    (span,) = root.iter("span")
    assert span.attrib == {"title": visible(text)}


def test_what_cannot_be_seen_is_written_out() -> None:
    assert visible("a\u202eb\0c\u2028\U000e0001") == "a\\u202eb\\x00c\\u2028\\U000e0001"


def test_readable_names_stay_readable() -> None:
    assert cell("page_size, 4-byte → é") == "page_size, 4-byte → é"
    assert cell("_x_ -- *") == "&#95;x&#95; &#45;&#45; &#42;"


def test_code_in_sentences() -> None:
    assert prose("one `a|b`\n two") == "one <code>a&#124;b</code> two"
    assert prose("one ` two") == "one &#96; two"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Command", "Command"),
        ("../../etc/passwd", "~..~2f~..~2f~etc~2f~passwd"),
        ("index", "~index"),
        ("Index", "~Index"),
        ("", "~"),
        ("a b", "a~20~b"),
        ("x" * 300, "x" * 120),
    ],
)
def test_file_names_are_one_safe_step(name: str, safe: str) -> None:
    assert file_name(name) == safe


def test_anchors_keep_names_that_files_may_not_have() -> None:
    assert anchor("field", "index") == "field-index"
    assert anchor("field", "a b") == "field-a~20~b"
