"""How construct's structs lift, and what fills their parts up.

`Padded` and `Aligned` are a value and ignored bytes behind it: two parts of the struct around them, of which the second
has no name. Where no struct is around, a struct inside takes the bytes in. How many there are must follow from the
declaration alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import construct

from wireformat.errors import SchemaError
from wireformat.limits import MAX_BUFFERED
from wireformat.schema import model
from wireformat.schema.expression import expression

if TYPE_CHECKING:
    from wireformat.schema.lift import Lifter

NOT_ZERO = "filled up with something else than zero bytes"


def struct(wire: Any, lifter: Lifter) -> model.Node:
    """A record, by the name under which it is first met."""
    return _record(wire, wire, 0, lifter)


def _record(wire: Any, body: Any, filling: int, lifter: Lifter) -> model.Ref:
    """The record of a struct, `body`, and of the bytes that fill it up; `wire` is both together."""
    _refuse_twins(body)
    name, is_new = lifter.reserve(wire, body.name or (lifter.trail[-1] if lifter.trail else "struct"))
    if is_new:
        fields = [field for part in body.subcons for field in _fields(part, lifter)]
        lifter.records[name] = model.Record(name, (*fields, *_behind(filling)), doc=body.docs)
    return model.Ref(name)


def _fields(part: Any, lifter: Lifter) -> Iterator[model.Field]:
    """The field of a part, and one without a name for the bytes that fill it up."""
    name, inner, filling = part.name or "", part, 0
    if _fills(_unnamed(part)):
        # What cannot be taken apart stays together, and its handler says why.
        with suppress(SchemaError):
            inner, filling = _filling(part)
    yield model.Field(name, lifter.below(name or "(unnamed)", inner), doc=part.docs)
    yield from _behind(filling)


def _behind(size: int) -> Iterator[model.Field]:
    if size:
        yield model.Field("", model.Reserved(model.Data(size, size), "ignore"))


def _unnamed(wire: Any) -> Any:
    while type(wire) is construct.Renamed:
        wire = wire.subcon
    return wire


def _refuse_twins(body: Any) -> None:
    seen: set[str] = set()
    for name in filter(None, (part.name for part in body.subcons)):
        if name in seen:
            raise SchemaError("twice", f"field {name} is declared twice")
        seen.add(name)


def padded(wire: Any, lifter: Lifter) -> model.Node:
    """`Padding`, which is ignored bytes and nothing else, or a value that is filled up."""
    if wire.subcon is not construct.Pass:
        return filled(wire, lifter)
    if wire.pattern != b"\0":
        return lifter.opaque(wire, NOT_ZERO)
    size = expression(wire.length)
    data = model.Data(size, size if isinstance(size, int) else MAX_BUFFERED)
    return model.Reserved(data, "ignore")


def filled(wire: Any, lifter: Lifter) -> model.Node:
    """A value that is filled up where no struct is around. Raises `SchemaError`, id `vocabulary`."""
    inner, size = _filling(wire)
    if size == 0:
        return lifter.node(inner)
    if type(inner) is not construct.Struct:
        return lifter.opaque(wire, "filled up behind a value, and no struct takes the bytes in")
    return _record(wire, inner, size, lifter)


def _filling(wire: Any) -> tuple[Any, int]:
    """What `Padded` and `Aligned` hold, and how many zero bytes follow it. Raises `SchemaError`, id `vocabulary`."""
    inner = wire
    while type(inner) is construct.Renamed or _fills(inner):
        if _fills(inner) and inner.pattern != b"\0":
            raise SchemaError("vocabulary", NOT_ZERO)
        inner = inner.subcon
    try:
        size = wire.sizeof() - inner.sizeof()
    except Exception:
        raise SchemaError("vocabulary", "filled up behind a value whose size varies") from None
    if size < 0:
        raise SchemaError("vocabulary", "too small for what it holds")
    return inner, size


def _fills(wire: Any) -> bool:
    """Whether a construct is a value and bytes that fill it up; `Padding` has no value."""
    return type(wire) in (construct.Padded, construct.Aligned) and wire.subcon is not construct.Pass
