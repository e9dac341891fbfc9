"""What a peer tells while it works: events as short lines, or as JSON, one per line; on standard error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from wireformat.cli.running import complain, tell
from wireformat.derive.escape import visible
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions.events import (
    Agreed,
    ChannelKey,
    ChannelOpened,
    ChannelRefused,
    Completed,
    Event,
    Failed,
    Held,
    Negotiated,
    Paused,
    PayloadEnded,
    ProgressReported,
    Ready,
    Resumed,
    Started,
    StrangerRefused,
    Uncertain,
)

STRANGERS_SHOWN = 20
"""After so many refused strangers they are only counted."""

FIXED: Mapping[type, str] = {
    Completed: "complete",
    Held: "held: loaded here, not granted; the guest may run at neither side until somebody decides",
    Uncertain: "uncertain: the destination may run the guest; look there before it is resumed here",
}
"""Events that always read the same."""


class Report:
    """Where events go. `as_json`: one JSON object on each line. `other`: who has agreed where that has no name."""

    def __init__(self, verb: str, *, as_json: bool, other: str = "the peer") -> None:
        self._verb = verb
        self._other = other
        self._as_json = as_json
        self.failure: Failed | None = None
        """The last failure that was told."""
        self.strangers = 0

    def __call__(self, event: Event) -> None:
        """Tell an event."""
        if isinstance(event, Failed):
            self.failure = event
        if isinstance(event, StrangerRefused):
            self.strangers += 1
            if self.strangers > STRANGERS_SHOWN:
                return
        if self._as_json:
            self._print(document(event))
            return
        for line in lines(event, self._other):
            self._tell(line)

    def listening(self, names: tuple[str, ...]) -> None:
        """Tell the addresses that are listened at."""
        if self._as_json:
            self._print({"event": "listening", "addresses": list(names)})
            return
        for name in names:
            self._tell(f"listening at {name}")

    def end(self, dropped: int) -> None:
        """Tell how many strangers there were, where not all were told."""
        unseen = max(self.strangers - STRANGERS_SHOWN, 0)
        if not unseen and not dropped:
            return
        if self._as_json:
            self._print({"event": "strangers", "refused": self.strangers, "dropped": dropped})
            return
        self._tell(f"strangers: {self.strangers} refused, {dropped} dropped before they said anything")

    def _tell(self, line: str) -> None:
        """Print a line. What a peer said in it is shown: it does not reach the terminal as a command to it."""
        complain(self._verb, visible(line))

    def _print(self, record: Mapping[str, Any]) -> None:
        tell(json.dumps(record, ensure_ascii=False))


def lines(event: Event, other: str) -> list[str]:
    """An event for people; none for those that only a program cares about."""
    match event:
        case Negotiated(result, peer):
            names = [f"revision {result.version}", result.payload, *result.capabilities]
            names += [f"{count} × {kind}" for kind, count in result.channels]
            return [f"agreed with {peer or other}: {', '.join(names)}"]
        case Agreed(omitted, versions, warnings):
            gone = [f"left out: {each.idstr}[{each.instance_id}] {each.subsection}" for each in omitted]
            lowered = [f"version {each.version}: {each.idstr}[{each.instance_id}]" for each in versions]
            return [*gone, *lowered, *(f"warning: {item_line(each)}" for each in warnings)]
        case ProgressReported(text, percent):
            return [f"peer: {text}" if percent is None else f"peer: {percent} % {text}".rstrip()]
        case ChannelRefused(name, errors):
            return [f"channel {name or '?'}: {item_line(each)}" for each in errors]
        case ChannelOpened(name):
            return [f"channel {name}"]
        case Ready(_, missing):
            return [f"without channel {name}" for name in missing]
        case Started(payload):
            return [f"payload {payload}"]
        case PayloadEnded(size):
            return [f"payload of {size} bytes"]
        case Paused(offset, errors):
            return [f"paused at byte {offset}", *(f"because: {item_line(each)}" for each in errors)]
        case Resumed(offset):
            return [f"goes on at byte {offset}"]
        case Failed(errors, by):
            who = "refused" if by == "peer" else "failed"
            return [f"{who}: {item_line(each)}" for each in errors]
        case StrangerRefused(code, first):
            return [f"stranger: {code.name} {first.hex(' ')}".rstrip()]
    return [FIXED[type(event)]] if type(event) in FIXED else []


def item_line(item: ErrorItem) -> str:
    """One reason: code, what it concerns, and what was said of it."""
    code = item.code.name or f"{int(item.code):#06x}"
    found = [
        f"{word} {value}" for word, value in (("expected", item.expected), ("actual", item.actual)) if value is not None
    ]
    parts = [" ".join(filter(None, (code, item.path))), item.text or "", ", ".join(found)]
    return ": ".join(filter(None, parts))


def document(event: Event) -> dict[str, Any]:
    """An event for programs: its kind in words, its parts by name."""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(event).__name__).lower()
    parts: dict[str, Any] = _plain(event)
    return {"event": kind, **parts}


def _plain(value: Any) -> Any:
    """A value as JSON has it: bytes are hexadecimal, names of channels are text."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, ChannelKey):
        return str(value)
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return value
