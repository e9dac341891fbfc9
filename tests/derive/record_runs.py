"""Makes the recorded runs of VM-state from captures: `python -m tests.derive.record_runs` writes `spec/recordings`.

A stream is a long row of sections; what repeats is folded, and all devices between two other elements are one line.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.captures.bundle import Captures
from tests.derive.recordings import keep
from wireformat.derive.charts import Run, Step, folded
from wireformat.peer.streams import window_on
from wireformat.protocols.vmstate.elements import (
    CommandElement,
    ConfigurationElement,
    DescriptionElement,
    EndElement,
    HeaderElement,
    RamParts,
    Section,
)
from wireformat.protocols.vmstate.stream import read_stream

PARTIES = ("source", "destination")
RUNS = {
    "precopy": ("Precopy: memory first, then the devices", "7.2/tcp-plain"),
    "postcopy": ("Postcopy: the guest starts before its memory has arrived", "7.2/tcp-postcopy"),
}
SECTIONS = {1: "SectionStart", 2: "SectionPart", 3: "SectionEnd", 4: "SectionFull"}


def steps(elements: Any) -> Iterator[Step]:
    """What the source says, element by element."""
    for element in elements:
        match element:
            case HeaderElement():
                yield Step(*PARTIES, "Header")
            case ConfigurationElement(configuration=configuration):
                yield Step(*PARTIES, "Configuration", configuration.name)
            case Section(type=kind, idstr=name):
                yield Step(*PARTIES, SECTIONS[int(kind)], "a device" if kind == 4 else name)
            case RamParts():
                yield Step(*PARTIES, "SectionPart", "ram")
            case CommandElement(command=command, package=package):
                yield Step(*PARTIES, "Command", command.command.name)
                yield from steps(package or ())
            case EndElement():
                yield Step(*PARTIES, "EOF")
            case DescriptionElement():
                yield Step(*PARTIES, "VmDescription")


def recorded(title: str, capture: str) -> Run:
    """The run that a capture holds."""
    with tempfile.TemporaryDirectory() as scratch:
        stream = read_stream(window_on(Captures(Path(scratch))[capture].data))
        found = folded([Step(*PARTIES, step.event, step.note) for step in steps(stream.elements)])
    return Run(title, f"the capture {capture} of this project", PARTIES, found)


def main() -> None:
    """Write all runs."""
    for name, (title, capture) in RUNS.items():
        keep(f"vmstate/{name}", recorded(title, capture))


if __name__ == "__main__":
    main()
