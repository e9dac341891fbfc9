"""Foreign text in Markdown, HTML and file names: it is shown, never obeyed.

Schemas come from anywhere, and a name in one may hold pipes, line breaks, tags or text that runs backwards. Whatever
could be markup becomes a character reference, which Markdown and HTML both leave alone; what cannot be seen is written
out as `\\x..` or `\\u....`. Documentation sentences may hold code between backticks, nothing else.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_PLAIN = frozenset(" .,;:()=+/?%\"'")
_FILE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.")


def visible(text: str) -> str:
    """The text on one line, with what cannot be seen written out."""
    return "".join(map(_visible, text.replace("\r\n", "\n").replace("\n", " ")))


def _visible(letter: str) -> str:
    if letter == " " or unicodedata.category(letter)[0] not in "CZ":
        return letter
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cell(text: str) -> str:
    """Text for a Markdown table or line: no character of it is markup."""
    shown = visible(text)
    return "".join(
        letter if _is_plain(letter) or _joins_words(shown, place) else f"&#{ord(letter)};"
        for place, letter in enumerate(shown)
    )


def _is_plain(letter: str) -> bool:
    """Letters, digits, harmless signs, and all that is beyond ASCII: markup is not."""
    return letter.isalnum() or letter in _PLAIN or ord(letter) > 0x7F


def _joins_words(text: str, place: int) -> bool:
    """A low line or hyphen between letters is no markup and better left readable."""
    return text[place] in "_-" and 0 < place < len(text) - 1 and (text[place - 1] + text[place + 1]).isalnum()


def code(text: str) -> str:
    """Text in the type of a computer, for Markdown."""
    return f"<code>{cell(text)}</code>" if text else ""


def prose(text: str) -> str:
    """A sentence of documentation for Markdown: parts between backticks are code."""
    parts = " ".join(text.split()).split("`")
    if len(parts) % 2 == 0:
        return cell(text)
    return "".join(code(part) if index % 2 else cell(part) for index, part in enumerate(parts))


def html(text: str) -> str:
    """Text for HTML and SVG, also inside double quotes, also where Markdown looks at it first."""
    return cell(text).replace('"', "&#34;").replace("'", "&#39;")


def link(text: str, target: str, fragment: str = "") -> str:
    """A Markdown link; `target` is a path of file names made here."""
    return f"[{text}]({target}{'#' + fragment if fragment else ''})"


def file_name(name: str) -> str:
    """A name that is safe as one step of a path; different names stay different."""
    safe = _safe(name)
    if safe.startswith(".") or safe.lower() in ("", "index", "readme"):
        return f"~{safe}"
    return safe


def _safe(name: str) -> str:
    return "".join(letter if letter in _FILE else f"~{ord(letter):x}~" for letter in name)[:120]


def anchor(prefix: str, name: str) -> str:
    """The stable anchor of a named thing on a page."""
    return f"{prefix}-{_safe(name)}"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table of cells that are escaped already; empty when there are no rows."""
    if not rows:
        return ""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
