"""The bundled captures are what their index says."""

from __future__ import annotations

from pathlib import Path

from tests.captures.bundle import FOLDER, Capture, Captures, rows

HEADER = b"QEVM\0\0\0\3"
SIZE_LIMIT = 8 << 20


def test_capture_has_the_indexed_size_and_start(any_capture: Capture) -> None:
    data = any_capture.data
    assert len(data) == any_capture.row["size"]
    assert data.startswith(HEADER) == (any_capture.kind in {"stream", "broken", "mapped-ram"})


def test_path_holds_the_data(captures: Captures) -> None:
    capture = captures["7.2/avr-uno"]
    assert capture.path.read_bytes() == capture.data


def test_about_names_the_same_version(any_capture: Capture) -> None:
    assert any_capture.about["qemu"] == any_capture.row["version"]
    assert any_capture.about["result"] == "completed"


def test_recorded_states_begin_with_ram(captures: Captures) -> None:
    recorded = {capture.name: next(iter(capture.state)) for capture in captures if capture.state}
    assert len(recorded) == 8
    assert {key.split(" (")[0] for key in recorded.values()} == {"ram"}


def test_return_path_ends_with_the_shut_message(captures: Captures) -> None:
    for capture in captures.of_kind("stream"):
        if "return-path" in capture.row["features"]:
            assert capture.answers.endswith(bytes.fromhex("0001 0004 00000000")), capture.name


def test_every_file_is_indexed() -> None:
    indexed = {name for row in rows() for name in (row["file"], row["about"], row["return"]) if name}
    states = {row["file"].replace(".mig.xz", ".state.json.xz") for row in rows() if row["has_state"]}
    present = {str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*") if _is_data(path)}
    assert present == indexed | states


def test_the_bundle_stays_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < SIZE_LIMIT


def _is_data(path: Path) -> bool:
    return path.suffix in {".json", ".xz"} and path.parent.name not in {FOLDER.name, "spice"}
