"""`wireformat pcap`: stream files, pipes and directories of recorded connections."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Call
from tests.derive.test_pcapng import packets
from wireformat.cli.pcap import Recording, recordings_in


def test_a_file_becomes_one_connection(call: Call, tmp_path: Path) -> None:
    source, target = tmp_path / "x.mig", tmp_path / "x.pcapng"
    source.write_bytes(bytes(range(200)))
    answer = call("pcap", source, "-o", target, "--port", "5000", "--segment-size", "150")
    assert (answer.code, answer.data, answer.errors) == (0, b"", "")
    found = packets(target.read_bytes())
    assert [len(packet.payload) for packet in found if packet.payload] == [150, 50]
    assert b"".join(packet.payload for packet in found) == bytes(range(200))
    assert found[0].ports[1] == 5000


def test_a_directory_becomes_a_connection_for_each_name(call: Call, tmp_path: Path) -> None:
    for name, data in (
        ("conn0.src-to-dst.bin", b"ask"),
        ("conn0.dst-to-src.bin", b"answer"),
        ("main.s2c.bin", b"hello"),
        ("notes.json", b"{}"),
    ):
        (tmp_path / name).write_bytes(data)
    found = packets(call("pcap", tmp_path).data)
    carried = {packet.ports: packet.payload for packet in found if packet.payload}
    assert sorted(carried.values()) == [b"answer", b"ask", b"hello"]
    assert len({min(ports) for ports in carried}) == 1
    assert len({max(ports) for ports in carried}) == 2


def test_what_was_not_recorded_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.c2s.bin").write_bytes(b"x")
    assert recordings_in(tmp_path) == [Recording(str(tmp_path / "a.c2s.bin"), None)]


def test_a_directory_without_connections_is_a_usage_error(call: Call, tmp_path: Path) -> None:
    answer = call("pcap", tmp_path)
    assert answer.code == 2
    assert "no recorded connections" in answer.errors


def test_a_missing_file_is_a_usage_error(call: Call, tmp_path: Path) -> None:
    assert call("pcap", tmp_path / "absent").code == 2
