"""Random schemas: nodes put together in ways that nobody would think of."""

from __future__ import annotations

import random
from collections.abc import Callable

from wireformat.schema import model

SIZES = (1, 1, 1, 2, 3, 4, 8)


class SchemaMaker:
    """Makes one schema; all values are dicts."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._records: dict[str, model.Record] = {}
        self._leaves: tuple[Callable[[], model.Node], ...] = (
            self._int,
            self._int,
            self._data,
            self._named,
            self._constant,
        )
        self._groups: tuple[Callable[[int], model.Node], ...] = (
            self._list,
            self._region,
            self._chain,
            self._optional,
            self._record,
        )

    def schema(self) -> model.Schema:
        """A schema whose root is called `root`."""
        self._records["root"] = self._fields("root", 3)
        return model.Schema("root", self._records)

    def _fields(self, name: str, depth: int) -> model.Record:
        fields: list[model.Field] = []
        if self._random.random() < 0.2:
            size = model.Int(self._random.choice((1, 2, 3)))
            fields.append(model.Field("total", model.Computed(size, ("record_size", ""))))
        for place in range(self._random.randint(1, 6)):
            known = [field.name for field in fields if isinstance(field.of, model.Int)]
            node = self._steered(known, depth) or self._remaining(fields, depth) or self._node(depth)
            fields.append(model.Field(f"f{place}", node))
        if self._random.random() < 0.3:
            fields.insert(0, model.Field("sum", model.Checksum(model.Int(4), "crc32", 0)))
        return model.Record(name, tuple(fields))

    def _steered(self, known: list[str], depth: int) -> model.Node | None:
        """A node that an earlier number steers."""
        if not known or self._random.random() < 0.5:
            return None
        read = ("get", self._random.choice(known))
        size = self._random.choice((read, ("&", read, 7), ("-", read, 1)))
        kinds: tuple[Callable[[], model.Node], ...] = (
            lambda: model.Data(size, 20, pad=self._random.choice((1, 3, 4))),
            lambda: model.List(self._node(depth - 1), 9, size),
            lambda: model.Region(size, self._node(depth - 1), 40),
            lambda: model.When((">", read, 3), self._node(depth - 1)),
            lambda: model.Union(read, ((1, self._node(depth - 1)), (2, self._node(depth - 1)))),
        )
        return self._random.choice(kinds)()

    def _remaining(self, fields: list[model.Field], depth: int) -> model.Node | None:
        """A node that the size of the record steers; it seldom agrees, and then nothing decodes or encodes."""
        if not fields or fields[0].name != "total" or self._random.random() < 0.5:
            return None
        size = ("-", ("get", "total"), self._random.choice((1, 2, 3, 4, 5, 8)))
        kinds: tuple[Callable[[], model.Node], ...] = (
            lambda: model.Data(size, 20, pad=self._random.choice((1, 3, 4))),
            lambda: model.List(self._node(depth - 1), 9, size),
            lambda: model.Region(size, self._node(depth - 1), 40),
        )
        return self._random.choice(kinds)()

    def _node(self, depth: int) -> model.Node:
        if depth <= 0 or self._random.random() < 0.6:
            return self._random.choice(self._leaves)()
        return self._random.choice(self._groups)(depth - 1)

    def _int(self) -> model.Int:
        return model.Int(self._random.choice(SIZES), self._random.random() < 0.2, self._random.random() < 0.3)

    def _data(self) -> model.Data:
        encoding = self._random.choice((None, None, "utf-8", "latin-1"))
        nul = self._random.choice(("keep", "forbid", "pad", "end")) if encoding else "keep"
        size = self._random.choice((3, 5, model.Int(1), model.Int(2, little=True), None))
        return model.Data(size, 12, self._random.choice((1, 1, 2, 4)), encoding, nul)

    def _named(self) -> model.Node:
        kind = self._random.choice((model.Enum, model.Flags))
        return kind(model.Int(self._random.choice(SIZES)), "Name", (("A", 1), ("B", 2)), self._random.random() < 0.5)

    def _constant(self) -> model.Node:
        choices: tuple[model.Node, ...] = (
            model.Const(model.Int(2), 7),
            model.Const(model.Data(3, 3), b"abc"),
            model.Reserved(model.Int(2)),
            model.Reserved(model.Data(model.Int(1), 4), "ignore"),
            model.Reserved(model.Data(5, 5, pad=4), self._random.choice(("reject", "ignore"))),
            model.Float(self._random.choice((4, 8))),
        )
        return self._random.choice(choices)

    def _list(self, depth: int) -> model.List:
        return model.List(self._node(depth), 6, self._random.choice((2, model.Int(1), None)))

    def _region(self, depth: int) -> model.Region:
        return model.Region(model.Int(self._random.choice((1, 2))), self._node(depth), 30)

    def _chain(self, depth: int) -> model.Chain:
        return model.Chain(self._node(depth), b"\1", self._random.choice((b"\0", b"\0\0")), 4)

    def _optional(self, depth: int) -> model.Node:
        if self._random.random() < 0.5:
            return model.Maybe(model.Int(self._random.choice((1, 4))), self._node(depth))
        return model.Announced(self._random.choice((b"\5", b"\5ab")), self._node(depth))

    def _record(self, depth: int) -> model.Ref:
        name = f"r{len(self._records)}"
        self._records[name] = model.Record(name, ())
        self._records[name] = self._fields(name, depth)
        return model.Ref(name)
