"""Every rule of compatibility, on the smallest schemas that show it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.derive import planted
from tests.derive.proofs import (
    BOTH,
    NEITHER,
    NEW_ONLY,
    OLD_ONLY,
    Small,
    entry,
    envelope,
    judged,
    one,
    thing,
)
from tests.derive.test_compat import PLANTED
from wireformat.derive.compat_change import RULES
from wireformat.derive.compat_verdict import Status, Verdict
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
    Nested,
    OneOf,
    Pointed,
    Record,
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
    model,
    reserved,
    size_of,
    this,
    tlv,
    tlvs,
)


class Kind(planted.OpenEnum):
    """Kinds."""

    ONE = 1
    TWO = 2


class Kinds(planted.OpenEnum):
    """The same, two of them renumbered, one renamed, one more."""

    FIRST = 1
    TWO = 3
    FOUR = 4


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


class Large(Record):
    """Two bytes."""

    n: int = field(Int16ub, "n")


BYTE = field(Int8ub, "x")
OPEN, CLOSED = EnumOf(Int8ub, Kind), EnumOf(Int8ub, Kind, open=False)
LOUD = If(this.head & 1, Int8ub)

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
    "entries-ordered",
    "entries-unordered",
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
