"""`wireformat peer resume`: go on with a migration whose connection was lost."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from wireformat.cli import peer_options as options
from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.option_group import grouped
from wireformat.cli.peer_credentials import DiallingTls
from wireformat.cli.peer_outcome import source_outcome, work
from wireformat.cli.peer_report import Report
from wireformat.cli.peer_source import check_two_way
from wireformat.cli.peer_stream import open_payload
from wireformat.cli.running import complain
from wireformat.errors import WireError
from wireformat.peer.dialler import Dialler
from wireformat.peer.source import SourcePeer, reason
from wireformat.protocols.handshake.messages import NONCE_SIZE
from wireformat.protocols.handshake.sessions.resume import ResumeState
from wireformat.protocols.handshake.sessions.source import SourceSession

VERB = "peer resume"


@grouped
def run(
    state: Annotated[Path, typer.Argument(help="what `peer source --state` left")],
    file: Annotated[str, typer.Argument(help="the same stream as before")],
    to: Annotated[str, typer.Option("--to", help="address of the destination, which still waits")],
    *,
    tls: DiallingTls,
    timeout: options.Timeout = 30.0,
    as_json: options.AsJson = False,
) -> int:
    """Go on after the connection was lost."""
    address = options.address_of(to, "--to")
    check_two_way(to, address, 0, one_way=False)
    credentials = tls.credentials()
    report = Report(VERB, as_json=as_json)
    session = SourceSession.from_snapshot(open_state(state))
    dialler = Dialler(address, timeout, credentials)
    peer = SourcePeer(session, dialler, open_payload(file), report, timeout)
    try:
        work(peer.resume(secrets.token_bytes(NONCE_SIZE)))
    except OSError as fault:
        complain(VERB, f"{to}: {reason(fault)}")
        return Exit.UNREACHABLE
    return source_outcome(VERB, peer, report, state)


def open_state(path: Path) -> ResumeState:
    """What a lost migration left. Raises `UsageError`."""
    try:
        return ResumeState.from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (ValueError, WireError) as error:
        raise UsageError(f"{path}: not what `peer source --state` leaves: {error}") from None
