"""Baselines: what is frozen, that it stays, what counts as drift, where it is kept."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from tests.derive.sample_protocol import PROTOCOL, Ask, Lend, Return
from tests.house.project import ROOT
from wireformat.codec import codec_for
from wireformat.derive import model_schema
from wireformat.derive.baseline import freeze, load, present, render
from wireformat.derive.baseline_drift import drift
from wireformat.derive.baseline_schema import json_schema
from wireformat.derive.baseline_store import Store, read, shipped
from wireformat.errors import ErrorEntry, SchemaError
from wireformat.protocols import NAMES, protocol
from wireformat.schema import (
    EnumOf,
    Int8ub,
    Int16ub,
    Message,
    Nested,
    OpenEnum,
    Record,
    SizedBytes,
    String8,
    const,
    field,
    lift,
    this,
)
from wireformat.schema.machine import Machine
from wireformat.schema.protocol import Protocol

pytestmark = pytest.mark.slow

PUBLISHED = ROOT / "spec" / "schemas" / "baseline.json"
MODELS: Any = Registry().with_resource("model.json", Resource.from_contents(model_schema.json_schema()))
VALIDATOR = jsonschema.Draft202012Validator(json_schema(), registry=MODELS)


def frozen(version: str = "1") -> dict[str, Any]:
    """The sample protocol's baseline, as it comes out of a file."""
    document: dict[str, Any] = json.loads(render(freeze(PROTOCOL, version)))
    return document


class TestFreeze:
    def test_a_version_holds_its_messages_and_fields(self) -> None:
        document = frozen("1")
        assert document["messages"] == ["Ask", "Return"]
        assert [one["name"] for one in document["records"]["Ask"]["fields"]] == ["magic", "title"]
        assert frozen("2")["messages"] == ["Ask", "Lend", "Return"]
        assert [one["name"] for one in frozen("2")["records"]["Ask"]["fields"]] == ["magic", "title", "days"]

    def test_everything_else_that_a_peer_notices(self) -> None:
        document = frozen()
        assert (document["protocol"], document["protocol_version"]) == ("library", "1")
        assert document["machine"]["borrower"]["idle"] == {"Ask": "waiting", "leave": "gone"}
        assert next(iter(document["machine"]["borrower"])) == "idle"
        assert document["errors"] == {"library/overdue": "malformed"}
        assert document["limits"]["depth"] == 16
        assert document["roles"] == ["borrower", "lender"]

    def test_no_prose_and_no_other_versions(self) -> None:
        text = render(freeze(PROTOCOL, "1"))
        for word in ("Ask for a book", "what is on the cover", '"since"', '"versions"', "days"):
            assert word not in text, word

    def test_the_same_declarations_give_the_same_bytes(self) -> None:
        assert render(freeze(PROTOCOL, "1")) == render(freeze(PROTOCOL, "1"))
        assert render(freeze(PROTOCOL, "1")).endswith("}\n")

    def test_a_later_version_changes_nothing(self) -> None:
        class Ask3(Message, code=1, sender="borrower", channel="desk", versions=("1", "2", "3")):
            """Ask for a book."""

            magic: int = const(Int16ub, 0xB00C, "`BOOC`")
            title: str = field(String8, "what is on the cover")
            days: int = field(Int8ub, "how long", since="2", default=14)
            copies: int = field(Int8ub, "how many", since="3", default=1)

        Ask3.__name__ = "Ask"
        type.__setattr__(Ask3, "_schema_", _named(Ask3, "Ask"))
        later = replace(PROTOCOL, versions=("1", "2", "3"), messages=(Ask3, Return))
        earlier = replace(PROTOCOL, messages=(Ask, Return))
        assert render(freeze(later, "2")) == render(freeze(earlier, "2"))
        assert render(freeze(later, "3")) != render(freeze(earlier, "2"))

    def test_an_unknown_version_is_refused(self) -> None:
        with pytest.raises(SchemaError, match="library has no version '3'"):
            freeze(PROTOCOL, "3")

    def test_records_of_one_name_are_kept_apart(self) -> None:
        first, second = _holder("First", Int8ub), _holder("Second", Int16ub)
        both = Protocol("p", "d", ("1",), (first, second))
        document = freeze(both, "1")
        assert list(document["records"]) == ["First", "Second", "Part", "Second.Part"]
        made = load(document)
        assert made.codec("First").encode(_value(made, "First", "Part")) == b"\x05"
        assert made.codec("Second").encode(_value(made, "Second", "Second.Part")) == b"\x00\x05"

    @pytest.mark.parametrize("name", NAMES)
    def test_it_fits_its_published_shape(self, name: str) -> None:
        known = protocol(name)
        for version in known.versions:
            VALIDATOR.validate(json.loads(render(freeze(known, version))))


def _named(cls: type[Message], name: str) -> Any:
    schema = lift(cls)
    return replace(schema, root=name, records={name: replace(schema.record, name=name)})


def _holder(name: str, wire: Any) -> type[Message]:
    """A message that holds a record called Part."""

    class Part(Record):
        """A part."""

        x: int = field(wire, "x")

    class Holder(Message):
        """Holds a part."""

        part: Part = field(Nested(Part), "part")

    schema = lift(Holder)
    root = replace(schema.record, name=name)
    type.__setattr__(
        Holder, "_schema_", replace(schema, root=name, records={name: root, "Part": schema.records["Part"]})
    )
    Holder.__name__ = name
    return Holder


def _value(made: Any, message: str, part: str) -> Any:
    return made.cls(message)(part=made.cls(part)(x=5))


class TestLoad:
    def test_codecs_need_nothing_else(self) -> None:
        old = load(frozen("1"))
        value = old.cls("Ask")(title="Dune")
        data = old.codec("Ask").encode(value)
        assert data == bytes.fromhex("b00c0444756e65")
        assert data == codec_for(Ask, "1").encode(Ask(title="Dune"))
        assert old.codec("Ask").decode(data) == value

    def test_it_reads_back(self) -> None:
        old = load(frozen("2"))
        assert (old.name, old.version, old.messages) == ("library", "2", ("Ask", "Lend", "Return"))
        assert old.machine is not None
        assert old.machine.step("lender", "open", "Ask") == "searching"
        assert set(old.schemas()) == {"Ask", "Lend", "Return"}
        with pytest.raises(KeyError):
            old.cls("Steal")

    @pytest.mark.parametrize(
        "change",
        [
            {"version": 2},
            {"format": "wireformat-model"},
            {"records": {}},
            {"records": {"Ask": {"node": "Nope"}}},
            {"machine": 5},
            {"messages": ["Steal"]},
            {"errors": None},
        ],
        ids=str,
    )
    def test_what_is_no_baseline_is_refused(self, change: dict[str, Any]) -> None:
        assert (
            not VALIDATOR.is_valid(frozen() | change) or change == {"messages": ["Steal"]} or change == {"records": {}}
        )
        with pytest.raises(SchemaError) as caught:
            load(frozen() | change)
        assert caught.value.id == "type"

    def test_something_missing_is_refused(self) -> None:
        document = frozen()
        del document["roles"]
        with pytest.raises(SchemaError, match="not a baseline"):
            load(document)

    def test_the_published_shape_is_current(self) -> None:
        assert json.loads(PUBLISHED.read_text()) == json_schema()
        VALIDATOR.check_schema(json_schema())


class TestDrift:
    """Each test changes the frozen document, as if the declarations had been another then."""

    def lines(self, **changes: Any) -> list[str]:
        document = deepcopy(frozen("1"))
        document.update(changes)
        return drift(load(document), present(PROTOCOL, "1"))

    def test_none(self) -> None:
        assert self.lines() == []

    def test_a_field_that_changed(self) -> None:
        records = frozen()["records"]
        records["Return"]["fields"][0]["of"]["size"] = 1
        assert self.lines(records=records) == ["Return.fields.copy.of.size: 1 was frozen, today 2"]

    def test_a_field_that_is_gone_or_new(self) -> None:
        records = frozen()["records"]
        records["Return"]["fields"][0]["name"] = "number"
        assert self.lines(records=records) == [
            "Return.fields.number: number was frozen, today nothing",
            "Return.fields.copy: nothing was frozen, today copy",
        ]

    def test_order(self) -> None:
        records = frozen()["records"]
        records["Ask"]["fields"].reverse()
        assert self.lines(records=records) == ["Ask.fields: title magic was frozen, today magic title"]

    def test_messages(self) -> None:
        assert self.lines(messages=["Ask"], parts=["Return"]) == [
            "messages[1]: nothing was frozen, today Return",
            "parts[0]: Return was frozen, today nothing",
        ]

    def test_machines_grow_but_keep_what_they_had(self) -> None:
        machine = frozen()["machine"]
        del machine["lender"]["searching"]["nudge"]
        del machine["borrower"]["idle"]["leave"], machine["borrower"]["gone"]
        assert self.lines(machine=machine) == []
        machine["lender"]["open"]["Ask"] = "open"
        del machine["lender"]["searching"], machine["lender"]["lent"]
        assert self.lines(machine=machine) == ["machine.lender.open.Ask: open was frozen, today searching"]

    def test_error_ids_grow_but_none_may_go(self) -> None:
        assert self.lines(errors={}) == []
        assert self.lines(errors={"library/lost": "malformed"}) == [
            "errors.library/lost: malformed was frozen, today nothing"
        ]

    def test_limits(self) -> None:
        limits = frozen()["limits"] | {"depth": 8}
        assert self.lines(limits=limits) == ["limits.depth: 8 was frozen, today 16"]

    def test_a_declared_new_name_is_none(self) -> None:
        before, now = _lengths(None), _lengths("size")
        assert drift(present(before), present(now)) == []
        assert drift(present(before), present(_lengths(None, "length"))) != []

    def test_members_may_come_to_open_enumerations_only(self) -> None:
        assert drift(present(_kinds(1, True)), present(_kinds(2, True))) == []
        assert drift(present(_kinds(2, True)), present(_kinds(1, True))) == [
            "Thing.fields.kind.of.members[1]: ['K2', 2] was frozen, today nothing"
        ]
        assert drift(present(_kinds(1, False)), present(_kinds(2, False))) != []

    def test_prose_is_none(self) -> None:
        class Return2(Message, code=3, sender="borrower", channel="desk", versions=("1", "2"), source="library 9"):
            """Other words."""

            copy: int = field(Int16ub, "other words")

        type.__setattr__(Return2, "_schema_", _named(Return2, "Return"))
        Return2.__name__ = "Return"
        other = replace(PROTOCOL, messages=(Ask, Lend, Return2))
        assert drift(load(frozen("2")), present(other, "2")) == []


def _lengths(renamed_from: str | None, name: str = "") -> Protocol:
    """A message whose data is counted by a field called size, or length if that says it was size."""
    if renamed_from is None and not name:

        class Before(Message):
            """Before."""

            size: int = field(Int8ub, "x")
            data: bytes = field(SizedBytes(this.size, max=9), "x")

        made: type[Message] = Before
    else:

        class Now(Message):
            """Now."""

            length: int = field(Int8ub, "x", renamed_from=renamed_from)
            data: bytes = field(SizedBytes(this.length, max=9), "x")

        made = Now
    type.__setattr__(made, "_schema_", _named(made, "Thing"))
    made.__name__ = "Thing"
    return Protocol("p", "d", ("1",), (made,))


def _kinds(count: int, is_open: bool) -> Protocol:
    kinds: Any = OpenEnum("Kind", [(f"K{number}", number) for number in range(1, count + 1)])

    class Thing(Message):
        """A thing."""

        kind: Any = field(EnumOf(Int8ub, kinds, open=is_open), "x")

    return Protocol("p", "d", ("1",), (Thing,))


class TestStore:
    def test_files(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        for version in ("10", "2", "1"):
            path = store.path("library", version)
            path.parent.mkdir(exist_ok=True)
            path.write_text(render(freeze(PROTOCOL, "1")))
        assert store.names() == ("library",)
        assert store.versions("library") == ("1", "2", "10")
        assert store.versions("nothing") == ()
        assert store.baseline("library", "10").name == "library"

    @pytest.mark.parametrize(("name", "version"), [("..", "1"), ("a/b", "1"), ("library", "../../x"), ("library", "")])
    def test_names_stay_inside(self, name: str, version: str, tmp_path: Path) -> None:
        with pytest.raises(SchemaError) as caught:
            Store(tmp_path).path(name, version)
        assert caught.value.id == "version"

    @pytest.mark.parametrize("text", ["", "[]", "{"])
    def test_what_is_no_object_is_refused(self, text: str, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(SchemaError) as caught:
            read(tmp_path / "x.json")
        assert caught.value.id == "type"

    def test_those_of_the_package(self) -> None:
        store = shipped()
        assert store.folder == ROOT / "spec" / "baselines"
        assert set(store.names()) <= set(NAMES)

    @pytest.mark.parametrize("name", shipped().names())
    def test_released_versions_are_as_they_were_frozen(self, name: str) -> None:
        """What `wireformat baseline check` says; a declaration of a released version was edited when this fails."""
        store = shipped()
        for version in store.versions(name):
            assert drift(store.baseline(name, version), present(protocol(name), version)) == []
            document = store.document(name, version)
            assert store.path(name, version).read_text(encoding="utf-8") == render(document)
            VALIDATOR.validate(document)


def test_a_protocol_without_a_machine() -> None:
    made = load(freeze(replace(PROTOCOL, machine=None, errors={"x": ErrorEntry("limit", "a", "b")}), "1"))
    assert made.machine is None
    assert made.errors == {"x": "limit"}
    assert drift(made, replace_machine(made)) == []


def replace_machine(made: Any) -> Any:
    """The same with a machine: machines may come."""
    return replace(made, machine=Machine({"one": {"start": {}}}))
