"""Makes the recorded runs of SPICE from captures: `python -m tests.derive.record_migrations` writes `spec/recordings`.

One of each way to migrate. Only what the migration consists of is shown: links, the session's main channel, and on
other channels what moves them. Pings, names and drawing would hide it.
"""

from __future__ import annotations

from tests.captures.spice_runs import run
from tests.derive.recordings import keep
from wireformat.derive.charts import Run, Step, folded
from wireformat.protocols.spice.capture import Connection
from wireformat.protocols.spice.codes import ChannelType, MigrateFlags
from wireformat.protocols.spice.common_messages import Migrate
from wireformat.protocols.spice.link import ClientLink, LinkMessage
from wireformat.protocols.spice.sighting import Sighting

PARTIES = ("source", "client", "target")
RUNS = {
    "switch-host": (
        "Switch-host: the target cannot be reached, and the client is sent there",
        "connect-error-switch-host-ok",
    ),
    "semi-seamless": ("Semi-seamless: linked before, begun anew behind", "semi-seamless-ok"),
    "seamless": ("Seamless: every channel moves with its state", "seamless-ok-ticket"),
}
ON_MAIN = frozenset({"Init", "AttachChannels", "ChannelsList", "ClientLink"})
EVERYWHERE = frozenset({"ClientLink", "Migrate", "MigrateFlushMark", "ServerMigrateData", "ClientMigrateData"})


def link(connection: Connection) -> LinkMessage:
    """What a connection was opened for."""
    (found,) = [each.value.message for each in connection.side("client") if isinstance(each.value, ClientLink)]
    return found


def matters(connection: Connection, sighting: Sighting) -> bool:
    """Whether the migration consists of it."""
    if link(connection).channel_type != ChannelType.MAIN:
        return sighting.name in EVERYWHERE
    return sighting.name in ON_MAIN | EVERYWHERE or "Migrate" in sighting.name


def note(connection: Connection, sighting: Sighting) -> str:
    """The channel, and what matters of a message."""
    about = link(connection)
    channel = "" if about.channel_type == ChannelType.MAIN else about.channel_type.name.lower()
    value = sighting.value
    if isinstance(value, ClientLink) and not channel:
        return "main, the session goes on" if about.connection_id else "main, new session"
    if isinstance(value, Migrate):
        takes = "flush and data" if value.flags & MigrateFlags.NEED_DATA_TRANSFER else "nothing"
        return f"{channel or 'main'}: {takes}"
    return channel


def recorded(title: str, capture: str) -> Run:
    """The run that a capture holds."""
    steps = []
    for connection, sighting in run(capture).messages():
        if matters(connection, sighting):
            parties = ("client", connection.server)
            sender, receiver = parties if sighting.sender == "client" else parties[::-1]
            steps.append(Step(sender, receiver, sighting.name, note(connection, sighting)))
    return Run(title, f"the capture {capture} of this project", PARTIES, folded(steps))


def main() -> None:
    """Write all runs."""
    for name, (title, capture) in RUNS.items():
        keep(f"spice/{name}", recorded(title, capture))


if __name__ == "__main__":
    main()
