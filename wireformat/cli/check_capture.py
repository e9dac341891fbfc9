"""`wireformat check` for SPICE captures: what breaks a rule, where, and what nobody may say then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wireformat.cli.captures import open_capture
from wireformat.cli.exits import Exit, UsageError
from wireformat.errors import WireError
from wireformat.protocols.spice.capture import Capture
from wireformat.protocols.spice.capture_document import finding_document
from wireformat.protocols.spice.replay import replay


def check_capture(name: str, as_json: bool) -> tuple[dict[str, Any], Exit]:
    """Check one capture; its part of the JSON document, and the exit code.

    A folder is a whole run: it is also played through the machines of client, source and target.
    """
    try:
        capture = open_capture(name)
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from None
    found = list(_malformed(capture))
    if Path(name).is_dir():
        found += _illegal(capture)
    if not as_json:
        for where, finding in found:
            print(_line(name, where, finding))
    findings = [{**where, **finding_document(finding)} for where, finding in found]
    return {"file": name, "findings": findings}, Exit.FINDING if found else Exit.FINE


def _malformed(capture: Capture) -> Iterator[tuple[dict[str, str], WireError]]:
    """What is wrong with bytes, each with where it was seen."""
    for connection in capture.connections:
        for sighting, finding in connection.findings():
            yield {"connection": connection.name, "from": sighting.sender}, finding


def _illegal(capture: Capture) -> Iterator[tuple[dict[str, str], WireError]]:
    """What a role did that its machine does not allow."""
    for illegal in replay(capture).findings:
        yield {"role": illegal.role}, illegal.error


def _line(name: str, where: dict[str, str], error: WireError) -> str:
    at = "" if error.offset is None else f" at {error.offset:#x}"
    place = ": ".join([name, *where.values()])
    return f"{place}: {error.path or 'input'}{at}: {error.detail} [{error.id}]"
