"""The bounded search for bytes that show what a change does.

One direction of one message at a time: values are drawn from the writer's schema, aimed at each change, encoded by the
writer's codec and decoded by both. What is found is a fact about two codecs, whatever the rules expected. The search is
seeded and bounded, so it finds the same bytes each time; it may miss what is rare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import islice
from typing import Any

from wireformat.codec import ascending, codec_for
from wireformat.codec.fast_shape import reads
from wireformat.derive.compat_aim import changed, edited, known_only, towards, with_field, with_unknown
from wireformat.derive.compat_change import DIFFERS, Change, Direction
from wireformat.derive.compat_probes import alternatives, different, probes, steering
from wireformat.derive.compat_values import Difference, difference
from wireformat.derive.strategies import drawn
from wireformat.errors import DecodeError, WireError
from wireformat.schema import model
from wireformat.schema.expression import UnresolvedError, paths
from wireformat.schema.lint import expressions
from wireformat.schema.record import Record
from wireformat.schema.traverse import walk

DRAWS = 30
"""Values drawn of each message as a whole, for each assignment of parameters."""
AIMED = 10
"""Values drawn for each change; the first BASES of them take probes as well."""
BASES = 3
SEED = 20
PARAMETERS = (1, 4096, 0)
"""What a parameter may be. Not all are sensible; what makes no value is dropped."""

FAULTS = (WireError, UnresolvedError, ArithmeticError, ValueError, TypeError, LookupError)
Params = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Trial:
    """Bytes of the writer, what the writer reads in them, and what the reader makes of them. `shows`: the field that
    the trial is about is there, and holds something."""

    data: bytes
    params: tuple[tuple[str, int], ...]
    written: Any
    read: Any = None
    error: DecodeError | None = None
    difference: Difference | None = None
    shows: bool = False

    @property
    def sign(self) -> str:
        """Empty where the reader understood, else the error id or DIFFERS."""
        if self.error is not None:
            return self.error.id
        return DIFFERS if self.difference is not None else ""

    @property
    def order(self) -> tuple[int, bytes]:
        """Short bytes come first."""
        return len(self.data), self.data


class Search:
    """One direction of one message."""

    def __init__(self, writer: model.Schema, reader: model.Schema, direction: Direction) -> None:
        self._writer = writer
        self._reader = reader
        self._direction = direction

    def trial(self, value: Any, params: Params) -> Trial | None:
        """What becomes of a value; None where the writer cannot write it."""
        try:
            data = codec_for(self._writer).encode(value, params)
            written = codec_for(self._writer).decode(data, params)
        except FAULTS:
            return None
        given = tuple(params.items())
        try:
            read = codec_for(self._reader).decode(data, params)
        except DecodeError as error:
            return Trial(data, given, written, error=error)
        return Trial(data, given, written, read, difference=difference(written, read))

    @cached_property
    def trials(self) -> list[Trial]:
        """Trials of values drawn from the message as a whole."""
        return [*self._tried(self._drawn(self._writer, DRAWS))]

    def aimed(self, change: Change) -> list[Trial]:
        """Trials of values drawn with a change in view."""
        record, name = change.spot.of_writer(self._direction)
        if record is None or record not in self._writer.records:
            return []
        trials = self._tried(self._aimed(change, record, name))
        if name is None:
            return [*trials]
        return [replace(trial, shows=self._shows(trial.written, record, name)) for trial in trials]

    def _shows(self, value: Any, record: str, name: str) -> bool:
        """Whether a value has the record, with something in the field."""
        whole = self._writer.records[record]
        found: list[Record] = []
        edited(value, whole.cls, found.append)
        return any(getattr(each, name, None) not in _nothing(whole, name) for each in found)

    def _tried(self, values: Iterable[tuple[Any, Params]]) -> Iterator[Trial]:
        for value, params in values:
            trial = self.trial(value, params)
            if trial is not None:
                yield trial

    def _drawn(self, schema: model.Schema, count: int, is_known: bool = True) -> Iterator[tuple[Any, Params]]:
        """Values of a narrower schema, for each assignment of parameters that makes any."""
        for params in assignments(self._writer, self._reader):
            try:
                values = drawn(schema, count, SEED, params)
            except FAULTS:
                continue
            yield from ((known_only(value) if is_known else value, params) for value in values)

    def _aimed(self, change: Change, record: str, name: str | None) -> Iterator[tuple[Any, Params]]:
        schema = towards(self._writer, record, name)
        if name is None:
            bases = [*self._drawn(schema, AIMED)]
            yield from bases
            for field in self._writer.records[record].fields:
                yield from self._probed(islice(bases, BASES), record, field, change)
            return
        for narrowed in _narrowings(schema, record, name):
            bases = [*self._drawn(narrowed, AIMED)]
            yield from bases
            for field in _concerned(self._writer.records[record], name):
                yield from self._probed(islice(bases, BASES), record, field, change)
        if change.rule in ("choice-closed", "choice-opened"):
            yield from self._drawn(with_unknown(schema, record, name), AIMED, is_known=False)

    def _probed(
        self, bases: Iterable[tuple[Any, Params]], record: str, field: model.Field, change: Change
    ) -> Iterator[tuple[Any, Params]]:
        """The values with probes in place of a field."""
        cls = self._writer.records[record].cls
        for value, params in bases:
            for put in self._edits(value, cls, field, change):
                yield put, params

    def _edits(self, value: Any, cls: type[Record], field: model.Field, change: Change) -> Iterator[Any]:
        holder: list[Record] = []
        edited(value, cls, holder.append)
        if not holder or field.name not in holder[0]._arguments:
            return
        now = getattr(holder[0], field.name)
        for probe, numbers in self._probes(field, change, now):
            parts = {field.name: probe, **_free(numbers, holder[0])}
            yield edited(value, cls, partial(changed, parts=parts))

    def _probes(self, field: model.Field, change: Change, now: Any) -> Iterator[tuple[Any, dict[str, int]]]:
        """What the field may hold, with the numbers beside it that go with that; for one that repeats, lists."""
        other = self._other(field, change)
        sizes = {record.tlv.max for record in self._both(change) if record.tlv is not None}
        for of, their, numbers in alternatives(field.of, other.of if other is not None else None):
            if not field.many:
                found = probes(of, their, now, sizes)
                yield from ((probe, {**numbers, **steering(of, probe)}) for probe in found)
                continue
            for probe in self._many(field, other, probes(of, their, None, sizes), now):
                yield probe, {}
                yield self._ordered(change, field, probe), {}

    def _many(
        self, field: model.Field, other: model.Field | None, each: Iterable[Any], now: tuple[Any, ...]
    ) -> Iterator[Any]:
        """Lists of an entry that repeats: of one probe, and as long as either side allows, and longer."""
        found = [*each]
        yield from ((item,) for item in found)
        sample = now[:1] or tuple(found[:1])
        limits = {side.max for side in (field, other) if side is not None and side.max is not None}
        for count in sorted({0, 2, *limits, *(most + 1 for most in limits)}):
            yield sample * count
            yield different(self._writer, field.of, sample[0] if sample else None, count)

    def _ordered(self, change: Change, field: model.Field, items: tuple[Any, ...]) -> tuple[Any, ...]:
        """The items in the order that records with ascending entries ask for."""
        record = change.spot.of_writer(self._direction)[0] or self._writer.root
        try:
            return ascending(model.Schema(record, self._writer.records), field.name, items)
        except FAULTS:
            return items

    def _both(self, change: Change) -> list[model.Record]:
        """The record concerned, on either side."""
        ours, theirs = change.spot.of_writer(self._direction)[0], change.spot.of_reader(self._direction)[0]
        pairs = ((self._writer, ours), (self._reader, theirs))
        return [schema.records[name] for schema, name in pairs if name is not None and name in schema.records]

    def _other(self, field: model.Field, change: Change) -> model.Field | None:
        """The field of the reader that corresponds."""
        record, name = change.spot.of_reader(self._direction)
        if record is None:
            return None
        wanted = name if change.spot.of_writer(self._direction)[1] == field.name else field.name
        return next((other for other in self._reader.records[record].fields if other.name == wanted), None)


def _nothing(record: model.Record, name: str) -> list[Any]:
    """What a field holds when it holds nothing."""
    return [None, (), b"", "", 0, *(field.default for field in record.fields if field.name == name)]


def _concerned(record: model.Record, name: str) -> list[model.Field]:
    """A field, and the fields that its expressions read."""
    own = next(field for field in record.fields if field.name == name)
    read = reads(own.of)
    return [own, *(field for field in record.fields if field.name in read)]


def _free(numbers: Mapping[str, int], record: Record) -> dict[str, int]:
    """Those of the numbers that somebody chooses; computed ones follow by themselves."""
    return {name: number for name, number in numbers.items() if name in record._arguments}


def _narrowings(schema: model.Schema, record: str, name: str) -> Iterator[model.Schema]:
    """Schemas in whose values a field is there, and where it may be absent also those in which it is not."""
    whole = schema.records[record]
    field = next(field for field in whole.fields if field.name == name)
    if whole.layout != "tlv" or not field.optional or field.many:
        yield schema
        return
    yield with_field(schema, record, name, True)
    yield with_field(schema, record, name, False)


def assignments(*schemas: model.Schema) -> list[Params]:
    """What the parameters that schemas read may be: all the same, and each alone set."""
    names = sorted({name for schema in schemas for name in _parameters(schema)})
    if not names:
        return [{}]
    alike: list[Params] = [dict.fromkeys(names, value) for value in PARAMETERS]
    alone: list[Params] = [{**dict.fromkeys(names, 0), name: 1} for name in names]
    return [*alike, *(alone if len(names) > 1 else [])]


def _parameters(schema: model.Schema) -> Iterator[str]:
    for record in schema.records.values():
        for field in record.fields:
            exprs = [expr for node in walk(field.of) for expr in expressions(node)]
            for expr in [*exprs, *([field.mask] if field.mask is not None else [])]:
                yield from (path[1] for path in paths(expr) if path[0] == "_params")
