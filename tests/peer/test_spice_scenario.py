"""What a VM program does, with our own client between our own servers."""

from __future__ import annotations

import pytest

from tests.peer.spice import Diary, client, served, until
from tests.peer.talk import run
from wireformat.peer.spice_scenario import SCENARIOS, Program

pytestmark = pytest.mark.slow

ENDS = {
    "switch-host": (["untold"], True),
    "semi-seamless": (["connected"], True),
    "seamless": (["connected-seamless"], True),
    "cancel": (["connected"], False),
    "cancel-seamless": (["connected-seamless"], False),
    "begin-twice": (["connected", "connected"], True),
    "cancel-then-again": (["connected", "connected"], True),
    "too-early": (["timeout"], True),
    "begin-only": (["connected"], False),
}
"""What the source learns, and whether the client is at the target in the end."""


def test_every_scenario_is_tried() -> None:
    assert ENDS.keys() == SCENARIOS.keys()


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario(name: str) -> None:
    scenario, (answers, moves) = SCENARIOS[name], ENDS[name]

    async def migrate() -> None:
        async with served() as target:
            program = Program(scenario, target.place, 0.02)
            options = {"is_seamless": scenario.is_seamless, "capabilities": scenario.capabilities}
            async with (
                served(Diary(program), None, 10.0, **options) as source,
                client(source.place) as (peer, _),
            ):
                await program.run(source.server)
                assert [done.answer for done in program.answers] == answers
                place = target.place if moves else source.place
                await until(lambda: peer.party.place.port == place.port)
                await until(lambda: peer.party.state in ("running", "ready"))

    run(migrate())
