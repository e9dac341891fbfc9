"""tshark with our dissector on connections of SPICE: link stages and messages are those that our observer reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.captures.spice_runs import run
from tests.interop.agreement import codecs, disagreements
from tests.interop.dissection import Item, messages, tshark
from tests.protocols.spice.trio import Trio
from wireformat.derive.pcapng import Clock, Connection, file_header
from wireformat.protocols import protocol
from wireformat.protocols.spice.codes import CommonCapability
from wireformat.protocols.spice.headers import FULL_SIZE, MINI_SIZE
from wireformat.protocols.spice.link_stage import CLIENT_COMMON
from wireformat.protocols.spice.sighting import Sighting
from wireformat.protocols.spice.stream import OpaqueMessage

pytestmark = pytest.mark.interop

PORT = 5930
PREFERENCES = ("-o", f"wf.spice.ports:{PORT}")
STREAM = "wf.spice.stream."
KNOWN = codecs(protocol("spice"))
FULL_HEADERS = {"common": CLIENT_COMMON & ~CommonCapability.MINI_HEADER}
Talk = Sequence[Sighting]


@dataclass(frozen=True)
class Dissected:
    """What tshark shows: a row for each part of the link stage and each message, and complaints."""

    items: list[Item]
    complaints: list[str]


def captured(path: Path, talks: Iterable[Sequence[tuple[str, bytes]]], segment_size: int) -> Path:
    """A capture of connections, one behind the other."""
    clock = Clock()
    with path.open("wb") as file:
        file.write(file_header())
        for number, talk in enumerate(talks, 1):
            connection = Connection(number, PORT, segment_size, clock)
            file.writelines(connection.open())
            for sender, data in talk:
                file.writelines(connection.send(data, from_client=sender == "client"))
            file.writelines(connection.close())
    return path


def dissected(file: Path, script: Path, *options: str) -> Dissected:
    """What tshark makes of a capture."""
    output = tshark(file, script, *options, "-T", "json", "-x")
    texts = re.findall(rb'"_ws.expert.message": "([^"]*)"', output)
    return Dissected(
        list(messages(output, "wf.spice")),
        [text.decode() for text in texts if not text.startswith((b"Connection", b"This frame"))],
    )


def note(item: Item, name: str) -> str:
    """What is shown beside the bytes."""
    (found,) = [child.text for child in item.children if child.key == STREAM + name]
    return found


def bare(item: Item) -> Item:
    """An item without what stands beside its bytes, and without the body in it."""
    kept = tuple(child for child in item.children if not child.key.startswith(STREAM) and child.key != "wf.spice")
    return replace(item, children=kept)


def body(item: Item) -> Item | None:
    """The declared body of a message; None for an empty one, which has no fields."""
    return next((child for child in item.children if child.key == "wf.spice" and child.children), None)


def wrong(item: Item, sighting: Sighting) -> list[str]:
    """What tshark shows otherwise than our observer saw it."""
    data = sighting.encode()
    found = [] if int(note(item, "position")) == sighting.offset else [f"position {note(item, 'position')}"]
    found += [] if item.data == data else [f"{item.data.hex()} instead of {data.hex()}"]
    if sighting.received is None:
        return found + disagreements(bare(item), data, KNOWN[sighting.name], {}, "wf.spice")
    size = MINI_SIZE if sighting.is_mini else FULL_SIZE
    header = KNOWN["MiniHeader" if sighting.is_mini else "FullHeader"]
    found += disagreements(replace(bare(item), data=data[:size]), data[:size], header, {}, "wf.spice")
    if isinstance(sighting.value, OpaqueMessage):
        return found
    inner = body(item)
    if len(data) > size and inner is None:
        return [*found, "no body"]
    shown = [] if inner is None else disagreements(inner, data[size:], KNOWN[sighting.name], {}, "wf.spice")
    return found + shown


def name_of(sighting: Sighting) -> str:
    """How the dissector calls what was seen: what is not declared has no name there."""
    value = sighting.value
    return f"message {value.number}" if isinstance(value, OpaqueMessage) else sighting.name


def check(talks: Sequence[Talk], file: Path, script: Path, segment_size: int) -> None:
    """Hold what tshark shows of connections against what our observer saw."""
    pieces = [[(each.sender, each.encode()) for each in talk] for talk in talks]
    seen = dissected(captured(file, pieces, segment_size), script, *PREFERENCES)
    assert seen.complaints == []
    expected = [sighting for talk in talks for sighting in talk]
    rows = [(note(item, "sender"), note(item, "message")) for item in seen.items]
    assert rows == [(each.sender, name_of(each)) for each in expected]
    for item, sighting in zip(seen.items, expected, strict=True):
        assert wrong(item, sighting) == [], sighting.name


@pytest.mark.parametrize("segment_size", [65495, 100, 7, 1])
@pytest.mark.parametrize("client", [{}, FULL_HEADERS], ids=["mini", "full"])
def test_migrations_agree(client: dict[str, CommonCapability], segment_size: int, tmp_path: Path, script: Path) -> None:
    trio = Trio(client).begin()
    trio.connect()
    trio.end()
    talks = [cable.seen for cable in trio.cables]
    assert len(talks) == 4
    check(talks, tmp_path / "trio.pcapng", script, segment_size)


@pytest.mark.parametrize(
    "name", ["seamless-ok-ticket", "minimal-client-full-header-switch-host", "minimal-client-cert-subject-begin"]
)
def test_captures_agree(name: str, tmp_path: Path, script: Path) -> None:
    talks = [connection.sightings for connection in run(name).connections]
    check(talks, tmp_path / "run.pcapng", script, 1448)


def test_connections_are_found_by_their_first_bytes_or_by_port(tmp_path: Path, script: Path) -> None:
    talk = [("client", b"RED0" + bytes(30))]
    file = captured(tmp_path / "broken.pcapng", [talk], 1448)
    assert dissected(file, script).items == []
    told = dissected(file, script, *PREFERENCES)
    assert [text.partition(":")[0] for text in told.complaints] == ["constant"]


def test_a_refused_link_ends_the_reading(tmp_path: Path, script: Path) -> None:
    refused = Trio({"password": b"x" * 60}, source={"password": b"y"}).begin().cables[0].seen
    pieces = [*((each.sender, each.encode()) for each in refused), ("server", b"late")]
    seen = dissected(captured(tmp_path / "refused.pcapng", [pieces], 1448), script)
    assert [note(item, "message") for item in seen.items[:-1]] == [each.name for each in refused]
    assert refused[-1].name == "LinkResult"
    assert (note(seen.items[-1], "sender"), seen.items[-1].data) == ("server", b"late")
    assert seen.complaints == []


def test_a_body_that_does_not_decode_is_marked_and_the_rest_is_read(tmp_path: Path, script: Path) -> None:
    talk = Trio().begin().cables[0].seen
    pieces = [(each.sender, each.encode()) for each in talk]
    pieces += [("server", bytes.fromhex("6500 0400 0000 01000200")), ("server", bytes.fromhex("6600 0000 0000"))]
    seen = dissected(captured(tmp_path / "body.pcapng", [pieces], 1448), script)
    assert [text.partition(":")[0] for text in seen.complaints] == ["overrun"]
    assert [note(item, "message") for item in seen.items[-2:]] == ["MigrateBegin", "MigrateCancel"]
