"""The test vectors of channel headers: values that are encoded, and bytes that must be refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.derive.plain_bytes import entry, header
from wireformat.protocols.channels.messages import NO_BINDING, ChannelHeader, ChannelKind, HeaderEntries, HeaderFlags
from wireformat.schema import Unknown

VERSION: str | None = "1"
PARAMS: Mapping[str, Mapping[str, Any]] = {}

BINDING = bytes(range(16))
PROOF = bytes([0xAA] * 16)
DATA = 2
FROM_SOURCE = 1


TYPE = entry(0x8001, b"multifd")
INDEX = entry(0x8002, b"\0\3")
EPOCH = entry(0x8005, bytes(4))


def _data(entries: bytes, size: int | None = None) -> bytes:
    return header(DATA, FROM_SOURCE, BINDING, entries, size)


MAIN_OF_SOURCE = ChannelHeader(kind=ChannelKind.MAIN, flags=HeaderFlags.FROM_SOURCE, binding=NO_BINDING)
MULTIFD_3 = HeaderEntries(channel_type="multifd", index=3, proof=PROOF, epoch=0)

VALUES: Mapping[str, tuple[tuple[Any, ...], ...]] = {
    "ChannelHeader": (
        ("main channel, from the source", MAIN_OF_SOURCE),
        (
            "main channel, from the destination",
            ChannelHeader(kind=ChannelKind.MAIN, flags=HeaderFlags(0), binding=NO_BINDING),
        ),
        (
            "multifd/3, from the source",
            ChannelHeader(kind=ChannelKind.DATA, flags=HeaderFlags.FROM_SOURCE, binding=BINDING, entries=MULTIFD_3),
        ),
        (
            "answer on a data channel",
            ChannelHeader(kind=ChannelKind.DATA, flags=HeaderFlags(0), binding=BINDING),
        ),
        (
            "file",
            ChannelHeader(kind=ChannelKind.FILE, flags=HeaderFlags.FROM_SOURCE, binding=NO_BINDING),
        ),
        (
            "resume, second epoch",
            ChannelHeader(
                kind=ChannelKind.RESUME,
                flags=HeaderFlags.FROM_SOURCE,
                binding=BINDING,
                entries=HeaderEntries(epoch=1),
            ),
        ),
        (
            "kind that means nothing",
            ChannelHeader(kind=ChannelKind(0x1A), flags=HeaderFlags.FROM_SOURCE, binding=NO_BINDING),
        ),
    ),
    "HeaderEntries": (
        ("multifd/3", MULTIFD_3),
        (
            "with a label and entries that mean nothing",
            HeaderEntries(
                channel_type="multifd",
                index=3,
                proof=PROOF,
                label="disk 1",
                epoch=7,
                unknown=(Unknown(0x0A0A, b"\x42"), Unknown(0x4001, b"\x0bexample.com!")),
            ),
        ),
        ("none", HeaderEntries()),
    ),
}

BROKEN: Mapping[str, tuple[tuple[str, bytes], ...]] = {
    "ChannelHeader": (
        ("magic of multifd", b"\x11\x22\x33\x44" + _data(TYPE)[4:]),
        ("version 3 of the VM-state stream", bytes.fromhex("5145564d00000003") + _data(TYPE)[8:]),
        ("other low half of the marker", _data(TYPE)[:7] + b"\2" + _data(TYPE)[8:]),
        ("size below 32", _data(b"", 31)),
        ("size above 4096", _data(b"", 4097)),
        ("size behind the entries", _data(TYPE, 40)),
        ("wrong sum", _data(TYPE)[:12] + bytes(4) + _data(TYPE)[16:]),
        ("entries out of order", _data(INDEX + TYPE)),
        ("entry twice", _data(TYPE + TYPE)),
        ("unknown critical entry", _data(TYPE + entry(0x8A0A, b""))),
        ("type without its critical bit", _data(entry(0x0001, b"multifd"))),
        ("label with a critical bit", _data(entry(0x8004, b"x"))),
        ("index of one byte", _data(entry(0x8002, b"\3"))),
        ("proof of 15 bytes", _data(entry(0x8003, bytes(15)))),
        ("epoch of eight bytes", _data(entry(0x8005, bytes(8)))),
        ("type of 65 bytes", _data(entry(0x8001, b"a" * 65))),
        ("type that is not ASCII", _data(entry(0x8001, "größe".encode()))),
        ("type with U+0000", _data(entry(0x8001, b"a\0b"))),
        ("label that is not UTF-8", _data(entry(0x0004, b"\xff"))),
        ("value longer than the header", _data(bytes.fromhex("8001000000000010") + b"multifd")),
    ),
}
