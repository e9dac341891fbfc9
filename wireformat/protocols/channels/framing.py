"""How entries are framed in channel headers and handshake messages alike, and the short texts they are made of.

An entry is a type of 16 bits, 16 reserved bits, a size of 32 bits, and the value. The top bit of the type says that a
receiver which does not know the entry must not go on [handshake D.5]. Numbers are scoped to the group they stand in.
"""

from __future__ import annotations

from wireformat.schema import Int8ub, RestText, Tagged, Text, Wire, model

CRITICAL = 0x8000
"""The bit of a number that forbids to skip it."""

MAX_GROUP = 16 << 20
MAX_TOKEN = 64
MAX_LABEL = 128

FRAMING = model.Tlv(model.Int(2), model.Int(4), critical=CRITICAL, max=MAX_GROUP, reserved=model.Int(2), ascending=True)
"""Type, reserved, size, value: eight bytes before each value; values of entries that repeat ascend."""

Token: Wire[str] = Text(Int8ub, max=MAX_TOKEN, encoding="ascii", nul="forbid")
"""A registered name, or `name@domain` for a private one, counted by one byte."""

RestToken: Wire[str] = RestText(MAX_TOKEN, encoding="ascii", nul="forbid")
"""A token that fills its entry."""

Label: Wire[str] = RestText(MAX_LABEL, nul="forbid")
"""Text for people; no decision rests on it."""


class Extensions(Tagged, tlv=FRAMING):
    """Entries that later revisions add to an item; revision 1 knows none."""


NO_EXTENSIONS = Extensions()


def is_grease(number: int) -> bool:
    """Whether a number of 16 bits is one of those that mean nothing and never will: `0x?A?A`."""
    return number & 0x0F0F == 0x0A0A
