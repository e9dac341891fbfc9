"""A message before and after each planted change, in both layouts that have an order or numbers of fields.

Each line is what a release could have looked like: the fields that were there before, and what it changed of them.
Nothing here is copied from a protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import new_class
from typing import Any

from wireformat.schema import (
    EnumOf,
    If,
    Int8ub,
    Int16ub,
    Int32ub,
    Message,
    OpenEnum,
    Record,
    RestText,
    Tagged,
    Text,
    field,
    model,
    this,
    tlv,
)

FRAMING = model.Tlv(model.Int(2), model.Int(2), critical=0x8000, max=64)


class Colour(OpenEnum):
    """Three colours."""

    RED = 1
    GREEN = 2
    BLUE = 3


class Fewer(OpenEnum):
    """Two of them."""

    RED = 1
    BLUE = 3


def message(fields: Mapping[str, Any]) -> type[Record]:
    """A message with these fields, one behind the other."""
    return new_class("Planted", (Message,), {"code": 1}, lambda body: body.update(fields))


def group(entries: Mapping[str, Any]) -> type[Record]:
    """A record of these entries."""
    return new_class("Planted", (Tagged,), {"tlv": FRAMING}, lambda body: body.update(entries))


KIND = field(EnumOf(Int8ub, Colour, open=False), "kind")
PORT = field(Int16ub, "port")
NAME = field(Text(Int8ub, max=40), "name")
FIELDS: dict[str, Any] = {"kind": KIND, "port": PORT, "name": NAME}

Base = message(FIELDS)
Appended = message(FIELDS | {"extra": field(Int8ub, "extra")})
Moved = message({"port": PORT, "kind": KIND, "name": NAME})
Widened = message(FIELDS | {"port": field(Int32ub, "port")})
Renamed = message({"kind": KIND, "socket": field(Int16ub, "port", renamed_from="port"), "name": NAME})
Replaced = message({"kind": KIND, "socket": PORT, "name": NAME})
MemberRemoved = message(FIELDS | {"kind": field(EnumOf(Int8ub, Fewer, open=False), "kind")})
LimitLowered = message(FIELDS | {"name": field(Text(Int8ub, max=20), "name")})
Conditional = message(FIELDS | {"port": field(If(this.kind == 1, Int16ub), "port")})

KIND_ENTRY = tlv(0x8001, EnumOf(Int8ub, Colour, open=False), "kind")
PORT_ENTRY = tlv(0x8002, Int16ub, "port")
NAME_ENTRY = tlv(0x0003, RestText(40), "name", default="")
ENTRIES: dict[str, Any] = {"kind": KIND_ENTRY, "port": PORT_ENTRY, "name": NAME_ENTRY}

BaseTlv = group(ENTRIES)
AppendedTlv = group(ENTRIES | {"extra": tlv(0x0004, Int8ub, "extra", default=None)})
CriticalTlv = group(ENTRIES | {"extra": tlv(0x8004, Int8ub, "extra", default=None)})
MandatoryTlv = group(ENTRIES | {"extra": tlv(0x0004, Int8ub, "extra")})
MovedTlv = group(ENTRIES | {"port": tlv(0x8005, Int16ub, "port")})
ReorderedTlv = group({"name": NAME_ENTRY, "port": PORT_ENTRY, "kind": KIND_ENTRY})
WidenedTlv = group(ENTRIES | {"port": tlv(0x8002, Int32ub, "port")})
RenamedTlv = group(
    {"kind": KIND_ENTRY, "socket": tlv(0x8002, Int16ub, "port", renamed_from="port"), "name": NAME_ENTRY}
)
ReplacedTlv = group({"kind": KIND_ENTRY, "socket": PORT_ENTRY, "name": NAME_ENTRY})
MemberRemovedTlv = group(ENTRIES | {"kind": tlv(0x8001, EnumOf(Int8ub, Fewer, open=False), "kind")})
LimitLoweredTlv = group(ENTRIES | {"name": tlv(0x0003, RestText(20), "name", default="")})
OptionalTlv = group(ENTRIES | {"port": tlv(0x8002, Int16ub, "port", default=0)})
DefaultTlv = group(ENTRIES | {"name": tlv(0x0003, RestText(40), "name", default="nobody")})
