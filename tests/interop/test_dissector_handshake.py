"""tshark with our dissector on whole migrations: headers, frames and pieces are those that our sessions sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.interop.agreement import codecs, disagreements
from tests.interop.dissection import Item, messages, tshark
from tests.protocols.handshake.loopback import (
    MAIN_HEADER,
    STREAM,
    Link,
    Loopback,
    destination_config,
    frames_of,
    message_of,
    offer,
    source_config,
)
from wireformat.derive.pcapng import Clock, Connection, file_header
from wireformat.protocols import protocol
from wireformat.protocols.handshake.negotiation.offers import Offer
from wireformat.protocols.handshake.sessions.payloads import HANDOVER, RAW, STRIPED

pytestmark = pytest.mark.interop

PORT = 4444
PREFERENCES = ("-o", f"wf.handshake.ports:{PORT}")
RAW_OFFER = offer(HANDOVER, "multifd", payloads=(RAW,), channels=2)
STRIPED_OFFER = offer(HANDOVER, payloads=(STRIPED, RAW), channels=3)
FRAMED_OFFER = offer(HANDOVER, payloads=("v1-framed", RAW), versions=(1, 2))
POSITION = "wf.handshake.stream.position"
BYTES = "wf.handshake.stream.data"
BESIDE = (POSITION, BYTES, *(f"wf.handshake.reply_{what}" for what in ("in", "to", "time")))


@dataclass(frozen=True)
class Dissected:
    """What tshark shows: headers, what is in frames and pieces, bytes that it does not take apart, and complaints."""

    headers: list[Item]
    declared: list[Item]
    opaque: bytes
    complaints: list[str]


def migrated(wanted: Offer) -> Loopback:
    """A migration in memory, to its end."""
    migration = Loopback(source_config(wanted), destination_config(wanted, grease=None))
    migration.migrate()
    assert migration.outcome == ("complete", "complete")
    return migration


def captured(path: Path, links: list[Link], segment_size: int, port: int = PORT) -> Path:
    """A capture of connections, one behind the other, the main one first."""
    clock = Clock()
    with path.open("wb") as file:
        file.write(file_header())
        for number, link in enumerate(links, 1):
            connection = Connection(number, port, segment_size, clock)
            file.writelines(connection.open())
            for sender, data in link.log:
                file.writelines(connection.send(data, from_client=sender == "source"))
            file.writelines(connection.close())
    return path


def dissected(file: Path, script: Path, *options: str) -> Dissected:
    """What tshark makes of a capture."""
    output = tshark(file, script, *options, "-T", "json", "-x")
    shown = [(item, _bare(item)) for item in messages(output, "wf.handshake")]
    opaque = b"".join(child.data for item, _ in shown for child in item.children if child.key == BYTES)
    texts = re.findall(rb'"_ws.expert.message": "([^"]*)"', output)
    return Dissected(
        [_bare(item) for item in messages(output, "wf.channels")],
        [bare for _, bare in shown if bare.children],
        opaque,
        [text.decode() for text in texts if not text.startswith((b"Connection", b"This frame"))],
    )


def _bare(item: Item) -> Item:
    """An item without what only says where it is, or which packet it belongs to."""
    return replace(item, children=tuple(child for child in item.children if child.key not in BESIDE))


def sent(link: Link, side: str) -> bytes:
    """All that a side sent on a connection."""
    return b"".join(data for sender, data in link.log if sender == side)


def expected_frames(migration: Loopback) -> Iterator[bytes]:
    """Every frame that was sent, those behind the raw stream too."""
    for link in migration.links:
        yield from frames_of(sent(link, "destination"))
    said = sent(migration.main, "source")
    found = frames_of(said)
    yield from found
    behind = said[len(MAIN_HEADER) + sum(map(len, found)) :]
    if behind:
        yield from frames_of(MAIN_HEADER + behind.removeprefix(STREAM))


@pytest.mark.parametrize("segment_size", [65495, 500, 7, 1])
@pytest.mark.parametrize("wanted", [RAW_OFFER, STRIPED_OFFER, FRAMED_OFFER], ids=["raw", "striped", "framed"])
def test_migrations_agree(wanted: Offer, segment_size: int, tmp_path: Path, script: Path) -> None:
    migration = migrated(wanted)
    file = captured(tmp_path / "migration.pcapng", migration.links, segment_size)
    seen = dissected(file, script, *PREFERENCES)
    assert seen.complaints == []
    assert len(seen.headers) == 2 * len(migration.links)
    known = codecs(protocol("handshake"))
    frames = [item for item in seen.declared if item.children[0].key.startswith("wf.handshake.frame.")]
    pieces = [item for item in seen.declared if item.children[0].key.startswith("wf.handshake.piece.")]
    assert sorted(item.data for item in frames) == sorted(expected_frames(migration))
    for name, items in (("Frame", frames), ("Piece", pieces)):
        for item in items:
            assert disagreements(item, item.data, known[name], {}, "wf.handshake") == []
    joined = sorted((item.data[:8], item.data[12:]) for item in pieces)
    blocks = [getattr(message_of(item.data), "data", b"") for item in frames]
    assert seen.opaque + b"".join([*(data for _, data in joined), *blocks]) == STREAM


def test_headers_agree(tmp_path: Path, script: Path) -> None:
    migration = migrated(RAW_OFFER)
    seen = dissected(captured(tmp_path / "migration.pcapng", migration.links, 1448), script)
    codec = codecs(protocol("channels"))["ChannelHeader"]
    for item in seen.headers:
        assert disagreements(item, item.data, codec, {}, "wf.channels") == []
    assert {item.data for item in seen.headers} == {
        sent(link, side)[: int.from_bytes(sent(link, side)[10:12], "big")]
        for link in migration.links
        for side in ("source", "destination")
    }


def test_connections_are_found_by_their_first_bytes_or_by_port(tmp_path: Path, script: Path) -> None:
    migration = migrated(RAW_OFFER)
    broken = replace(migration.main, log=(("source", b"\0" + sent(migration.main, "source")[1:]),))
    file = captured(tmp_path / "broken.pcapng", [broken], 1448)
    assert dissected(file, script).headers == []
    told = dissected(file, script, *PREFERENCES)
    assert [text.partition(":")[0] for text in told.complaints] == ["constant"]


def test_a_fault_is_marked_and_the_rest_is_shown_as_bytes(tmp_path: Path, script: Path) -> None:
    migration = migrated(RAW_OFFER)
    data = bytearray(sent(migration.main, "source"))
    data[32 + 12] ^= 1
    file = captured(tmp_path / "fault.pcapng", [replace(migration.main, log=(("source", bytes(data)),))], 65495)
    seen = dissected(file, script)
    assert [text.partition(":")[0] for text in seen.complaints] == ["checksum"]
    assert seen.opaque == bytes(data[32 + len(frames_of(sent(migration.main, "source"))[0]) :])
