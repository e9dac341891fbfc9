"""How two nodes in the same place differ, and what that breaks.

One function for each kind of node; both are of that kind. Wrappers lead on to what is inside. Two kinds that differ are
a change of type, but for pairs that write the same bytes: a number with names and one without, a constant or zero in
place of a number, a part that may be absent and the same part unconditionally.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from wireformat.derive.compat_change import Breaks, Delta, backward, both, forward, turned
from wireformat.derive.compat_numbers import NUMBERS, integers, named_numbers, reals
from wireformat.schema import model

Deltas = Iterator["Delta | Link"]
CONDITIONAL = (model.When, model.Announced, model.Maybe)
DERIVED: Mapping[type, tuple[str, str, str]] = {
    model.Const: ("became-constant", "constant-freed", "constant"),
    model.Reserved: ("became-reserved", "reserved-used", "reserved"),
    model.Computed: ("became-computed", "computed-freed", "mismatch"),
    model.Checksum: ("became-computed", "computed-freed", "checksum"),
}
"""Values that nobody chooses: the rule for what became one, for what was one, and the sign of a wrong one."""


class Link:
    """Two records that stand in the same place: where the comparison goes on."""

    def __init__(self, old: str, new: str, below: str = "") -> None:
        self.old = old
        self.new = new
        self.below = below


def deltas(old: Any, new: Any) -> Deltas:
    """The differences of two nodes, and the records in them that stand in the same place."""
    if type(old) is type(new):
        yield from HANDLERS[type(old)](old, new)
    elif isinstance(old, NUMBERS) and isinstance(new, NUMBERS):
        yield from named_numbers(old, new)
    else:
        found = _pair(old, new)
        yield from found if found is not None else [_retyped(old, new)]


def _pair(old: Any, new: Any) -> Deltas | None:
    """Kinds that differ and go together; None for all others."""
    derived = [kind for kind in DERIVED if isinstance(old, kind) or isinstance(new, kind)]
    if len(derived) == 1:
        return _derived(old, new, derived[0], *DERIVED[derived[0]])
    if derived:
        return None
    if isinstance(new, CONDITIONAL):
        return _conditional(old, new.of, "became-conditional", f"{_kind(new)} decides whether it is there")
    if isinstance(old, CONDITIONAL):
        return _conditional(old.of, new, "became-unconditional", "is always there")
    return None


def _kind(node: Any) -> str:
    return {"When": "a condition", "Announced": "a marker", "Maybe": "a flag"}[type(node).__name__]


def _retyped(old: Any, new: Any) -> Delta:
    return Delta("type-changed", f"{type(old).__name__} became {type(new).__name__}", both())


def _derived(old: Any, new: Any, kind: type, became: str, freed: str, sign: str) -> Deltas:
    """A value that follows, on one side, from nothing that the writer chooses."""
    is_new = isinstance(new, kind)
    derived = new if is_new else old
    is_ignored = isinstance(derived, model.Reserved) and derived.policy == "ignore"
    breaks: Breaks = {} if is_ignored else backward(sign)
    yield Delta(*((became, _about(new)) if is_new else (freed, "may be chosen")), breaks if is_new else turned(breaks))
    yield from deltas(old, new.of) if is_new else deltas(old.of, new)


def _about(node: Any) -> str:
    match node:
        case model.Const(value=value):
            return f"is always {value!r}"
        case model.Computed(rule=(rule, name)):
            return f"is the {rule} {name}".rstrip()
        case model.Checksum(kind=kind):
            return f"is the {kind}"
    return "must be zero"


def _conditional(old: Any, new: Any, rule: str, detail: str) -> Deltas:
    yield Delta(rule, detail, both())
    yield from deltas(old, new)


def _limit(before: Any, now: Any, told: str, unit: str) -> Deltas:
    """The limits of two nodes; a number in front may not reach as far as the limit does."""
    old, new = (min(node.max, _reach(getattr(node, told, None))) for node in (before, now))
    if new != old:
        rule, breaks = ("limit-lowered", backward("limit")) if new < old else ("limit-raised", forward("limit"))
        yield Delta(rule, f"{old} {unit} became {new}", breaks)


def _amount(old: Any, new: Any, rule: str, most: int) -> Deltas:
    """A size or count, and how it is told. A sign matters only to numbers that both sides cannot write alike."""
    if isinstance(old, model.Int) and isinstance(new, model.Int):
        for delta in integers(old, new):
            is_safe = delta.rule == "sign-changed" and most <= min(old.range[1], new.range[1])
            yield replace(delta, rule=rule, breaks={} if is_safe else delta.breaks)
    elif old != new:
        yield Delta(rule, f"{_told(old)} became {_told(new)}", both())


def _reach(amount: Any) -> int:
    """The most that a size or count can tell."""
    if isinstance(amount, int):
        return amount
    return amount.range[1] if isinstance(amount, model.Int) else 1 << 64


def _told(amount: Any) -> str:
    match amount:
        case None:
            return "all that is left"
        case model.Int():
            return "a number in front"
        case int():
            return str(amount)
    return "an expression"


def _data(old: model.Data, new: model.Data) -> Deltas:
    yield from _amount(old.size, new.size, "size-changed", old.max)
    if old.size == new.size or not (isinstance(old.size, int) or isinstance(new.size, int)):
        yield from _limit(old, new, "size", "bytes")
    if old.pad != new.pad:
        yield Delta("padding-changed", f"to {new.pad} bytes, before to {old.pad}", both())
    if old.encoding != new.encoding:
        detail = f"{old.encoding or 'bytes'} became {new.encoding or 'bytes'}"
        yield Delta("encoding-changed", detail, _encoding(old.encoding, new.encoding))
    if old.nul != new.nul:
        yield Delta("nul-changed", f"{old.nul} became {new.nul}", _nul(old.nul, new.nul))


def _encoding(old: str | None, new: str | None) -> Breaks:
    """ASCII is part of what most others are."""
    if old == "ascii" and new in ("utf-8", "utf8", "latin-1"):
        return forward("text")
    if new == "ascii" and old in ("utf-8", "utf8", "latin-1"):
        return backward("text")
    return both()


def _nul(old: str, new: str) -> Breaks:
    return {("keep", "forbid"): backward("text"), ("forbid", "keep"): forward("text")}.get((old, new), both())


def _const(old: model.Const, new: model.Const) -> Deltas:
    yield from deltas(old.of, new.of)
    if old.value != new.value:
        yield Delta("constant-changed", f"{old.value!r} became {new.value!r}", both())


def _reserved(old: model.Reserved, new: model.Reserved) -> Deltas:
    yield from (replace(delta, rule="reserved-changed") for delta in deltas(old.of, new.of) if isinstance(delta, Delta))
    if old.policy != new.policy:
        yield Delta("reserved-changed", f"what is not zero: {new.policy}")


def _list(old: model.List, new: model.List) -> Deltas:
    yield from _amount(old.count, new.count, "count-changed", old.max)
    if old.count == new.count or not (isinstance(old.count, int) or isinstance(new.count, int)):
        yield from _limit(old, new, "count", "items")
    yield from _below(old.of, new.of, "[]")


def _below(old: model.Node, new: model.Node, step: str) -> Deltas:
    """The differences of what is inside."""
    for found in deltas(old, new):
        if isinstance(found, Link):
            yield Link(found.old, found.new, step + found.below)
        else:
            yield replace(found, below=step + found.below)


def _chain(old: model.Chain, new: model.Chain) -> Deltas:
    if (old.more, old.end) != (new.more, new.end):
        yield Delta("marker-changed", f"{new.more.hex()} … {new.end.hex()}", both())
    yield from _limit(old, new, "count", "items")
    yield from _below(old.of, new.of, "[]")


def _region(old: model.Region, new: model.Region) -> Deltas:
    yield from _amount(old.size, new.size, "size-changed", old.max)
    yield from _limit(old, new, "size", "bytes")
    yield from deltas(old.of, new.of)


def _maybe(old: model.Maybe, new: model.Maybe) -> Deltas:
    yield from _amount(old.flag, new.flag, "condition-changed", 1)
    yield from deltas(old.of, new.of)


def _when(old: model.When, new: model.When) -> Deltas:
    if old.cond != new.cond:
        yield Delta("condition-changed", "another expression", both())
    yield from deltas(old.of, new.of)


def _announced(old: model.Announced, new: model.Announced) -> Deltas:
    if old.marker != new.marker:
        yield Delta("marker-changed", f"{old.marker.hex()} became {new.marker.hex()}", both())
    yield from deltas(old.of, new.of)


def _union(old: model.Union, new: model.Union) -> Deltas:
    if old.on != new.on:
        yield Delta("choice-changed", "another expression", both())
    if old.unknown != new.unknown:
        rule, breaks = ("choice-opened", forward) if new.unknown else ("choice-closed", backward)
        yield Delta(rule, "what is not known is " + ("kept" if new.unknown else "refused"), breaks("tag"))
    before, now = dict(old.arms), dict(new.arms)
    for tag in sorted(before.keys() | now.keys()):
        if tag not in now:
            yield Delta("choice-removed", str(tag), {} if new.unknown else backward("tag"))
        elif tag not in before:
            yield Delta("choice-added", str(tag), {} if old.unknown else forward("tag"))
        else:
            yield from deltas(before[tag], now[tag])


def _pointed(old: model.Pointed, new: model.Pointed) -> Deltas:
    for before, now in ((old.size_int, new.size_int), (old.offset_int, new.offset_int)):
        yield from _amount(before, now, "size-changed", old.of.max)
    yield from deltas(old.of, new.of)


def _computed(old: model.Computed, new: model.Computed) -> Deltas:
    yield from integers(old.of, new.of)
    if old.rule != new.rule:
        yield Delta("rule-changed", " ".join(new.rule).strip(), both())


def _checksum(old: model.Checksum, new: model.Checksum) -> Deltas:
    yield from integers(old.of, new.of)
    if (old.kind, old.at) != (new.kind, new.at):
        yield Delta("rule-changed", f"{new.kind} at {new.at}", both())


def _ref(old: model.Ref, new: model.Ref) -> Deltas:
    yield Link(old.name, new.name)


def _opaque(old: model.Opaque, new: model.Opaque) -> Deltas:
    if old != new:
        yield _retyped(old, new)


HANDLERS: Mapping[type, Callable[[Any, Any], Deltas]] = {
    model.Int: integers,
    model.Float: reals,
    model.Data: _data,
    model.Const: _const,
    model.Reserved: _reserved,
    model.Enum: named_numbers,
    model.Flags: named_numbers,
    model.List: _list,
    model.Chain: _chain,
    model.Region: _region,
    model.Maybe: _maybe,
    model.When: _when,
    model.Announced: _announced,
    model.Union: _union,
    model.Pointed: _pointed,
    model.Computed: _computed,
    model.Checksum: _checksum,
    model.Ref: _ref,
    model.Opaque: _opaque,
}
