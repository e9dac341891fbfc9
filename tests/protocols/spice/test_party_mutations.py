"""Broken bytes against each party: a typed error or a close, soon, and servers that still serve the next client.

Each case is a migration in memory of which one delivery is mutated, cut or replaced by random bytes, whatever it holds:
link stages, messages, state. `WIREFORMAT_SOAK=1` runs 100,000 against each party, else 10,000 in all.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from functools import cache
from random import Random
from typing import Any

import pytest

from tests.mutation import mutated
from tests.protocols.spice.trio import TARGET, Cable, Trio
from wireformat.errors import WireError
from wireformat.protocols.spice import ticket
from wireformat.protocols.spice.client_party import MAIN_CAPABILITIES, ClientConfig, ClientParty
from wireformat.protocols.spice.codes import CommonCapability, MainCapability
from wireformat.protocols.spice.lane import ClientLane
from wireformat.protocols.spice.link import MAGIC
from wireformat.protocols.spice.link_stage import CLIENT_COMMON
from wireformat.protocols.spice.party_events import (
    BodySkipped,
    ClientLeft,
    ConnectDone,
    EndDone,
    LinkLost,
    LinkWanted,
    Over,
    Place,
)

WHOLE = bool(os.environ.get("WIREFORMAT_SOAK"))
pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)] if WHOLE else [pytest.mark.slow, pytest.mark.timeout(600)]
CASES = 33_334 if WHOLE else 3_334
MAX_SECONDS = 5.0
PASSWORD = b"canary-hush"
ENCRYPT = cache(ticket.encrypt)
"""Every server of these tests has the same key."""

SIDES = {"client": "server", "source": "client", "target": "client"}
"""Whose bytes are changed to try a party: those that it hears."""

HEADERS = (CLIENT_COMMON, CLIENT_COMMON & ~CommonCapability.MINI_HEADER)
ABILITIES = (MAIN_CAPABILITIES, MAIN_CAPABILITIES & ~MainCapability.SEAMLESS_MIGRATE, MainCapability(0))


def repeated(data: bytes, place: int, random: Random) -> bytes:
    """All of it once more, within itself."""
    return data[:place] + data + data[place:]


def nonsense(data: bytes, place: int, random: Random) -> bytes:
    """Something else."""
    return random.randbytes(random.randint(1, 300))


def nonsense_in_a_link(data: bytes, place: int, random: Random) -> bytes:
    """Something else, which begins as a link does."""
    return MAGIC + nonsense(data, place, random)


def broken(data: bytes, random: Random) -> bytes:
    """Bytes with one thing changed, or others."""
    return mutated(data, random, repeated, nonsense, nonsense_in_a_link)


class Tampering(Cable):
    """A connection of which deliveries are changed."""

    def __init__(self, trio: Tampered, lane: ClientLane, host: str) -> None:
        super().__init__(lane, trio.servers[host].accept())
        self.trio = trio
        self.host = host

    def _take(self, sender: Any, data: bytes) -> bool:
        if not data:
            return False
        if self.trio.is_meant(sender, self.host):
            data = broken(data, self.trio.random)
        if data:
            (self.server if sender == "client" else self.lane).receive_data(data)
        return True


class Tampered(Trio):
    """A migration that goes as far as it goes, with one delivery to `party` changed."""

    def __init__(self, party: str, seed: int) -> None:
        self.random = Random(f"{party} {seed}")
        self.party = party
        self.number, self.changed = 0, self.random.randrange(1, 9 if party == "client" else 7)
        config = {
            "password": PASSWORD,
            "common": self.random.choice(HEADERS),
            "capabilities": self.random.choice(ABILITIES),
            "encrypt": ENCRYPT,
        }
        server = {"password": PASSWORD, "is_seamless": self.random.random() < 0.7}
        super().__init__(config, source=server, target=server)

    def is_meant(self, sender: str, host: str) -> bool:
        """Whether this delivery is the one to change."""
        if SIDES[self.party] != sender or (self.party != "client" and self.party != host):
            return False
        self.number += 1
        return self.number == self.changed

    def _dial(self, lane: ClientLane) -> None:
        if lane.place.host in self.servers:
            self.cables.append(Tampering(self, lane, lane.place.host))
        else:
            lane.unreachable("nobody there")

    def migrate(self) -> None:
        """Do all that a VM program would, with timers that run out where the client does not answer."""
        self.begin()
        if self.source.source.state == "alone" and self.random.random() < 0.5:
            return
        self.connect()
        self.source.expire("connect-timeout")
        self.settle()
        if self.source.source.state != "migrated":
            self.end(success=self.random.random() < 0.8)
            self.source.expire("leave-timeout")
            self.settle()

    def hang_up(self) -> None:
        """Every connection is cut, and once more those of a client that begins anew: all must notice."""
        for _ in range(2):
            for cable in self.cables:
                cable.cut()
            self.settle()


def check(party: str, seed: int) -> str:
    """Run a case; how it ended for the party."""
    began = time.process_time()
    case = Tampered(party, seed)
    case.migrate()
    ends = [event for event in case.log["client"] if isinstance(event, Over)]
    state = case.client.state
    if case.client.is_over:
        assert not case.client.lanes
    case.hang_up()
    assert time.process_time() - began < MAX_SECONDS
    assert case.client.is_over
    assert case.source.session is None
    assert case.target.session is None
    assert len(case.told("source", EndDone)) <= 1
    assert len(case.told("source", ConnectDone)) <= 1
    assert PASSWORD.decode() not in repr(case.log)
    for events in case.log.values():
        for event in events:
            if isinstance(event, LinkLost | ClientLeft | BodySkipped | Over):
                assert event.error is None or isinstance(event.error, WireError)
    if seed % 50 == 0:
        assert_still_serves(case)
    return "over" if ends else state


def assert_still_serves(case: Trio) -> None:
    """Whatever was heard, the target takes another client."""
    server = case.servers[TARGET.host]
    client = ClientParty(ClientConfig(Place(TARGET.host, TARGET.port), password=PASSWORD, encrypt=ENCRYPT))
    client.start()
    cables: list[Cable] = []
    busy = True
    while busy:
        cables += [Cable(e.lane, server.accept()) for e in client.events() if isinstance(e, LinkWanted)]
        busy = any(cable.carry() for cable in cables)
    assert {str(key) for key, channel in client.channels.items() if channel.lane.is_linked} == {"main-0", "inputs-0"}


@pytest.mark.parametrize("party", SIDES)
def test_parties_survive(party: str) -> None:
    ends = Counter(check(party, seed) for seed in range(CASES))
    assert ends["running"] > CASES // 20
    assert ends["over"] > CASES // 20
