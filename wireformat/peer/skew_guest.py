"""The guest that the skew matrix migrates: the same machine, written by builds of different age.

Its clock is what changes between releases: a later one writes version 2 with one more field, and a subsection that may
be left out. What such a build sends to whom is its answer to the verdicts; the bytes here follow it, so that a parser
can prove that what was agreed was sent. A ballast makes the stream larger than what sockets hold unread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from wireformat.codec import encode
from wireformat.peer.payload import Payload
from wireformat.protocols.handshake.inventories.abilities import Abilities, abilities_of_inventory
from wireformat.protocols.handshake.inventories.inventory import inventory_of_stream
from wireformat.protocols.handshake.inventories.resolution import Resolution
from wireformat.protocols.handshake.items.inventory import SectionItem
from wireformat.protocols.handshake.messages import Inventory
from wireformat.protocols.vmstate.encoder import element_bytes, footer_bytes
from wireformat.protocols.vmstate.messages import (
    Configuration,
    Header,
    SectionFull,
    VmDescription,
    subsection_marker,
)
from wireformat.protocols.vmstate.stream import Stream, read_stream

BALLAST_SIZE: Final = 640 << 10
CLOCK: Final = "clock"
DRIFT: Final = "clock/drift"
OLDEST: Final = 1
"""The version of the clock that every build can write and load."""


@dataclass(frozen=True, slots=True)
class Form:
    """How the clock is written."""

    version: int = OLDEST
    has_drift: bool = False

    def kept(self, resolution: Resolution) -> Form:
        """The same after what was promised to the destination."""
        lowered = {item.idstr: item.version for item in resolution.versions}
        omitted = {item.subsection for item in resolution.omitted}
        return Form(lowered.get(CLOCK, self.version), self.has_drift and DRIFT not in omitted)


OLD_FORM: Final = Form()
"""What every build writes for a versioned machine where it does not know who will read it."""

NEW_FORM: Final = Form(2, has_drift=True)


def stream_bytes(form: Form) -> bytes:
    """The guest's stream, whole."""
    start = encode(Header(version=3)) + element_bytes(Configuration(name="skew", target_page_bits=12))
    ballast, clock = bytes(BALLAST_SIZE), _clock_bytes(form)
    sections = _section(1, "ballast", 1, ballast) + _section(2, CLOCK, form.version, clock)
    devices = _device("ballast", 1, BALLAST_SIZE, ""), _device(CLOCK, form.version, 4 * form.version, _drift(form))
    text = f'{{"page_size": 4096, "devices": [{", ".join(devices)}]}}'
    return start + sections + b"\0" + element_bytes(VmDescription(text=text.encode()))


def _clock_bytes(form: Form) -> bytes:
    drift = subsection_marker(DRIFT, 1) + bytes(2) if form.has_drift else b""
    return bytes(range(4 * form.version)) + drift


def _section(number: int, idstr: str, version: int, body: bytes) -> bytes:
    header = SectionFull(section_id=number, idstr=idstr, instance_id=0, version_id=version)
    return element_bytes(header) + body + footer_bytes(number)


def _device(name: str, version: int, size: int, more: str) -> str:
    vmsd = f'"vmsd_name": "{name}", "version": {version}, "fields": [{_buffer(size)}]{more}'
    return f'{{"name": "{name}", "instance_id": 0, {vmsd}}}'


def _buffer(size: int) -> str:
    return f'{{"name": "data", "type": "buffer", "size": {size}}}'


def _drift(form: Form) -> str:
    subsection = f'{{"vmsd_name": "{DRIFT}", "version": 1, "fields": [{_buffer(2)}]}}'
    return f', "subsections": [{subsection}]' if form.has_drift else ""


def stream_of(form: Form) -> Stream:
    """The guest's stream, read."""
    return read_stream(stream_bytes(form))


def inventory_of(form: Form) -> Inventory:
    """What a build states that writes this form and every older one."""
    inventory = inventory_of_stream(stream_of(form), droppable=frozenset({DRIFT}))
    return replace(inventory, sections=tuple(map(_lowerable, inventory.sections)))


def _lowerable(section: SectionItem) -> SectionItem:
    return replace(section, oldest=OLDEST)


def abilities_of(form: Form) -> Abilities:
    """What a build loads: this form and every older one."""
    return abilities_of_inventory(inventory_of(form), whole=True)


class GuestPayload(Payload):
    """The stream of a guest, written only when it is known what of it the destination takes."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._content = b""
        self._start = 0

    def keep(self, resolution: Resolution) -> None:
        """Fix what is sent."""
        self.form = self.form.kept(resolution)
        self._content = stream_bytes(self.form)
