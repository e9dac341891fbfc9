"""A source and a listener joined in memory: a connection is two queues of bytes, and the test decides what moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Protocol

from tests.protocols.vmstate.building import simple_stream
from wireformat.protocols.handshake.items.inventory import (
    MachineItem,
    SectionEntries,
    SectionItem,
    SubsectionFlags,
    SubsectionItem,
)
from wireformat.protocols.handshake.messages import Hello, Inventory
from wireformat.protocols.handshake.negotiation.offers import CapabilityOffer, ChannelOffer, Offer, Wish
from wireformat.protocols.handshake.sessions.channel_source import ChannelSource
from wireformat.protocols.handshake.sessions.connection import Connection
from wireformat.protocols.handshake.sessions.destination import DestinationSession
from wireformat.protocols.handshake.sessions.destination_handshake import DestinationConfig, Secrets
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import (
    ChannelKey,
    ChannelsWanted,
    Event,
    Failed,
    Granted,
    HandedOver,
    PayloadReceived,
    PeerLoaded,
)
from wireformat.protocols.handshake.sessions.frames import FrameWriter, checksum, entries
from wireformat.protocols.handshake.sessions.listener import Listener
from wireformat.protocols.handshake.sessions.offer_wire import offer_entries
from wireformat.protocols.handshake.sessions.opening import OURS
from wireformat.protocols.handshake.sessions.payloads import HANDOVER, RAW, RESUME, STRIPED
from wireformat.protocols.handshake.sessions.refusal import errors_of
from wireformat.protocols.handshake.sessions.source import SourceSession
from wireformat.protocols.handshake.sessions.source_handshake import SourceConfig

STREAM = simple_stream()
MAIN_HEADER = bytes.fromhex("5145564d4853000101010020b0618ee8") + bytes(16)
MACHINE = MachineItem(type="pc", architecture="x86_64", page_bits=12)
INVENTORY = Inventory(
    machine=MACHINE,
    page_sizes=(4096,),
    sections=(
        SectionItem(idstr="simple", instance_id=0, version=1, oldest=1),
        SectionItem(
            idstr="virtio-net",
            instance_id=0,
            version=11,
            oldest=9,
            entries=SectionEntries(
                subsections=(SubsectionItem(name="virtio-net/rss", version=1, flags=SubsectionFlags.DROPPABLE),)
            ),
        ),
    ),
)


def offer(*capabilities: str, payloads: tuple[str, ...] = (RAW,), channels: int = 0, **more: Any) -> Offer:
    """An offer of either side: able and wanting what is named; `channels` of type multifd, none of them needed."""
    wanted = tuple(CapabilityOffer(name, able=True, wish=Wish.WANT) for name in sorted(capabilities))
    kinds = (ChannelOffer("multifd", want=channels, maximum=channels),) if channels else ()
    told: dict[str, Any] = {"versions": (1,), "capabilities": wanted, "channels": kinds, "budget": channels + 1}
    return Offer(payloads=payloads, **(told | more))


STRIPED_OFFER = offer(HANDOVER, payloads=(STRIPED, RAW), channels=3)
PLAIN_OFFER = offer()
RESUMABLE_OFFER = offer(RESUME, HANDOVER)


def secrets(first: int = 1) -> Callable[[], Secrets]:
    """New bytes for each attempt, the same in each run."""
    numbers = count(first)

    def fresh() -> Secrets:
        number = next(numbers)
        return Secrets(bytes([number]) * 32, bytes([number]) * 16, bytes([100 + number]) * 32)

    return fresh


def source_config(wanted: Offer = PLAIN_OFFER, **more: Any) -> SourceConfig:
    """A source's configuration."""
    values: dict[str, Any] = {"offer": wanted, "nonce": bytes(range(32)), "inventory": INVENTORY}
    return SourceConfig(**(values | more))


def destination_config(wanted: Offer = PLAIN_OFFER, **more: Any) -> DestinationConfig:
    """A destination's configuration."""
    values: dict[str, Any] = {"offer": wanted, "secrets": secrets()}
    return DestinationConfig(**(values | more))


class End(Protocol):
    """What a connection has at its ends."""

    wants_close: Any

    def receive_data(self, data: bytes) -> None: ...
    def receive_eof(self) -> None: ...
    def data_to_send(self) -> bytes: ...


@dataclass
class Link:
    """One connection. `tamper` may change what passes, by sender (`source` or `destination`)."""

    near: SourceSession | ChannelSource
    far: Connection
    is_cut: bool = False
    step: int = 0
    tamper: Callable[[str, bytes], bytes] | None = None
    log: tuple[tuple[str, bytes], ...] = ()

    def move(self) -> bool:
        """Let everything pass that waits; whether anything did."""
        moved = False
        for name, sender, receiver in (("source", self.near, self.far), ("destination", self.far, self.near)):
            data = sender.data_to_send()
            if data:
                self.log += ((name, data),)
            if data and not self.is_cut:
                moved = True
                self._deliver(receiver, self.tamper(name, data) if self.tamper else data)
        if not moved and not self.is_cut and (self.near.wants_close or self.far.wants_close):
            self.cut()
        return moved

    def _deliver(self, receiver: Any, data: bytes) -> None:
        for start in range(0, len(data), self.step or len(data) or 1):
            receiver.receive_data(data[start : start + (self.step or len(data))])

    def cut(self) -> None:
        """End the connection in both directions."""
        if not self.is_cut:
            self.is_cut = True
            self.near.receive_eof()
            self.far.receive_eof()


class Loopback:
    """A migration in memory. `step` is in how many bytes everything arrives, 0 for as they were sent."""

    def __init__(
        self, near: SourceConfig, far: DestinationConfig | Listener, *, step: int = 0, exporter: bytes = b""
    ) -> None:
        self.source = SourceSession(near)
        self.listener = far if isinstance(far, Listener) else Listener(far)
        self.step = step
        self.told: list[Event] = []
        self.heard: list[Event] = []
        self.received = bytearray()
        self.channels: dict[ChannelKey, ChannelSource] = {}
        self.source.connect()
        self.source.connected(exporter)
        self.main = Link(self.source, self.listener.accept(exporter), step=step)
        self.links = [self.main]

    @property
    def destination(self) -> DestinationSession:
        """The destination's session."""
        assert self.listener.session is not None
        return self.listener.session

    def dial(self, key: ChannelKey) -> Link:
        """Open a channel."""
        channel = self.source.channel(key)
        channel.connected()
        self.channels[key] = channel
        self.links.append(Link(channel, self.listener.accept(), step=self.step))
        return self.links[-1]

    def pump(self) -> list[Event]:
        """Let everything pass, both sides' events included; the source's new events."""
        moved = True
        while moved:
            moved = max([link.move() for link in self.links])
        for event in self.listener.events():
            self.heard.append(event)
            if isinstance(event, PayloadReceived):
                self.received += event.data
        new = list(self.source.events())
        self.told += new
        return new

    def handshake(self, order: Callable[[tuple[ChannelKey, ...]], Iterator[ChannelKey]] = iter) -> None:
        """Go as far as the source may start."""
        wanted = [event.plan for event in self.pump() if isinstance(event, ChannelsWanted)]
        while wanted:
            for plan in wanted:
                for key in order(plan):
                    self.dial(key)
            wanted = [event.plan for event in self.pump() if isinstance(event, ChannelsWanted)]

    def migrate(self, stream: bytes = STREAM, size: int = 1000) -> None:
        """Everything, to the end."""
        self.handshake()
        if self.source.state != "ready":
            return
        self.source.start()
        self.send(stream, size)
        self.finish()

    def begin(self, piece: bytes) -> None:
        """Go on until this piece of the payload has arrived, and no further."""
        self.handshake()
        self.source.start()
        self.source.send_payload(piece)
        self.pump()

    def send(self, stream: bytes, size: int = 1000) -> None:
        """Send a stream as the payload that was agreed, whole."""
        if self.source.agreed.payload == STRIPED:
            lanes = list(self.channels.values())
            for number, piece in enumerate(self.source.striper.cut(stream, size)):
                lanes[number % len(lanes)].send(piece)
            for lane in lanes:
                lane.send(self.source.striper.end())
        else:
            for start in range(0, len(stream), size):
                self.source.send_payload(stream[start : start + size])
        self.source.payload_complete()

    def finish(self) -> None:
        """Hand the guest over."""
        self.pump()
        if any(isinstance(event, HandedOver) for event in self.heard) and self.destination.state == "handed-over":
            self.destination.loaded()
            self.pump()
        if isinstance(self.told[-1], PeerLoaded):
            self.source.grant()
            self.pump()
        if isinstance(self.heard[-1], Granted):
            self.destination.running()
            self.pump()

    @property
    def outcome(self) -> tuple[str, str]:
        """The states of both sides."""
        return self.source.state, self.destination.state

    def codes(self, side: str) -> list[str]:
        """Names of the codes with which an attempt failed."""
        events = self.told if side == "source" else self.heard
        return [item.code.name for event in events if isinstance(event, Failed) for item in event.errors]


def names(events: list[Event]) -> list[str]:
    """The names of events."""
    return [type(event).__name__ for event in events]


def frames_of(data: bytes) -> list[bytes]:
    """The frames behind the header that begins some bytes, as long as they are whole."""
    found, place = [], int.from_bytes(data[10:12], "big")
    while place + 16 <= len(data):
        end = place + 16 + int.from_bytes(data[place + 8 : place + 12], "big")
        if end > len(data) or data[place + 2 : place + 4] != b"\0\0":
            break
        found.append(data[place:end])
        place = end
    return found


def message_of(frame: bytes) -> Any:
    """The message that a frame carries."""
    return TODAY.frames().decode(frame).message


def said(link: Link, side: str) -> list[Any]:
    """The messages that a side sent, in order, up to the payload."""
    return [message_of(frame) for frame in frames_of(b"".join(data for name, data in link.log if name == side))]


def changed(data: bytes, name: str, change: Callable[[Any], Any]) -> bytes:
    """Bytes of a connection with the message of that name changed, as a relay would that makes everything fit."""
    start = int.from_bytes(data[10:12], "big") if data.startswith(OURS) else 0
    padded = data if start else bytes(32) + data
    frames = frames_of(padded if start else padded[:10] + b"\0\x20" + padded[12:])
    return data[:start] + b"".join(_altered(frame, name, change) for frame in frames)


def _altered(frame: bytes, name: str, change: Callable[[Any], Any]) -> bytes:
    codec = TODAY.frames()
    value = codec.decode(frame)
    if type(value.message).__name__ != name:
        return frame
    return codec.encode(replace(value, message=change(value.message)))


def relay(side: str, name: str, change: Callable[[Any], Any]) -> Callable[[str, bytes], bytes]:
    """A relay that changes one message of one side."""

    def pass_on(sender: str, data: bytes) -> bytes:
        return changed(data, name, change) if sender == side else data

    return pass_on


class Speaker:
    """A source that says whatever it is told, to one connection of a listener."""

    def __init__(self, listener: Listener, header: bytes = MAIN_HEADER) -> None:
        self.connection = listener.accept()
        self.answer = b""
        self._writer = FrameWriter(TODAY, TODAY.frames())
        self.send(header)

    def say(self, message: Any) -> Any:
        """Send a message; the last message that comes back, if any does."""
        return self.send(self._writer.encode(message))

    def send(self, data: bytes) -> Any:
        """Send bytes; the last message that comes back, if any does."""
        self.connection.receive_data(data)
        self.answer += self.connection.data_to_send()
        frames = frames_of(self.answer) if self.answer else []
        return message_of(frames[-1]) if frames else None


def hello(wanted: Offer = PLAIN_OFFER, **more: Any) -> Hello:
    """A HELLO."""
    return replace(Hello(**offer_entries(wanted), nonce=bytes(range(32))), **more)


def codes(message: Any) -> list[str]:
    """Names of the codes in a REJECT or ABORT."""
    return [item.code.name for item in errors_of(message)]


def with_entry(frame: bytes, tag: int, value: bytes) -> bytes:
    """A frame with one more entry, in its place."""
    order = tag & 0x7FFF
    place = next((start for found, start, _ in entries(frame, 16) if found & 0x7FFF > order), len(frame))
    entry = tag.to_bytes(2, "big") + b"\0\0" + len(value).to_bytes(4, "big") + value
    size = len(frame) - 16 + len(entry)
    longer = frame[:8] + size.to_bytes(4, "big") + bytes(4) + frame[16:place] + entry + frame[place:]
    return longer[:12] + checksum(longer).to_bytes(4, "big") + longer[16:]
