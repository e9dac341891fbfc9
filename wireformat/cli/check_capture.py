"""`wireformat check` for SPICE captures: what breaks a rule, on which connection and where."""

from __future__ import annotations

from typing import Any

from wireformat.cli.captures import open_capture
from wireformat.cli.exits import Exit, UsageError
from wireformat.errors import DecodeError
from wireformat.protocols.spice.capture_document import finding_document


def check_capture(name: str, as_json: bool) -> tuple[dict[str, Any], Exit]:
    """Check one capture; its part of the JSON document, and the exit code."""
    try:
        capture = open_capture(name)
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from None
    found = []
    for connection in capture.connections:
        for sighting, finding in connection.findings():
            found.append({"connection": connection.name, "from": sighting.sender, **finding_document(finding)})
            if not as_json:
                place = f"{name}: {connection.name}: {sighting.sender}: {_place(finding)}"
                print(f"{place}: {finding.detail} [{finding.id}]")
    return {"file": name, "findings": found}, Exit.FINDING if found else Exit.FINE


def _place(error: DecodeError) -> str:
    at = "" if error.offset is None else f" at {error.offset:#x}"
    return f"{error.path or 'input'}{at}"
