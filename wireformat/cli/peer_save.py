"""Saving a stream for a destination that is not there: negotiated against its profile [handshake D.9].

The stream is finished: what the destination cannot load of it can neither be left out nor written in an older version,
and so it is a reason not to save it.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from wireformat.cli import peer_options as options
from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.output import open_output
from wireformat.cli.peer_report import Report
from wireformat.cli.peer_stream import Sending, open_sending
from wireformat.errors import DecodeError
from wireformat.protocols.handshake.file_messages import Profile
from wireformat.protocols.handshake.files.container import front, manifest_of
from wireformat.protocols.handshake.files.profile import Settlement, read_profile, settle_with
from wireformat.protocols.handshake.negotiation.offers import Offer
from wireformat.protocols.handshake.sessions.events import Agreed, Failed, Negotiated
from wireformat.protocols.handshake.sessions.offer_wire import result_entries
from wireformat.protocols.qapi.addresses import File


def save(file: str, profile_path: Path, offer: Offer, container: str | None, to: str | None, report: Report) -> Exit:
    """Write a stream for a destination of that profile: into a container, or plain to an address of a file."""
    output, offset = _target(container, to)
    profile = open_profile(profile_path)
    sending = open_sending(file)
    settled = settle_with(offer, profile, sending.inventory)
    if not isinstance(settled, Settlement):
        report(Failed(settled, "us"))
        return Exit.FINDING
    report(Negotiated(settled.result, profile.name))
    report(Agreed(settled.resolution.omitted, settled.resolution.versions, settled.warnings))
    with open_output(output, file) as target:
        target.write(b"\0" * offset)
        if container is not None:
            target.write(_front(settled, sending, profile))
        _write(sending, target)
    return Exit.FINE


def open_profile(path: Path) -> Profile:
    """A saved offer of a destination. Raises `UsageError`."""
    try:
        return read_profile(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except DecodeError as error:
        raise UsageError(f"{path}: {error}") from None


def _target(container: str | None, to: str | None) -> tuple[str, int]:
    """Name and offset of what is written. Raises `UsageError`."""
    if (container is None) == (to is None):
        raise UsageError("--profile needs one of --container FILE and --to file:PATH")
    if container is not None:
        return container, 0
    address = options.address_of(to or "", "--to")
    if not isinstance(address, File):
        raise UsageError(f"--to {to}: with --profile only file:PATH")
    return address.filename, address.offset


def _front(settled: Settlement, sending: Sending, profile: Profile) -> bytes:
    result = result_entries(settled.result)
    return front(manifest_of(result, sending.inventory, settled.resolution, profile=profile.name))


def _write(sending: Sending, target: BinaryIO) -> None:
    for chunk in sending.payload.chunks():
        target.write(chunk)
