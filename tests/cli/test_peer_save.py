"""Streams in files: saved for a destination that is not there, and loaded where it can load them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from wireformat.cli.exits import Exit
from wireformat.protocols.handshake.files.container_reader import read_front
from wireformat.protocols.handshake.files.profile import profile_bytes, profile_of
from wireformat.protocols.handshake.inventories.abilities import abilities_of_inventory
from wireformat.protocols.handshake.inventories.inventory import inventory_of_stream
from wireformat.protocols.handshake.negotiation.offers import Offer
from wireformat.protocols.vmstate.stream import read_stream


@pytest.mark.requirement("HS-180", "HS-183", "HS-186", "HS-187")
def test_a_profile_saves_for_a_destination_that_is_not_there(call: Call, small: Path, tmp_path: Path) -> None:
    profile, container = tmp_path / "profile.json", tmp_path / "out.container"
    assert call("peer", "destination", "--save-profile", profile, "--release", "qemu-7.2").code == Exit.FINE
    answer = call("peer", "source", "--profile", profile, "--container", container, small)
    assert answer.code == Exit.FINE, answer.errors
    assert answer.errors.startswith("wireformat peer source: agreed with the profile: revision 1, v1-raw")
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


@pytest.mark.requirement("HS-093", "HS-094", "HS-098", "HS-180")
def test_what_a_profile_cannot_load_is_not_saved(call: Call, small: Path, tmp_path: Path) -> None:
    """The stream is finished: nothing of it can be left out or lowered any more, and nothing of it is saved."""
    inventory = inventory_of_stream(read_stream(small.read_bytes()))
    known = abilities_of_inventory(inventory)
    cpu = next(one for one in known.sections or () if one.idstr == "cpu")
    others = tuple(one for one in known.sections or () if one not in (cpu, known.find("timer", 0)))
    lacking = replace(known, machine="mega", sections=(replace(cpu, newest=cpu.newest - 1), *others))
    profile, out = tmp_path / "profile", tmp_path / "out.container"
    answers = {}
    for name, abilities in {"whole": known, "lacking": lacking}.items():
        offer = Offer((1,), ("v1-raw",))
        profile.write_bytes(profile_bytes(profile_of(offer, name, abilities)))
        answers[name] = call("peer", "source", "--profile", profile, "--container", out, small)
        assert out.exists() is (name == "whole")
        out.unlink(missing_ok=True)
    assert answers["whole"].code == Exit.FINE
    assert answers["lacking"].code == Exit.FINDING
    reasons = [line.partition("failed: ")[2].partition(":")[0] for line in answers["lacking"].errors.splitlines()]
    assert reasons == [
        "MACHINE_TYPE /machine/type",
        "SECTION_UNKNOWN /sections/timer[0]",
        "SECTION_VERSION /sections/cpu[0]/version",
    ]


@pytest.mark.requirement("HS-180", "HS-186")
def test_a_profile_is_saved_with_what_can_be_loaded(call: Call, small: Path, pc: Path, tmp_path: Path) -> None:
    profile, out = tmp_path / "profile.json", tmp_path / "out.mig"
    saving = ("peer", "destination", "--save-profile", profile, "--release", "qemu-7.2", "--label", "oldest here")
    assert call(*saving, "--abilities", pc).code == Exit.FINE
    saved = ("peer", "source", "--profile", profile, "--to", f"file:{out}")
    answer = call(*saved, small)
    assert (answer.code, out.exists()) == (Exit.FINDING, False)
    assert "MACHINE_TYPE /machine/type: the machines differ: expected" in answer.errors
    assert call(*saved, pc).code == Exit.FINE
    assert out.read_bytes() == pc.read_bytes()
    answer = call("inventory", small, "--against", profile)
    assert (answer.code, "/machine/type: the machines differ" in answer.text) == (Exit.FINDING, True)


@pytest.mark.parametrize("capability", ["ownership-handover", "stream-resume"])
def test_a_file_has_nobody_to_hand_over_to(call: Call, small: Path, tmp_path: Path, capability: str) -> None:
    profile, container = tmp_path / "profile.json", tmp_path / "out.container"
    call("peer", "destination", "--save-profile", profile)
    saving = ("peer", "source", "--profile", profile, "--container", container)
    assert call(*saving, "--want", capability, small).code == Exit.FINE
    assert capability not in read_front(container.read_bytes()).manifest.result.capabilities
    answer = call(*saving, "--require", capability, small)
    assert answer.code == Exit.FINDING
    assert f"CAP_UNSUPPORTED /capabilities/{capability}" in answer.errors


def test_a_plain_file_is_loaded_as_ever(call: Call, small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mig"
    assert call("peer", "destination", "--listen", f"file:{small}", "-o", out).code == Exit.FINE
    assert out.read_bytes() == small.read_bytes()
    shifted = tmp_path / "shifted"
    shifted.write_bytes(bytes(4096) + small.read_bytes())
    assert call("peer", "destination", "--listen", f"file:{shifted},offset=4k", "-o", out).code == Exit.FINE
    assert out.read_bytes() == small.read_bytes()
