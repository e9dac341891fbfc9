"""All pages of the protocols on one page, for printing: the same texts, their links and anchors led to where they are.

Headings go one level down, so that each page is a chapter; anchors get their page's name in front, since two messages
may have fields of one name.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

_HEADING = re.compile(r"^(#+) ", re.MULTILINE)
_ANCHOR = re.compile(r'<a id="([^"]+)">')
_TARGET = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")
_CRUMBS = re.compile(r"^\[[^\n]*\]\([^\n]*\)(?: › [^\n]*)?\n\n", re.MULTILINE)


def print_page(chapters: Iterable[str], texts: Mapping[str, str]) -> str:
    """One page of the chapters, which are paths in `texts`."""
    parts = [_chapter(path, texts[path]) for path in chapters]
    return "# All on one page\n\n" + "\n".join(parts)


def _chapter(path: str, text: str) -> str:
    text = _CRUMBS.sub("", text, count=1)
    text = _HEADING.sub(r"\1# ", text)
    name = path.removesuffix(".md").replace("/", "-")
    text = _ANCHOR.sub(rf'<a id="{name}-\1">', text)
    folder = posixpath.dirname(path)

    def moved(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[1])) if match[1] else path
        return f"]({target}{match[2] or ''})"

    return _TARGET.sub(moved, text)
