"""How two numbers in the same place differ: width, sign, byte order, and the names that numbers have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wireformat.derive.compat_change import DIFFERS, Delta, backward, both, forward
from wireformat.schema import model

NUMBERS = (model.Int, model.Enum, model.Flags)


def integers(old: model.Int, new: model.Int) -> Iterator[Delta]:
    """Two plain integers."""
    if old.size != new.size:
        rule = "field-widened" if new.size > old.size else "field-narrowed"
        yield Delta(rule, f"{8 * old.size} bits became {8 * new.size}", both())
    if old.signed != new.signed:
        yield Delta("sign-changed", "signed" if new.signed else "unsigned", both())
    if old.little != new.little and old.size > 1:
        yield Delta("byte-order-changed", "little-endian" if new.little else "big-endian", both())


def reals(old: model.Float, new: model.Float) -> Iterator[Delta]:
    """Two floating-point numbers."""
    yield from integers(model.Int(old.size, little=old.little), model.Int(new.size, little=new.little))


def named_numbers(old: Any, new: Any) -> Iterator[Delta]:
    """Numbers of which at least one has names."""
    yield from integers(*(node if isinstance(node, model.Int) else node.of for node in (old, new)))
    if isinstance(old, model.Int):
        yield Delta("names-added", new.name, {} if new.open else backward("member"))
    elif isinstance(new, model.Int):
        yield Delta("names-removed", old.name, {} if old.open else forward("member"))
    elif type(old) is not type(new):
        yield Delta("type-changed", f"{type(old).__name__} became {type(new).__name__}", both())
    else:
        yield from _members(old, new)


def _members(old: Any, new: Any) -> Iterator[Delta]:
    before, now = dict(old.members), dict(new.members)
    if old.open != new.open:
        rule, breaks = ("enumeration-opened", forward) if new.open else ("enumeration-closed", backward)
        yield Delta(rule, new.name, breaks("member"))
    for name in before.keys() & now.keys():
        if before[name] != now[name]:
            yield Delta("member-renumbered", f"{name}: {before[name]} became {now[name]}", both("member", DIFFERS))
    gone = {number: name for name, number in old.members if name not in now}
    come = {number: name for name, number in new.members if name not in before}
    for number in sorted(gone.keys() & come.keys()):
        yield Delta("member-renamed", f"{number}: {gone[number]} became {come[number]}")
    for number in sorted(gone.keys() - set(now.values())):
        yield Delta("member-removed", f"{gone[number]} = {number}", {} if new.open else backward("member"))
    for number in sorted(come.keys() - set(before.values())):
        yield Delta("member-added", f"{come[number]} = {number}", {} if old.open else forward("member"))
