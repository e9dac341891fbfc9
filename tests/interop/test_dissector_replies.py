"""tshark with our dissector: which packet answers which, held against the order of messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

from tests.captures.spice_runs import run
from tests.interop.dissection import Item, items, tshark
from tests.interop.test_dissector_handshake import FRAMED_OFFER, RAW_OFFER, migrated
from tests.protocols.handshake.loopback import Link, Loopback, destination_config, offer, source_config
from tests.protocols.spice.trio import Trio
from wireformat.derive.pcapng import Clock, Connection, file_header
from wireformat.protocols import NAMES, protocol
from wireformat.protocols.handshake.sessions.payloads import STRIPED
from wireformat.protocols.spice.sighting import Sighting
from wireformat.schema import lift

pytestmark = pytest.mark.interop

PORT = 5930
PREFERENCES = ("-o", f"wf.spice.ports:{PORT}", "-o", f"wf.handshake.ports:{PORT + 1}")
NOON = 1_760_000_000_000_000
PASSES = pytest.mark.parametrize("passes", [(), ("-2",)], ids=["one", "two"])
SIZES = pytest.mark.parametrize("segment_size", [65495, 7])
ANSWERED_BY = {name: requests for each in NAMES for name, requests in protocol(each).replies.items()}
ASKED = {request for requests in ANSWERED_BY.values() for request in requests}
FRAMES = {lift(cls).record.code: cls.__name__ for cls in protocol("handshake").messages}
Talk = Sequence[tuple[bool, bytes]]
"""What a connection carried, in order: whether the client said it, and the bytes."""


@dataclass(frozen=True)
class Said:
    """A message that tshark shows: who said it on which connection, its packet, and the packets it is linked to."""

    stream: str
    is_client: bool
    name: str
    packet: int
    links: Mapping[str, str]


def captured(path: Path, talks: Iterable[Talk], segment_size: int, port: int = PORT, copies: int = 1) -> Path:
    """A capture of connections, one behind the other; packets with data come that many times."""
    clock = Clock(NOON)
    with path.open("wb") as file:
        file.write(file_header())
        for number, talk in enumerate(talks, 1):
            connection = Connection(number, port, segment_size, clock)
            file.writelines(connection.open())
            for is_client, data in talk:
                for packet in connection.send(data, from_client=is_client):
                    file.write(packet * copies)
            file.writelines(connection.close())
    return path


def bundled(talk: Talk) -> Talk:
    """The same talk, with all that a side says in a row in one piece."""
    runs = groupby(talk, key=lambda piece: piece[0])
    return [(is_client, b"".join(data for _, data in run)) for is_client, run in runs]


def said(file: Path, script: Path, *options: str) -> list[Said]:
    """Every message that tshark shows."""
    output = tshark(file, script, *PREFERENCES, *options, "-T", "json")
    return [message for packet in json.loads(output, object_pairs_hook=list) for message in _in_packet(packet)]


def _in_packet(packet: list[tuple[str, list[tuple[str, object]]]]) -> Iterator[Said]:
    layers = dict(dict(packet)["_source"])["layers"]
    assert isinstance(layers, list)
    frame, tcp = dict(dict(layers)["frame"]), dict(dict(layers)["tcp"])
    is_client = int(tcp["tcp.dstport"]) in (PORT, PORT + 1)
    for item in items([pair for pair in layers if pair[0].startswith("wf.")]):
        if name := name_of(item):
            links = {child.key.rpartition(".")[2]: child.text for child in item.children if ".reply_" in child.key}
            yield Said(tcp["tcp.stream"], is_client, name, int(frame["frame.number"]), links)


def name_of(item: Item) -> str:
    """The message that an item shows; nothing for bytes that are not taken apart."""
    texts = {child.key: child.text for child in item.children}
    if item.key == "wf.channels":
        return "ChannelHeader"
    return texts.get("wf.spice.stream.message") or FRAMES.get(int(texts.get("wf.handshake.frame.type", 0)), "")


def expected(messages: Sequence[Said], *, sees_later: bool) -> list[dict[str, str]]:
    """The links of each message, from nothing but who said what in which order."""
    found: list[dict[str, str]] = [{} for _ in messages]
    waiting: list[int] = []
    for place, message in enumerate(messages):
        request = next((each for each in waiting if answers(message, messages[each])), None)
        if request is not None:
            waiting.remove(request)
            asked = messages[request].packet
            found[place] |= {"reply_to": str(asked), "reply_time": f"{(message.packet - asked) / 1e6:.9f}"}
            found[request] |= {"reply_in": str(message.packet)} if sees_later else {}
        if message.name in ASKED and (request is None or messages[request].name != message.name):
            waiting.append(place)
    return found


def answers(reply: Said, request: Said) -> bool:
    """Whether one message may be the answer to another."""
    is_between = reply.stream == request.stream and reply.is_client != request.is_client
    return is_between and request.name in ANSWERED_BY.get(reply.name, ())


def check(file: Path, script: Path, *passes: str) -> list[tuple[str, str]]:
    """Hold the links that tshark shows against those expected; the pairs of reply and request, in order."""
    messages = said(file, script, *passes)
    assert [message.links for message in messages] == expected(messages, sees_later=bool(passes))
    linked = [message for message in messages if "reply_to" in message.links]
    return [(message.name, _request(messages, message)) for message in linked]


def _request(messages: Sequence[Said], reply: Said) -> str:
    packet = int(reply.links["reply_to"])
    (found,) = {each.name for each in messages if each.packet == packet and answers(reply, each)}
    return found


def talks_of(talks: Iterable[Sequence[Sighting]]) -> list[Talk]:
    """What our observer saw of connections of SPICE, as it was on the wire."""
    return [[(each.sender == "client", each.encode()) for each in talk] for talk in talks]


LINKED = [("ServerLink", "ClientLink"), ("LinkResult", "Ticket")]
MOVED = [("MigrateFlushMark", "Migrate"), ("ServerMigrateData", "MigrateFlushMark")]


@PASSES
@SIZES
def test_seamless_migrations_agree(segment_size: int, passes: tuple[str, ...], tmp_path: Path, script: Path) -> None:
    trio = Trio().begin()
    trio.connect()
    trio.end()
    talks = talks_of(cable.seen for cable in trio.cables)
    pairs = check(captured(tmp_path / "trio.pcapng", talks, segment_size), script, *passes)
    announced = [("ChannelsList", "AttachChannels"), ("MigrateConnectedSeamless", "MigrateBeginSeamless")]
    asked = [("MigrateDstSeamlessAck", "MigrateDstDoSeamless")]
    assert pairs == [*LINKED, *announced, *MOVED, *LINKED, *MOVED, *LINKED, *asked, *LINKED]


@PASSES
@pytest.mark.parametrize("is_bundled", [False, True], ids=["apart", "bundled"])
@pytest.mark.parametrize(
    ("name", "among"),
    [("seamless-ok-ticket", [*MOVED, ("AckSync", "SetAck")]), ("semi-seamless-ok", [("Init", "ClientMigrateEnd")])],
    ids=["seamless", "semi-seamless"],
)
def test_captures_agree(
    name: str, among: list[tuple[str, str]], is_bundled: bool, passes: tuple[str, ...], tmp_path: Path, script: Path
) -> None:
    talks = talks_of(connection.sightings for connection in run(name).connections)
    talks = list(map(bundled, talks)) if is_bundled else talks
    pairs = set(check(captured(tmp_path / "run.pcapng", talks, 65495), script, *passes))
    assert {*LINKED, *among, ("Pong", "Ping")} <= pairs


def link_talk(link: Link) -> Talk:
    """What a connection of the handshake carried."""
    return [(sender == "source", data) for sender, data in link.log]


HANDSHAKE = [
    ("ChannelHeader", "ChannelHeader"),
    ("HelloReply", "Hello"),
    ("InventoryReply", "Inventory"),
    ("CommitAck", "Commit"),
    ("Loaded", "Handover"),
    ("Running", "Grant"),
]


@PASSES
@SIZES
def test_handshakes_agree(segment_size: int, passes: tuple[str, ...], tmp_path: Path, script: Path) -> None:
    talks = [link_talk(link) for link in migrated(RAW_OFFER).links]
    pairs = check(captured(tmp_path / "raw.pcapng", talks, segment_size, PORT + 1), script, *passes)
    assert pairs == [*HANDSHAKE, HANDSHAKE[0], HANDSHAKE[0]]


@PASSES
def test_each_inventory_is_answered(passes: tuple[str, ...], tmp_path: Path, script: Path) -> None:
    talks = [link_talk(link) for link in migrated(FRAMED_OFFER).links]
    pairs = check(captured(tmp_path / "framed.pcapng", talks, 65495, PORT + 1), script, *passes)
    assert pairs == [*HANDSHAKE[:3], *HANDSHAKE[2:]]


@PASSES
def test_a_refusal_answers_what_was_asked(passes: tuple[str, ...], tmp_path: Path, script: Path) -> None:
    refused = Loopback(source_config(RAW_OFFER), destination_config(offer(payloads=(STRIPED,))))
    refused.migrate()
    file = captured(tmp_path / "refused.pcapng", [link_talk(refused.main)], 65495, PORT + 1)
    assert check(file, script, *passes) == [HANDSHAKE[0], ("Reject", "Hello")]


def begun() -> Talk:
    """A connection of SPICE with short headers, behind the link stage."""
    return talks_of([Trio().begin().cables[0].seen])[0]


def ping(id: int) -> bytes:
    """A ping of the server, behind a short header."""
    return bytes.fromhex("0400 0c000000") + id.to_bytes(4, "little") + bytes(8)


def pong(id: int) -> bytes:
    """The answer."""
    return bytes.fromhex("0300 0c000000") + id.to_bytes(4, "little") + bytes(8)


@PASSES
def test_the_oldest_open_request_is_answered(passes: tuple[str, ...], tmp_path: Path, script: Path) -> None:
    talk = [
        *begun(),
        (False, ping(1) + ping(2)),
        (False, ping(3)),
        (True, pong(1)),
        (True, pong(2) + pong(3) + pong(4)),
    ]
    file = captured(tmp_path / "pings.pcapng", [talk], 65495)
    check(file, script, *passes)
    pings = [message for message in said(file, script, *passes) if message.name == "Ping"][-3:]
    pongs = [message for message in said(file, script, *passes) if message.name == "Pong"][-4:]
    assert [message.links.get("reply_to") for message in pongs] == [*(str(each.packet) for each in pings), None]
    assert [message.packet - pings[0].packet for message in (*pings, *pongs)] == [0, 0, 1, 2, 3, 3, 3]


@PASSES
def test_what_is_sent_again_changes_nothing(passes: tuple[str, ...], tmp_path: Path, script: Path) -> None:
    talk = [*begun(), (False, ping(1)), (True, pong(1)), (False, ping(2)), (True, pong(2))]
    once = said(captured(tmp_path / "once.pcapng", [talk], 65495), script, *passes)
    twice = said(captured(tmp_path / "twice.pcapng", [talk], 65495, copies=2), script, *passes)
    assert [message.name for message in twice] == [message.name for message in once]
    assert twice[-1].packet > once[-1].packet
    links = expected(twice, sees_later=bool(passes))
    for link in ("reply_in", "reply_to"):
        assert [message.links.get(link) for message in twice] == [each.get(link) for each in links]


def test_a_filter_finds_slow_answers(tmp_path: Path, script: Path) -> None:
    talk = [*begun(), (False, ping(1)), (False, bytes.fromhex("0600 00000000")), (True, pong(1))]
    file = captured(tmp_path / "slow.pcapng", [talk], 65495)
    (slow,) = said(file, script, "-Y", "wf.spice.reply_time > 0.000001")
    assert (slow.name, slow.links["reply_time"]) == ("Pong", "0.000002000")
