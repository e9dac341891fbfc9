"""Relations between fields: construct's `this.x` expressions as data.

An expression is written with `this` and turned into tuples at once (`model.Expr`), so that tools can read it and
mistakes surface where they are made. Comparisons must be in brackets beside `&` and `|`, which bind more tightly;
between comparisons these become `and` and `or`, which stop early, so `(this.a != 0) & (this.b & 1 != 0)` never reads
an absent `b`. `~this.a` is construct's logical `not` and allowed before comparisons only. A `bool` is no operand: it is
what Python made of a comparison that nobody meant.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

import construct
from construct import expr as construct_expr

from wireformat.errors import SchemaError
from wireformat.schema import model

this: Any = construct.this

COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
LOGICAL: Final = COMPARISONS | {"and", "or", "not"}

SYMBOLS: Final[Mapping[Callable[..., Any], str]] = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.floordiv: "//",
    operator.mod: "%",
    operator.and_: "&",
    operator.or_: "|",
    operator.xor: "^",
    operator.lshift: "<<",
    operator.rshift: ">>",
    operator.eq: "==",
    operator.ne: "!=",
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
}

OPERATIONS: Final[Mapping[str, Callable[..., Any]]] = {
    **{symbol: function for function, symbol in SYMBOLS.items()},
    "~": operator.invert,
    "not": operator.not_,
}


class UnresolvedError(Exception):
    """An expression reads something that is not there."""


class PendingError(UnresolvedError):
    """An expression reads a number that is being computed from what it concerns."""


PENDING: Final = object()
"""Stands for a number that is being computed."""


def expression(written: object) -> model.Expr:
    """The data of what was written: an integer or a `this` expression. Raises `SchemaError`, id `expression`."""
    if isinstance(written, bool):
        raise _refused(f"{written} instead of an expression; a comparison was made by Python")
    if isinstance(written, int):
        return int(written)
    if type(written) is construct_expr.Path:
        return ("get", *_names(written))
    if type(written) is construct_expr.BinExpr:
        return _binary(written)
    if type(written) is construct_expr.UniExpr:
        return _unary(written)
    raise _refused(f"{_describe(written)} instead of an expression")


def _binary(written: Any) -> model.Expr:
    symbol = SYMBOLS.get(written.op)
    if symbol is None:
        raise _refused(f"operator {getattr(written.op, '__name__', written.op)} is not for expressions")
    left, right = expression(written.lhs), expression(written.rhs)
    if symbol in "&|" and is_logical(left) and is_logical(right):
        symbol = "and" if symbol == "&" else "or"
    return symbol, left, right


def _unary(written: Any) -> model.Expr:
    operand = expression(written.operand)
    if written.op is operator.neg:
        return "-", 0, operand
    if written.op is operator.not_ and is_logical(operand):
        return "not", operand
    raise _refused("~ means `not`, which is for comparisons only; write == 0 or use ^")


def _names(path: Any) -> tuple[str, ...]:
    names: list[str] = []
    state = vars(path)
    while state["_Path__parent"] is not None:
        names.insert(0, state["_Path__field"])
        state = vars(state["_Path__parent"])
    if state["_Path__name"] != "this" or not names or not all(isinstance(name, str) for name in names):
        raise _refused(f"{path} is not a path of names from `this`")
    if names[0].startswith("_") and names[0] != "_params":
        raise _refused(f"this.{names[0]} reads outside the record; pass a parameter instead")
    return tuple(names)


def is_logical(expr: model.Expr) -> bool:
    """Whether the expression is true or false."""
    return isinstance(expr, tuple) and expr[0] in LOGICAL


def _describe(written: object) -> str:
    code = getattr(written, "__code__", None)
    if code is None:
        return f"a {type(written).__name__}"
    return f"function ({code.co_filename.rpartition('/')[2]}:{code.co_firstlineno})"


def _refused(detail: str) -> SchemaError:
    return SchemaError("expression", detail)


def paths(expr: model.Expr) -> frozenset[tuple[str, ...]]:
    """Every path that an expression reads."""
    if not isinstance(expr, tuple):
        return frozenset()
    if expr[0] == "get":
        return frozenset({tuple(expr[1:])})
    return frozenset().union(*map(paths, expr[1:]))


def evaluate(expr: model.Expr, values: Mapping[str, Any], params: Mapping[str, Any]) -> Any:
    """The value of an expression: what is read comes from `values`, or from `params` behind `_params`.

    Raises `UnresolvedError` where a name has no value; arithmetic raises what Python raises.
    """
    if not isinstance(expr, tuple):
        return expr
    symbol, *operands = expr
    if symbol == "get":
        return _read(operands, values, params)
    left = evaluate(operands[0], values, params)
    if symbol in ("and", "or"):
        return evaluate(operands[1], values, params) if bool(left) == (symbol == "and") else left
    return OPERATIONS[symbol](left, *(evaluate(operand, values, params) for operand in operands[1:]))


def _read(names: list[str], values: Mapping[str, Any], params: Mapping[str, Any]) -> Any:
    found: Any = {"_params": params} if names[0] == "_params" else values
    for name in names:
        try:
            found = found[name] if isinstance(found, Mapping) else getattr(found, name)
        except (KeyError, AttributeError):
            raise UnresolvedError(f"{'.'.join(names)} has no value") from None
    if found is PENDING:
        raise PendingError(f"{'.'.join(names)} is being computed")
    return found


def render(expr: model.Expr) -> str:
    """The expression as people read it: `(word.flags & 8) != 0`."""
    if not isinstance(expr, tuple):
        return str(expr)
    symbol, *operands = expr
    if symbol == "get":
        return ".".join(operands).removeprefix("_params.")
    texts = [f"({render(each)})" if _is_compound(each) else render(each) for each in operands]
    return f"{symbol} {texts[0]}" if len(texts) == 1 else f"{texts[0]} {symbol} {texts[1]}"


def _is_compound(expr: model.Expr) -> bool:
    return isinstance(expr, tuple) and expr[0] != "get"
