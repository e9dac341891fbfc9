"""Recorded runs: every byte is accounted for, comes back as it was, and is counted as others counted it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from struct import unpack_from
from typing import Any

import pytest

from tests.captures.spice_runs import NAMES, RUNS, files, run, wire_bytes
from wireformat.errors import DecodeError, EncodeError
from wireformat.protocols.spice import capture
from wireformat.protocols.spice.capture import (
    DIRECTIONS,
    SENDERS,
    Connection,
    files_of,
    read_capture,
    read_connection,
)
from wireformat.protocols.spice.capture_assembly import assemble
from wireformat.protocols.spice.capture_document import documents, flat, nested, state_of
from wireformat.protocols.spice.capture_view import channel_of, heading, places, shares, title, view
from wireformat.protocols.spice.common_messages import Ack
from wireformat.protocols.spice.migration_data import DisplayState, InputsState
from wireformat.protocols.spice.sighting import OpaqueBytes
from wireformat.protocols.spice.stream import OpaqueMessage

DRAWING = range(302, 314)
SEMI, SEAMLESS, ERRORS = "minimal-client-semi-seamless", "seamless-ok-ticket", "link-errors"


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Each run."""
    return str(request.param)


def test_every_file_comes_back_byte_for_byte(name: str) -> None:
    assert files_of(run(name)) == files(name)


def test_every_byte_is_in_one_stretch(name: str) -> None:
    for connection in run(name).connections:
        recorded = wire_bytes(name, connection.name)
        for sender, direction in DIRECTIONS.items():
            place = 0
            for sighting in connection.side(sender):
                assert sighting.offset == place
                assert sighting.encode() == recorded[direction][place : place + sighting.size]
                place += sighting.size
            assert place == len(recorded[direction])


def test_json_holds_all_of_it(name: str) -> None:
    whole = json.loads(json.dumps(nested(run(name))))
    assert dict(assemble(flat(whole))) == files(name)
    assert dict(assemble(json.loads(json.dumps(document)) for document in documents(run(name)))) == files(name)


def test_messages_are_as_many_as_others_counted(name: str) -> None:
    for connection in run(name).connections:
        counted = RUNS[name]["messages"][connection.name]
        assert counts(connection) == {direction: Counter(numbers) for direction, numbers in counted.items()}


def counts(connection: Connection) -> dict[str, Counter[str]]:
    """How many messages of each number each side sent: drawing together, and no acknowledgements."""
    found: dict[str, Counter[str]] = {}
    for sighting in connection.sightings:
        if sighting.received is not None and not isinstance(sighting.value, Ack):
            number = sighting.received.number
            is_drawing = number in DRAWING and channel_of(connection).startswith("display")
            numbers = found.setdefault(DIRECTIONS[sighting.sender], Counter())
            numbers["drawing" if is_drawing else str(number)] += 1
    return found


def test_messages_are_as_many_as_headers_announce(name: str) -> None:
    """Counted a second time here, by nothing but the sizes in headers."""
    for connection in run(name).connections:
        if not any(sighting.received for sighting in connection.sightings):
            continue
        for direction, data in wire_bytes(name, connection.name).items():
            sightings = connection.side(SENDERS[direction])
            start = next((one.offset for one in sightings if one.received is not None), len(data))
            is_mini = all(one.is_mini for one in sightings if one.received is not None)
            assert walked(data, start, is_mini) == [one.offset for one in sightings if one.received is not None]


def walked(data: bytes, place: int, is_mini: bool) -> list[int]:
    """Where messages begin."""
    found = []
    while place < len(data):
        found.append(place)
        place += 6 + unpack_from("<I", data, place + 2)[0] if is_mini else 18 + unpack_from("<I", data, place + 10)[0]
    return found


def test_only_drawing_stays_opaque(name: str) -> None:
    """Where the link was made, everything on main, inputs, cursor, port and usbredir is decoded."""
    for connection in run(name).connections:
        opaque = [one for one in connection.sightings if isinstance(one.value, OpaqueMessage | OpaqueBytes)]
        if name != ERRORS and not channel_of(connection).startswith("display"):
            assert opaque == [], connection.name
        assert [one for one in opaque if isinstance(one.value, OpaqueMessage) and not one.name] == []


def test_only_broken_links_have_findings(name: str) -> None:
    findings = [finding for connection in run(name).connections for finding in connection.findings()]
    assert bool(findings) == (name == ERRORS)


def test_findings_of_the_link_probes() -> None:
    found = {
        connection.name.split("-", 2)[2]: [finding.id for _, finding in connection.findings()]
        for connection in run(ERRORS).connections
    }
    assert found == {
        "bad-magic": ["constant", "spice/refused"],
        "major-1": ["spice/major", "spice/refused"],
        "major-0": ["spice/major", "spice/refused"],
        "minor-99": [],
        "size-10": ["overrun", "spice/refused"],
        "caps-2000": ["limit", "spice/refused"],
        "caps-offset-20": [],
        "chan-99": ["spice/refused"],
        "inputs-badconn": ["spice/refused"],
        "mech-9": ["spice/mechanism", "spice/refused"],
        "wrong-password": ["spice/refused"],
        "no-common-caps": [],
    }


def test_states_of_channels_decode() -> None:
    states = [state_of(one.received.message) for _, one in run(SEAMLESS).messages() if one.received is not None]
    found = [state for state in states if state is not None]
    assert sorted({type(state).__name__ for state in found}) == [
        "DeviceState",
        "DisplayState",
        "InputsState",
        "MainState",
    ]
    display = next(state for state in found if isinstance(state, DisplayState))
    assert len(display.data) % 4 == 0
    assert next(state for state in found if isinstance(state, InputsState)).motion_count == 0


def test_what_is_no_state_has_none() -> None:
    messages = [
        one.received.message for _, one in run("minimal-client-unexpected-migrate-data").messages() if one.received
    ]
    data = next(message for message in messages if type(message).__name__ == "ClientMigrateData")
    assert state_of(data) is None


def test_messages_of_all_connections_by_time() -> None:
    found = [(connection.name[:6], sighting.name, sighting.time) for connection, sighting in run(SEMI).messages()]
    times = [time for _, _, time in found if time is not None]
    assert times == sorted(times)
    order = [
        (where, what)
        for where, what, _ in found
        if what in ("MigrateConnected", "ServerMigrateEnd", "ClientMigrateEnd")
    ]
    assert order == [("conn01", "MigrateConnected"), ("conn01", "ServerMigrateEnd"), ("conn03", "ClientMigrateEnd")]


def test_what_happened_meanwhile() -> None:
    found = run(SEMI)
    assert found.timeline[0]["cmd"] == "qmp_capabilities"
    assert found.client_events == ()
    assert run(SEAMLESS).client_events[0]["what"] == "channel-new"
    assert [connection.server for connection in found.connections] == ["source", "source", "target", "target"]


def test_other_files_are_left_out() -> None:
    assert read_capture({"decoded.txt": b"x", "conn01-a.c2s.bin": b"y"}).connections == ()


HEAD = b'{"conn": 1, "server": "source", "channel": "main-0", "opened": 0.4}\n'


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (b"", ""),
        (b"nonsense", "line 1"),
        (b"[]", "line 1"),
        (HEAD + b'{"dir": "c2s", "hex": ""}', "line 2"),
        (HEAD + b'{"t": true, "dir": "c2s", "hex": ""}', "line 2"),
        (HEAD + b'{"t": NaN, "dir": "c2s", "hex": ""}', "line 2"),
        (HEAD + b'{"t": -1, "dir": "c2s", "hex": ""}', "line 2"),
        (HEAD + b'{"t": 1e300, "dir": "c2s", "hex": ""}', "line 2"),
        (HEAD + b'{"t": 1, "dir": "c2s", "what": ' + b"[" * 64 + b"]" * 64 + b"}", "nested"),
        (HEAD + b'{"t": 1, "dir": "c2s"}', "line 2"),
        (HEAD + b'{"t": 1, "dir": "c2s", "hex": "abc"}', "line 2"),
        (HEAD + b'{"t": 1, "dir": "up", "hex": "ab"}', "line 2"),
        (HEAD + b'{"t": 1, "dir": "c2s", "zeros": -1}', "line 2"),
        (HEAD + b'{"t": 1, "dir": "c2s", "zeros": 999999999999}', "line 2"),
        (HEAD + b'{"t": 1, "dir": "c2s", "hex": "ab", "more": 1}', "line 2"),
        (HEAD + b"\xff", "line 2"),
        (HEAD + b"[" * 100_000, "line 2"),
    ],
)
def test_files_that_are_none(line: bytes, place: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read_connection("conn01-x", line)
    assert caught.value.id == "spice/capture"
    assert caught.value.path == "conn01-x"
    assert place in caught.value.detail


def test_zeros_do_not_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "MAX_SIZE", 1000)
    line = b'{"t": 1, "dir": "s2c", "zeros": 400}\n'
    assert len(read_connection("conn01-x", HEAD + line * 2).data("server")) == 800
    with pytest.raises(DecodeError) as caught:
        read_connection("conn01-x", HEAD + line * 3)
    assert (caught.value.id, caught.value.expected) == ("limit", 1000)
    assert "line 4" in caught.value.detail


def test_what_a_terminal_would_obey_is_not_shown() -> None:
    connection = read_connection("conn01-x", b'{"server": "\\u001b[2J\\ud800"}')
    assert title(connection) == "conn01-x, to \\x1b[2J\\ud800, 0 bytes from the client, 0 from the server"
    sighting = next(one for _, one in run(SEMI).messages() if one.name == "Notify")
    changed = sighting.changed(replace(sighting.value, text="\x1b[2J"))  # type: ignore[type-var]
    assert view(changed)["text"] == "\\x1b[2J"


def test_a_file_without_ends_is_read_to_its_own() -> None:
    connection = read_connection("conn01-x", HEAD + b'{"t": 1, "dir": "c2s", "hex": "5245"}\n')
    (sighting,) = connection.side("client")
    assert sighting.encode() == b"RE"
    assert sighting.finding is not None
    assert sighting.finding.id == "truncated"


def small() -> dict[str, Any]:
    """The JSON of a run with one connection."""
    document: dict[str, Any] = json.loads(json.dumps(nested(run("minimal-client-cert-subject-begin"))))
    return document


def test_a_changed_value_changes_its_bytes_and_no_others() -> None:
    document = small()
    part = next(part for part in document["connections"][0]["parts"] if part["name"] == "MigrateBegin")
    part["value"]["port"] ^= 0xFFFF
    changed = dict(assemble(flat(document)))
    original = files("minimal-client-cert-subject-begin")
    different = [name for name in original if changed[name] != original[name]]
    assert len(different) == 1
    lines = zip(changed[different[0]].splitlines(), original[different[0]].splitlines(), strict=True)
    assert sum(one != other for one, other in lines) == 1


@pytest.mark.parametrize(
    ("path", "value", "id"),
    [
        (("format",), "x", "type"),
        (("journals",), [], "type"),
        (("connections", 0, "name"), "conn/../x", "path"),
        (("connections", 0, "name"), "timeline", "range"),
        (("connections", 0, "name"), 5, "type"),
        (("connections", 0, "rows"), [], "mismatch"),
        (("connections", 0, "rows", 0), [1], "type"),
        (("connections", 0, "rows", 0, 2), 10**9, "mismatch"),
        (("connections", 0, "parts", 0, "name"), "Nothing", "tag"),
        (("connections", 0, "parts", 0, "from"), "nobody", "type"),
        (("connections", 0, "parts", 0, "value"), {}, "missing"),
        (("connections", 0, "parts", 3, "data"), "zz", "type"),
        (("connections", 0, "parts", 7, "number"), -1, "range"),
        (("connections", 0, "parts", 7, "header"), "full", "mismatch"),
    ],
)
def test_documents_that_stand_for_nothing(path: tuple[Any, ...], value: Any, id: str) -> None:
    document = small()
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(EncodeError) as caught:
        list(assemble(flat(document)))
    assert caught.value.id == id


def test_titles_and_headings() -> None:
    first = run(SEMI).connections[0]
    assert title(first) == (
        "conn01-source-main-0, to source, main 0, new session, 276 bytes from the client, 256,490 from the server"
    )
    assert channel_of(run(ERRORS).connections[0]) == ""
    assert [heading(one) for one in first.sightings[:7]] == [
        "ClientLink",
        "ServerLink",
        "MechanismChoice",
        "Ticket (encrypted, not shown)",
        "LinkResult",
        "Init #1",
        "Name #2",
    ]
    display = next(connection for connection in run(SEAMLESS).connections if "display" in connection.name)
    assert "DRAW_COPY #" in " ".join(map(heading, display.sightings))


def test_views_hold_the_fields_but_no_ticket() -> None:
    views = {sighting.name: view(sighting) for sighting in run(SEMI).connections[0].sightings}
    assert views["Ticket"] == {}
    assert views["MigrateBegin"] == {"port": 15963, "sport": 65535, "host": "127.0.0.1"}
    assert views["ClientLink"]["message"]["common"].name == "AUTH_SELECTION|AUTH_SPICE|MINI_HEADER"
    states = [view(one) for _, one in run(SEAMLESS).messages() if one.name == "ServerMigrateData"]
    assert {next(iter(one["state"])) for one in states} >= {"MainState", "InputsState"}


def test_places_are_those_on_the_wire(name: str) -> None:
    for connection in run(name).connections:
        recorded = wire_bytes(name, connection.name)
        for sighting in connection.sightings:
            for at, data in places(sighting).values():
                assert recorded[DIRECTIONS[sighting.sender]][at : at + len(data)] == data


def test_shares_add_up(name: str) -> None:
    found = shares(run(name))
    recorded = [wire_bytes(name, connection.name) for connection in run(name).connections]
    assert sum(share.size for share in found) == sum(len(data) for one in recorded for data in one.values())
    assert sum(share.count for share in found) == sum(len(one.sightings) for one in run(name).connections)
