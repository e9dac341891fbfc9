"""What a run of one cell of the skew matrix showed, and in which words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from wireformat.peer.skew import Outcome
from wireformat.peer.skew_builds import FEATURES, Build
from wireformat.peer.skew_guest import abilities_of
from wireformat.protocols.handshake.inventories.inventory import inventory_of_stream
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.inventories.resolution import Resolution, resolve
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions.events import ChannelRefused, Event, Failed, Negotiated, StrangerRefused
from wireformat.protocols.vmstate.stream import read_stream

SENT: Final = "sent"
CUT: Final = "cut"
SAVED: Final = "saved"
COMPLETE: Final = "complete"
LOADED: Final = "loaded"
UNMOVED: Final = "unmoved"
COMMAND_REFUSED: Final = "command refused"


@dataclass(frozen=True, slots=True)
class Seen:
    """How each side ended, what was agreed, and everything that was told on the way.

    `troubles` are things that must not be whatever the outcome: another stream than was agreed, a file left behind.
    """

    source: str
    destination: str
    revision: int | None = None
    features: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    def differences(self, outcome: Outcome) -> tuple[str, ...]:
        """What is not as expected."""
        pairs = (
            ("source", outcome.source, self.source),
            ("destination", outcome.destination, self.destination),
            ("revision", outcome.revision, self.revision),
            ("features", outcome.features, self.features),
        )
        found = (f"{name}: {actual}, not {expected}" for name, expected, actual in pairs if actual != expected)
        return (*found, *self.troubles)


def failed(items: Iterable[ErrorItem], word: str = "failed") -> str:
    """The end of a side that gives reasons."""
    return f"{word}: {', '.join(codes(items))}"


def codes(items: Iterable[ErrorItem]) -> list[str]:
    """The names of reasons, each once."""
    return sorted({item.code.name or hex(item.code) for item in items})


def words(event: Event) -> str:
    """An event in one line."""
    name = type(event).__name__
    match event:
        case Failed(errors, by):
            return f"{name} by {by}: {'; '.join(map(_reason, errors))}"
        case ChannelRefused(key, errors):
            return f"{name} {key}: {'; '.join(map(_reason, errors))}"
        case StrangerRefused(code, first):
            return f"{name} {code.name} {first.hex()}"
        case Negotiated(result):
            return f"{name} revision {result.version}, {result.payload}, {', '.join(result.capabilities)}"
    return name


def _reason(item: ErrorItem) -> str:
    return " ".join(filter(None, (item.code.name, item.path, item.text)))


def agreed(events: Iterable[Event]) -> tuple[int | None, tuple[str, ...]]:
    """The revision that was negotiated, and which of the features are on."""
    for event in events:
        if isinstance(event, Negotiated):
            return event.result.version, features_of(event.result.capabilities)
    return None, ()


def features_of(capabilities: Iterable[str]) -> tuple[str, ...]:
    """Which of the features of the builds are among capabilities."""
    return tuple(name for name in FEATURES if name in capabilities)


def loading(data: bytes, build: Build) -> str:
    """What a build says that reads a plain stream and nobody asked before."""
    stream = read_stream(data)
    if stream.fault is not None:
        return f"failed: {stream.fault.id}"
    inventory = inventory_of_stream(stream, droppable=frozenset())
    reply = judge(inventory, abilities_of(build.form))
    outcome = reply if isinstance(reply, tuple) else resolve(inventory, reply)
    return LOADED if isinstance(outcome, Resolution) else failed(outcome)


def left_behind(target: str, names: Iterable[str], *, is_wanted: bool) -> Iterator[str]:
    """What stands in the folder of a destination that should not, or does not that should."""
    found = {name for name in names if name.startswith(target)}
    wanted = {target} if is_wanted else set()
    yield from (f"{name} was left behind" for name in sorted(found - wanted))
    yield from (f"{name} is missing" for name in sorted(wanted - found))
