"""Files that inventories come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.captures.dumps import dump_text
from wireformat.cli.exits import UsageError
from wireformat.cli.inventory_source import open_destination, open_source
from wireformat.errors import DecodeError
from wireformat.protocols.handshake.files.container import front, manifest_of
from wireformat.protocols.handshake.files.profile import profile_of, profile_text
from wireformat.protocols.handshake.inventories.abilities import abilities_of_inventory
from wireformat.protocols.handshake.inventories.dump import abilities_of_dump, parse_dump
from wireformat.protocols.handshake.inventories.inventory import inventory_of_manifest, inventory_of_stream
from wireformat.protocols.handshake.messages import ResultEntries
from wireformat.protocols.handshake.negotiation.offers import Offer
from wireformat.protocols.vmstate.stream import read_stream


def test_a_stream(small: Path) -> None:
    found = open_source(str(small))
    assert found.inventory == inventory_of_stream(read_stream(small.read_bytes()))
    assert (found.is_dump, found.violations) == (False, ())
    destination = open_destination(str(small))
    assert destination.abilities == abilities_of_inventory(found.inventory)
    assert destination.sections == found.inventory.sections


def test_a_container(small: Path, tmp_path: Path) -> None:
    manifest = manifest_of(
        ResultEntries(version=1, payload="v1-raw"), inventory_of_stream(read_stream(small.read_bytes()))
    )
    path = tmp_path / "container"
    path.write_bytes(front(manifest) + small.read_bytes())
    found = open_source(str(path))
    assert found.inventory == inventory_of_manifest(manifest)
    assert found.violations == ()


def test_a_dump_may_begin_with_space(tmp_path: Path) -> None:
    path = tmp_path / "dump"
    path.write_bytes(b"\n  " + dump_text("7.2/pc"))
    found = open_source(str(path))
    assert (found.is_dump, len(found.inventory.sections)) == (True, 142)
    destination = open_destination(str(path))
    assert (destination.abilities.machine, destination.sections) == ("pc-i440fx-7.2", ())


def test_a_profile_is_a_destination(tmp_path: Path) -> None:
    """As a source it has nothing to send."""
    path = tmp_path / "profile"
    abilities = abilities_of_dump(parse_dump(dump_text("7.2/pc")))
    path.write_text(profile_text(profile_of(Offer((1,), ("v1-raw",)), "", abilities)))
    found = open_destination(str(path)).abilities
    assert found.machine == abilities.machine
    assert {one.idstr for one in found.sections or ()} == {one.idstr for one in abilities.sections or ()}
    with pytest.raises(UsageError, match="no output of -dump-vmstate"):
        open_source(str(path))


def test_json_that_is_no_dump(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'{"devices": []}')
    with pytest.raises(UsageError, match="no output of -dump-vmstate: KeyError"):
        open_source(str(path))
    with pytest.raises(UsageError, match="not wireformat/handshake-profile"):
        open_destination(str(path))


def test_half_a_stream(cut: Path) -> None:
    with pytest.raises(DecodeError) as caught:
        open_source(str(cut))
    assert caught.value.id == "truncated"
    with pytest.raises(UsageError, match=f"{cut}: devices.cpu at 0x640: input ends"):
        open_destination(str(cut))
