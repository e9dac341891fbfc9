"""Python source under construction: lines, constants and expressions.

A generated module is a list of functions over one namespace. Everything that is not text (compiled structs, record
classes, lookup tables) is put into that namespace under a short name, so the source stays readable and compiles
quickly. Names of fields never become Python names: they appear only as attributes of record classes that exist and
as quoted keys, so a hostile description cannot write code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from struct import Struct
from typing import Any

from wireformat.schema import model

Resolve = Callable[[tuple[str, ...]], str]
"""Gives the source that reads a path such as `("params", "count")` from the record at hand."""

BINARY = frozenset({"+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>", "==", "!=", "<", "<=", ">", ">=", "and", "or"})
UNARY = {"~": "~", "not": "not "}


class RefusedError(Exception):
    """Generated code declined; the reference codec says why."""


class UnsupportedError(Exception):
    """No source can be written for this schema."""


class Program:
    """The namespace and the finished functions of one generated module."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"Refused": RefusedError}
        self.functions: list[str] = []
        self._known: dict[tuple[str, Any], str] = {}

    def name(self, stem: str, key: Any, make: Callable[[], Any]) -> str:
        """The name of a constant: made once per `stem` and hashable `key`."""
        known = self._known.get((stem, key))
        if known is None:
            known = self._known[stem, key] = f"{stem}{len(self._known)}"
            self.names[known] = make()
        return known

    def unpacker(self, fmt: str) -> str:
        """The name of `Struct(fmt).unpack_from`."""
        return self.name("get", fmt, lambda: Struct(fmt).unpack_from)

    def packer(self, fmt: str) -> str:
        """The name of `Struct(fmt).pack`."""
        return self.name("put", fmt, lambda: Struct(fmt).pack)

    def shared(self, stem: str, value: Any) -> str:
        """The name of a value that is itself hashable."""
        return self.name(stem, (type(value), value), lambda: value)

    def add(self, lines: list[str]) -> None:
        """Append a finished function."""
        self.functions.append("\n".join(lines))

    def text(self) -> str:
        """The whole module as source."""
        return "\n\n\n".join(self.functions) + "\n"

    def run(self, label: str) -> dict[str, Any]:
        """Compile and execute the source; the namespace then holds the functions."""
        exec(compile(self.text(), f"<wireformat {label!a}>", "exec"), self.names)
        return self.names


class Writer:
    """The lines of one function."""

    def __init__(self, program: Program, head: str) -> None:
        self.program = program
        self.lines = [head]
        self._margin = "    "
        self._locals = 0

    def line(self, text: str) -> None:
        """Append one statement at the present indentation."""
        self.lines.append(self._margin + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """A statement with a body."""
        self.line(head)
        outer = self._margin
        self._margin = outer + "    "
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.line("pass")
        self._margin = outer

    @property
    def is_branching(self) -> bool:
        """Whether the next line stands in a branch or a loop."""
        return len(self._margin) > 4

    def local(self, stem: str) -> str:
        """A local variable that no other part of the function uses."""
        self._locals += 1
        return f"{stem}{self._locals}"

    def refuse(self, condition: str) -> None:
        """Give up where `condition` holds."""
        self.line(f"if {condition}: raise Refused")


def render(expr: model.Expr, resolve: Resolve) -> str:
    """The source of an expression, bracketed where it is compound."""
    if isinstance(expr, int):
        return repr(expr)
    operator, *operands = expr
    if operator == "get":
        return resolve(tuple(operands))
    parts = [render(each, resolve) for each in operands]
    if operator in BINARY and len(parts) == 2:
        return f"({parts[0]} {operator} {parts[1]})"
    if operator in UNARY and len(parts) == 1:
        return f"({UNARY[operator]}{parts[0]})"
    raise UnsupportedError(f"operator {operator!r}")


def padding_of(size: str, unit: int) -> str:
    """The source of the number of bytes that fill `size` bytes up to a multiple of `unit`."""
    return f"-{size} & {unit - 1}" if unit & (unit - 1) == 0 else f"-{size} % {unit}"


def zeros(program: Program, below: int) -> str:
    """The name of a tuple of zero bytes by their number, for numbers below `below`."""
    return program.name("zeros", below, lambda: tuple(bytes(count) for count in range(below)))


def paths(expr: model.Expr | model.Int | None) -> Iterator[tuple[str, ...]]:
    """Every path that an expression reads."""
    if not isinstance(expr, tuple):
        return
    if expr[0] == "get":
        yield tuple(expr[1:])
        return
    for operand in expr[1:]:
        yield from paths(operand)
