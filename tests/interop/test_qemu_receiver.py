"""What a receiver refuses: requirements of whoever runs a guest from a stream, held against a live QEMU.

We read streams and run no guest. A stream of the installed program is changed in one place and given to a second guest
of the same program, which must run it or say why it does not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.captures.driver import FIRMWARE, QmpError
from tests.interop.programs import require
from tests.interop.test_qemu import GUESTS, PACKAGE, QEMU, load, save
from wireformat.protocols.vmstate.elements import ConfigurationElement, Element, Section
from wireformat.protocols.vmstate.encoder import StreamEncoder
from wireformat.protocols.vmstate.messages import Capabilities, Configuration
from wireformat.protocols.vmstate.stream import Stream, read_stream

pytestmark = pytest.mark.interop

Change: TypeAlias = Callable[[Element], Element]
LOCAL = bytes(range(16))
UUID = ("-uuid", "00010203-0405-0607-0809-0a0b0c0d0e0f")


class Guests:
    """Guests of one shape, and the stream that one of them sent."""

    def __init__(self, folder: Path) -> None:
        self.program = require(QEMU, PACKAGE)
        self.folder = folder
        firmware = folder / "firmware.bin"
        firmware.write_bytes(FIRMWARE)
        common = ("-nodefaults", "-accel", "tcg", "-m", "8", "-serial", "null", "-bios", str(firmware))
        self.arguments = (*common, *GUESTS["pc"])
        self.stream: Stream = read_stream(asyncio.run(save(self.program, self.arguments, folder)).read_bytes())

    def told(self, change: Change, *more: str) -> str:
        """The status that a guest reaches from the changed stream, or what it says before it ends."""
        elements = [change(element) for element in self.stream.elements]
        assert elements != list(self.stream.elements)
        data = b"".join(map(bytes, StreamEncoder(self.stream.ram, self.stream.content or b"").encode(elements)))
        path = self.folder / "changed.mig"
        path.write_bytes(data)
        try:
            return asyncio.run(load(self.program, (*self.arguments, *more), self.folder, path))
        except (QmpError, OSError):
            return (self.folder / "destination.out").read_text()


@pytest.fixture(scope="module")
def guests(tmp_path_factory: pytest.TempPathFactory) -> Guests:
    return Guests(tmp_path_factory.mktemp("receiver"))


def configured(**values: object) -> Change:
    """What changes the configuration."""

    def change(element: Element) -> Element:
        if not isinstance(element, ConfigurationElement):
            return element
        configuration: Configuration = replace(element.configuration, **values)  # type: ignore[arg-type]
        return replace(element, configuration=configuration)

    return change


def named(name: str, **values: object) -> Change:
    """What changes the header of a section."""

    def change(element: Element) -> Element:
        is_meant = isinstance(element, Section) and element.idstr == name
        return replace(element, **values) if is_meant else element  # type: ignore[arg-type]

    return change


@pytest.mark.requirement("VM-020")
def test_another_machine(guests: Guests) -> None:
    assert "Machine type received is 'pc-q35-7.2'" in guests.told(configured(name="pc-q35-7.2"))


@pytest.mark.requirement("VM-021")
@pytest.mark.parametrize("name", ["", "pc", "pc-i440fx"])
def test_a_prefix_of_the_machine_s_name_matches(guests: Guests, name: str) -> None:
    """QEMU does not do what it should: this is why a stream must be checked for its whole name."""
    assert guests.told(configured(name=name)) == "running"


@pytest.mark.requirement("VM-024")
def test_a_capability_that_is_off(guests: Guests) -> None:
    told = guests.told(configured(capabilities=Capabilities(names=("x-ignore-shared",))))
    assert "Capability x-ignore-shared is off, but received capability is on" in told


@pytest.mark.requirement("VM-025")
def test_another_uuid(guests: Guests) -> None:
    """Fails also when a guest without a UUID is as strict, or one with the same is refused."""
    other = configured(uuid=bytes(15) + b"\1")
    assert "UUID received is" in guests.told(other, *UUID)
    assert guests.told(configured(uuid=LOCAL), *UUID) == "running"
    assert guests.told(other) == "running"


@pytest.mark.requirement("VM-034")
@pytest.mark.parametrize(("version", "said"), [(99, "unsupported version 99 for 'timer'"), (0, "too old")])
def test_a_version_that_it_does_not_load(guests: Guests, version: int, said: str) -> None:
    assert said in guests.told(named("timer", version_id=version))


@pytest.mark.requirement("VM-035")
def test_a_section_without_a_device(guests: Guests) -> None:
    assert "Unknown savevm section or instance 'timex'" in guests.told(named("timer", idstr="timex"))
