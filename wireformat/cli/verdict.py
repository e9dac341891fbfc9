"""What every verb that reads a stream says when something is wrong with it."""

from __future__ import annotations

from wireformat.cli.exits import Exit, exit_for
from wireformat.cli.running import complain
from wireformat.protocols.vmstate.stream import Stream


def verdict(verb: str, stream: Stream, file: str) -> int:
    """Name findings and fault of a stream, one line each on standard error; the exit code."""
    for finding in stream.findings:
        complain(verb, f"{file}: {finding}")
    if stream.fault is not None:
        complain(verb, f"{file}: {stream.fault}; incomplete, decoding ended here")
        return exit_for(stream.fault)
    return Exit.FINDING if stream.findings else Exit.FINE
