"""Entries, headers and frames from the standard library alone, so that vectors do not test the codec with itself."""

from __future__ import annotations

from zlib import crc32

MARKER = bytes.fromhex("5145564d48530001")


def entry(number: int, value: bytes, reserved: int = 0) -> bytes:
    """An entry: number, reserved bytes, size, value."""
    return number.to_bytes(2, "big") + reserved.to_bytes(2, "big") + len(value).to_bytes(4, "big") + value


def header(kind: int, flags: int, binding: bytes, entries: bytes = b"", size: int | None = None) -> bytes:
    """A channel header with the right sum, whatever else is wrong with it."""
    start = MARKER + bytes([kind, flags]) + (32 + len(entries) if size is None else size).to_bytes(2, "big")
    behind = binding + entries
    return start + crc32(start + bytes(4) + behind).to_bytes(4, "big") + behind


def frame(number: int, payload: bytes, sequence: int = 0, size: int | None = None) -> bytes:
    """A frame with the right sum, whatever else is wrong with it."""
    start = number.to_bytes(2, "big") + bytes(2) + sequence.to_bytes(4, "big")
    start += (len(payload) if size is None else size).to_bytes(4, "big")
    return start + crc32(start + bytes(4) + payload).to_bytes(4, "big") + payload
