"""SPICE captures on the command line: shown, judged, counted, wrapped, and given back byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.captures.spice_runs import NAMES, files, run, unpack, wire_bytes
from tests.cli.conftest import Call

RUN, ERRORS, SEAMLESS = "minimal-client-seamless-nack", "link-errors", "seamless-ok-ticket"
TICKET = wire_bytes(RUN, "conn01-source-main-0")["c2s"][46:174]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a small run."""
    return unpack(RUN, tmp_path)


@pytest.fixture
def errors(tmp_path: Path) -> Path:
    """The folder of the link probes."""
    return unpack(ERRORS, tmp_path)


def test_decode_shows_each_connection(call: Call, folder: Path) -> None:
    answer = call("decode", folder)
    assert (answer.code, answer.errors) == (0, "")
    titles = [line for line in answer.lines if line.startswith("conn")]
    assert [title.split(",")[:3] for title in titles] == [
        ["conn01-source-main-0", " to source", " main 0"],
        ["conn02-target-main-0", " to target", " main 0"],
    ]
    assert any(line.endswith("server  MigrateDstSeamlessNack #1") for line in answer.lines)
    assert " " * 13 + "host: 127.0.0.1" in answer.lines


def test_decode_shows_one_connection(call: Call, folder: Path) -> None:
    answer = call("decode", folder / "conn02-target-main-0.jsonl")
    assert answer.code == 0
    assert len([line for line in answer.lines if line.startswith("conn")]) == 1


def test_bytes_beside_fields(call: Call, folder: Path) -> None:
    recorded = wire_bytes(RUN, "conn02-target-main-0")["c2s"]
    at = recorded.index(bytes.fromhex("6e000400000002000000")) + 6
    answer = call("decode", folder / "conn02-target-main-0.jsonl", "--hex")
    assert f"{at:#010x}  02 00 00 00                version: 2" in answer.text


@pytest.mark.parametrize("form", [(), ("--hex",), ("--ndjson",)])
def test_tickets_do_not_show_to_people(call: Call, folder: Path, form: tuple[str, ...]) -> None:
    answer = call("decode", folder, *form)
    is_shown = TICKET.hex() in answer.text or TICKET.hex(" ") in answer.text
    assert is_shown is (form == ("--ndjson",))
    assert TICKET[:8].hex(" ") not in answer.text


@pytest.mark.parametrize("form", ["--json", "--ndjson"])
@pytest.mark.parametrize("name", [RUN, ERRORS, "minimal-client-full-header-switch-host", "no-client"])
def test_encode_gives_the_files_back(call: Call, tmp_path: Path, name: str, form: str) -> None:
    document = call("decode", unpack(name, tmp_path), form).data
    target = tmp_path / "back"
    target.mkdir()
    answer = call("encode", "-", "-o", target, data=document)
    assert (answer.code, answer.errors) == (0, "")
    assert {path.name: path.read_bytes() for path in target.iterdir()} == files(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_run_survives_the_command_line(call: Call, tmp_path: Path, name: str) -> None:
    document = call("decode", unpack(name, tmp_path), "--json").data
    call("encode", "-", "-o", tmp_path / "back", data=document)
    written = tmp_path / "back"
    found = {path.name: path.read_bytes() for path in written.iterdir()} if written.is_dir() else written.read_bytes()
    assert found == (files(name) if written.is_dir() else files(name)["timeline.jsonl"])


def test_one_connection_goes_to_standard_output(call: Call, folder: Path) -> None:
    file = folder / "conn01-source-main-0.jsonl"
    document = call("decode", file, "--json").data
    assert call("encode", "-", data=document).data == file.read_bytes()


def test_a_run_needs_a_folder(call: Call, folder: Path) -> None:
    document = call("decode", folder, "--json").data
    answer = call("encode", "-", data=document)
    assert answer.code == 2
    assert "--output must name a folder" in answer.errors


def test_a_document_that_stands_for_nothing(call: Call, folder: Path) -> None:
    document = json.loads(call("decode", folder, "--json").data)
    document["connections"][0]["name"] = "conn/../../x"
    answer = call("encode", "-", "-o", folder, data=json.dumps(document).encode())
    assert answer.code == 2
    assert "cannot be the name of a file" in answer.errors
    del document["connections"]
    answer = call("encode", "-", "-o", folder, data=json.dumps(document, indent=1).encode())
    assert answer.code == 2
    assert "no JSON of wireformat decode" in answer.errors


def test_check_is_silent_where_all_is_well(call: Call, folder: Path) -> None:
    answer = call("check", folder)
    assert (answer.code, answer.text, answer.errors) == (0, "", "")


def test_check_tells_every_finding(call: Call, errors: Path) -> None:
    answer = call("check", errors)
    assert answer.code == 1
    assert len(answer.lines) == 15
    assert answer.lines[0] == (
        f"{errors}: conn01-source-bad-magic: client: magic at 0x0: b'RED0' instead of b'REDQ' [constant]"
    )


def test_check_tells_what_nobody_may_say_then(call: Call, tmp_path: Path) -> None:
    folder = unpack("minimal-client-unexpected-migrate-data", tmp_path)
    answer = call("check", folder)
    assert answer.code == 1
    assert answer.lines[0].startswith(
        f"{folder}: client-channel: conn01-source-main-0 at 0xea: ClientMigrateData is not"
    )
    assert {line.rsplit(" ", 1)[1] for line in answer.lines} == {"[illegal-event]"}
    assert call("check", folder / "conn01-source-main-0.jsonl").code == 0


def test_check_as_json(call: Call, errors: Path, folder: Path) -> None:
    answer = call("check", errors, folder, "--json")
    first, second = json.loads(answer.data)["files"]
    assert answer.code == 1
    assert (first["findings"][0]["connection"], first["findings"][0]["id"]) == ("conn01-source-bad-magic", "constant")
    assert second["findings"] == []


def test_decode_names_findings_too(call: Call, errors: Path) -> None:
    answer = call("decode", errors / "conn19-source-wrong-password.jsonl")
    assert answer.code == 1
    assert "the server refused the link: PERMISSION_DENIED" in answer.errors
    assert any("! " in line and "PERMISSION_DENIED" in line for line in answer.lines)


def test_stats(call: Call, folder: Path) -> None:
    answer = call("stats", folder)
    assert answer.code == 0
    assert answer.lines[0] == "2 connections, 257,245 bytes"
    rows = [line.split() for line in answer.lines]
    assert ["main", "0", "client", "MigrateDstDoSeamless", "1", "10"] in rows


def test_stats_as_json(call: Call, folder: Path) -> None:
    document = json.loads(call("stats", folder, "--json").data)
    assert document["format"] == "wireformat/spice-statistics"
    assert sum(share["size"] for share in document["shares"]) == 257_245


@pytest.mark.parametrize(
    "option",
    [("--devices",), ("--path", "x"), ("--ram", "base64"), ("--page-size", "4096")],
    ids="devices path ram size".split(),
)
def test_options_of_streams_are_none_of_captures(call: Call, folder: Path, option: tuple[str, ...]) -> None:
    answer = call("decode", folder, *option)
    assert answer.code == 2
    assert "of a SPICE capture" in answer.errors


@pytest.mark.parametrize("verb", ["decode", "check", "stats", "pcap"])
def test_a_file_that_is_no_capture(call: Call, tmp_path: Path, verb: str) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text("[1]\n")
    answer = call(verb, file, *(("-o", tmp_path / "out") if verb == "pcap" else ()))
    assert answer.code == 1
    assert "line 1: object expected, list found" in answer.errors


def test_a_file_that_is_not_there(call: Call, tmp_path: Path) -> None:
    for verb in ("decode", "stats", "check"):
        answer = call(verb, tmp_path / "none.jsonl")
        assert (answer.code, answer.errors) == (
            2,
            f"wireformat {verb}: {tmp_path}/none.jsonl: No such file or directory\n",
        )


@pytest.mark.requirement("SP-039")
def test_pcap_blanks_tickets_and_nothing_else(call: Call, folder: Path) -> None:
    packets = call("pcap", folder).data
    sent = wire_bytes(RUN, "conn01-source-main-0")["c2s"]
    assert TICKET not in packets
    assert bytes(len(TICKET)) in packets
    assert sent[174:200] in packets


def test_pcap_wraps_every_connection_in_order_of_time(call: Call, tmp_path: Path) -> None:
    folder = unpack(SEAMLESS, tmp_path)
    packets = call("pcap", folder).data
    for connection in run(SEAMLESS).connections:
        for data in wire_bytes(SEAMLESS, connection.name).values():
            assert data[:16] in packets
    assert packets.count((5930).to_bytes(2, "big")) > 100
    assert call("pcap", folder, "--port", "5999").data.count((5999).to_bytes(2, "big")) > 100
