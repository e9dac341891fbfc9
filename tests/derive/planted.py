"""A message before and after each planted change, in both layouts that have an order or numbers of fields.

Each class is what a release could have looked like. Nothing here is copied from a protocol.
"""

from __future__ import annotations

from wireformat.schema import (
    EnumOf,
    If,
    Int8ub,
    Int16ub,
    Int32ub,
    Message,
    OpenEnum,
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


class Base(Message, code=1):
    """Before."""

    kind: Colour = field(EnumOf(Int8ub, Colour, open=False), "kind")
    port: int = field(Int16ub, "port")
    name: str = field(Text(Int8ub, max=40), "name")


class Appended(Message, code=1):
    """A field at the end."""

    kind: Colour = field(EnumOf(Int8ub, Colour, open=False), "kind")
    port: int = field(Int16ub, "port")
    name: str = field(Text(Int8ub, max=40), "name")
    extra: int = field(Int8ub, "extra")


class Moved(Message, code=1):
    """A field in another place."""

    port: int = field(Int16ub, "port")
    kind: Colour = field(EnumOf(Int8ub, Colour, open=False), "kind")
    name: str = field(Text(Int8ub, max=40), "name")


class Widened(Message, code=1):
    """A wider number."""

    kind: Colour = field(EnumOf(Int8ub, Colour, open=False), "kind")
    port: int = field(Int32ub, "port")
    name: str = field(Text(Int8ub, max=40), "name")


class Renamed(Message, code=1):
    """A better name, declared."""

    kind: Colour = field(EnumOf(Int8ub, Colour, open=False), "kind")
    socket: int = field(Int16ub, "port", renamed_from="port")
    name: str = field(Text(Int8ub, max=40), "name")


class Replaced(Message, code=1):
    """Another name, and nothing said."""

    kind: Colour = field(EnumOf(Int8ub, Colour, open=False), "kind")
    socket: int = field(Int16ub, "port")
    name: str = field(Text(Int8ub, max=40), "name")


class MemberRemoved(Message, code=1):
    """A colour less."""

    kind: Fewer = field(EnumOf(Int8ub, Fewer, open=False), "kind")
    port: int = field(Int16ub, "port")
    name: str = field(Text(Int8ub, max=40), "name")


class LimitLowered(Message, code=1):
    """Shorter names."""

    kind: Colour = field(EnumOf(Int8ub, Colour, open=False), "kind")
    port: int = field(Int16ub, "port")
    name: str = field(Text(Int8ub, max=20), "name")


class Conditional(Message, code=1):
    """A port only for red things."""

    kind: Colour = field(EnumOf(Int8ub, Colour, open=False), "kind")
    port: int | None = field(If(this.kind == 1, Int16ub), "port")
    name: str = field(Text(Int8ub, max=40), "name")


class BaseTlv(Tagged, tlv=FRAMING):
    """Before."""

    kind: Colour = tlv(0x8001, EnumOf(Int8ub, Colour, open=False), "kind")
    port: int = tlv(0x8002, Int16ub, "port")
    name: str = tlv(0x0003, RestText(40), "name", default="")


class AppendedTlv(Tagged, tlv=FRAMING):
    """An entry more, which may be skipped."""

    kind: Colour = tlv(0x8001, EnumOf(Int8ub, Colour, open=False), "kind")
    port: int = tlv(0x8002, Int16ub, "port")
    name: str = tlv(0x0003, RestText(40), "name", default="")
    extra: int | None = tlv(0x0004, Int8ub, "extra", default=None)


class CriticalTlv(Tagged, tlv=FRAMING):
    """An entry more, which may not be skipped."""

    kind: Colour = tlv(0x8001, EnumOf(Int8ub, Colour, open=False), "kind")
    port: int = tlv(0x8002, Int16ub, "port")
    name: str = tlv(0x0003, RestText(40), "name", default="")
    extra: int | None = tlv(0x8004, Int8ub, "extra", default=None)


class MandatoryTlv(Tagged, tlv=FRAMING):
    """An entry more, which must be there."""

    kind: Colour = tlv(0x8001, EnumOf(Int8ub, Colour, open=False), "kind")
    port: int = tlv(0x8002, Int16ub, "port")
    name: str = tlv(0x0003, RestText(40), "name", default="")
    extra: int = tlv(0x0004, Int8ub, "extra")


class MovedTlv(Tagged, tlv=FRAMING):
    """An entry under another number."""

    kind: Colour = tlv(0x8001, EnumOf(Int8ub, Colour, open=False), "kind")
    port: int = tlv(0x8005, Int16ub, "port")
    name: str = tlv(0x0003, RestText(40), "name", default="")


class ReorderedTlv(Tagged, tlv=FRAMING):
    """Written down in another order."""

    name: str = tlv(0x0003, RestText(40), "name", default="")
    port: int = tlv(0x8002, Int16ub, "port")
    kind: Colour = tlv(0x8001, EnumOf(Int8ub, Colour, open=False), "kind")


class WidenedTlv(Tagged, tlv=FRAMING):
    """A wider number."""

    kind: Colour = tlv(0x8001, EnumOf(Int8ub, Colour, open=False), "kind")
    port: int = tlv(0x8002, Int32ub, "port")
    name: str = tlv(0x0003, RestText(40), "name", default="")


class RenamedTlv(Tagged, tlv=FRAMING):
    """A better name, declared."""

    kind: Colour = tlv(0x8001, EnumOf(Int8ub, Colour, open=False), "kind")
    socket: int = tlv(0x8002, Int16ub, "port", renamed_from="port")
    name: str = tlv(0x0003, RestText(40), "name", default="")


class ReplacedTlv(Tagged, tlv=FRAMING):
    """Another name, and nothing said."""

    kind: Colour = tlv(0x8001, EnumOf(Int8ub, Colour, open=False), "kind")
    socket: int = tlv(0x8002, Int16ub, "port")
    name: str = tlv(0x0003, RestText(40), "name", default="")


class MemberRemovedTlv(Tagged, tlv=FRAMING):
    """A colour less."""

    kind: Fewer = tlv(0x8001, EnumOf(Int8ub, Fewer, open=False), "kind")
    port: int = tlv(0x8002, Int16ub, "port")
    name: str = tlv(0x0003, RestText(40), "name", default="")


class LimitLoweredTlv(Tagged, tlv=FRAMING):
    """Shorter names."""

    kind: Colour = tlv(0x8001, EnumOf(Int8ub, Colour, open=False), "kind")
    port: int = tlv(0x8002, Int16ub, "port")
    name: str = tlv(0x0003, RestText(20), "name", default="")


class OptionalTlv(Tagged, tlv=FRAMING):
    """An entry that may be left out."""

    kind: Colour = tlv(0x8001, EnumOf(Int8ub, Colour, open=False), "kind")
    port: int = tlv(0x8002, Int16ub, "port", default=0)
    name: str = tlv(0x0003, RestText(40), "name", default="")


class DefaultTlv(Tagged, tlv=FRAMING):
    """Another default."""

    kind: Colour = tlv(0x8001, EnumOf(Int8ub, Colour, open=False), "kind")
    port: int = tlv(0x8002, Int16ub, "port")
    name: str = tlv(0x0003, RestText(40), "name", default="nobody")
