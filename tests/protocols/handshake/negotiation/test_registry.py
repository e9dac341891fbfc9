"""The registry: consistent in itself, and stable where it is published."""

from __future__ import annotations

import pytest

from wireformat.protocols.handshake.negotiation.offers import Span
from wireformat.protocols.handshake.negotiation.registry import (
    Capability,
    Facilities,
    Handling,
    Kind,
    Parameter,
    Registry,
    Rule,
    Side,
    registry,
)

CAPABILITIES = registry().capabilities
PARAMETERS = registry().parameters


@pytest.mark.requirement("HS-213")
@pytest.mark.parametrize("entries", [CAPABILITIES, PARAMETERS], ids=["capabilities", "parameters"])
def test_numbers_are_given_once_and_in_order(entries: tuple[Capability | Parameter, ...]) -> None:
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert len({entry.name for entry in entries}) == len(entries)


@pytest.mark.requirement("HS-213")
def test_published_numbers_stay() -> None:
    names = (
        "xbzrle",
        "postcopy-ram",
        "multifd",
        "mapped-ram",
        "ownership-handover",
        "multifd-postcopy",
        "stream-resume",
    )
    found = [registry().capability(name) for name in names]
    assert [entry.number for entry in found if entry] == [1, 7, 13, 24, 25, 26, 27]
    assert [entry.name for entry in PARAMETERS if entry.number in (1, 16, 24, 31)] == [
        "announce-initial",
        "max-bandwidth",
        "multifd-compression",
        "mode",
    ]


def test_needs_and_conflicts_name_what_is_negotiated() -> None:
    negotiated = {entry.name for entry in CAPABILITIES if entry.handling is Handling.NEGOTIATED}
    for entry in CAPABILITIES:
        assert {*entry.needs, *entry.conflicts} <= negotiated, entry.name


def test_nothing_conflicts_with_what_it_needs() -> None:
    for entry in CAPABILITIES:
        closure = registry().closure(entry.name)
        assert list(registry().conflicts(sorted(closure), closure)) == [], entry.name


def test_what_is_not_negotiated() -> None:
    """The return path is on, the UUID is part of the context, and events concern nobody else."""
    others = {entry.name: entry.handling for entry in CAPABILITIES if entry.handling is not Handling.NEGOTIATED}
    assert others == {
        "events": Handling.LOCAL,
        "return-path": Handling.IMPLIED,
        "validate-uuid": Handling.CONTEXT,
    }


@pytest.mark.requirement("HS-077")
def test_defaults_turn_nothing_on_that_the_user_decides() -> None:
    assert [entry.name for entry in CAPABILITIES if entry.default and entry.kind is Kind.WORKLOAD] == []
    assert [entry.name for entry in CAPABILITIES if entry.default] == ["ownership-handover"]


@pytest.mark.requirement("HS-077")
def test_kinds_and_what_may_change_while_the_migration_runs() -> None:
    kinds = {entry.name for entry in CAPABILITIES if entry.kind is Kind.ARCHITECTURE}
    assert kinds >= {"multifd", "postcopy-preempt", "switchover-ack", "ownership-handover"}
    assert kinds.isdisjoint({"postcopy-ram", "xbzrle", "auto-converge", "dirty-limit"})
    changeable = {entry.name for entry in PARAMETERS if entry.changeable}
    assert changeable >= {"max-bandwidth", "downtime-limit", "max-postcopy-bandwidth"}
    assert changeable.isdisjoint({"mode", "multifd-compression", "zero-page-detection"})
    assert changeable.isdisjoint(entry.name for entry in PARAMETERS if entry.rule is Rule.LOCAL)


def test_defaults_of_parameters_are_allowed() -> None:
    for entry in PARAMETERS:
        if isinstance(entry.allowed, Span):
            assert isinstance(entry.default, int), entry.name
            assert entry.allowed.low <= entry.default <= entry.allowed.high, entry.name
        elif entry.allowed:
            assert entry.default in entry.allowed, entry.name
            assert list(entry.allowed) == sorted(entry.allowed, key=str), entry.name
        else:
            assert (entry.rule, entry.default) == (Rule.LOCAL, ""), entry.name


@pytest.mark.requirement("HS-035")
def test_parameters_that_name_something_on_one_side_are_local() -> None:
    assert {entry.name for entry in PARAMETERS if entry.rule is Rule.LOCAL} == {
        "block-bitmap-mapping",
        "cpr-exec-command",
        "direct-io",
        "multifd-channels",
        "tls-authz",
        "tls-creds",
        "tls-hostname",
    }


def test_a_background_snapshot_is_taken_one_way_only() -> None:
    entry = registry().capability("background-snapshot")
    assert entry is not None
    assert not entry.facilities(Side.SOURCE).suffice({"write-tracking"})
    assert entry.facilities(Side.SOURCE).suffice({"write-tracking", "one-way"})


@pytest.mark.parametrize(
    ("present", "enough"), [((), False), (("a",), True), (("a", "b"), False), (("a", "c"), True), (("b",), False)]
)
def test_facilities(present: tuple[str, ...], enough: bool) -> None:
    assert Facilities(requires=("a",), excludes=("b",)).suffice(present) is enough


SMALL = Registry(
    (
        Capability(1, "a"),
        Capability(2, "b", needs=("a",), conflicts=("d",)),
        Capability(3, "c", needs=("b", "unregistered")),
        Capability(4, "d"),
        Capability(5, "circle", needs=("circle", "c")),
        Capability(6, "joint", needs=("a", "d"), joint=True),
    )
)


def test_closures_follow_needs() -> None:
    assert SMALL.closure("c") == {"a", "b", "c", "unregistered"}
    assert SMALL.closure("circle") == {"a", "b", "c", "circle", "unregistered"}
    assert SMALL.closure("unknown") == {"unknown"}


def test_chains_are_shortest() -> None:
    assert SMALL.chain("circle", "a") == ("circle", "c", "b", "a")
    assert SMALL.chain("a", "a") == ("a",)


def test_conflicts_work_both_ways() -> None:
    assert list(SMALL.conflicts(["b"], {"b", "d"})) == [("b", "d")]
    assert list(SMALL.conflicts(["d"], {"b", "d"})) == [("d", "b")]
    assert list(SMALL.conflicts(["c"], {"b", "c", "d"})) == []


def test_a_joint_capability_lifts_the_conflict_of_what_it_needs() -> None:
    assert list(SMALL.conflicts(["a"], {"a", "d"})) == [("a", "d")]
    assert list(SMALL.conflicts(["a", "d"], {"a", "d", "joint"})) == []


def test_rank_is_by_number_then_by_name() -> None:
    names = ["z", "joint", "y", "a"]
    assert sorted(names, key=SMALL.rank) == ["a", "joint", "y", "z"]


def test_unknown_names_are_none() -> None:
    assert registry().capability("no-such") is registry().parameter("no-such") is None
