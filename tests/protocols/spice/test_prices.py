"""The page of the specification shows what cannot be guaranteed, by the runs that the explorer finds.

`python -m tests.protocols.spice.test_prices` writes the runs into the page.
"""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.house.project import ROOT
from wireformat.explore.search import explore
from wireformat.protocols.spice.world import CLAIMS, WORLDS

PAGE = ROOT / "spec" / "protocols" / "spice.md"
PLACE = re.compile(r"<!-- (S-\d\d-[a-z]+) -->\n(?:\n```\n(.*?)```\n)?", re.DOTALL)
PRICES = [claim.id for claim in CLAIMS if not claim.is_guaranteed]


@cache
def shortest(claim: str) -> str:
    """The shortest run that violates a claim, a line for each step."""
    for world in WORLDS.values():
        if claim in {check.claim for check in world.checks}:
            violation = explore(world, [claim], is_hasty=True).violation(claim)
            assert violation is not None
            rows = [
                (f"{act.sender} ─> {act.receiver}" if act.sender != act.receiver else act.sender, act.event, act.note)
                for act in violation.run
            ]
            width = max(len(who) for who, _, _ in rows)
            return "".join(f"{who:{width}}  {event}{f' ({note})' if note else ''}\n" for who, event, note in rows)
    raise KeyError(claim)


@pytest.mark.parametrize("claim", PRICES)
def test_the_page_shows_the_shortest_run(claim: str) -> None:
    """Fails when the tables or the worlds changed: run python -m tests.protocols.spice.test_prices."""
    shown = {match[1]: match[2] for match in PLACE.finditer(PAGE.read_text(encoding="utf-8"))}
    assert shown[claim] == shortest(claim)


def test_the_page_shows_no_other() -> None:
    assert sorted(match[1] for match in PLACE.finditer(PAGE.read_text(encoding="utf-8"))) == sorted(PRICES)


def main() -> None:
    """Write the runs into the page."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(PLACE.sub(lambda match: f"<!-- {match[1]} -->\n\n```\n{shortest(match[1])}```\n", text), "utf-8")


if __name__ == "__main__":
    main()
