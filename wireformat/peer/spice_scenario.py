"""What a VM program does while a client is connected: the calls that lead it through one kind of migration.

A scenario is a list of acts. `connect` announces the target, `wait` waits until the client has answered, `success`,
`failure` and `pause` are what they say. It is over when nothing is left to do, and after a success when the client has
left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from wireformat.peer.spice_server import SpiceServer
from wireformat.protocols.spice.client_party import MAIN_CAPABILITIES
from wireformat.protocols.spice.codes import ChannelType, MainCapability
from wireformat.protocols.spice.party_events import (
    ClientLeft,
    ConnectDone,
    EndDone,
    LinkMade,
    PartyEvent,
    Place,
    SessionOpened,
)

Act: TypeAlias = Literal["connect", "wait", "pause", "success", "failure"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the server can, and what its program does."""

    acts: tuple[Act, ...]
    is_seamless: bool = False
    capabilities: MainCapability = MAIN_CAPABILITIES


WHOLE: tuple[Act, ...] = ("connect", "wait", "pause", "success")

SCENARIOS: Mapping[str, Scenario] = {
    "switch-host": Scenario(WHOLE, capabilities=MainCapability(0)),
    "semi-seamless": Scenario(WHOLE),
    "seamless": Scenario(WHOLE, is_seamless=True),
    "cancel": Scenario(("connect", "wait", "pause", "failure", "pause")),
    "cancel-seamless": Scenario(("connect", "wait", "pause", "failure", "pause"), is_seamless=True),
    "begin-twice": Scenario(("connect", "wait", "pause", *WHOLE)),
    "cancel-then-again": Scenario(("connect", "wait", "failure", "pause", *WHOLE)),
    "too-early": Scenario(("connect", "success")),
    "begin-only": Scenario(("connect", "wait", "pause")),
}
"""Every scenario, by name."""


class Program:
    """Stands for the VM program of a source. Show it every event of the server; `run` does the acts."""

    def __init__(self, scenario: Scenario, place: Place, pause: float) -> None:
        self.answers: list[ConnectDone] = []
        self._scenario = scenario
        self._place = place
        self._pause = pause
        self._served = asyncio.Event()
        self._answered = asyncio.Event()
        self._ended = asyncio.Event()
        self._seen: set[str] = set()

    def __call__(self, event: PartyEvent) -> None:
        """Take note of an event."""
        match event:
            case SessionOpened():
                self._note("session")
            case LinkMade(channel) if channel.type != ChannelType.MAIN:
                self._note("channel")
            case ClientLeft():
                self._seen.clear()
            case ConnectDone():
                self.answers.append(event)
                self._answered.set()
            case EndDone():
                self._ended.set()

    def _note(self, what: str) -> None:
        self._seen.add(what)
        if len(self._seen) == 2:
            self._served.set()

    async def run(self, server: SpiceServer) -> None:
        """Wait for a client and its channel, then do one act after the other."""
        await self._served.wait()
        await asyncio.sleep(self._pause)
        for act in self._scenario.acts:
            await self._do(server, act)
        if "success" in self._scenario.acts:
            await self._ended.wait()

    async def _do(self, server: SpiceServer, act: Act) -> None:
        match act:
            case "connect":
                self._answered.clear()
                server.migrate_connect(self._place)
            case "wait":
                await self._answered.wait()
            case "pause":
                await asyncio.sleep(self._pause)
            case "success" | "failure":
                server.migrate_end(success=act == "success")
