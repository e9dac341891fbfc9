"""QEMU's migration stream as one value, for engines that know no protocol by name.

Messages are what follows a type byte. RAM records and those of other iterative sections are declared parts: they stand
in the bodies of sections, which no message refers to, since a section has no length.
"""

from __future__ import annotations

from wireformat.protocols.vmstate.catalogue import CATALOGUE
from wireformat.protocols.vmstate.iterative import (
    BitmapChunk,
    BlockRecord,
    HashTableChunk,
    HashTableHeader,
    StorageAttributes,
    StorageKeys,
    VfioRecord,
)
from wireformat.protocols.vmstate.machine import EVENTS, TRANSITIONS
from wireformat.protocols.vmstate.messages import (
    Command,
    Configuration,
    Header,
    SectionEnd,
    SectionFooter,
    SectionFull,
    SectionPart,
    SectionStart,
    VmDescription,
)
from wireformat.protocols.vmstate.ram import RamBlock, RamRecord
from wireformat.schema.machine import Machine
from wireformat.schema.protocol import Protocol

SECTIONS = (SectionStart, SectionPart, SectionEnd, SectionFull)

PROTOCOL = Protocol(
    name="vmstate",
    doc="QEMU's migration stream: guest memory, disks and the state of every device.",
    versions=("3",),
    messages=(
        Header,
        Configuration,
        SectionStart,
        SectionPart,
        SectionEnd,
        SectionFull,
        SectionFooter,
        Command,
        VmDescription,
    ),
    roles=("source", "destination"),
    machine=Machine(TRANSITIONS),
    errors=CATALOGUE,
    records=(
        RamRecord,
        RamBlock,
        BlockRecord,
        BitmapChunk,
        HashTableHeader,
        HashTableChunk,
        StorageAttributes,
        StorageKeys,
        VfioRecord,
    ),
    events={
        "Header": "header",
        "Configuration": EVENTS[0x07],
        **{cls.__name__: EVENTS[0x01] for cls in SECTIONS},
        "Command": EVENTS[0x08],
        "VmDescription": EVENTS[0x06],
    },
)
