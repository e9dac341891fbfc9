"""What is known while a value is drawn: the fields so far, which expressions read, and how deep records are nested.

A record has a scope of its own. What is computed from the rest when the value is encoded is pending until then; where
it is the tag of a union, any number may be drawn for it: it is free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from wireformat.schema import model
from wireformat.schema.expression import PENDING, evaluate
from wireformat.schema.traverse import cyclic_records, walk

MAX_DRAWN_DEPTH = 3


class Scope:
    """Where drawing is. `depth` counts the records around that may hold themselves."""

    def __init__(self, schema: model.Schema, params: Mapping[str, Any]) -> None:
        self.params = params
        self.depth = 0
        self.values: dict[str, Any] = {}
        self._free_tags: dict[str, model.Int] = {}
        self._cyclic = cyclic_records(schema)

    @contextmanager
    def inside(self, record: str) -> Iterator[None]:
        """In a record: a scope of its own, and afterwards the one around it again."""
        outer = self.values, self._free_tags, self.depth
        self.values, self._free_tags = {}, {}
        self.depth += record in self._cyclic
        yield
        self.values, self._free_tags, self.depth = outer

    def announce(self, fields: Iterable[model.Field]) -> None:
        """Take note of what is known of fields before any is drawn."""
        for field in fields:
            if isinstance(field.of, model.Computed):
                self.values[field.name] = PENDING
                self._free_tags[field.name] = field.of.of
            elif isinstance(field.of, model.Const):
                self.values[field.name] = field.of.value

    def value(self, expr: model.Expr) -> Any:
        """What an expression gives for the fields drawn so far. Raises `PendingError` where nothing decides."""
        return evaluate(expr, self.values, self.params)

    def free_tag(self, on: model.Expr) -> model.Int:
        """The integer that a computed tag is."""
        return self._free_tags.get(on[1], model.Int(1)) if isinstance(on, tuple) else model.Int(1)

    @property
    def is_deep(self) -> bool:
        """Whether a schema could go on for ever here."""
        return self.depth > MAX_DRAWN_DEPTH

    def is_cyclic(self, node: model.Node) -> bool:
        """Whether a node leads back to a record that holds it."""
        return any(isinstance(part, model.Ref) and part.name in self._cyclic for part in walk(node))
