"""A client made of the real library, spice-gtk: run by the system's Python, which has `gi`.

    /usr/bin/python3 gtk_client.py HOST PORT [TLS_PORT AUTHORITY_FILE]

The password comes from standard input. What the library reports goes to standard output as JSON lines, until standard
input ends.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import gi  # type: ignore[import-not-found]

gi.require_version("SpiceClientGLib", "2.0")
from gi.repository import GLib, GObject, SpiceClientGLib  # type: ignore[import-not-found]  # noqa: E402

on = GObject.Object.connect


def tell(what: str, **more: Any) -> None:
    """One line."""
    print(json.dumps({"what": what, **more}), flush=True)


def channel_new(_session: Any, channel: Any) -> None:
    """Open every channel; main opens itself."""
    kind = type(channel).__name__
    tell("channel-new", channel=kind)
    on(channel, "channel-event", lambda _, event: tell("channel-event", channel=kind, event=event.value_nick))
    if not isinstance(channel, SpiceClientGLib.MainChannel):
        SpiceClientGLib.Channel.connect(channel)


def migration_state(session: Any, _parameter: Any) -> None:
    """How far a migration is."""
    tell("migration-state", state=session.get_property("migration-state").value_nick)


def main(host: str, port: str, tls_port: str | None = None, authority: str | None = None) -> None:
    """Be a client of that server."""
    session = SpiceClientGLib.Session()
    session.set_property("host", host)
    session.set_property("port", port if port != "-" else None)
    session.set_property("enable-audio", False)
    if tls_port is not None:
        session.set_property("tls-port", tls_port)
        session.set_property("ca-file", authority)
    password = sys.stdin.readline().strip()
    if password:
        session.set_property("password", password)
    on(session, "channel-new", channel_new)
    on(session, "notify::migration-state", migration_state)
    on(session, "disconnected", lambda _: tell("disconnected"))
    loop = GLib.MainLoop()
    GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_HUP | GLib.IO_IN, lambda *_: loop.quit())
    SpiceClientGLib.Session.connect(session)
    loop.run()


main(*sys.argv[1:])
