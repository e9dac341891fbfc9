"""The model as Lua tables, for the dissector's run time to walk.

Each node becomes a table: `k` is its kind, `f` the name of the field that shows it, the rest its attributes under short
names. The run time in `lua/` has one handler for each kind; nothing else is generated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wireformat.derive.lua_fields import FieldTable, filter_part
from wireformat.errors import SchemaError
from wireformat.schema import model
from wireformat.schema.traverse import value_type

Table = dict[str, Any]


class NodeWriter:
    """Turns the nodes of one field into tables; `name` is the filter name of what stands at hand."""

    def __init__(self, fields: FieldTable, doc: str) -> None:
        self._fields = fields
        self._doc = doc
        self._kinds: Mapping[type, Callable[[Any, str], Table]] = {
            model.Int: self._int,
            model.Float: self._float,
            model.Data: self._data,
            model.Const: self._const,
            model.Reserved: self._reserved,
            model.Enum: self._enum,
            model.Flags: self._flags,
            model.List: self._list,
            model.Chain: self._chain,
            model.Region: self._region,
            model.Maybe: self._maybe,
            model.When: self._when,
            model.Announced: self._announced,
            model.Union: self._union,
            model.Pointed: self._pointed,
            model.Computed: self._computed,
            model.Checksum: self._checksum,
            model.Ref: self._ref,
            model.Opaque: self._opaque,
        }

    def table(self, node: model.Node, name: str) -> Table:
        """The table of a node whose field has the filter name `name`."""
        write = self._kinds.get(type(node))
        if write is None:
            raise SchemaError("vocabulary", f"no dissector for {type(node).__name__}")
        return write(node, name)

    def _int(self, node: model.Int, name: str) -> Table:
        return {**_plain(node), "f": self._fields.number(name, node, self._doc)}

    def _float(self, node: model.Float, name: str) -> Table:
        field = self._fields.add(name, "float" if node.size == 4 else "double", self._doc)
        return {"k": "float", "n": node.size, "l": node.little or None, "f": field}

    def _data(self, node: model.Data, name: str) -> Table:
        field = self._fields.add(name, "bytes" if node.encoding is None else "string", self._doc)
        if node.pad > 1:
            self._fields.add(f"{field}.padding", "bytes", "zero bytes up to the next multiple")
        size = self._amount(node.size, f"{field}.size", "bytes that follow")
        encoding = None if node.encoding is None else _encoding(node.encoding)
        return {
            "k": "data",
            "size": size,
            "max": node.max,
            "pad": node.pad,
            "enc": encoding,
            "nul": node.nul,
            "f": field,
        }

    def _amount(self, given: model.Expr | model.Int | None, name: str, doc: str) -> Any:
        """A size or count: an expression as it is, a number before the data as a field of its own."""
        if isinstance(given, model.Int):
            return {**_plain(given), "f": self._fields.number(name, given, doc)}
        return given

    def _const(self, node: model.Const, name: str) -> Table:
        encoding = getattr(node.of, "encoding", None) or "utf-8"
        value = node.value.encode(encoding) if isinstance(node.value, str) else node.value
        return {"k": "const", "of": self._kept(node.of, name), "value": value}

    def _reserved(self, node: model.Reserved, name: str) -> Table:
        return {"k": "reserved", "of": self._kept(node.of, name), "policy": node.policy}

    def _kept(self, node: model.Node, name: str) -> Table:
        """A node whose bytes are compared."""
        table = self.table(node, name)
        return {**table, "keep": True} if table["k"] == "data" else table

    def _enum(self, node: model.Enum, name: str) -> Table:
        names = {str(number): member for member, number in reversed(node.members)}
        shown = names if node.of.size <= 4 else None
        field = self._fields.number(name, node.of, self._doc, names=shown)
        return {"k": "enum", "of": _plain(node.of), "name": node.name, "names": names, "open": node.open, "f": field}

    def _flags(self, node: model.Flags, name: str) -> Table:
        field = self._fields.number(name, model.Int(node.of.size), self._doc, base="hex")
        members = []
        every = 0
        for member, value in node.members:
            part = filter_part(member)
            self._fields.add(f"{field}.{part}", "bool", f"{member} of {node.name}")
            members.append({"name": member, "f": part, "value": value})
            every |= value
        of = {**_plain(node.of), "s": None}
        return {
            "k": "flags",
            "of": of,
            "name": node.name,
            "members": members,
            "all": every,
            "open": node.open,
            "f": field,
        }

    def _list(self, node: model.List, name: str) -> Table:
        branch = self._branch(name)
        count = self._amount(node.count, f"{name}.count", "items that follow")
        return {"k": "list", "of": self.table(node.of, name), "max": node.max, "count": count, **branch}

    def _chain(self, node: model.Chain, name: str) -> Table:
        branch = self._branch(name)
        self._fields.add(f"{branch['f']}.mark", "bytes", "announces another item, or ends the list")
        return {
            "k": "chain",
            "of": self.table(node.of, name),
            "more": node.more,
            "end": node.end,
            "max": node.max,
            **branch,
        }

    def _branch(self, name: str) -> Table:
        field = self._fields.add(f"{name}.list", "none", self._doc)
        return {"f": field, "label": name.rpartition(".")[2]}

    def _region(self, node: model.Region, name: str) -> Table:
        size = self._amount(node.size, f"{name}.size", "bytes of what follows")
        return {"k": "region", "size": size, "of": self.table(node.of, name), "max": node.max}

    def _maybe(self, node: model.Maybe, name: str) -> Table:
        flag = self._amount(node.flag, f"{name}.flag", "1 where the value follows, else 0")
        return {"k": "maybe", "flag": flag, "of": self.table(node.of, name)}

    def _when(self, node: model.When, name: str) -> Table:
        return {"k": "when", "cond": node.cond, "of": self.table(node.of, name)}

    def _announced(self, node: model.Announced, name: str) -> Table:
        self._fields.add(f"{name}.marker", "bytes", "announces the value")
        return {"k": "announced", "marker": node.marker, "of": self.table(node.of, name), "f": name}

    def _union(self, node: model.Union, name: str) -> Table:
        if node.unknown:
            self._fields.add(f"{name}.unknown", "bytes", "a member that is not known")
        arms = {str(number): self._arm(arm, number, name) for number, arm in node.arms}
        return {"k": "union", "on": node.on, "arms": arms, "first": _first(node), "unknown": node.unknown, "f": name}

    def _arm(self, arm: model.Node, number: int, name: str) -> Table:
        """An arm that is no record has a name of its own: arms differ in type."""
        return self.table(arm, name if isinstance(arm, model.Ref) else f"{name}.arm{number}".replace("-", "m"))

    def _pointed(self, node: model.Pointed, name: str) -> Table:
        return {
            "k": "pointed",
            "of": self.table(node.of, name),
            "size_int": self._amount(node.size_int, f"{name}.size", "bytes of the data"),
            "offset_int": self._amount(node.offset_int, f"{name}.offset", "where the data is, from the record's start"),
        }

    def _computed(self, node: model.Computed, name: str) -> Table:
        rule, target = node.rule
        return {"k": "computed", "of": self._int(node.of, name), "rule": rule, "target": target}

    def _checksum(self, node: model.Checksum, name: str) -> Table:
        of = {**_plain(node.of), "f": self._fields.number(name, node.of, self._doc, base="hex")}
        return {"k": "checksum", "of": of, "kind": node.kind, "at": node.at}

    def _ref(self, node: model.Ref, name: str) -> Table:
        field = self._fields.add(name, "none", self._doc)
        return {"k": "ref", "name": node.name, "f": field, "title": f"{name.rpartition('.')[2]}: {node.name}"}

    def _opaque(self, node: model.Opaque, name: str) -> Table:
        return {"k": "opaque", "cls": node.cls, "reason": node.reason}


def _plain(node: model.Int) -> Table:
    return {"k": "int", "n": node.size, "s": node.signed or None, "l": node.little or None}


def _encoding(name: str) -> str:
    """The name by which the run time knows an encoding."""
    return {"utf8": "utf-8", "us-ascii": "ascii"}.get(name.lower(), name.lower())


def _first(node: model.Union) -> Table:
    """For each arm, the first number whose values are of the same type: what `tag_of` gives."""
    types = [(number, _type(arm)) for number, arm in node.arms]
    first = {kind: number for number, kind in reversed(types)}
    return {str(number): first[kind] for number, kind in types if kind is not None}


def _type(arm: model.Node) -> str | type | None:
    """What tells the values of an arm from those of others: their record, or their Python type."""
    match arm:
        case model.Region(of=of):
            return _type(of)
        case model.Ref(name=name):
            return name
    return value_type(model.Schema("", {}), arm)
