"""What a SPICE peer tells while it works: events as short lines, or as JSON, one per line; on standard error."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import Any

from wireformat.cli.running import complain, tell
from wireformat.errors import WireError
from wireformat.protocols.spice.party_events import (
    AnswerDue,
    BodySkipped,
    ChannelKey,
    ClientLeft,
    ConnectDone,
    EndDone,
    LinkLost,
    LinkMade,
    LinkWanted,
    Over,
    PartyEvent,
    Place,
    SessionOpened,
    Stepped,
    TimerStarted,
    TimerStopped,
)


class SpiceReport:
    """Where events go. `as_json`: one JSON object on each line."""

    def __init__(self, verb: str, *, as_json: bool) -> None:
        self._verb = verb
        self._as_json = as_json

    def __call__(self, event: PartyEvent) -> None:
        """Tell an event."""
        if self._as_json:
            tell(json.dumps(record(event), ensure_ascii=False))
        else:
            complain(self._verb, line(event))

    def listening(self, names: tuple[str, ...]) -> None:
        """Tell the addresses that are listened at."""
        if self._as_json:
            tell(json.dumps({"event": "listening", "addresses": list(names)}))
            return
        for name in names:
            complain(self._verb, f"listening at {name}")


def line(event: PartyEvent) -> str:
    """An event for people."""
    match event:
        case LinkWanted(lane):
            kind = "TLS" if lane.is_secure else "plain"
            return f"{lane.key}: connects to {lane.place.host}:{lane.port}, {kind}"
        case LinkMade(channel, connection_id, is_target):
            return f"{channel}{_side(is_target)}: linked, connection id {connection_id:#x}"
        case LinkLost(channel, error, is_target):
            return f"{channel or 'connection'}{_side(is_target)}: {_reason(error, 'closed')}"
        case BodySkipped(channel, name, error):
            return f"{channel}: {name} skipped: {error}"
        case Stepped(role, name, state, channel):
            return f"{role}{f' {channel}' if channel else ''}: {name} -> {state}"
        case SessionOpened(session_id, place):
            return f"session {session_id:#x}{_at(place)}"
        case AnswerDue():
            return "could answer now"
        case TimerStarted(name, seconds):
            return f"timer {name} runs for {seconds:g} s"
        case TimerStopped(name):
            return f"timer {name} stopped"
        case ConnectDone(answer):
            return f"connect done: {answer}"
        case EndDone():
            return "end done"
        case ClientLeft(error):
            return f"client left{_because(error)}"
        case Over(error):
            return f"over{_because(error)}"


def _side(is_target: bool) -> str:
    return " at the target" if is_target else ""


def _at(place: Place | None) -> str:
    return "" if place is None else f" at {place.host}:{place.port if place.port is not None else place.tls_port}"


def _reason(error: WireError | None, otherwise: str) -> str:
    return otherwise if error is None else str(error)


def _because(error: WireError | None) -> str:
    return "" if error is None else f": {error}"


def record(event: PartyEvent) -> dict[str, Any]:
    """An event for programs: its kind in words, its parts by name."""
    if isinstance(event, LinkWanted):
        lane = event.lane
        return {"event": "link-wanted", "channel": str(lane.key), "host": lane.place.host, "port": lane.port}
    if isinstance(event, Stepped):
        channel = None if event.channel is None else str(event.channel)
        return {"event": "stepped", "role": event.role, "on": event.event, "state": event.state, "channel": channel}
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(event).__name__).lower()
    return {"event": kind, **{each.name: _plain(getattr(event, each.name)) for each in fields(event)}}


def _plain(value: Any) -> Any:
    """A value as JSON has it: errors are what they say, channels their names."""
    match value:
        case WireError():
            return {"id": value.id, "text": str(value)}
        case ChannelKey():
            return str(value)
        case Place():
            return {each.name: getattr(value, each.name) for each in fields(value)}
    return value
