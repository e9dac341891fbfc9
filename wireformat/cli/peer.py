"""`wireformat peer`: the reference peer, on either side of a migration."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wireformat.cli import peer_destination, peer_resume, peer_source

COMMANDS: Mapping[str, Callable[..., int]] = {
    "source": peer_source.run,
    "destination": peer_destination.run,
    "resume": peer_resume.run,
}


def run() -> None:
    """Send a stream to a destination, or receive one from a source."""
