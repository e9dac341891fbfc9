"""Mutated messages against both peers: a refusal, a close or the same result, never a crash or a wait without end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import TypeAlias

import pytest

from tests.captures.bundle import Captures
from tests.mutation import mutated
from tests.peer.migration import destination, payload_of, send, source_config
from tests.peer.relay import relay
from tests.peer.talk import run
from tests.protocols.handshake.loopback import (
    PLAIN_OFFER,
    RESUMABLE_OFFER,
    STREAM,
    STRIPED_OFFER,
    Link,
    Loopback,
    destination_config,
)
from tests.protocols.handshake.loopback import source_config as loopback_source
from wireformat.peer.destination import Policy
from wireformat.peer.payload import Payload
from wireformat.protocols.handshake.messages import MAX_ERRORS
from wireformat.protocols.handshake.sessions.events import ChannelKey, ChannelsWanted, Granted
from wireformat.protocols.handshake.sessions.frames import checksum
from wireformat.protocols.handshake.sessions.payloads import HANDOVER, STRIPED

Order: TypeAlias = Callable[[tuple[ChannelKey, ...]], Iterator[ChannelKey]]

QUICK, ALL = 600, 100_000
"""Mutated messages in a quick run, and in the soak."""

ENDS = {
    ("failed", "failed"),
    ("failed", "refused"),
    ("failed", "held"),
    ("failed", "paused"),
    ("failed", "listening"),
    ("paused", "paused"),
    ("paused", "failed"),
    ("unknown", "failed"),
    ("unknown", "held"),
    ("unknown", "complete"),
    ("complete", "failed"),
    ("complete", "complete"),
}
"""How a migration may end whose bytes somebody changed; it is never run twice, and never lost without a word."""


def broken(data: bytes, random: Random) -> bytes:
    """Bytes with one thing changed, in half of the cases so that the checksum of the first frame fits again."""
    if not data:
        return data
    changed = mutated(data, random, repeated)
    return _whole(changed) if random.random() < 0.5 else changed


def repeated(data: bytes, place: int, random: Random) -> bytes:
    """Some of the bytes come twice."""
    end = random.randrange(place, len(data)) + 1
    return data[:end] + data[place:]


def _whole(data: bytes) -> bytes:
    """Frames, the first of them with the right size and checksum, behind a header where there is one."""
    start = 32 if data.startswith(b"QEVM") else 0
    frame = data[start:]
    if len(frame) < 16:
        return data
    sized = frame[:8] + (len(frame) - 16).to_bytes(4, "big") + frame[12:]
    return data[:start] + sized[:12] + checksum(sized).to_bytes(4, "big") + sized[16:]


class Tampered(Loopback):
    """A migration of which one delivery is changed: the one of that number, of all that either side sends."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.offer = self.random.choice((PLAIN_OFFER, STRIPED_OFFER, RESUMABLE_OFFER))
        super().__init__(loopback_source(self.offer), destination_config(self.offer))
        self.number, self.target = 0, self.random.randrange(1, 14)
        self.main.tamper = self.tamper

    def tamper(self, side: str, data: bytes) -> bytes:
        self.number += 1
        return broken(data, self.random) if self.number == self.target else data

    def migrate_as_far_as_it_goes(self) -> tuple[str, str]:
        """Everything that the states allow; who then still waits is told that the peer is silent."""
        self.handshake()
        if self.source.state == "ready":
            self.source.start()
            self._send_what_can_be_sent()
            self.finish()
        if self.source.state not in ("complete", "failed", "unknown", "paused"):
            self.source.silence()
        self.pump()
        session = self.listener.session
        if session is not None and not session.is_over and session.state not in ("held", "paused"):
            session.silence()
        self.pump()
        return self.source.state, session.state if session else "listening"

    def dial(self, key: ChannelKey) -> Link:
        """Open a channel, whose bytes are changed like any others."""
        link = super().dial(key)
        link.tamper = self.tamper
        return link

    def handshake(self, order: Order = iter) -> None:
        """Go as far as the source may start; the end may come while it is told to open channels."""
        for event in self.pump():
            if isinstance(event, ChannelsWanted) and not self.source.is_over:
                for key in order(event.plan):
                    self.dial(key)
        self.pump()

    def _send_what_can_be_sent(self) -> None:
        if self.source.agreed.payload == STRIPED and any(lane.state != "open" for lane in self.channels.values()):
            return
        self.send(STREAM)

    def check(self) -> tuple[str, str]:
        """Migrate, and look at what came of it."""
        ends = self.migrate_as_far_as_it_goes()
        assert ends in ENDS
        if any(isinstance(event, Granted) for event in self.heard):
            assert bytes(self.received) == STREAM
        if ends == ("complete", "failed"):
            assert HANDOVER not in self.source.agreed.capabilities
        if ends[0] == "failed":
            assert 1 <= len(self.codes("source")) <= MAX_ERRORS
        return ends


def check(seeds: range) -> set[tuple[str, str]]:
    """The ends of migrations with one change each; every hundredth listener must take another migration."""
    found = set()
    for seed in seeds:
        tampered = Tampered(seed)
        found.add(ends := tampered.check())
        if seed % 100 == 0 and ends[1] in ("failed", "refused", "complete", "listening"):
            again = Loopback(loopback_source(PLAIN_OFFER), tampered.listener)
            again.migrate()
            assert again.source.state == "complete" or tampered.listener._config.offer != PLAIN_OFFER
    return found


@pytest.mark.requirement("HS-158")
def test_mutated_messages() -> None:
    found = check(range(QUICK))
    assert {("failed", "failed"), ("failed", "refused"), ("complete", "complete")} <= found


@pytest.mark.requirement("HS-158")
@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_mutated_messages() -> None:
    found = check(range(QUICK, QUICK + ALL))
    assert ("unknown", "held") in found or ("failed", "held") in found


def one_changed(random: Random) -> Callable[[bytes], bytes]:
    """What changes one of the first deliveries, and no other."""
    numbers, target = count(1), random.randrange(1, 16)

    def change(data: bytes) -> bytes:
        return broken(data, random) if next(numbers) == target else data

    return change


async def migrate_tampered(folder: Path, payload: Payload, seed: int) -> tuple[str, str]:
    """A migration over sockets with one delivery changed; a second one must succeed where it can."""
    random = Random(seed)
    channels = random.choice((0, 0, 2))
    policy = Policy(timeout=1.5)
    async with destination(folder, policy=policy) as served, relay(folder, served.address) as between:
        between.change = one_changed(random)
        sent = await send(between.address, payload, source_config(channels), timeout=1.5)
        session = served.peer.sessions.session
        while session is not None and not session.is_over and session.state != "held":
            await asyncio.sleep(0.01)
        state = session.state if session else "listening"
        if state in ("failed", "refused", "listening"):
            again = await send(served.address, payload, source_config(channels))
            assert (again.state, again.codes) == ("complete", set())
            assert served.received == b"".join(payload.chunks())
        return sent.state, state


@pytest.mark.slow
@pytest.mark.requirement("HS-155", "HS-158")
@pytest.mark.parametrize("seeds", [range(12), pytest.param(range(12, 200), marks=pytest.mark.soak)])
@pytest.mark.timeout(900)
def test_mutated_messages_over_sockets(captures: Captures, tmp_path: Path, seeds: range) -> None:
    payload = payload_of(captures["7.2/avr-uno"].path)

    async def migrate() -> set[tuple[str, str]]:
        return {await migrate_tampered(tmp_path, payload, seed) for seed in seeds}

    assert run(migrate(), 900) <= ENDS
