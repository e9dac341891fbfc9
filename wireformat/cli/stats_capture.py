"""`wireformat stats` for SPICE captures: how often each message was sent, and how many bytes."""

from __future__ import annotations

import json
from dataclasses import asdict

from wireformat.cli.captures import open_capture, verdict
from wireformat.cli.tables import Column, print_table
from wireformat.protocols.spice.capture_view import shares

COLUMNS = (Column("channel"), Column("sender"), Column("message"), Column("count", True), Column("bytes", True))


def capture_stats(name: str, as_json: bool) -> int:
    """Count the messages of a capture; the exit code."""
    capture = open_capture(name)
    found = shares(capture)
    if as_json:
        head = {"format": "wireformat/spice-statistics", "format_version": 1, "connections": len(capture.connections)}
        print(json.dumps({**head, "shares": [asdict(share) for share in found]}, indent=1))
    else:
        rows = [(one.channel, one.sender, one.name, f"{one.count:,}", f"{one.size:,}") for one in found]
        print(f"{len(capture.connections)} connections, {sum(one.size for one in found):,} bytes")
        print_table("Messages", COLUMNS, rows)
    return verdict("stats", capture, name)
