"""The capability matrix: whatever three peers can, the machines lead them to the best way that they share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from wireformat.protocols.spice.codes import CommonCapability, MainCapability
from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.protocols.spice.modes import (
    Abilities,
    Mode,
    best_mode,
    can_be_asked,
    has_mini_headers,
    offered_mode,
    takes_over,
    takes_seamless,
)
from wireformat.schema.machine import Machine

MACHINE = Machine(TRANSITIONS)
SEMI, SEAMLESS = MainCapability.SEMI_SEAMLESS_MIGRATE, MainCapability.SEAMLESS_MIGRATE
TOKENS = MainCapability.AGENT_CONNECTED_TOKENS
OLD, PLAIN, NEW = Abilities(MainCapability(0)), Abilities(SEMI | TOKENS), Abilities()


def peers(*bits: MainCapability) -> Iterator[Abilities]:
    """Every peer that has some of the bits, with and without mini headers."""
    for chosen in product((MainCapability(0), *bits), repeat=len(bits)):
        main = MainCapability(0)
        for bit in chosen:
            main |= bit
        for common in (CommonCapability(0), CommonCapability.MINI_HEADER):
            yield Abilities(main, common)


CLIENTS = tuple(dict.fromkeys(peers(SEMI, TOKENS, SEAMLESS)))
SERVERS = tuple(dict.fromkeys(peers(SEMI, SEAMLESS)))


class Trio:
    """The three machines, stepped together; an event that one of them does not have raises."""

    def __init__(self) -> None:
        self.states = {"client": "running", "source": "serving", "target": "alone"}

    def step(self, event: str, *roles: str) -> None:
        for role in roles:
            self.states[role] = MACHINE.step(role, self.states[role], event)


def migrate(client: Abilities, source: Abilities, target: Abilities) -> Mode:
    """Let the guest migrate, and the client follow; the way it went."""
    trio = Trio()
    trio.step("migrate-connect", "source")
    offered = offered_mode(client, source)
    if offered is Mode.SWITCH_HOST:
        trio.step("connect-done", "source")
    else:
        trio.step("MigrateBeginSeamless" if offered is Mode.SEAMLESS else "MigrateBegin", "source", "client")
        link(trio, target, offered)
        trio.step("connect-done", "source")
    trio.step("migrate-success", "source")
    return follow(trio)


def link(trio: Trio, target: Abilities, offered: Mode) -> None:
    """The client links to the target and answers."""
    if not takes_over(target):
        for event in ("target-failed", "close-target"):
            trio.step(event, "client")
        trio.step("MigrateConnectError", "client", "source")
        return
    trio.step("link-migrating", "target")
    trio.step("target-linked", "client")
    if offered is Mode.SEAMLESS:
        ask(trio, target)
    trio.step("channels-linked", "client")
    seamless = trio.states["client"] == "attached-seamless"
    trio.step("MigrateConnectedSeamless" if seamless else "MigrateConnected", "client", "source")


def ask(trio: Trio, target: Abilities) -> None:
    if not can_be_asked(target):
        trio.step("go-semi-seamless", "client")
        return
    trio.step("MigrateDstDoSeamless", "client", "target")
    answer = "MigrateDstSeamlessAck" if takes_seamless(target) else "MigrateDstSeamlessNack"
    trio.step(answer, "target", "client")


def follow(trio: Trio) -> Mode:
    """The end as the source tells it."""
    row = TRANSITIONS["source"][trio.states["source"]]
    if "ServerMigrateEnd" in row:
        trio.step("ServerMigrateEnd", "source", "client")
        trio.step("close-source", "client")
        trio.step("ClientMigrateEnd", "client", "target")
        trio.step("Init", "target", "client")
        mode = Mode.SEMI_SEAMLESS
    elif "Migrate" in row:
        trio.step("Migrate", "source", "client")
        trio.step("channels-restored", "target")
        trio.step("channels-moved", "client")
        trio.step("close-source", "client")
        mode = Mode.SEAMLESS
    else:
        trio.step("MigrateSwitchHost", "source", "client")
        trio.step("close-all", "client")
        trio.step("link", "target")
        trio.step("linked", "client")
        trio.step("Init", "target", "client")
        mode = Mode.SWITCH_HOST
    for event in ("client-left", "end-done"):
        trio.step(event, "source")
    assert trio.states == {"client": "running", "source": "migrated", "target": "serving"}
    return mode


@pytest.mark.requirement("SP-090", "SP-091", "SP-092", "SP-093", "SP-094")
def test_all_combinations_end_in_the_best_way() -> None:
    """16 clients, 8 sources and 8 targets, the source allowed to migrate seamlessly and not."""
    assert (len(CLIENTS), len(SERVERS)) == (16, 8)
    ways = set()
    for client, source, target, may in product(CLIENTS, SERVERS, SERVERS, (True, False)):
        allowed = Abilities(source.main, source.common, may_seamless=may)
        best = best_mode(client, allowed, target)
        assert migrate(client, allowed, target) is best
        ways.add(best)
    assert ways == set(Mode)


@pytest.mark.requirement("SP-090", "SP-091", "SP-092", "SP-093", "SP-094", "SP-153")
@pytest.mark.parametrize(
    ("client", "source", "target", "mode"),
    [
        (NEW, NEW, NEW, Mode.SEAMLESS),
        (PLAIN, NEW, NEW, Mode.SEMI_SEAMLESS),
        (NEW, PLAIN, NEW, Mode.SEMI_SEAMLESS),
        (NEW, NEW, PLAIN, Mode.SEMI_SEAMLESS),
        (OLD, NEW, NEW, Mode.SWITCH_HOST),
        (NEW, OLD, NEW, Mode.SWITCH_HOST),
        (NEW, NEW, OLD, Mode.SWITCH_HOST),
        (NEW, Abilities(may_seamless=False), NEW, Mode.SEMI_SEAMLESS),
        (NEW, NEW, Abilities(may_seamless=False), Mode.SEAMLESS),
        (NEW, NEW, Abilities(version=0), Mode.SEMI_SEAMLESS),
        (NEW, NEW, Abilities(is_single=False), Mode.SEMI_SEAMLESS),
        (Abilities(SEMI | SEAMLESS), NEW, NEW, Mode.SEMI_SEAMLESS),
    ],
)
def test_best_mode(client: Abilities, source: Abilities, target: Abilities, mode: Mode) -> None:
    assert best_mode(client, source, target) is mode
    assert migrate(client, source, target) is mode


@pytest.mark.requirement("SP-050")
def test_headers_are_short_when_both_can() -> None:
    plain = Abilities(common=CommonCapability.AUTH_SELECTION)
    found = [has_mini_headers(*pair) for pair in ((NEW, NEW), (NEW, plain), (plain, NEW), (plain, plain))]
    assert found == [True, False, False, False]


@pytest.mark.requirement("SP-092")
def test_a_client_asks_only_a_target_that_can() -> None:
    assert [can_be_asked(peer) for peer in (NEW, PLAIN, OLD)] == [True, False, False]
    assert [takes_seamless(NEW, version) for version in (0, 1, 2)] == [True, True, False]
