"""Compatibility: planted changes get the right verdict in both directions, and the bytes show it.

Whatever is said is checked here without the code that said it: both codecs decode the bytes once more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.derive import planted
from tests.derive.sample_protocol import PROTOCOL, Return
from wireformat.codec import Codec
from wireformat.codec.json_form import to_json
from wireformat.derive.baseline import freeze, load, present
from wireformat.derive.compat import judge, judge_schemas
from wireformat.derive.compat_change import RULES, Direction
from wireformat.derive.compat_verdict import MessageVerdict, Reading, Status, Verdict, Witness, summed
from wireformat.errors import DecodeError
from wireformat.schema import (
    Announced,
    Bytes,
    EnumOf,
    If,
    Int8ub,
    Int16sb,
    Int16ub,
    Int16ul,
    Int32ub,
    List,
    Message,
    Nested,
    OneOf,
    Pointed,
    Record,
    Region,
    RestBytes,
    SizedBytes,
    String8,
    Tagged,
    Text,
    Unknown,
    XdrArray,
    XdrOpaque,
    bit_field,
    computed,
    const,
    count_of,
    field,
    lift,
    model,
    reserved,
    size_of,
    tag_of,
    this,
    tlv,
    tlvs,
)
from wireformat.schema.revive import revive

READS, BREAKS = "reads", "breaks"


def classed(cls: type[Record]) -> model.Schema:
    return revive({"it": lift(cls)})["it"]


def judged(old: type[Record], new: type[Record]) -> MessageVerdict:
    """The verdict on two classes, all of its proofs checked."""
    before, now = classed(old), classed(new)
    verdict = judge_schemas(before, now, new.__name__)
    for finding in (*verdict.findings, verdict):
        check(finding.backward, Codec(before), Codec(now))
        check(finding.forward, Codec(now), Codec(before))
    return verdict


def check(reading: Reading, writer: Codec, reader: Codec) -> None:
    """Decode the bytes with both codecs and compare with what is said of them."""
    witness = reading.witness
    assert (witness is None) == (reading.status is Status.UNPROVEN), reading
    if witness is None:
        return
    params = dict(witness.params)
    meant = writer.decode(witness.data, params)
    assert writer.encode(meant, params) == witness.data
    assert to_json(writer.schema, meant) == witness.written
    if witness.error:
        assert reading.status is Status.BREAKS
        with pytest.raises(DecodeError) as caught:
            reader.decode(witness.data, params)
        assert (caught.value.id, caught.value.offset, str(caught.value)) == (
            witness.error,
            witness.offset,
            witness.text,
        )
        return
    assert to_json(reader.schema, reader.decode(witness.data, params)) == witness.read
    assert (reading.status is Status.BREAKS) == bool(witness.differs)


PLANTED: list[tuple[str, str, str, str, Verdict]] = [
    ("Appended", "field-appended", "truncated", "trailing", Verdict.BROKEN),
    ("Moved", "field-moved", "member", "member", Verdict.BROKEN),
    ("Widened", "field-widened", "truncated", "trailing", Verdict.BROKEN),
    ("Renamed", "field-renamed", READS, READS, Verdict.COMPATIBLE),
    ("Replaced", "field-replaced", "socket", "port", Verdict.BROKEN),
    ("MemberRemoved", "member-removed", "member", READS, Verdict.ONE_WAY),
    ("LimitLowered", "limit-lowered", "limit", READS, Verdict.ONE_WAY),
    ("Conditional", "became-conditional", "trailing", "truncated", Verdict.BROKEN),
    ("AppendedTlv", "tlv-added", READS, READS, Verdict.COMPATIBLE),
    ("CriticalTlv", "tlv-critical-added", READS, "tag", Verdict.ONE_WAY),
    ("MandatoryTlv", "tlv-mandatory-added", "missing", READS, Verdict.ONE_WAY),
    ("MovedTlv", "tlv-tag-changed", "tag", "tag", Verdict.BROKEN),
    ("WidenedTlv", "field-widened", "overrun", "trailing", Verdict.BROKEN),
    ("RenamedTlv", "field-renamed", READS, READS, Verdict.COMPATIBLE),
    ("ReplacedTlv", "field-replaced", "socket", "port", Verdict.BROKEN),
    ("MemberRemovedTlv", "member-removed", "member", READS, Verdict.ONE_WAY),
    ("LimitLoweredTlv", "limit-lowered", "limit", READS, Verdict.ONE_WAY),
    ("OptionalTlv", "became-optional", READS, "missing", Verdict.ONE_WAY),
    ("DefaultTlv", "default-changed", "name", "name", Verdict.BROKEN),
]


@pytest.mark.parametrize(("name", "rule", "backward", "forward", "verdict"), PLANTED)
def test_planted_changes(name: str, rule: str, backward: str, forward: str, verdict: Verdict) -> None:
    """`backward` and `forward`: the error id of the bytes, the field that differs, or `reads`."""
    base = planted.BaseTlv if name.endswith("Tlv") else planted.Base
    found = judged(base, getattr(planted, name))
    (finding,) = found.findings
    assert (finding.rule, finding.verdict, found.verdict) == (rule, verdict, verdict)
    assert (shown(finding.backward), shown(finding.forward)) == (backward, forward)


def shown(reading: Reading) -> str:
    """The error id of a reading's bytes, or the path that differs."""
    assert reading.witness is not None
    return reading.witness.error or reading.witness.differs or reading.status


def test_the_bytes_are_what_the_rules_mean() -> None:
    """Some of the bytes above, read by eye."""
    grown = judged(planted.Base, planted.Appended)
    assert grown.backward.witness is not None
    assert grown.backward.witness.data.hex() == "01000000"
    limit = judged(planted.Base, planted.LimitLowered).backward.witness
    assert limit is not None
    assert (limit.data[3], len(limit.written["name"])) == (21, 21)
    added = judged(planted.BaseTlv, planted.AppendedTlv).forward.witness
    assert added is not None
    assert added.read["unknown"] == [{"tag": 4, "data": "01"}]


def test_order_does_not_matter_to_entries() -> None:
    found = judged(planted.BaseTlv, planted.ReorderedTlv)
    assert (found.findings, found.verdict) == ((), Verdict.COMPATIBLE)
    assert found.forward.witness is not None


class Kind(planted.OpenEnum):
    """Kinds."""

    ONE = 1
    TWO = 2


class Kinds(planted.OpenEnum):
    """The same, two of them renumbered, one renamed, one more."""

    FIRST = 1
    TWO = 3
    FOUR = 4


def thing(**declared: Any) -> type[Record]:
    """A record with these fields."""
    made: type[Record] = type(Record)("Thing", (Record,), {"__doc__": "A thing.", **declared})  # type: ignore[assignment]
    return made


def one(wire: Any, **options: Any) -> type[Record]:
    """A record with a byte and one field."""
    return thing(head=field(Int8ub, "head"), x=field(wire, "x", **options))


def entry(declared: Any) -> type[Record]:
    """A record with one entry."""
    body = {"__doc__": "A thing.", "x": declared}
    made: type[Record] = type(Tagged)("Thing", (Tagged,), body, tlv=planted.FRAMING)  # type: ignore[assignment]
    return made


def envelope(arms: dict[int, Any], unknown: Any = False) -> type[Record]:
    """A union in a region, its tag computed."""
    body = Region(Int8ub, OneOf(this.kind, arms, unknown=unknown), max=9)
    return thing(kind=computed(Int8ub, tag_of("body"), "kind"), body=field(body, "body"))


class Word(Record, bits=Int8ub):
    """Four bits."""

    low: int = bit_field(0x0F, "low")


class WordMore(Record, bits=Int8ub):
    """Eight bits."""

    low: int = bit_field(0x0F, "low")
    high: int = bit_field(0xF0, "high", shift=4)


class WordMoved(Record, bits=Int8ub):
    """Four other bits."""

    low: int = bit_field(0xF0, "low", shift=4)


class WordWide(Record, bits=Int16ub):
    """Two bytes."""

    low: int = bit_field(0x0F, "low")


class Small(Record):
    """A byte."""

    n: int = field(Int8ub, "n")


class Large(Record):
    """Two bytes."""

    n: int = field(Int16ub, "n")


BYTE = field(Int8ub, "x")
OPEN, CLOSED = EnumOf(Int8ub, Kind), EnumOf(Int8ub, Kind, open=False)
LOUD = If(this.head & 1, Int8ub)
BOTH, NEITHER = (BREAKS, BREAKS), (READS, READS)
OLD_ONLY, NEW_ONLY = (READS, BREAKS), (BREAKS, READS)
"""Only what old writes is read; only what new writes is read."""

RULED: list[tuple[str, type[Record], type[Record], tuple[str, str]]] = [
    ("field-inserted", thing(a=BYTE, b=BYTE), thing(a=BYTE, c=field(Int16ub, "x"), b=BYTE), BOTH),
    ("field-removed", thing(a=BYTE, b=BYTE), thing(a=BYTE), BOTH),
    ("field-appended", thing(a=BYTE), thing(a=BYTE, b=field(RestBytes(9), "x")), OLD_ONLY),
    ("field-appended", thing(a=BYTE), thing(a=BYTE, b=field(Announced(b"\5", Int8ub), "x")), OLD_ONLY),
    ("field-removed", thing(a=BYTE, b=field(Announced(b"\5", Int8ub), "x")), thing(a=BYTE), NEW_ONLY),
    (
        "field-appended",
        thing(a=field(Pointed(Text(max=9)), "x")),
        thing(a=field(Pointed(Text(max=9)), "x"), b=BYTE),
        NEW_ONLY,
    ),
    ("field-narrowed", one(Int32ub), one(Int16ub), BOTH),
    ("sign-changed", one(Int16ub), one(Int16sb), BOTH),
    ("byte-order-changed", one(Int16ub), one(Int16ul), BOTH),
    ("type-changed", one(Int16ub), one(Bytes(2)), BOTH),
    ("size-changed", one(Bytes(2)), one(Bytes(3)), BOTH),
    ("size-changed", one(String8), one(Text(Int16ub, max=255)), BOTH),
    ("count-changed", one(List(Int8ub, 2)), one(List(Int8ub, 3)), BOTH),
    ("limit-raised", one(Text(Int8ub, max=9)), one(Text(Int8ub, max=12)), OLD_ONLY),
    ("limit-lowered", one(List(Int8ub, Int8ub, max=9)), one(List(Int8ub, Int8ub, max=4)), NEW_ONLY),
    ("encoding-changed", one(Text(Int8ub, max=9, encoding="ascii")), one(Text(Int8ub, max=9)), OLD_ONLY),
    ("encoding-changed", one(SizedBytes(Int8ub, 9)), one(Text(Int8ub, max=9)), BOTH),
    ("nul-changed", one(Text(Int8ub, max=9)), one(Text(Int8ub, max=9, nul="forbid")), NEW_ONLY),
    ("padding-changed", one(SizedBytes(Int32ub, 9)), one(XdrOpaque(9)), BOTH),
    ("constant-changed", thing(x=const(Int8ub, 1, "x")), thing(x=const(Int8ub, 2, "x")), BOTH),
    ("became-constant", one(Int8ub), thing(head=BYTE, x=const(Int8ub, 2, "x")), NEW_ONLY),
    ("constant-freed", thing(head=BYTE, x=const(Int8ub, 2, "x")), one(Int8ub), OLD_ONLY),
    ("became-reserved", one(Int8ub), thing(head=BYTE, x=reserved(Int8ub, "x")), NEW_ONLY),
    ("reserved-used", thing(head=BYTE, x=reserved(Int8ub, "x")), one(Int8ub), OLD_ONLY),
    ("reserved-used", thing(head=BYTE, x=reserved(Int8ub, "x", "ignore")), one(Int8ub), NEITHER),
    ("reserved-changed", thing(x=reserved(Int8ub, "x", "ignore")), thing(x=reserved(Int8ub, "x")), NEITHER),
    (
        "became-computed",
        thing(n=BYTE, x=field(String8, "x")),
        thing(n=computed(Int8ub, size_of("x"), "x"), x=field(String8, "x")),
        NEW_ONLY,
    ),
    (
        "computed-freed",
        thing(n=computed(Int8ub, size_of("x"), "x"), x=field(String8, "x")),
        thing(n=BYTE, x=field(String8, "x")),
        OLD_ONLY,
    ),
    (
        "rule-changed",
        thing(n=computed(Int8ub, size_of("x"), "x"), x=field(XdrArray(Int16ub, 3), "x")),
        thing(n=computed(Int8ub, count_of("x"), "x"), x=field(XdrArray(Int16ub, 3), "x")),
        BOTH,
    ),
    ("names-added", one(Int8ub), one(OPEN), NEITHER),
    ("names-added", one(Int8ub), one(CLOSED), NEW_ONLY),
    ("names-removed", one(CLOSED), one(Int8ub), OLD_ONLY),
    ("enumeration-closed", one(OPEN), one(CLOSED), NEW_ONLY),
    ("enumeration-opened", one(CLOSED), one(OPEN), OLD_ONLY),
    ("marker-changed", one(Announced(b"\5", Int8ub)), one(Announced(b"\6", Int8ub)), BOTH),
    ("became-unconditional", one(LOUD), one(Int8ub), BOTH),
    ("condition-changed", one(LOUD), one(If(this.head & 2, Int8ub)), BOTH),
    ("choice-added", envelope({1: Nested(Small)}), envelope({1: Nested(Small), 2: Nested(Large)}), OLD_ONLY),
    (
        "choice-added",
        envelope({1: Nested(Small)}, Unknown),
        envelope({1: Nested(Small), 2: Nested(Large)}, Unknown),
        NEITHER,
    ),
    ("choice-removed", envelope({1: Nested(Small), 2: Nested(Large)}), envelope({2: Nested(Large)}), NEW_ONLY),
    ("choice-closed", envelope({1: Nested(Small)}, Unknown), envelope({1: Nested(Small)}), NEW_ONLY),
    ("field-widened", envelope({1: Nested(Small)}), envelope({1: Nested(Large)}), BOTH),
    ("layout-changed", one(Int8ub), entry(tlv(1, Int8ub, "x")), BOTH),
    ("word-changed", Word, WordWide, BOTH),
    ("bits-moved", Word, WordMoved, BOTH),
    ("bits-added", Word, WordMore, OLD_ONLY),
    ("bits-removed", WordMore, Word, NEW_ONLY),
    ("tlv-critical-changed", entry(tlv(1, Int8ub, "x")), entry(tlv(0x8001, Int8ub, "x")), BOTH),
    ("became-mandatory", entry(tlv(1, Int8ub, "x", default=0)), entry(tlv(1, Int8ub, "x")), NEW_ONLY),
    ("became-repeatable", entry(tlv(1, Int8ub, "x", default=0)), entry(tlvs(1, Int8ub, "x", max=3)), OLD_ONLY),
    ("became-single", entry(tlvs(1, Int8ub, "x", max=3)), entry(tlv(1, Int8ub, "x", default=0)), NEW_ONLY),
    ("limit-lowered", entry(tlvs(1, Int8ub, "x", max=5)), entry(tlvs(1, Int8ub, "x", max=2)), NEW_ONLY),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "old", "new", "wanted"), RULED, ids=lambda part: part if isinstance(part, str) else ""
)
def test_every_rule(rule: str, old: type[Record], new: type[Record], wanted: tuple[str, str]) -> None:
    found = judged(old, new)
    assert [finding.rule for finding in found.findings] == [rule]
    (finding,) = found.findings
    assert (finding.backward.status, finding.forward.status) == wanted


def test_members() -> None:
    """Open enumerations: only the member under another number breaks, and by its meaning."""
    found = judged(one(OPEN), one(EnumOf(Int8ub, Kinds)))
    assert {finding.rule: finding.verdict for finding in found.findings} == {
        "member-renumbered": Verdict.BROKEN,
        "member-renamed": Verdict.COMPATIBLE,
        "member-added": Verdict.COMPATIBLE,
    }
    witness = found.backward.witness
    assert witness is not None
    assert (witness.written["x"], witness.read["x"]) == ("TWO", 2)


def test_several_changes_are_told_apart() -> None:
    class Both(Record):
        """Before, with two changes."""

        kind: Any = field(EnumOf(Int8ub, planted.Fewer, open=False), "kind")
        port: int = field(Int16ub, "port")
        name: str = field(Text(Int8ub, max=20), "name")

    found = judged(planted.Base, Both)
    assert [(finding.rule, shown(finding.backward)) for finding in found.findings] == [
        ("member-removed", "member"),
        ("limit-lowered", "limit"),
    ]
    assert found.verdict is Verdict.ONE_WAY


def test_a_change_deep_inside_is_reached() -> None:
    """A rare arm in an optional entry of a list in a region."""
    arms = {number: Nested(Small) for number in range(1, 12)}

    def outer(last: type[Record]) -> type[Record]:
        inner = entry(tlv(1, Nested(envelope({**arms, 12: Nested(last)})), "x", default=None))
        return one(List(Region(Int8ub, Nested(inner), max=20), Int8ub, max=3))

    class Narrow(Record):
        """A limit."""

        n: str = field(Text(Int8ub, max=3), "n")

    class Wide(Record):
        """A limit."""

        n: str = field(Text(Int8ub, max=4), "n")

    found = judged(outer(Wide), outer(Narrow))
    assert [(finding.rule, finding.path, shown(finding.backward)) for finding in found.findings] == [
        ("limit-lowered", "x[].x.body.n", "limit")
    ]


def test_a_limit_beyond_reach_is_unproven() -> None:
    found = judge_schemas(classed(one(RestBytes(1 << 23))), classed(one(RestBytes(1 << 22))), "Thing")
    (finding,) = found.findings
    assert (finding.rule, finding.verdict, found.verdict) == ("limit-lowered", Verdict.UNPROVEN, Verdict.UNPROVEN)
    assert finding.backward.witness is None
    assert finding.backward.reason.endswith("is limit")


def test_what_no_rule_expects_is_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a rule missing, the bytes would still tell."""
    monkeypatch.setattr("wireformat.derive.compat.changes", lambda old, new: [])
    found = judged(planted.Base, planted.LimitLowered)
    assert [finding.rule for finding in found.findings] == []
    found = judge_schemas(classed(planted.Base), classed(planted.Widened), "Widened")
    assert [finding.rule for finding in found.findings] == ["unexplained", "unexplained"]
    assert [finding.verdict for finding in found.findings] == [Verdict.ONE_WAY, Verdict.ONE_WAY]
    assert found.verdict is Verdict.BROKEN


def test_the_search_finds_the_same_each_time() -> None:
    one_time, other_time = (judged(planted.Base, planted.Conditional) for _ in range(2))
    assert one_time == other_time


def test_parameters_are_tried() -> None:
    class Paged(Record):
        """A page."""

        page: bytes = field(Bytes(this._params.page_size, max=1 << 16), "page")
        kind: Any = field(CLOSED, "kind")

    class Less(Record):
        """A page."""

        page: bytes = field(Bytes(this._params.page_size, max=1 << 16), "page")
        kind: Any = field(EnumOf(Int8ub, planted.Colour, open=False), "kind")

    found = judged(Paged, Less)
    witness = found.forward.witness
    assert witness is not None
    assert dict(witness.params).keys() == {"page_size"}


def test_every_rule_has_a_sentence_and_is_used_here() -> None:
    assert all(sentence and sentence[0].islower() and not sentence.endswith(".") for sentence in RULES.values())
    used = {rule for rule, *_ in RULED} | {rule for _, rule, *_ in PLANTED} | USED_ELSEWHERE
    assert set(RULES) - used == set()


USED_ELSEWHERE = {
    "member-renumbered",
    "member-renamed",
    "member-added",
    "unexplained",
    "message-added",
    "message-removed",
    "message-renamed",
    "message-renumbered",
    "message-moved",
    "choice-changed",
    "choice-opened",
    "framing-changed",
    "tlv-removed",
    "tlv-critical-removed",
    "tlv-mandatory-removed",
}


@pytest.mark.parametrize(
    ("old", "rule", "wanted"),
    [
        ("AppendedTlv", "tlv-removed", NEITHER),
        ("CriticalTlv", "tlv-critical-removed", NEW_ONLY),
        ("MandatoryTlv", "tlv-mandatory-removed", OLD_ONLY),
    ],
)
def test_removed_entries(old: str, rule: str, wanted: tuple[str, str]) -> None:
    found = judged(getattr(planted, old), planted.BaseTlv)
    assert [finding.rule for finding in found.findings] == [rule]
    assert (found.backward.status, found.forward.status) == wanted


def test_framing() -> None:
    class Framed(Tagged, tlv=replace(planted.FRAMING, size=model.Int(4))):
        """Larger sizes."""

        x: int = tlv(1, Int8ub, "x")

    found = judged(entry(tlv(1, Int8ub, "x")), Framed)
    assert [(finding.rule, finding.verdict) for finding in found.findings] == [("framing-changed", Verdict.BROKEN)]


def test_choices() -> None:
    arms = {1: Nested(Small)}
    opened = judged(envelope(arms), envelope(arms, Unknown))
    assert [(each.rule, each.backward.status, each.forward.status) for each in opened.findings] == [
        ("choice-opened", *OLD_ONLY)
    ]
    masked = thing(kind=BYTE, body=field(OneOf(this.kind & 1, {0: Int8ub, 1: Int16ub}), "x"))
    plain = thing(kind=BYTE, body=field(OneOf(this.kind, {0: Int8ub, 1: Int16ub}), "x"))
    found = judged(masked, plain)
    assert [each.rule for each in found.findings] == ["choice-changed"]
    assert found.backward.status is Status.BREAKS


class TestMessages:
    """Messages as wholes, in the sample protocol."""

    def judged(self, old: Any, new: Any) -> dict[str, MessageVerdict]:
        return {message.name: message for message in judge(old, new).messages}

    def test_versions_of_the_sample(self) -> None:
        verdicts = judge(present(PROTOCOL, "1"), present(PROTOCOL, "2"))
        assert (verdicts.protocol, verdicts.old, verdicts.new, verdicts.is_broken) == ("library", "1", "2", True)
        found = {message.name: message for message in verdicts.messages}
        assert [finding.rule for finding in found["Ask"].findings] == ["field-appended"]
        assert found["Ask"].verdict is Verdict.BROKEN
        assert found["Return"].verdict is Verdict.COMPATIBLE
        lend = found["Lend"]
        assert ([finding.rule for finding in lend.findings], lend.verdict) == (["message-added"], Verdict.ONE_WAY)
        assert lend.forward.witness is not None
        assert lend.forward.witness.error == "tag"
        assert "has no number 0x2" in lend.forward.witness.text

    def test_a_version_with_itself(self) -> None:
        verdicts = judge(present(PROTOCOL, "1"), load(freeze(PROTOCOL, "1")))
        assert {message.verdict for message in verdicts.messages} == {Verdict.COMPATIBLE}
        assert all(message.backward.witness for message in verdicts.messages)

    def test_removed(self) -> None:
        found = self.judged(present(PROTOCOL), present(replace(PROTOCOL, messages=(Return,))))
        assert [finding.rule for finding in found["Ask"].findings] == ["message-removed"]
        assert (found["Ask"].backward.status, found["Ask"].forward.status) == NEW_ONLY

    @pytest.mark.parametrize(
        ("change", "rule", "verdict"),
        [
            ({"code": 9}, "message-renumbered", Verdict.BROKEN),
            ({"sender": "lender"}, "message-moved", Verdict.UNPROVEN),
            ({"channel": "yard"}, "message-moved", Verdict.UNPROVEN),
            ({"name": "Back"}, "message-renamed", Verdict.COMPATIBLE),
        ],
    )
    def test_what_is_said_of_it(self, change: dict[str, Any], rule: str, verdict: Verdict) -> None:
        document = freeze(PROTOCOL, "2")
        record = document["records"].pop("Return") | change
        document["records"][record["name"]] = record
        document["messages"][2] = record["name"]
        message = self.judged(present(PROTOCOL), load(document))[record["name"]]
        assert [(finding.rule, finding.verdict) for finding in message.findings] == [(rule, verdict)]

    def test_a_number_that_another_message_took(self) -> None:
        class Steal(Message, code=3, sender="borrower", channel="desk", versions=("1", "2")):
            """Do not bring it back."""

            copy: int = field(Int16ub, "number of the copy")

        found = self.judged(present(PROTOCOL, "1"), present(replace(PROTOCOL, messages=(Steal,)), "1"))
        assert [finding.rule for finding in found["Steal"].findings] == ["message-renamed"]


@pytest.mark.parametrize(
    ("backward", "forward", "verdict"),
    [
        ("reads", "reads", Verdict.COMPATIBLE),
        ("breaks", "reads", Verdict.ONE_WAY),
        ("reads", "breaks", Verdict.ONE_WAY),
        ("breaks", "breaks", Verdict.BROKEN),
        ("unproven", "breaks", Verdict.UNPROVEN),
        ("reads", "unproven", Verdict.UNPROVEN),
    ],
)
def test_two_directions_make_a_verdict(backward: str, forward: str, verdict: Verdict) -> None:
    assert MessageVerdict("m", (), Reading(Status(backward)), Reading(Status(forward))).verdict is verdict


def test_a_message_is_as_bad_as_its_worst_finding() -> None:
    shown = Witness(b"", (), {}, {})
    assert summed("m", (), shown).forward == Reading(Status.READS, shown)
    found = judged(planted.Base, planted.LimitLowered).findings
    assert summed("m", found, None).backward == found[0].backward


def test_directions_say_who_writes() -> None:
    assert [direction.about for direction in Direction] == ["old writes, new reads", "new writes, old reads"]
