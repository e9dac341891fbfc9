"""From construct objects to the model.

`lift` takes a record class, or anybody's `construct.Struct`, and gives a `model.Schema`. It goes by a table from exact
type to handler: a subclass may mean anything, so it is not guessed at. What no handler knows becomes `model.Opaque`,
and `lift_report` names it with its path and the reason. Lifting never raises.
"""

from __future__ import annotations

from typing import Any, TypeGuard

import construct

from wireformat.errors import SchemaError
from wireformat.schema import model
from wireformat.schema.declare import MISSING, Declared
from wireformat.schema.record import Record, layout_of
from wireformat.schema.strangers import STRANGERS, Handler
from wireformat.schema.traverse import walk
from wireformat.schema.wire import Part, Reference


class Lifter:
    """One schema being lifted: the records found so far, by name, and where in the declaration we are."""

    def __init__(self) -> None:
        self.records: dict[str, model.Record] = {}
        self.report: list[tuple[str, str]] = []
        self.trail: list[str] = []
        self._names: dict[Any, str] = {}
        self._taken: set[str] = set()
        self._versions: tuple[str, ...] = ()

    def node(self, wire: Any) -> model.Node:
        """The node of a construct object."""
        handler = HANDLERS.get(type(wire))
        if handler is None:
            return self.opaque(wire, "outside the vocabulary")
        try:
            return handler(wire, self)
        except SchemaError as error:
            return self.opaque(wire, error.detail)
        except Exception as error:  # a stranger's object may hold anything
            return self.opaque(wire, f"{type(error).__name__}: {error}")

    def opaque(self, wire: Any, reason: str) -> model.Opaque:
        """Name what cannot be lifted."""
        name = type(wire).__name__
        self.report.append((".".join(self.trail), f"{name}: {reason}"))
        return model.Opaque(name, reason)

    def below(self, name: str, wire: Any) -> model.Node:
        """As `node`, one step further down."""
        self.trail.append(name)
        try:
            return self.node(wire)
        finally:
            self.trail.pop()

    def reserve(self, key: Any, name: str) -> tuple[str, bool]:
        """A unique name for the record that `key` stands for, and whether it is new."""
        known = self._names.get(key)
        if known is not None:
            return known, False
        unique, number = name, 2
        while unique in self._taken:
            unique, number = f"{name}_{number}", number + 1
        self._names[key] = unique
        self._taken.add(unique)
        return unique, True

    def record(self, cls: type[Record]) -> model.Ref:
        """The reference to a record class, which is lifted on the way."""
        name, is_new = self.reserve(cls, cls.__name__)
        if is_new:
            about, declared = layout_of(cls)
            self._versions = self._versions or about.versions
            self.records[name] = model.Record(
                name,
                tuple(self._field(key, value, about.base) for key, value in declared.items()),
                layout=about.layout,
                doc=_doc(cls),
                code=about.code,
                sender=about.sender,
                source=about.source,
                versions=about.versions or self._versions,
                channel=about.channel,
                since=about.since,
                until=about.until,
                tlv=about.tlv,
                base=None if about.base is None else self._base(about.base),
                cls=cls,
            )
        return model.Ref(name)

    def _base(self, wire: Any) -> model.Int | None:
        node = self.below("bits", wire)
        return node if isinstance(node, model.Int) else None

    def _field(self, name: str, declared: Declared, base: Any) -> model.Field:
        has_default = declared.is_argument and declared.default is not MISSING
        return model.Field(
            name,
            self.below(name, base if declared.wire is None else declared.wire),
            doc=declared.doc,
            since=declared.since,
            until=declared.until,
            renamed_from=declared.renamed_from,
            optional=has_default,
            default=declared.default if has_default else None,
            tag=declared.tag,
            many=declared.many,
            max=declared.max,
            mask=declared.mask,
            shift=declared.shift,
        )

    def schema(self, root: str) -> model.Schema:
        """What was found, from the record `root` on."""
        return model.Schema(root, self.records)


def is_record(schema: object) -> TypeGuard[type[Record]]:
    """Whether this is a record class."""
    return isinstance(schema, type) and issubclass(schema, Record)


def lift(schema: Any) -> model.Schema:
    """The model of a record class or of a construct object; a `model.Schema` is returned as it is."""
    if isinstance(schema, model.Schema):
        return schema
    if not is_record(schema):
        return _lift_construct(schema)[0]
    known = vars(schema).get("_schema_")
    if known is None:
        known, _ = _lift_construct(schema)
        type.__setattr__(schema, "_schema_", known)
    return known


def lift_report(schema: Any) -> list[tuple[str, str]]:
    """What of a schema could not be lifted: (path, reason)."""
    if isinstance(schema, model.Schema):
        return [
            (f"{record.name}.{field.name}", f"{node.cls}: {node.reason}")
            for record in schema.records.values()
            for field in record.fields
            for node in walk(field.of)
            if isinstance(node, model.Opaque)
        ]
    return _lift_construct(schema)[1]


def lift_part(part: Any) -> tuple[model.Node, model.Schema]:
    """The node of a single wire, and the records that it refers to."""
    lifter = Lifter()
    return lifter.node(part), lifter.schema("")


def _lift_construct(schema: Any) -> tuple[model.Schema, list[tuple[str, str]]]:
    lifter = Lifter()
    node = lifter.record(schema) if is_record(schema) else lifter.node(schema)
    if isinstance(node, model.Ref):
        return lifter.schema(node.name), lifter.report
    root, _ = lifter.reserve(schema, "value")
    lifter.records[root] = model.Record(root, (model.Field("value", node),))
    return lifter.schema(root), lifter.report


def _doc(cls: type[Record]) -> str:
    return "" if cls.__doc__ is None else cls.__doc__.strip()


def _part(part: Part, lifter: Lifter) -> model.Node:
    node: model.Node = part.node(**{name: _argument(value, lifter) for name, value in part.arguments.items()})
    return node


def _argument(value: Any, lifter: Lifter) -> Any:
    """Constructs become nodes, also as the second half of a union's arms."""
    if isinstance(value, construct.Construct):
        return lifter.node(value)
    if isinstance(value, tuple) and value and isinstance(value[0], tuple) and len(value[0]) == 2:
        return tuple((tag, lifter.node(arm) if isinstance(arm, construct.Construct) else arm) for tag, arm in value)
    return value


def _reference(wire: Reference, lifter: Lifter) -> model.Node:
    return lifter.record(wire.record())


HANDLERS: dict[type, Handler] = {Part: _part, Reference: _reference, **STRANGERS}
"""By exact type of the construct object. Projects with constructs of their own may add to it."""
