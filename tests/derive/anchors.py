"""The anchors that links from elsewhere may rely on: `python -m tests.derive.anchors` adds new ones to the list.

`spec/anchors.txt` lists every page and anchor that was ever published. Lines are only added: one that vanishes breaks a
link somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.house.project import ROOT
from wireformat.catalogue import CATALOGUE
from wireformat.cli.docs import vectors_in
from wireformat.derive.pages import pages
from wireformat.derive.subject import Subject, subject_of
from wireformat.protocols import NAMES, protocol

LIST = ROOT / "spec" / "anchors.txt"
SECTIONS = {
    "Fields",
    "Bits",
    "Notation",
    "Bytes",
    "Malformed",
    "Errors",
    "Machine",
    "Limits",
    "Numbers",
    "Requirements",
}


def present() -> Iterator[str]:
    """Every page, and every anchor on it that is meant to stay: fields, requirements, sections."""
    for path, text in pages(map(_subject, NAMES), CATALOGUE).items():
        if path.endswith(".md") and path != "print.md":
            page = path.removesuffix("index.md").removesuffix(".md")
            yield page or "/"
            yield from (f"{page}#{anchor}" for anchor in re.findall(r'<a id="([^"]+)">', text))
            headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
            yield from (f"{page}#{heading.lower()}" for heading in headings if heading in SECTIONS)


def _subject(name: str) -> Subject:
    prose = ROOT / "spec" / "protocols" / f"{name}.md"
    vectors = vectors_in(ROOT / "spec" / "vectors" / name)
    return subject_of(protocol(name), vectors=vectors, prose=prose.read_text() if prose.exists() else "")


def listed() -> list[str]:
    """The published anchors."""
    return LIST.read_text(encoding="utf-8").splitlines() if LIST.exists() else []


def main() -> None:
    """Add what is new."""
    LIST.write_text("\n".join(sorted({*listed(), *present()})) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
