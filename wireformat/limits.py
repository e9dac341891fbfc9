"""Limits that are checked before memory is taken: what a peer may make us hold."""

from __future__ import annotations

from typing import Final

MAX_DEPTH: Final = 16
"""Records nested in records, on a cycle of the schema."""

MAX_BUFFERED: Final = 64 << 20
"""Bytes that an incremental decoder keeps while it waits for the rest of one message."""

MAX_ITEMS: Final = 1 << 20
"""Items of one list whose schema states no smaller limit."""

MAX_FLAG_NAMES: Final = 1024
"""Flag combinations that a fast codec remembers."""
