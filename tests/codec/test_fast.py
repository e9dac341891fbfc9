"""What only the fast codec promises: how its source looks, what it costs, and what it never does."""

from __future__ import annotations

import dataclasses
import re
import tracemalloc
from typing import Any

import pytest

from tests.codec.specimens import (
    Colour,
    Entry,
    Envelope,
    Extended,
    Extras,
    Fixed,
    Hello,
    Lists,
    Mode,
    Page,
    Point,
    Tree,
    Xdr,
    device,
)
from wireformat.codec import fast, reference
from wireformat.codec.fast_pieces import Packed, Padding, Ready, joined
from wireformat.codec.fast_shape import Shape
from wireformat.codec.fast_source import Program, RefusedError, UnsupportedError, padding_of, render
from wireformat.codec.fast_values import Combinations, Members, all_integers, twin
from wireformat.errors import DecodeError
from wireformat.limits import MAX_DEPTH, MAX_FLAG_NAMES
from wireformat.schema import lift, model


def schema_of(*fields: model.Field, **others: model.Record) -> model.Schema:
    """A schema with one record `root`, whose values are dicts."""
    return model.Schema("root", {"root": model.Record("root", fields), **others})


def decoded(schema: model.Schema, data: bytes, end: int | None = None) -> Any:
    return fast.decoder(schema)(data, 0, len(data) if end is None else end, {})


def refuses(schema: model.Schema, data: bytes, end: int | None = None) -> bool:
    try:
        decoded(schema, data, end)
    except Exception:
        return True
    return False


def test_neighbouring_fields_are_one_read() -> None:
    assert fast.source(lift(Point)) == (
        "def decode0(b, p, end, P):\n"
        "    'Point'\n"
        "    r = Twin0()\n"
        "    r.x, r.y, = get2(b, p)\n"
        "    r.__class__ = Class1\n"
        "    p += 3\n"
        "    if p > end: raise Refused\n"
        "    return r, p\n"
        "\n\n"
        "def encode0(v, P):\n"
        "    'Point'\n"
        "    if type(v) is not Class1: raise Refused\n"
        "    if not (type(v.x) is type(v.y) is int): integers3(v.x, v.y)\n"
        "    return put4(v.x, v.y)\n"
    )


def test_padding_joins_the_run_behind_it() -> None:
    source = fast.source(lift(Xdr))
    assert re.search(r"z\d+, r\.handle, n\d+, = gets\d+\[m\d+\]\(b, p\)", source)
    assert re.search(r"puts\d+\[n\d+\]\(v\.handle, n\d+\)", source)


def test_a_nested_record_of_known_width_joins_the_run_around_it() -> None:
    inner = model.Record("inner", (model.Field("y", model.Int(2)),))
    fields = (model.Field("x", model.Int(1)), model.Field("in", model.Ref("inner")), model.Field("z", model.Int(4)))
    schema = schema_of(*fields, inner=inner)
    assert decoded(schema, bytes(range(7))) == ({"x": 0, "in": {"y": 0x0102}, "z": 0x03040506}, 7)
    assert fast.source(schema).count("= get") == 1


def test_byte_orders_do_not_mix() -> None:
    fields = [
        model.Field("a", model.Int(2)),
        model.Field("b", model.Int(2, little=True)),
        model.Field("c", model.Int(1)),
    ]
    assert decoded(schema_of(*fields), b"\1\2\1\2\3") == ({"a": 0x0102, "b": 0x0201, "c": 3}, 5)


def test_long_runs_of_a_dict_keep_names_and_order() -> None:
    schema = schema_of(*(model.Field(f"f[{place}]", model.Int(1 + place % 3)) for place in range(30)))
    found, end = decoded(schema, bytes(range(60)))
    assert (list(found), end) == ([f"f[{place}]" for place in range(30)], 60)
    assert [found["f[0]"], found["f[1]"], found["f[2]"], found["f[29]"]] == [0, 0x0102, 0x030405, 0x393A3B]
    assert fast.encoder(schema)(found, {}) == bytes(range(60))
    assert "update(zip(" in fast.source(device())
    assert "fetch" in fast.source(device())


def test_names_never_become_code() -> None:
    name = "'] = 0\nraise SystemExit #\\"
    schema = schema_of(model.Field(name, model.Int(1)), model.Field("n", model.Data(("get", name), 4)))
    assert decoded(schema, b"\2ab") == ({name: 2, "n": b"ab"}, 3)
    assert fast.encoder(schema)({name: 2, "n": b"ab"}, {}) == b"\2ab"


def test_values_are_frozen_instances_of_their_class() -> None:
    point, _ = decoded(lift(Point), b"\0\1\2")
    assert type(point) is Point
    assert point == Point(x=1, y=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x


def test_a_twin_resets_both_store_and_delete() -> None:
    mutable = twin(Point)
    assert vars(mutable)["__setattr__"] is object.__setattr__
    assert vars(mutable)["__delattr__"] is object.__delattr__
    point = mutable()
    point.x, point.y = 1, 2
    point.__class__ = Point
    assert point == Point(x=1, y=2)


def test_the_end_binds_although_more_bytes_follow() -> None:
    assert refuses(lift(Point), b"\0\1\2", end=2)
    assert refuses(schema_of(model.Field("a", model.Int(4)), model.Field("b", model.Data(None, 9))), bytes(9), end=3)
    assert refuses(
        schema_of(model.Field("a", model.Int(4)), model.Field("b", model.List(model.Int(1), 9, None))), bytes(9), 3
    )


def test_every_cut_is_refused() -> None:
    value = Lists(
        four=(1, 2, 3, 4),
        reals=(0.5,),
        points=(Point(x=1, y=1), Point(x=2, y=2)),
        count=1,
        more=(Point(x=3, y=3),),
        bytes_=(7, 8),
        texts=("a", "bc"),
        odd=(9,),
        point=Point(x=4, y=4),
        items=(),
    )
    data = fast.encoder(lift(Lists))(value, {})
    assert decoded(lift(Lists), data) == (value, len(data))
    assert all(refuses(lift(Lists), data, cut) and refuses(lift(Lists), data[:cut]) for cut in range(len(data)))


@pytest.mark.parametrize(
    "node",
    [
        model.List(model.Ref("empty"), 1 << 12, model.Int(4)),
        model.List(model.Int(8), 1 << 31, model.Int(4)),
        model.List(model.Data(model.Int(1), 9), 1 << 31, model.Int(4)),
        model.Data(model.Int(4), 1 << 31),
        model.Region(model.Int(4), model.Data(None, 1 << 31), 1 << 31),
    ],
    ids=["items of no size", "numbers", "items", "bytes", "region"],
)
def test_a_huge_amount_costs_nothing(node: model.Node) -> None:
    decode = fast.decoder(schema_of(model.Field("x", node), empty=model.Record("empty", ())))
    tracemalloc.start()
    with pytest.raises(RefusedError):
        decode(b"\x40\0\0\0" + bytes(8), 0, 12, {})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000


def test_items_of_no_size_cannot_fill_a_region() -> None:
    fields = (model.Field("x", model.List(model.Ref("empty"), 1 << 20, None)),)
    assert refuses(schema_of(*fields, empty=model.Record("empty", ())), b"\0")


def nested(depth: int) -> bytes:
    return b"\1\0\0\0\1" * (depth - 1) + b"\1" + bytes(8) + bytes(4) * (depth - 1)


def test_depth_counts_records_on_a_cycle_only() -> None:
    assert decoded(lift(Tree), nested(MAX_DEPTH))[1] == len(nested(MAX_DEPTH))
    assert refuses(lift(Tree), nested(MAX_DEPTH + 1))
    chain = {f"r{n}": model.Record(f"r{n}", (model.Field("x", model.Ref(f"r{n + 1}")),)) for n in range(30)}
    end = model.Record("r30", (model.Field("x", model.Data(model.Int(1), 3)),))
    schema = model.Schema("r0", {**chain, "r30": end})
    value, size = decoded(schema, b"\1a")
    for _ in range(30):
        value = value["x"]
    assert (value, size) == ({"x": b"a"}, 2)
    assert "k" not in fast.source(schema).partition("(b, p, end, P")[2].partition(")")[0]


def test_values_too_deep_are_refused() -> None:
    tree = Tree(label=0, left=None, right=None)
    encode = fast.encoder(lift(Tree))
    for _ in range(MAX_DEPTH - 1):
        tree = Tree(label=1, left=tree, right=None)
    assert len(encode(tree, {})) == 9 * MAX_DEPTH
    with pytest.raises(RefusedError):
        encode(Tree(label=1, left=tree, right=None), {})


def test_unknown_numbers_are_not_remembered() -> None:
    members = Members(model.Enum(model.Int(4), "Colour", (("RED", 1), ("BLUE", 7)), True, Colour))
    assert members[7] is Colour.BLUE
    assert [members[number] for number in range(100, 200)] == list(range(100, 200))
    assert len(members) == 2


def test_flags_are_remembered_up_to_a_limit() -> None:
    flags = Combinations(model.Flags(model.Int(4), "Mode", (("FAST", 1), ("LOUD", 4)), True, Mode))
    assert [int(flags[bits]) for bits in range(3000)] == list(range(3000))
    assert flags[5] == Mode.FAST | Mode.LOUD
    assert len(flags) == MAX_FLAG_NAMES


def test_closed_numbers_are_refused_when_unknown() -> None:
    with pytest.raises(RefusedError):
        Members(model.Enum(model.Int(1), "E", (("A", 1),), False))[2]
    with pytest.raises(RefusedError):
        Combinations(model.Flags(model.Int(1), "F", (("A", 1),), False))[3]


def test_unknown_entries_are_merged_in_order() -> None:
    data = bytes.fromhex(
        "8001 0002 0007 0002 0001 aa 0005 0001 61 0006 0000 0006 0001 bb 7000 0001 cc".replace(" ", "")
    )
    entry, _ = decoded(lift(Entry), data)
    assert (entry.code, entry.text, entry.level) == (7, "a", 3)
    assert [tuple(each) for each in entry.unknown] == [(2, b"\xaa"), (6, b""), (6, b"\xbb"), (0x7000, b"\xcc")]
    assert fast.encoder(lift(Entry))(entry, {}) == data


@pytest.mark.parametrize(
    "entries",
    ["0005 0000", "8001 0002 0000 8001 0002 0000", "8001 0002 0000 0002 0000 0001 0000", "8001 0002 0000 8002 0000"],
    ids=["missing", "duplicate", "order", "critical"],
)
def test_entries_that_are_refused(entries: str) -> None:
    assert refuses(lift(Entry), bytes.fromhex(entries.replace(" ", "")))


def test_where_there_are_no_entries_one_value_serves_all() -> None:
    decode = fast.decoder(lift(Extended))
    first, second = decode(b"\5", 0, 1, {})[0], decode(b"\6", 0, 1, {})[0]
    assert (first.kind, second.kind) == (5, 6)
    assert first.extras is second.extras
    assert first.extras == Extras(hints=())
    assert decode(b"\5\0\1\0\1\7", 0, 6, {})[0].extras.level == 7


def test_parameters_steer() -> None:
    decode = fast.decoder(lift(Page))
    data = (0x3000 + 0x15).to_bytes(8, "big") + b"four"
    page, end = decode(data, 0, len(data), {"page_size": 4096})
    assert (page.word.address, page.word.flags, page.word.kind) == (0x3000, Mode.FAST | Mode.LOUD, Colour.RED)
    assert (page.name, page.body, end) == (None, b"four", 12)


def test_a_tag_is_known_by_its_value() -> None:
    encode = fast.encoder(lift(Envelope))
    assert encode(Envelope(body=Hello(seq=5)), {}) == b"\0\1\0\0\0\2\0\5"


def test_what_has_no_source_is_left_to_the_reference() -> None:
    tlv = model.Tlv(model.Int(3), model.Int(1))
    record = model.Record("root", (model.Field("a", model.Int(1), tag=1),), layout="tlv", tlv=tlv)
    schema = model.Schema("root", {"root": record})
    with pytest.raises(UnsupportedError):
        fast.source(schema)
    data = b"\0\0\1\1\5"
    assert decoded(schema, data) == reference.decode(schema, data) == ({"a": 5, "unknown": ()}, 5)
    assert fast.encoder(schema)({"a": 5}, {}) == data


def test_the_size_of_a_record_decides_nothing_while_it_is_counted() -> None:
    total = model.Field("total", model.Computed(model.Int(1), ("record_size", "")))
    rest = model.Data(("-", ("get", "total"), 2), 9)
    schema = schema_of(total, model.Field("flag", model.Int(1)), model.Field("rest", rest))
    encode = fast.encoder(schema)
    assert encode({"flag": 0, "rest": b"abc"}, {}) == b"\5\0abc"
    assert decoded(schema, b"\5\0abc") == ({"flag": 0, "rest": b"abc"}, 5)
    assert refuses(schema, b"\1\0")
    wrong = schema_of(total, model.Field("rest", rest))
    with pytest.raises(RefusedError):
        fast.encoder(wrong)({"rest": b"abc"}, {})
    branching = schema_of(total, model.Field("rest", model.Maybe(model.Int(1), rest)))
    with pytest.raises(UnsupportedError):
        fast.source(branching)
    assert fast.encoder(branching)({"rest": b"abc"}, {}) == b"\5\1abc"


@pytest.mark.parametrize("other", [model.Int(2), model.Maybe(model.Int(1), model.Int(1))])
def test_arms_that_types_do_not_tell_apart_are_left_to_the_reference(other: model.Node) -> None:
    union = model.Union(("get", "k"), ((1, model.Int(1)), (2, other)))
    schema = schema_of(model.Field("k", model.Computed(model.Int(1), ("tag_of", "v"))), model.Field("v", union))
    with pytest.raises(UnsupportedError, match="share a type"):
        fast.source(schema)
    assert decoded(schema, b"\1\5") == ({"v": 5}, 2)
    with pytest.raises(DecodeError) as caught:
        decoded(schema, b"\2\1\5")
    assert (caught.value.id, caught.value.path) == ("mismatch", "k")


def test_a_count_is_no_size_of_the_items() -> None:
    items = model.List(model.Data(("get", "n"), 9), 9, ("get", "n"))
    schema = schema_of(model.Field("n", model.Computed(model.Int(1), ("count_of", "v"))), model.Field("v", items))
    encode = fast.encoder(schema)
    assert encode({"v": (b"ab", b"cd")}, {}) == b"\2abcd"
    with pytest.raises(RefusedError):
        encode({"v": (b"ab", b"c")}, {})


def test_an_operator_that_nobody_knows_has_no_source() -> None:
    with pytest.raises(UnsupportedError):
        render(("**", 2, 3), "".join)


def test_expressions_are_bracketed() -> None:
    assert render(("*", ("+", ("get", "a"), 1), ("~", 2)), "".join) == "((a + 1) * (~2))"


@pytest.mark.parametrize("unit", [2, 3, 4, 5, 8])
def test_padding_fills_up(unit: int) -> None:
    assert [(size + eval(padding_of(str(size), unit))) % unit for size in range(20)] == [0] * 20
    assert max(eval(padding_of(str(size), unit)) for size in range(20)) == unit - 1


def test_pieces_are_packed_together_up_to_a_change_of_order() -> None:
    program = Program()
    pieces = [
        Packed("H", "a", ">"),
        Packed("B", "b"),
        Packed("I", "c", "<"),
        Ready("d"),
        Padding("m", (0, 1, 2, 3)),
        Packed("3x", ""),
    ]
    text = joined(program, pieces)
    values = {**program.names, "a": 1, "b": 2, "c": 3, "d": b"data!", "m": 3}
    assert eval(text, values) == b"\0\1\2" + b"\3\0\0\0" + b"data!" + bytes(3) + bytes(3)


def test_integers_are_plain() -> None:
    all_integers((1, Colour.RED))
    for wrong in (True, 1.0, "1", None):
        with pytest.raises(RefusedError):
            all_integers((1, wrong))


def test_sizes_known_before_any_byte() -> None:
    shape = Shape(lift(Lists), None)
    assert shape.fixed(model.Ref("Point")) == 3
    assert shape.fixed(model.Ref("Lists")) is None
    assert shape.least(model.Ref("Lists")) == 8 + 1 + 6 + 1 + 1 + 2 + 1 + 3
    assert Shape(lift(Fixed), None).fixed(model.Ref("Fixed")) == 2 + 1 + 2 + 3 + 3 + 8 + 8 + 4 + 5 + 6


def test_only_cycles_and_what_leads_to_them_count_depth() -> None:
    tree = lift(Tree)
    above = model.Record("above", (model.Field("t", model.Ref("Tree")), model.Field("p", model.Ref("point"))))
    point = model.Record("point", (model.Field("x", model.Int(1)),))
    shape = Shape(model.Schema("above", {"above": above, "point": point, **tree.records}), None)
    assert [name for name in ("above", "point", "Tree") if shape.counts_depth(name)] == ["above", "Tree"]
    assert [name for name in ("above", "point", "Tree") if shape.cyclic(name)] == ["Tree"]
