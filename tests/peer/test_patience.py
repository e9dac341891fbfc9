"""Patience ends with silence, and with nothing else."""

from __future__ import annotations

import asyncio

from tests.peer.talk import run
from wireformat.peer.patience import Patience


async def silences(limit: float, touches: int, pause: float, after: float) -> int:
    """How often silence was found, with so many signs of life and a time without any."""
    found: list[None] = []

    def silence() -> None:
        found.append(None)

    patience = Patience(limit)
    watching = asyncio.create_task(patience.watch(silence))
    for _ in range(touches):
        await asyncio.sleep(pause)
        patience.touch()
    await asyncio.sleep(after)
    watching.cancel()
    return len(found)


def test_signs_of_life_renew_it() -> None:
    assert run(silences(0.2, touches=8, pause=0.05, after=0.0)) == 0


def test_silence_ends_it() -> None:
    assert run(silences(0.1, touches=0, pause=0.0, after=0.15)) == 1


def test_further_silence_is_told_again() -> None:
    assert run(silences(0.1, touches=0, pause=0.0, after=0.35)) >= 2
