"""How construct's own classes lift: each handler states what a class means in the model, or why it means nothing there.

Sizes that construct leaves without a limit get one here: what their prefix can say, at most `MAX_BUFFERED`. Three kinds
are named instead of lifted although they are common. `GreedyRange` and `Select` swallow errors, `Switch` without a
default forgets members that it does not know, and `VarInt` has no end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import construct

from wireformat.limits import MAX_BUFFERED, MAX_ITEMS
from wireformat.schema import model
from wireformat.schema.expression import expression, is_logical
from wireformat.schema.strangers_struct import filled, padded, struct

if TYPE_CHECKING:
    from wireformat.schema.lift import Lifter

Handler: TypeAlias = "Callable[[Any, Lifter], model.Node]"

NOTHING = model.Data(0, 0)
"""No bytes at all, construct's `Pass`."""


def _format_field(wire: Any, lifter: Lifter) -> model.Node:
    order, letter = wire.fmtstr
    little = wire.length > 1 and (order == "<" or (order == "=" and sys.byteorder == "little"))
    if letter in "fd":
        return model.Float(wire.length, little)
    if letter.lower() in "bhlq":
        return model.Int(wire.length, letter.islower(), little)
    return lifter.opaque(wire, f"format {wire.fmtstr!r} is neither integer nor float")


def _bytes_integer(wire: Any, lifter: Lifter) -> model.Node:
    if not isinstance(wire.length, int) or not 1 <= wire.length <= 8 or not isinstance(wire.swapped, bool):
        return lifter.opaque(wire, "integer of unusual size or varying byte order")
    return model.Int(wire.length, wire.signed, wire.swapped and wire.length > 1)


def _bytes(wire: Any, lifter: Lifter) -> model.Node:
    size = expression(wire.length)
    return model.Data(size, size if isinstance(size, int) else MAX_BUFFERED)


def _greedy_bytes(wire: Any, lifter: Lifter) -> model.Node:
    return model.Data(None, MAX_BUFFERED)


def _text(wire: Any, lifter: Lifter) -> model.Node:
    """Text is bytes in a class that says which: padded, prefixed or all that is left."""
    inner = wire.subcon
    if type(inner) is construct.FixedSized and type(inner.subcon) is construct.NullStripped:
        size = expression(inner.length)
        limit = size if isinstance(size, int) else MAX_BUFFERED
        return model.Data(size, limit, encoding=wire.encoding, nul="pad")
    data = lifter.node(inner)
    if isinstance(data, model.Data):
        return model.Data(data.size, data.max, data.pad, wire.encoding)
    return data if isinstance(data, model.Opaque) else lifter.opaque(wire, "text in a form of its own")


def _prefixed(wire: Any, lifter: Lifter) -> model.Node:
    size = lifter.node(wire.lengthfield)
    if wire.includelength or not isinstance(size, model.Int):
        return lifter.opaque(wire, "size is no plain integer, or counts itself")
    return _bounded(size, min(size.range[1], MAX_BUFFERED), wire.subcon, lifter)


def _fixed_sized(wire: Any, lifter: Lifter) -> model.Node:
    size = expression(wire.length)
    return _bounded(size, size if isinstance(size, int) else MAX_BUFFERED, wire.subcon, lifter)


def _bounded(size: model.Expr | model.Int, limit: int, subcon: Any, lifter: Lifter) -> model.Node:
    inner = lifter.node(subcon)
    if isinstance(inner, model.Data) and inner.size is None and inner.pad == 1:
        return model.Data(size, limit, 1, inner.encoding, inner.nul)
    return model.Region(size, inner, limit)


def _array(wire: Any, lifter: Lifter) -> model.Node:
    count = expression(wire.count)
    return model.List(lifter.node(wire.subcon), count if isinstance(count, int) else MAX_ITEMS, count)


def _focused(wire: Any, lifter: Lifter) -> model.Node:
    """`PrefixedArray` is a focused sequence of this very shape; any other one is not understood."""
    parts = {part.name: part.subcon for part in wire.subcons if type(part) is construct.Renamed}
    if set(parts) != {"count", "items"} or wire.parsebuildfrom != "items":
        return lifter.opaque(wire, "not the shape of PrefixedArray")
    count, items = lifter.node(parts["count"]), parts["items"]
    if not isinstance(count, model.Int) or type(items) is not construct.Array:
        return lifter.opaque(wire, "not the shape of PrefixedArray")
    return model.List(lifter.node(items.subcon), min(count.range[1], MAX_ITEMS), count)


def _const(wire: Any, lifter: Lifter) -> model.Node:
    return model.Const(lifter.node(wire.subcon), wire.value)


def _enum(wire: Any, lifter: Lifter) -> model.Node:
    members = tuple((str(name), int(number)) for name, number in wire.encmapping.items())
    return _named(model.Enum, wire, members, lifter)


def _flags(wire: Any, lifter: Lifter) -> model.Node:
    return _named(model.Flags, wire, tuple((str(name), int(bits)) for name, bits in wire.flags.items()), lifter)


def _named(
    node: type[model.Enum] | type[model.Flags], wire: Any, members: tuple[tuple[str, int], ...], lifter: Lifter
) -> model.Node:
    of = lifter.node(wire.subcon)
    if not isinstance(of, model.Int):
        return lifter.opaque(wire, "names for something else than an integer")
    return node(of, lifter.trail[-1] if lifter.trail else "value", members, open=True)


def _if_then_else(wire: Any, lifter: Lifter) -> model.Node:
    cond = expression(int(wire.condfunc) if isinstance(wire.condfunc, bool) else wire.condfunc)
    then = lifter.node(wire.thensubcon)
    if wire.elsesubcon is construct.Pass:
        return model.When(cond, then)
    test = cond if is_logical(cond) else ("!=", cond, 0)
    return model.Union(test, ((1, then), (0, lifter.node(wire.elsesubcon))))


def _switch(wire: Any, lifter: Lifter) -> model.Node:
    if wire.default is not construct.Error:
        return lifter.opaque(wire, "forgets members that it does not know; default=Error would refuse them")
    if not all(type(tag) is int for tag in wire.cases):
        return lifter.opaque(wire, "members are not named by numbers")
    arms = tuple((tag, lifter.below(str(tag), arm)) for tag, arm in wire.cases.items())
    return model.Union(expression(wire.keyfunc), arms)


def _pass(wire: Any, lifter: Lifter) -> model.Node:
    return model.Reserved(NOTHING, "ignore")


def _terminated(wire: Any, lifter: Lifter) -> model.Node:
    """The end of the input: all that is left, which may be no byte."""
    return model.Reserved(model.Data(None, 0), "ignore")


def _lazy(wire: Any, lifter: Lifter) -> model.Node:
    return lifter.node(wire.subconfunc())


def _compiled(wire: Any, lifter: Lifter) -> model.Node:
    return lifter.node(wire.defersubcon)


def _inner(wire: Any, lifter: Lifter) -> model.Node:
    """A class that changes how a value is shown or given, not what is on the wire."""
    return lifter.node(wire.subcon)


def _because(reason: str) -> Handler:
    def refuse(wire: Any, lifter: Lifter) -> model.Node:
        return lifter.opaque(wire, reason)

    return refuse


STRANGERS: Mapping[type, Handler] = {
    construct.FormatField: _format_field,
    construct.BytesInteger: _bytes_integer,
    construct.Bytes: _bytes,
    type(construct.GreedyBytes): _greedy_bytes,
    construct.core.StringEncoded: _text,
    construct.Prefixed: _prefixed,
    construct.FixedSized: _fixed_sized,
    construct.Array: _array,
    construct.FocusedSeq: _focused,
    construct.Const: _const,
    construct.Enum: _enum,
    construct.FlagsEnum: _flags,
    construct.IfThenElse: _if_then_else,
    construct.Switch: _switch,
    construct.Padded: padded,
    construct.Aligned: filled,
    type(construct.Pass): _pass,
    type(construct.Terminated): _terminated,
    construct.Struct: struct,
    construct.LazyBound: _lazy,
    construct.core.Compiled: _compiled,
    construct.Renamed: _inner,
    construct.Default: _inner,
    construct.Rebuild: _inner,
    construct.Hex: _inner,
    construct.HexDump: _inner,
    construct.GreedyRange: _because("swallows errors; a list to the end of a region does not"),
    construct.Select: _because("swallows errors; a union says which member it is"),
    type(construct.VarInt): _because("integer without a greatest size"),
    type(construct.ZigZag): _because("integer without a greatest size"),
    type(construct.Flag): _because("any number but zero reads as true; use an integer"),
}
"""By exact type."""
