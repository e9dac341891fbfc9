"""`wireformat peer`: reference peers, on either side of a migration."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wireformat.cli import peer_destination, peer_resume, peer_source, peer_spice_client, peer_spice_server

COMMANDS: Mapping[str, Callable[..., int]] = {
    "source": peer_source.run,
    "destination": peer_destination.run,
    "resume": peer_resume.run,
    "spice-client": peer_spice_client.run,
    "spice-source": peer_spice_server.source,
    "spice-target": peer_spice_server.target,
}


def run() -> None:
    """Send a stream to a destination, or receive one from a source; or be a party of a SPICE migration."""
