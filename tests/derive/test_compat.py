"""Compatibility: planted changes get the right verdict in both directions, and the bytes show it.

Whatever is said is checked here without the code that said it: both codecs decode the bytes once more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.derive import planted
from tests.derive.proofs import (
    NEW_ONLY,
    OLD_ONLY,
    READS,
    Small,
    classed,
    entry,
    envelope,
    judged,
    one,
    shown,
)
from wireformat.derive.compat import judge_schemas
from wireformat.derive.compat_verdict import MessageVerdict, Reading, Status, Verdict, Witness, summed
from wireformat.schema import (
    Bytes,
    EnumOf,
    Int8ub,
    Int16ub,
    List,
    Nested,
    Record,
    Region,
    RestBytes,
    RestText,
    Tagged,
    Text,
    field,
    this,
    tlv,
    tlvs,
)

pytestmark = pytest.mark.slow

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
        kind: Any = field(EnumOf(Int8ub, planted.Fewer, open=False), "kind")

    class Less(Record):
        """A page."""

        page: bytes = field(Bytes(this._params.page_size, max=1 << 16), "page")
        kind: Any = field(EnumOf(Int8ub, planted.Colour, open=False), "kind")

    found = judged(Paged, Less)
    witness = found.forward.witness
    assert witness is not None
    assert dict(witness.params).keys() == {"page_size"}


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


class Loose(Tagged, tlv=planted.FRAMING):
    """Texts in any order."""

    x: tuple[str, ...] = tlvs(1, RestText(9), "x", max=5)


class Ordered(Tagged, tlv=replace(planted.FRAMING, ascending=True)):
    """Texts in order."""

    x: tuple[str, ...] = tlvs(1, RestText(9), "x", max=5)


class Shorter(Tagged, tlv=replace(planted.FRAMING, ascending=True)):
    """Texts in order, fewer of them."""

    x: tuple[str, ...] = tlvs(1, RestText(9), "x", max=4)


@pytest.mark.parametrize(
    ("old", "new", "rule", "wanted"),
    [
        (Loose, Ordered, "entries-ordered", NEW_ONLY),
        (Ordered, Loose, "entries-unordered", OLD_ONLY),
        (Ordered, Shorter, "limit-lowered", NEW_ONLY),
        (Shorter, Ordered, "limit-raised", OLD_ONLY),
    ],
)
def test_order_of_entries(old: type[Record], new: type[Record], rule: str, wanted: tuple[str, str]) -> None:
    found = judged(old, new)
    assert [finding.rule for finding in found.findings] == [rule]
    assert (found.backward.status, found.forward.status) == wanted
