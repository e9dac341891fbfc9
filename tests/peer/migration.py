"""Whole migrations in one process: a source and a destination that talk over sockets of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from wireformat.peer.destination import DestinationPeer, Policy
from wireformat.peer.dialler import Dialler
from wireformat.peer.listening import listen
from wireformat.peer.payload import Payload
from wireformat.peer.sink import Sink
from wireformat.peer.source import SourcePeer
from wireformat.peer.tls import Credentials, server_context
from wireformat.protocols.handshake.items.inventory import MachineItem
from wireformat.protocols.handshake.messages import ConfirmLevel, Inventory
from wireformat.protocols.handshake.negotiation.offers import CapabilityOffer, ChannelOffer, ErrorItem, Offer, Wish
from wireformat.protocols.handshake.sessions.destination_handshake import DestinationConfig, Secrets
from wireformat.protocols.handshake.sessions.events import Event, Failed, StrangerRefused
from wireformat.protocols.handshake.sessions.listener import Listener
from wireformat.protocols.handshake.sessions.source import SourceSession
from wireformat.protocols.handshake.sessions.source_handshake import SourceConfig
from wireformat.protocols.qapi.addresses import Address, Unix, parse

HANDOVER = "ownership-handover"
RESUME = "stream-resume"
INVENTORY = Inventory(machine=MachineItem(type="none", architecture="x86_64", page_bits=12), page_sizes=())
NUMBERS = count(1)
MOST_EVENTS = 10_000
"""After so many events strangers are not noted any more, so that a crowd of them takes no memory here."""


def offer(*, channels: int = 0, wishes: dict[str, Wish] | None = None, source: bool) -> Offer:
    """What one side offers: the capabilities that a reference peer has, and so many channels."""
    wished = {HANDOVER: Wish.AUTO, RESUME: Wish.AVOID if source else Wish.AUTO} | (wishes or {})
    able = tuple(CapabilityOffer(name, True, wish) for name, wish in sorted(wished.items()))
    want = ChannelOffer("multifd", want=channels, minimum=1) if source else ChannelOffer("multifd", maximum=channels)
    payloads = ("v1-striped", "v1-raw") if channels and source else ("v1-raw", "v1-striped")[: 1 + bool(channels)]
    return Offer((1,), payloads, able, (), (want,) if channels else (), channels + 1)


def source_config(channels: int = 0, wishes: dict[str, Wish] | None = None, **options: Any) -> SourceConfig:
    """What a source brings."""
    nonce = next(NUMBERS).to_bytes(32, "big")
    return SourceConfig(offer(channels=channels, wishes=wishes, source=True), nonce, INVENTORY, **options)


def destination_config(channels: int = 16, **options: Any) -> DestinationConfig:
    """What a destination brings."""
    return DestinationConfig(offer(channels=channels, source=False), secrets, **options)


def secrets() -> Secrets:
    """Values that no attempt had before, and that are the same in each run."""
    number = next(NUMBERS)
    return Secrets(number.to_bytes(32, "big"), number.to_bytes(16, "little"), number.to_bytes(32, "little"))


@dataclass
class Served:
    """A destination that listens, where it writes to, and what it told."""

    peer: DestinationPeer
    address: Address
    target: Path
    running: asyncio.Task[None]
    events: list[Event]

    def told(self, kind: type[Event]) -> list[Any]:
        """The events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def received(self) -> bytes | None:
        """The stream, if it came whole."""
        return self.target.read_bytes() if self.target.exists() else None


@asynccontextmanager
async def destination(
    folder: Path,
    config: DestinationConfig | None = None,
    policy: Policy | None = None,
    tls: Credentials | None = None,
    address: Address | None = None,
    sink: Callable[[str], Sink] = Sink,
) -> AsyncIterator[Served]:
    """A destination at a unix socket in a folder, or at another address; ended on leaving."""
    listener = await listen(address or Unix(str(folder / f"{next(NUMBERS)}.sock")))
    events: list[Event] = []

    def report(event: Event) -> None:
        if not isinstance(event, StrangerRefused) or len(events) < MOST_EVENTS:
            events.append(event)

    target = folder / f"{next(NUMBERS)}.mig"
    sessions = Listener(config or destination_config())
    context = server_context(tls) if tls else None
    peer = DestinationPeer(sessions, listener, sink(str(target)), report, policy or Policy(), context)
    running = asyncio.create_task(peer.run())
    try:
        yield Served(peer, parse(listener.names[0]), target, running, events)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@dataclass
class Sent:
    """How a migration went at the source."""

    peer: SourcePeer
    events: list[Event]

    @property
    def state(self) -> str:
        """The last state of its session."""
        return self.peer.session.state

    @property
    def errors(self) -> tuple[ErrorItem, ...]:
        """Why it failed."""
        return tuple(item for event in self.events if isinstance(event, Failed) for item in event.errors)

    @property
    def codes(self) -> set[str]:
        """The names of the reasons."""
        return {item.code.name for item in self.errors}


def source(
    address: Address,
    payload: Payload,
    config: SourceConfig | None = None,
    timeout: float = 10.0,
    tls: Credentials | None = None,
) -> Sent:
    """A source that will send a stream to an address."""
    events: list[Event] = []
    session = SourceSession(config or source_config())
    return Sent(SourcePeer(session, Dialler(address, timeout, tls), payload, events.append, timeout), events)


async def send(address: Address, payload: Payload, config: SourceConfig | None = None, **options: Any) -> Sent:
    """Send a stream to an address; how it went."""
    sent = source(address, payload, config, **options)
    await sent.peer.run()
    return sent


def with_psk(config: Any, key: bytes) -> Any:
    """A side that confirms with a key."""
    return replace(config, confirm=ConfirmLevel.PSK, psk=key)


def with_exporter(config: Any) -> Any:
    """A side that confirms with TLS."""
    return replace(config, confirm=ConfirmLevel.EXPORTER)


def payload_of(path: Path) -> Payload:
    """The stream in a file."""
    with path.open("rb") as file:
        return Payload(file)
