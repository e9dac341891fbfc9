"""How a peer's work ended, as an exit code: 0 done, 1 refused, 5 the peer was not reached, or is gone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from wireformat.cli.exits import Exit
from wireformat.cli.peer_report import Report
from wireformat.cli.running import complain
from wireformat.peer.source import SourcePeer, reason
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.sessions.events import Failed

T = TypeVar("T")

NOT_REACHED = {ErrorCode.PEER_CLOSED, ErrorCode.PEER_SILENT, ErrorCode.LOCAL_IO}
"""What this side finds when the other one, or the way to it, is not there."""


def work(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a peer to its end; what it gives. Raises what its tasks raised, the first of them."""
    try:
        return asyncio.run(coroutine)
    except BaseExceptionGroup as group:
        fault: BaseException = group
        while isinstance(fault, BaseExceptionGroup):
            fault = fault.exceptions[0]
        raise fault from None


def plain_outcome(verb: str, coroutine: Coroutine[Any, Any, None]) -> Exit:
    """Run a peer without sessions; the exit code."""
    try:
        work(coroutine)
    except OSError as fault:
        if fault.filename is not None:
            raise
        complain(verb, reason(fault))
        return Exit.UNREACHABLE
    return Exit.FINE


def source_outcome(verb: str, peer: SourcePeer, report: Report, state: Path | None) -> Exit:
    """The exit code of a source; what a paused one needs to go on is left in the file `state`."""
    session = peer.session
    if peer.fault is not None and session.state != "complete":
        complain(verb, f"connection: {reason(peer.fault)}")
    if session.state == "complete":
        return Exit.FINE
    if session.state == "cancelled":
        return Exit.INTERRUPTED
    if session.state == "paused":
        if state is not None:
            _keep(state, session.snapshot().to_json())
            complain(verb, f"to go on: wireformat peer resume {state} --to ADDRESS FILE")
        return Exit.UNREACHABLE
    return failure_exit(report.failure)


def failure_exit(failure: Failed | None) -> Exit:
    """The exit code of a failure."""
    if failure is None:
        return Exit.UNREACHABLE
    codes = {each.code for each in failure.errors}
    return Exit.UNREACHABLE if failure.by == "us" and codes <= NOT_REACHED else Exit.FINDING


def check_state(path: Path) -> None:
    """Raise `OSError` where the file for a paused migration could not be written; it stays as it is."""
    was_there = path.exists()
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    if not was_there:
        path.unlink()


def _keep(path: Path, text: str) -> None:
    """Write a file that holds a secret, for its owner only."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with suppress(OSError):  # one that was there keeps its mode; what is no file of ours has none to give
        os.fchmod(descriptor, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
