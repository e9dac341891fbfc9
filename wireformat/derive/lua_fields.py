"""The filter names of a protocol: one Wireshark field for each leaf of the model, and what type it has there.

A name is `wf.PROTOCOL.RECORD.FIELD` in lower case, so a reader of the declaration knows it. What belongs to a field but
is no value of it follows behind a further dot: `.size`, `.count`, `.list`, `.marker`, `.padding`. Wireshark allows
letters, digits, `_`, `-` and `.`; other characters of a stranger's names become `_`.
"""

from __future__ import annotations

import re
from typing import Any

from wireformat.schema import model

_FOREIGN = re.compile(r"[^a-z0-9_-]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def filter_part(name: str) -> str:
    """A record's or field's name as part of a filter name: `RamBlock` is `ram_block`."""
    return _FOREIGN.sub("_", _HUMP.sub("_", name).lower()).strip("_") or "unnamed"


def number_type(node: model.Int) -> str:
    """The Wireshark type of an integer; it has none of 40 to 56 bits."""
    bits = 8 * node.size if node.size <= 4 else 64
    return f"{'int' if node.signed else 'uint'}{bits}"


class FieldTable:
    """Collects fields, each name once; a name that is taken by another type gets a number behind it."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {}

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The fields, in order of their introduction."""
        return list(self._rows.values())

    def add(self, name: str, type: str, doc: str = "", *, base: str = "dec", names: Any = None) -> str:
        """Introduce a field; returns its name."""
        label = name.rpartition(".")[2]
        row = {"f": name, "type": type, "label": label, "doc": doc, "base": base, "names": names}
        number = 2
        while self._rows.setdefault(row["f"], row) != row:
            row = {**row, "f": f"{name}_{number}"}
            number += 1
        return str(row["f"])

    def number(self, name: str, node: model.Int, doc: str = "", **more: Any) -> str:
        """Introduce a field for an integer."""
        return self.add(name, number_type(node), doc, **more)
