"""Broken input against everything that reads: an error of ours or a close, soon, and the same however it is cut.

`WIREFORMAT_SOAK=1` runs 100,000 cases against each reader, else one in 500.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice

import pytest

from tests.captures.spice_runs import files, run, wire_bytes
from tests.protocols.spice.linking import client, key, server
from wireformat.codec import encode
from wireformat.derive.mutate import mutations
from wireformat.errors import DecodeError, EncodeError, WireError
from wireformat.protocols.spice import ticket
from wireformat.protocols.spice.capture import Capture, in_order, read_connection
from wireformat.protocols.spice.capture_assembly import assemble
from wireformat.protocols.spice.capture_document import documents as capture_documents
from wireformat.protocols.spice.capture_document import flat, nested
from wireformat.protocols.spice.codes import ChannelType, LinkCode, Mechanism
from wireformat.protocols.spice.connection import Connection
from wireformat.protocols.spice.events import Event, Failed, LinkRefused
from wireformat.protocols.spice.link import (
    ClientLink,
    LinkMessage,
    LinkReply,
    LinkResult,
    MechanismChoice,
    ServerLink,
    Ticket,
)
from wireformat.protocols.spice.observer import Observer
from wireformat.protocols.spice.sighting import Sighting

WHOLE = bool(os.environ.get("WIREFORMAT_SOAK"))
pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)] if WHOLE else []
CASES = 100_000 if WHOLE else 200
MAX_SECONDS = 2.0
FULL_RUN, MINI_RUN = "minimal-client-full-header-switch-host", "minimal-client-seamless-nack"


@cache
def spoken() -> dict[str, bytes]:
    """What a client and a server say on a good main channel, first with mini headers, then with full ones."""
    found = {}
    for name, where in (("mini", MINI_RUN), ("full", FULL_RUN)):
        recorded = wire_bytes(where, "conn01-source-main-0")
        ours = _link_stage(0xB if name == "mini" else 0x3)
        for direction in ("c2s", "s2c"):
            own = f"{name}-{direction}"
            found[own] = ours[direction] + _behind_link(recorded[direction], own)
    return found


def _link_stage(common: int) -> dict[str, bytes]:
    message = LinkMessage(
        connection_id=0, channel_type=ChannelType.MAIN, channel_id=0, common=(common,), channel=(0xF,)
    )
    proof = Ticket(encrypted=ticket.encrypt(key().public, b""))
    reply = LinkReply(error=LinkCode.OK, public_key=key().public, offset=178, common=(0xB,), channel=(0xF,))
    return {
        "c2s": encode(ClientLink(message=message)) + encode(MechanismChoice(mechanism=Mechanism.SPICE)) + encode(proof),
        "s2c": encode(ServerLink(reply=reply)) + encode(LinkResult(code=LinkCode.OK)),
    }


def _behind_link(data: bytes, name: str) -> bytes:
    """The messages behind a link stage, without the one that is 256 kB of zeros."""
    place = 16 + int.from_bytes(data[12:16], "little") + (4 if name.endswith("s2c") else 132)
    header = 6 if name.startswith("mini") else 18
    kept = b""
    while place < len(data):
        size = header + int.from_bytes(data[place + (2 if header == 6 else 10) :][:4], "little")
        kept += data[place : place + size] if size < 1000 else b""
        place += size
    return kept


def told(connection: Connection, pieces: Iterator[bytes]) -> tuple[list[Event], bytes]:
    """All that a connection says to the bytes of its peer, and what it sends."""
    sent = connection.data_to_send()
    for piece in pieces:
        connection.receive_data(piece)
        sent += connection.data_to_send()
    connection.receive_eof()
    return list(connection.events()), sent + connection.data_to_send()


def seen(pieces: Iterator[tuple[str, bytes]]) -> tuple[Sighting, ...]:
    """What an observer makes of the bytes of both sides."""
    observer = Observer()
    for sender, piece in pieces:
        observer.receive_data("client" if sender == "client" else "server", piece)
    for side in ("client", "server"):
        observer.receive_eof("client" if side == "client" else "server")
    return in_order(observer.sightings())


def broken(names: tuple[str, ...]) -> Iterator[bytes]:
    """Mutated, cut and random bytes, `CASES` of them."""
    chance = random.Random(1)
    originals = [spoken()[name] for name in names]
    sources = [mutations(data, number) for number, data in enumerate(originals)]
    for number in range(CASES):
        kind = number % 8
        if kind == 0:
            yield chance.randbytes(chance.randrange(400))
        elif kind == 1:
            yield b"REDQ" + chance.randbytes(chance.randrange(400))
        elif kind == 2:
            data = chance.choice(originals)
            yield data[: chance.randrange(len(data))]
        else:
            yield next(chance.choice(sources))


def cut_up(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """The same bytes in pieces."""
    while data:
        size = chance.choice([1, 2, 5, 20, 150, len(data)])
        yield data[:size]
        data = data[size:]


def test_broken_files_are_a_capture_or_an_error() -> None:
    original = files(MINI_RUN)["conn02-target-main-0.jsonl"]
    kinds = set()
    for data in islice(mutations(original, 5), CASES // 10):
        try:
            connection = read_connection("conn01", data)
        except DecodeError as error:
            kinds.add(error.id)
            continue
        kinds.add("read")
        documents = capture_documents(Capture((connection,), {}))
        assert dict(assemble(json.loads(json.dumps(one)) for one in documents)).keys() == {"conn01.jsonl"}
    assert {"read", "spice/capture"} <= kinds


def test_broken_documents_are_files_or_an_error() -> None:
    original = json.dumps(nested(run("minimal-client-cert-subject-begin"))).replace("0" * 512_000, "").encode()
    kinds = set()
    for data in islice(mutations(original, 6), CASES // 10):
        try:
            document = json.loads(data)
            kinds.add(len(dict(assemble(flat(document)))))
        except EncodeError as error:
            kinds.add(error.id)
        except (ValueError, LookupError, TypeError, AttributeError):
            kinds.add("no document")
    assert "no document" in kinds


@pytest.mark.parametrize(
    ("make", "names"),
    [(client, ("mini-s2c", "full-s2c")), (server, ("mini-c2s", "full-c2s"))],
    ids=["client", "server"],
)
def test_connections_survive(make: Callable[[], Connection], names: tuple[str, ...]) -> None:
    endings = set()
    for data in broken(names):
        began = time.process_time()
        connection = make()
        events, _ = told(connection, iter([data]))
        assert time.process_time() - began < MAX_SECONDS
        assert connection.wants_close
        assert connection.state == "closed"
        last = events[-1]
        assert not isinstance(last, LinkRefused | Failed) or isinstance(last.error, WireError)
        endings.add(type(last).__name__)
    assert {"LinkRefused", "Failed", "Closed"} <= endings


def test_observers_account_for_every_byte() -> None:
    kinds = set()
    chance = random.Random(2)
    for number, data in enumerate(broken(("mini-c2s", "mini-s2c", "full-c2s", "full-s2c"))):
        sides = {"client": spoken()["mini-c2s"], "server": spoken()["mini-s2c"]}
        sides["client" if number % 2 else "server"] = data
        order = sorted(sides, key=lambda side: chance.random())
        began = time.process_time()
        sightings = seen((side, sides[side]) for side in order)
        assert time.process_time() - began < MAX_SECONDS
        for side, whole in sides.items():
            assert b"".join(one.encode() for one in sightings if one.sender == side) == whole
        kinds.update(one.name for one in sightings)
    assert {"OpaqueBytes", "ClientLink", "Ping", "MigrateBeginSeamless"} <= kinds


def test_cuts_change_nothing_for_connections() -> None:
    chance = random.Random(3)
    for number, data in enumerate(broken(("mini-s2c", "full-s2c"))):
        if number % 5 == 0:
            whole, pieces = client(encrypt=same_ticket), client(encrypt=same_ticket)
            assert repr(told(whole, iter([data]))) == repr(told(pieces, cut_up(data, chance)))
    for number, data in enumerate(broken(("mini-c2s", "full-c2s"))):
        if number % 5 == 0:
            assert repr(told(server(), iter([data]))) == repr(told(server(), cut_up(data, chance)))


def test_every_cut_of_a_good_link_gives_the_same() -> None:
    data = spoken()["mini-c2s"][:400]
    expected = repr(told(server(), iter([data])))
    for place in range(1, len(data)):
        assert repr(told(server(), iter([data[:place], data[place:]]))) == expected
    assert repr(told(server(), (data[place : place + 1] for place in range(len(data))))) == expected


def test_cuts_change_nothing_for_observers() -> None:
    chance = random.Random(4)
    other = spoken()["mini-c2s"]
    for number, data in enumerate(broken(("mini-s2c", "full-s2c"))):
        if number % 5 == 0:
            whole = seen(iter([("client", other), ("server", data)]))
            pieces = [("client", piece) for piece in cut_up(other, chance)]
            pieces += [("server", piece) for piece in cut_up(data, chance)]
            assert list(map(plain, whole)) == list(map(plain, seen(iter(pieces))))


def same_ticket(public: bytes, password: bytes) -> bytes:
    """A ticket without randomness; for a key that is none, the error that the real one raises."""
    ticket.encrypt(public, password)
    return bytes(128)


def plain(sighting: Sighting) -> tuple[object, ...]:
    """What must not depend on how bytes were cut."""
    finding = sighting.finding and (sighting.finding.id, str(sighting.finding))
    return sighting.sender, sighting.offset, sighting.size, sighting.name, sighting.value, finding
