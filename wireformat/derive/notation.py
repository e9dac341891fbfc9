"""The model in words: what a field's type, size and conditions are called in tables for people.

Numbers are `u32` or `i32`, big-endian unless they say otherwise. Sizes are bytes: `4`, `0 or 4`, `4+`
for at least four. Expressions are written as in arithmetic, parameters without their prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from wireformat.schema import model
from wireformat.schema.path import join
from wireformat.schema.traverse import least_size

PRECEDENCE: Mapping[str, int] = {
    operator: level
    for level, operators in enumerate(
        (("or",), ("and",), ("==", "!=", "<", "<=", ">", ">="), ("|",), ("^",), ("&",), ("<<", ">>"), ("+", "-"),
         ("*", "//", "%"))
    )
    for operator in operators
}  # fmt: skip


ASCENDING = "the bytes of repeated values ascend"
"""What `Tlv.ascending` means, in words."""


def expression(expr: model.Expr, above: int = -1) -> str:
    """A relation between fields."""
    if isinstance(expr, int):
        return number(expr)
    operator, *operands = expr
    if operator == "get":
        return join(operands[1:] if operands[0] == "_params" else operands)
    if len(operands) == 1:
        return f"not {expression(operands[0], len(PRECEDENCE))}"
    level = PRECEDENCE[operator]
    left, right = expression(operands[0], level), expression(operands[1], level + 1)
    text = f"{left} {operator} {right}"
    return f"({text})" if level < above else text


def number(value: int) -> str:
    """A number as it is most telling: small ones decimal, others hexadecimal."""
    return str(value) if abs(value) < 10 else f"{value:#x}"


def counted(count: int, unit: str) -> str:
    """A number of things: `1 byte`, `2 bytes`."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def type_name(node: model.Node) -> str:
    """What a field is."""
    match node:
        case model.Int():
            return f"{'i' if node.signed else 'u'}{8 * node.size}" + (" little-endian" if node.little else "")
        case model.Float():
            return f"f{8 * node.size}" + (" little-endian" if node.little else "")
        case model.Data():
            return _data(node)
        case model.Enum() | model.Flags():
            return f"{node.name} ({type_name(node.of)})"
        case model.Const():
            return f"{type_name(node.of)}, always {_constant(node.value)}"
        case model.Ref():
            return node.name
        case model.Computed(rule=("record_size", _)):
            return f"{type_name(node.of)}, size of the record"
        case model.Computed():
            return f"{type_name(node.of)}, {node.rule[0].replace('_', ' ')} {node.rule[1]}"
        case model.Checksum():
            return f"{type_name(node.of)}, {node.kind} of the record"
        case model.Opaque():
            return f"not understood: {node.cls}"
    return _composite(node)


def _composite(node: model.Node) -> str:
    match node:
        case model.List():
            return f"list of {type_name(node.of)}{_count(node.count)}"
        case model.Chain():
            return f"chain of {type_name(node.of)}"
        case model.Region():
            return f"{_size(node.size)} bytes that hold {type_name(node.of)}"
        case model.Maybe():
            return f"optional {type_name(node.of)}"
        case model.When():
            return f"{type_name(node.of)}, if {expression(node.cond)}"
        case model.Announced():
            return f"{type_name(node.of)}, if announced"
        case model.Union():
            unknown = ", others kept" if node.unknown else ""
            return f"one of {len(node.arms)}, by {expression(node.on)}{unknown}"
        case model.Pointed():
            return f"pointer to {type_name(node.of)}"
        case model.Reserved():
            return f"{type_name(node.of)}, reserved"
    raise TypeError(f"{type(node).__name__} has no notation")


def _data(node: model.Data) -> str:
    what = "bytes" if node.encoding is None else "text"
    if node.size is None:
        return f"{what} to the end"
    if isinstance(node.size, model.Int):
        return f"{what}, size in {type_name(node.size)}, at most {node.max}"
    size = counted(node.size, "byte") if isinstance(node.size, int) else f"{expression(node.size)} bytes"
    return size + ("" if node.encoding is None else " of text")


def _size(size: model.Expr | model.Int) -> str:
    return type_name(size) if isinstance(size, model.Int) else expression(size)


def _count(count: model.Expr | model.Int | None) -> str:
    if count is None:
        return " to the end"
    return f", count in {type_name(count)}" if isinstance(count, model.Int) else f", {expression(count)} of them"


def _constant(value: Any) -> str:
    return number(value) if isinstance(value, int) else repr(value)


def framing(tlv: model.Tlv) -> tuple[tuple[str, model.Int], ...]:
    """The integers in front of the value of an entry, in order, with their names."""
    reserved = () if tlv.reserved is None else (("reserved", tlv.reserved),)
    return ("tag", tlv.tag), *reserved, ("size", tlv.size)


def framing_text(tlv: model.Tlv) -> str:
    """How entries are framed: `entries of tag (u16), size (u32), value`; and how those that repeat are ordered."""
    parts = ", ".join([*(f"{name} ({type_name(of)})" for name, of in framing(tlv)), "value"])
    return f"entries of {parts}" + (f"; {ASCENDING}" if tlv.ascending else "")


def size_text(schema: model.Schema, field: model.Field) -> str:
    """How many bytes a field takes; for a part of an integer the bits that it takes."""
    if field.mask is not None:
        return f"bits {expression(field.mask)}"
    if isinstance(field.of, model.When | model.Announced):
        marker = len(field.of.marker) if isinstance(field.of, model.Announced) else 0
        return f"0 or {_least(schema, field.of.of, marker)}"
    return _least(schema, field.of)


def _least(schema: model.Schema, node: model.Node, before: int = 0) -> str:
    """The bytes of a node behind `before` others: their number, or the least there can be."""
    fixed = fixed_size(schema, node)
    return f"{before + least_size(schema, node)}+" if fixed is None else str(before + fixed)


def fixed_size(schema: model.Schema, node: model.Node) -> int | None:
    """The bytes that a node always takes, None when that depends."""
    match node:
        case model.Int() | model.Float():
            return node.size
        case model.Data(size=int(size), pad=pad):
            return size + -size % pad
        case model.List(count=int(count)):
            one = fixed_size(schema, node.of)
            return None if one is None else prod((count, one))
        case model.Const() | model.Reserved() | model.Enum() | model.Flags() | model.Computed() | model.Checksum():
            return fixed_size(schema, node.of)
        case model.Pointed():
            return node.size_int.size + node.offset_int.size
        case model.Ref():
            return record_size(schema, schema.records[node.name])
    return None


def record_size(schema: model.Schema, record: model.Record) -> int | None:
    """The bytes that a record always takes, None when that depends."""
    if record.base is not None:
        return record.base.size
    if record.layout != "sequence":
        return None
    total = 0
    for field in record.fields:
        size = fixed_size(schema, field.of)
        if size is None or field.since is not None or field.until is not None:
            return None
        total += size
    return total
