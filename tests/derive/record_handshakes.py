"""Records runs of our sessions: `python -m tests.derive.record_handshakes` writes `spec/recordings`.

Both sides run in memory. Every piece of bytes that passes is taken apart as a reader of the connection would do it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.derive.recordings import keep
from tests.protocols.handshake.loopback import (
    STREAM,
    Link,
    Loopback,
    destination_config,
    message_of,
    offer,
    secrets,
    source_config,
)
from wireformat.derive.charts import Run, Step, folded
from wireformat.protocols.handshake.negotiation.offers import CapabilityOffer, Wish
from wireformat.protocols.handshake.sessions.opening import OURS
from wireformat.protocols.handshake.sessions.payloads import HANDOVER, RAW, RESUME

PARTIES = ("source", "destination")
OTHER = {"source": "destination", "destination": "source"}
ORIGIN = "sessions of this project, joined in memory"
NONCE = bytes(range(64, 96))


@dataclass
class Recorder:
    """Listens to connections. `steps` are what passed, in order."""

    steps: list[Step] = field(default_factory=list)

    def listen(self, link: Link, name: str, *, sender: str = "source") -> None:
        """Listen to a connection; `sender` is who is behind its near end."""

        def hear(side: str, data: bytes) -> bytes:
            parties = (sender, "destination") if side == "source" else ("destination", sender)
            self.steps += [Step(*parties, event, note) for event, note in taken_apart(data, name)]
            return data

        link.tamper = hear

    def ends(self, *states: tuple[str, str], note: str = "") -> None:
        """Note what a party is in the end."""
        self.steps += [Step(party, party, state, note) for party, state in states]


def taken_apart(data: bytes, name: str) -> list[tuple[str, str]]:
    """Header, frames, and bytes that are neither, each with a note."""
    found: list[tuple[str, str]] = []
    if data.startswith(OURS):
        found.append(("ChannelHeader", name))
        data = data[int.from_bytes(data[10:12], "big") :]
    while data:
        size = 16 + int.from_bytes(data[8:12], "big")
        if len(data) < 16 or data[2:4] != b"\0\0" or size > len(data) or data[0] != 0x80:
            place = STREAM.find(data[:16])
            size = len(STREAM) - place if place >= 0 else len(data)
            found.append(("payload", f"{min(size, len(data))} bytes"))
        else:
            found.append(described(message_of(data[:size]), name))
        data = data[size:]
    return found


def described(message: Any, name: str) -> tuple[str, str]:
    """A message and what matters of it."""
    event = type(message).__name__
    errors = ", ".join(each.code.name for each in getattr(message, "errors", ()))
    return event, errors or {"Start": getattr(message, "payload", ""), "ChannelAck": name}.get(event, "")


def opened(migration: Loopback, recorder: Recorder) -> None:
    """Go as far as the source may start, with every channel listened to."""
    recorder.listen(migration.main, "main")
    dial = migration.dial

    def dial_and_listen(key: Any) -> Link:
        link = dial(key)
        recorder.listen(link, str(key))
        return link

    migration.dial = dial_and_listen  # type: ignore[method-assign]
    migration.handshake()


def success() -> Run:
    """The whole way, with two channels and hand-over."""
    wanted, recorder = offer("multifd", HANDOVER, payloads=(RAW,), channels=2), Recorder()
    migration = Loopback(source_config(wanted), destination_config(wanted))
    opened(migration, recorder)
    migration.source.start()
    migration.send(STREAM, len(STREAM))
    migration.finish()
    recorder.ends(*zip(PARTIES, migration.outcome, strict=True))
    return run("Two channels, and the guest is handed over", recorder)


def refusal() -> Run:
    """The source requires what the destination lacks; then it only wants it."""
    recorder = Recorder()
    needs = replace(offer(), capabilities=(CapabilityOffer("xbzrle", able=True, wish=Wish.REQUIRE),))
    migration = Loopback(source_config(needs), destination_config(offer()))
    opened(migration, recorder)
    recorder.ends(("source", migration.source.state))
    wants = replace(offer(), capabilities=(CapabilityOffer("xbzrle", able=True, wish=Wish.WANT),))
    again = Loopback(source_config(wants), migration.listener)
    opened(again, recorder)
    recorder.ends(("source", again.source.state))
    return run("A requirement that the destination lacks, and a second attempt without it", recorder)


def legacy() -> Run:
    """A destination without the handshake closes on the marker."""
    recorder = Recorder()
    migration = Loopback(source_config(), destination_config())
    hello = migration.source.data_to_send()
    recorder.steps += [Step(*PARTIES, event, note) for event, note in taken_apart(hello, "main")]
    recorder.steps.append(Step("destination", "source", "the connection ends", "Unsupported migration stream version"))
    migration.source.receive_eof()
    recorder.ends(("source", f"{migration.source.state}: {', '.join(_codes(migration))}"))
    return run("A destination without the handshake", recorder)


def _codes(migration: Loopback) -> list[str]:
    migration.told += migration.source.events()
    return migration.codes("source")


def resume() -> Run:
    """The network fails in the payload; the source comes back."""
    wanted, recorder = offer(RESUME, HANDOVER), Recorder()
    migration = Loopback(source_config(wanted), destination_config(wanted))
    opened(migration, recorder)
    migration.source.start()
    migration.source.send_payload(STREAM[:20])
    migration.pump()
    migration.main.cut()
    migration.pump()
    recorder.ends(*zip(PARTIES, migration.outcome, strict=True))
    migration.source.reconnected(NONCE)
    migration.main = Link(migration.source, migration.listener.accept())
    migration.links = [migration.main]
    recorder.listen(migration.main, "resume, epoch 1")
    migration.pump()
    migration.source.skip_payload(STREAM[:20])
    migration.source.send_payload(STREAM[20:])
    migration.source.payload_complete()
    migration.finish()
    recorder.ends(*zip(PARTIES, migration.outcome, strict=True))
    return run("The network fails in the payload, and the migration goes on", recorder)


def uncertain() -> Run:
    """The network fails behind GRANT: nobody runs the guest until management decides."""
    wanted, recorder = offer(HANDOVER), Recorder()
    migration = Loopback(source_config(wanted), destination_config(wanted))
    opened(migration, recorder)
    migration.source.start()
    migration.send(STREAM, len(STREAM))
    migration.pump()
    migration.destination.loaded()
    migration.pump()
    migration.source.grant()
    lost = migration.source.data_to_send()
    recorder.steps += [Step("source", "source", f"{event} is lost") for event, _ in taken_apart(lost, "main")]
    migration.main.cut()
    migration.pump()
    recorder.ends(*zip(PARTIES, migration.outcome, strict=True))
    migration.destination.told_drop()
    migration.source.told_dropped()
    recorder.ends(*zip(PARTIES, migration.outcome, strict=True), note="management had the destination drop the guest")
    return run("The network fails behind GRANT", recorder)


def binding() -> Run:
    """A channel of another migration arrives; then the right one."""
    wanted, recorder = offer("multifd", payloads=(RAW,), channels=1), Recorder()
    migration = Loopback(source_config(wanted), destination_config(wanted))
    other = Loopback(source_config(wanted), destination_config(wanted, secrets=secrets(9)))
    other.pump()
    migration.pump()
    strange = Link(other.source.channel(other.told[-1].plan[0]), migration.listener.accept())  # type: ignore[union-attr]
    recorder.listen(strange, "multifd/0 of another migration", sender="stranger")
    strange.near.connected()
    migration.links.append(strange)
    migration.pump()
    right = migration.dial(migration.told[-1].plan[0])  # type: ignore[union-attr]
    recorder.listen(right, "multifd/0")
    migration.pump()
    found = folded(recorder.steps)
    return Run("A channel of another migration, and the right one", ORIGIN, ("stranger", *PARTIES), found)


def run(title: str, recorder: Recorder) -> Run:
    """The run between two parties."""
    return Run(title, ORIGIN, PARTIES, folded(recorder.steps))


RUNS: Mapping[str, Callable[[], Run]] = {
    "handshake/success": success,
    "handshake/refusal": refusal,
    "handshake/legacy": legacy,
    "handshake/resume": resume,
    "handshake/uncertain": uncertain,
    "channels/binding": binding,
}


def main() -> None:
    """Write all runs."""
    for name, make in RUNS.items():
        keep(name, make())


if __name__ == "__main__":
    main()
