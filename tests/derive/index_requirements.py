"""The requirements of all protocols as data: `python -m tests.derive.index_requirements` writes the list.

`spec/requirements/requirements.json` is for whoever tests a program in another language: id, protocol, level, text and
origin of every requirement, in the order of the pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.house.project import ROOT
from wireformat.derive.ledger import Requirement, requirements
from wireformat.protocols import NAMES

LIST = ROOT / "spec" / "requirements" / "requirements.json"
PROSE = ROOT / "spec" / "protocols"
ORIGIN = re.compile(
    r" \[((?:R-[A-Z]+-\d+|[a-z-]+ [A-Z0-9.]+)(?:, (?:R-[A-Z]+-\d+|[a-z-]+ [A-Z0-9.]+|[A-Z]?[0-9.]+))*)\]$"
)


def of_protocol(name: str) -> list[Requirement]:
    """The requirements on a protocol's page; none without a page."""
    page = PROSE / f"{name}.md"
    return requirements(page.read_text(encoding="utf-8")) if page.exists() else []


def entries() -> Iterator[dict[str, Any]]:
    """Every requirement."""
    for name in NAMES:
        for found in of_protocol(name):
            text, origin = parted(found.text)
            yield {"id": found.id, "protocol": name, "level": found.level, "text": text, "origin": origin}


def parted(text: str) -> tuple[str, list[str]]:
    """A requirement's sentences, and what they rest on: `[handshake D.2, E.1]` is two clauses of one collection."""
    match = ORIGIN.search(text)
    if match is None:
        return text, []
    found: list[str] = []
    collection = ""
    for part in match[1].split(", "):
        if " " in part:
            collection = part.partition(" ")[0]
        is_bare = " " not in part and not part.startswith("R-")
        found.append(f"{collection} {part}" if is_bare else part)
    return text[: match.start()], found


def main() -> None:
    """Write the list."""
    LIST.parent.mkdir(exist_ok=True)
    LIST.write_text(json.dumps(list(entries()), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
