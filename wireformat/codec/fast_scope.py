"""What the paths in expressions mean in generated source.

A path such as `this.params.count` begins at the record being coded: its first name is a variable, a slot or a key that
the generator noted when it met the field; further names step through nested records, by attribute where the record has
a class, by key where its values are dicts. Paths that begin with `_params` read what the caller gave.
"""

from __future__ import annotations

from wireformat.codec.fast_shape import Shape
from wireformat.codec.fast_source import UnsupportedError, paths
from wireformat.schema import model

PARAMS = "_params"


class Scope:
    """The fields of one record that expressions may read so far: name → (source, node).

    `later` holds numbers, as source, with the expressions that they must agree with once all fields are known.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._known: dict[str, tuple[str, model.Node]] = {}
        self._awaited: frozenset[str] = frozenset()
        self.later: list[tuple[str, model.Expr]] = []

    def note(self, name: str, source: str, node: model.Node) -> None:
        """From now on the field can be read by this source."""
        self._known[name] = source, node

    def wait(self, names: frozenset[str]) -> None:
        """These fields will be known last, when all others are encoded."""
        self._awaited = names

    def awaits(self, expr: model.Expr) -> bool:
        """Whether an expression reads a field that will be known last."""
        return any(first in self._awaited for first, *_ in paths(expr))

    def resolve(self, path: tuple[str, ...]) -> str:
        """The source that reads a path."""
        first, *rest = path
        if first == PARAMS:
            return "P" + "".join(f"[{name!r}]" for name in rest)
        if first not in self._known:
            raise UnsupportedError(f"{'.'.join(path)} is read before it is known")
        source, node = self._known[first]
        for name in rest:
            source, node = self._step(source, node, name)
        return source

    def _step(self, source: str, node: model.Node, name: str) -> tuple[str, model.Node]:
        if not isinstance(node, model.Ref):
            raise UnsupportedError(f"{name} is read from something that is no record")
        record = self._shape.record(node.name)
        for field in self._shape.fields(record):
            if field.name == name:
                return access(record, source, name), field.of
        raise UnsupportedError(f"{name} is not a field of {record.name}")


def access(record: model.Record, source: str, name: str) -> str:
    """The source that reads, or stores, one field of a record's value."""
    return f"{source}[{name!r}]" if record.cls is None else f"{source}.{name}"
