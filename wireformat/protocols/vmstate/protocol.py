"""The VM-state stream as one value: every message and part, the order of elements, the errors."""

from __future__ import annotations

from wireformat.protocols.vmstate import iterative, messages, ram
from wireformat.protocols.vmstate.catalogue import CATALOGUE
from wireformat.protocols.vmstate.machine import EVENTS, TRANSITIONS
from wireformat.schema.lift import lift
from wireformat.schema.machine import Machine
from wireformat.schema.protocol import Protocol

MESSAGES = (
    messages.Header,
    messages.Configuration,
    messages.SectionStart,
    messages.SectionPart,
    messages.SectionEnd,
    messages.SectionFull,
    messages.SectionFooter,
    messages.Command,
    messages.VmDescription,
)

PROTOCOL = Protocol(
    "vmstate",
    "QEMU's migration stream: the memory of a guest, the state of its devices, and commands between both sides.",
    ("3",),
    MESSAGES,
    roles=("source", "destination"),
    machine=Machine(TRANSITIONS),
    errors=CATALOGUE,
    records=(
        ram.RamRecord,
        ram.RamBlock,
        iterative.BlockRecord,
        iterative.BitmapChunk,
        iterative.HashTableHeader,
        iterative.HashTableChunk,
        iterative.StorageAttributes,
        iterative.StorageKeys,
        iterative.VfioRecord,
    ),
    events={
        "Header": "header",
        **{
            cls.__name__: EVENTS[code]
            for cls in MESSAGES
            for code in [lift(cls).record.code]
            if code is not None and code in EVENTS
        },
    },
)
