"""Streams in files: saved for a destination that is not there, and loaded where it can load them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Call
from wireformat.cli.exits import Exit


@pytest.mark.requirement("HS-180", "HS-183", "HS-186", "HS-187")
def test_a_profile_saves_for_a_destination_that_is_not_there(call: Call, small: Path, tmp_path: Path) -> None:
    profile, container = tmp_path / "profile.json", tmp_path / "out.container"
    assert call("peer", "destination", "--save-profile", profile, "--release", "qemu-7.2").code == Exit.FINE
    answer = call("peer", "source", "--profile", profile, "--container", container, small)
    assert answer.code == Exit.FINE, answer.errors
    saved = container.read_bytes()
    size = len(saved) - small.stat().st_size
    assert (size % 4096, saved[size:]) == (0, small.read_bytes())
    assert saved[:9] == b"QEVM\x48\x53\0\1\3"
    plain = tmp_path / "plain"
    assert call("peer", "source", "--profile", profile, "--to", f"file:{plain}", small).code == Exit.FINE
    assert plain.read_bytes() == small.read_bytes()
    answer = call("peer", "source", "--profile", profile, "--container", container, "--require", "mapped-ram", small)
    assert answer.code == Exit.FINDING
    assert "CAP_UNSUPPORTED /capabilities/mapped-ram" in answer.errors


@pytest.mark.requirement("HS-100", "HS-184")
def test_a_container_is_checked_before_it_is_loaded(call: Call, small: Path, pc: Path, tmp_path: Path) -> None:
    profile, container, out = tmp_path / "profile.json", tmp_path / "out.container", tmp_path / "out.mig"
    call("peer", "destination", "--save-profile", profile)
    wanted = ("--require", "auto-converge", "--require", "release-ram")
    call("peer", "source", "--profile", profile, "--container", container, *wanted, small)
    loading = ("peer", "destination", "--listen", f"file:{container}", "-o", out)
    answer = call(*loading, "--abilities", pc, "--forbid", "auto-converge", "--forbid", "release-ram")
    assert answer.code == Exit.FINDING
    assert not out.exists()
    for reason in ("CAP_FORBIDDEN /capabilities/auto-converge", "CAP_FORBIDDEN /capabilities/release-ram", "MACHINE"):
        assert reason in answer.errors
    assert call(*loading, "--abilities", small).code == Exit.FINE
    assert out.read_bytes() == small.read_bytes()


def test_a_plain_file_is_loaded_as_ever(call: Call, small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mig"
    assert call("peer", "destination", "--listen", f"file:{small}", "-o", out).code == Exit.FINE
    assert out.read_bytes() == small.read_bytes()
    shifted = tmp_path / "shifted"
    shifted.write_bytes(bytes(4096) + small.read_bytes())
    assert call("peer", "destination", "--listen", f"file:{shifted},offset=4k", "-o", out).code == Exit.FINE
    assert out.read_bytes() == small.read_bytes()
