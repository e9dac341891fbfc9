"""The negotiation: its rules on small examples, its algebra on random registries.

`WIREFORMAT_SOAK=1` tries 200,000 registries for monotonicity, else 2,000: both catch the naive mutant.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocols.handshake.naive import settle_naively
from tests.protocols.handshake.properties import losses, outcome, rebuilt, repaired, with_capability
from tests.protocols.handshake.random_offers import Case, case
from wireformat.protocols.handshake.error_codes import ErrorCode, Retry
from wireformat.protocols.handshake.negotiation import negotiate as module
from wireformat.protocols.handshake.negotiation.negotiate import negotiate
from wireformat.protocols.handshake.negotiation.negotiate_parameters import nearest
from wireformat.protocols.handshake.negotiation.negotiate_reasons import MAX_SHOWN, shown
from wireformat.protocols.handshake.negotiation.offers import (
    CapabilityOffer,
    ChannelOffer,
    ErrorItem,
    Offer,
    ParameterOffer,
    Refusal,
    Result,
    Span,
    Value,
    Wish,
)
from wireformat.protocols.handshake.negotiation.registry import Capability, Parameter, Registry, Rule

WHOLE = bool(os.environ.get("WIREFORMAT_SOAK"))
SEED = 2
REGISTRIES = 200_000 if WHOLE else 2_000
soak = [pytest.mark.soak, pytest.mark.timeout(3600)] if WHOLE else []

SOURCE = Retry.AFTER_CHANGE_ON_SOURCE
DESTINATION = Retry.AFTER_CHANGE_ON_DESTINATION

cases = st.randoms(use_true_random=False).map(case)
everywhere = settings(max_examples=150, deadline=None, derandomize=True)


def offer(
    *capabilities: CapabilityOffer,
    parameters: tuple[ParameterOffer, ...] = (),
    channels: tuple[ChannelOffer, ...] = (),
    budget: int = 16,
) -> Offer:
    """An offer of version 1 and the plain payload."""
    return Offer((1,), ("v1-raw",), capabilities, parameters, channels, budget)


def able(name: str, wish: Wish = Wish.AUTO) -> CapabilityOffer:
    """A capability that a side is able to do."""
    return CapabilityOffer(name, True, wish)


def succeeded(source: Offer, destination: Offer, registry: Registry | None = None) -> Result:
    """The result, where there must be one."""
    found = negotiate(source, destination, registry)
    assert isinstance(found, Result), found
    return found


def refused(source: Offer, destination: Offer, registry: Registry | None = None) -> list[tuple[ErrorCode, str, Retry]]:
    """Code, path and side of every reason, where there must be some."""
    found = negotiate(source, destination, registry)
    assert isinstance(found, Refusal), found
    return [(item.code, item.path, item.retry) for item in found.items]


def settled(rule: Rule, source: ParameterOffer, destination: ParameterOffer, unlimited: int | None = None) -> object:
    """The value of a parameter with default 5 and range 0 to 9, or the code and side of the refusal."""
    entry = Parameter(0, "p", rule, "int", 5, Span(0, 9), unlimited)
    sides = offer(parameters=(source,)), offer(parameters=(destination,))
    found = negotiate(*sides, Registry((), (entry,)))
    if isinstance(found, Result):
        return dict(found.parameters).get("p")
    return [(item.code, item.retry) for item in found.items]


# Versions and payloads


@pytest.mark.requirement("HS-053")
def test_the_newest_common_version_holds() -> None:
    source = replace(offer(), versions=(1, 2, 4))
    destination = replace(offer(), versions=(1, 2, 3))
    assert succeeded(source, destination).version == 2


@pytest.mark.requirement("HS-053")
@pytest.mark.parametrize(
    ("wanted", "known", "side"), [((2,), (1,), DESTINATION), ((0x1A1A,), (1, 0x1A1A), SOURCE), ((), (1,), SOURCE)]
)
def test_no_common_version(wanted: tuple[int, ...], known: tuple[int, ...], side: Retry) -> None:
    """A source with nothing but nonsense learns what the destination knows."""
    found = negotiate(replace(offer(), versions=wanted), replace(offer(), versions=known))
    assert isinstance(found, Refusal)
    (item,) = found.items
    assert (item.code, item.path, item.retry) == (ErrorCode.NO_COMMON_VERSION, "/versions", side)
    assert item.actual == "[1]"


@pytest.mark.requirement("HS-054")
def test_the_source_chooses_the_payload() -> None:
    source = replace(offer(), payloads=("grease-x", "v9", "v1-striped", "v1-raw"))
    destination = replace(offer(), payloads=("v1-raw", "v1-striped", "grease-x"))
    assert succeeded(source, destination).payload == "v1-striped"


@pytest.mark.requirement("HS-054")
def test_no_common_payload() -> None:
    other = replace(offer(), payloads=("v1-striped",))
    assert refused(offer(), other) == [(ErrorCode.NO_COMMON_PAYLOAD, "/payloads", DESTINATION)]


# Capabilities


@pytest.mark.requirement("HS-033", "HS-063")
def test_what_the_destination_lacks_is_left_out_where_it_is_only_wanted() -> None:
    assert succeeded(offer(able("zero-copy-send", Wish.WANT), able("multifd", Wish.WANT)), offer()).capabilities == ()


@pytest.mark.requirement("HS-033", "HS-061")
def test_what_the_destination_lacks_is_refused_where_it_is_required() -> None:
    found = negotiate(offer(able("multifd"), able("zero-copy-send", Wish.REQUIRE)), offer(able("multifd")))
    assert found == Refusal(
        (
            ErrorItem(
                ErrorCode.CAP_UNSUPPORTED,
                "/capabilities/zero-copy-send",
                '"on"',
                '"unsupported"',
                "destination lacks zero-copy-send",
                retry=DESTINATION,
            ),
        )
    )


@pytest.mark.requirement("HS-060")
def test_what_is_required_brings_what_it_needs() -> None:
    both = offer(able("postcopy-preempt", Wish.REQUIRE), able("postcopy-ram", Wish.AVOID))
    assert succeeded(both, both).capabilities == ("postcopy-preempt", "postcopy-ram")


@pytest.mark.requirement("HS-061")
def test_a_missing_need_is_reported_with_the_way_to_it() -> None:
    source = offer(able("postcopy-preempt", Wish.REQUIRE), able("postcopy-ram"))
    destination = offer(able("postcopy-preempt"), CapabilityOffer("postcopy-ram", False, Wish.FORBID))
    found = negotiate(source, destination)
    assert isinstance(found, Refusal)
    assert [(item.code, item.path, item.retry) for item in found.items] == [
        (ErrorCode.CAP_DEPENDENCY, "/capabilities/postcopy-ram", DESTINATION)
    ] * 2
    actual = [json.loads(item.actual or "") for item in found.items]
    assert [entry["state"] for entry in actual] == ["forbidden", "unsupported"]
    assert actual[0]["chain"] == ["postcopy-preempt", "postcopy-ram"]


@pytest.mark.requirement("HS-061", "HS-063", "HS-066")
def test_a_side_may_forbid_and_the_other_may_not_require_that() -> None:
    forbidding = offer(able("xbzrle", Wish.FORBID))
    assert succeeded(offer(able("xbzrle", Wish.WANT)), forbidding).capabilities == ()
    assert refused(offer(able("xbzrle", Wish.REQUIRE)), forbidding) == [
        (ErrorCode.CAP_FORBIDDEN, "/capabilities/xbzrle", DESTINATION)
    ]


@pytest.mark.requirement("HS-060")
def test_the_destination_may_require_too() -> None:
    requiring = offer(able("xbzrle", Wish.REQUIRE))
    assert succeeded(offer(able("xbzrle", Wish.AVOID)), requiring).capabilities == ("xbzrle",)
    assert refused(offer(), requiring) == [(ErrorCode.CAP_UNSUPPORTED, "/capabilities/xbzrle", SOURCE)]


@pytest.mark.requirement("HS-062")
def test_required_capabilities_that_conflict_are_an_error_of_those_who_require_them() -> None:
    source = offer(able("multifd", Wish.REQUIRE), able("xbzrle"))
    destination = offer(able("multifd"), able("xbzrle", Wish.REQUIRE))
    assert refused(source, destination) == [(ErrorCode.CAP_CONFLICT, "/capabilities/multifd", SOURCE)]


@pytest.mark.requirement("HS-064")
def test_optional_capabilities_that_conflict_go_by_wish_and_number() -> None:
    wanting = offer(able("multifd", Wish.WANT), able("xbzrle", Wish.WANT))
    assert succeeded(wanting, wanting).capabilities == ("xbzrle",)
    defaults = Registry((Capability(1, "a", default=True, conflicts=("b",)), Capability(2, "b")))
    source = offer(able("a", Wish.AUTO), able("b", Wish.WANT))
    assert succeeded(source, source, defaults).capabilities == ("b",)


@pytest.mark.requirement("HS-064")
def test_names_that_are_not_registered_come_last() -> None:
    registry = Registry((Capability(9, "z", conflicts=("a", "b")),))
    wanting = offer(able("a", Wish.WANT), able("b", Wish.WANT), able("z", Wish.WANT))
    assert succeeded(wanting, wanting, registry).capabilities == ("z",)


@pytest.mark.requirement("HS-063")
def test_the_default_holds_where_neither_side_cares() -> None:
    registry = Registry((Capability(1, "on", default=True), Capability(2, "off")))
    source = offer(able("on"), able("off"))
    assert succeeded(source, source, registry).capabilities == ("on",)
    assert succeeded(source, offer(able("on", Wish.AVOID)), registry).capabilities == ()


@pytest.mark.requirement("HS-062", "HS-063")
def test_a_joint_capability_lets_two_be_on_together() -> None:
    names = ("multifd", "multifd-postcopy", "postcopy-ram")
    wanting = offer(*(able(name, Wish.WANT) for name in names))
    assert succeeded(wanting, wanting).capabilities == names
    older = offer(able("multifd"), able("postcopy-ram"))
    assert succeeded(wanting, older).capabilities == ("postcopy-ram",)
    requiring = offer(able("multifd", Wish.REQUIRE), able("postcopy-ram", Wish.REQUIRE))
    assert refused(requiring, older) == [(ErrorCode.CAP_CONFLICT, "/capabilities/multifd", SOURCE)]


def test_a_wish_that_nobody_knows_counts_as_avoided() -> None:
    source = offer(able("xbzrle", Wish(77)))
    assert succeeded(source, offer(able("xbzrle", Wish.WANT))).capabilities == ()


# Parameters


@pytest.mark.requirement("HS-070", "HS-072")
@pytest.mark.parametrize(
    ("source", "destination", "value"),
    [
        (ParameterOffer("p", 7), ParameterOffer("p"), 7),
        (ParameterOffer("p"), ParameterOffer("p", 7), 5),
        (ParameterOffer("p", 7), ParameterOffer("p", allowed=Span(1, 4)), 4),
        (ParameterOffer("p", 3), ParameterOffer("p", allowed=(2, 4, 9)), 2),
        (ParameterOffer("p", 3, exact=True), ParameterOffer("p", allowed=(1, 3)), 3),
        (ParameterOffer("p", 3, exact=True), ParameterOffer("p", allowed=(1, 4)), [(ErrorCode.PARAM_RANGE, SOURCE)]),
        (ParameterOffer("p", 3), ParameterOffer("p", allowed=Span(4, 1)), [(ErrorCode.PARAM_RANGE, DESTINATION)]),
    ],
)
def test_rule_src(source: ParameterOffer, destination: ParameterOffer, value: object) -> None:
    assert settled(Rule.SRC, source, destination) == value


@pytest.mark.requirement("HS-070", "HS-073")
@pytest.mark.parametrize(
    ("source", "destination", "value"),
    [
        (ParameterOffer("p", 7), ParameterOffer("p"), 5),
        (ParameterOffer("p", 3), ParameterOffer("p", 4), 3),
        (ParameterOffer("p", 0), ParameterOffer("p", 4), 4),
        (ParameterOffer("p", 0), ParameterOffer("p", 0), 0),
        (ParameterOffer("p", "x"), ParameterOffer("p", 4), [(ErrorCode.PARAM_RANGE, SOURCE)]),
    ],
)
def test_rule_min(source: ParameterOffer, destination: ParameterOffer, value: object) -> None:
    """Here 0 means no limit."""
    assert settled(Rule.MIN, source, destination, unlimited=0) == value


@pytest.mark.requirement("HS-070", "HS-074")
@pytest.mark.parametrize(
    ("source", "destination", "value"),
    [
        (ParameterOffer("p", allowed=(7, 3, 1)), ParameterOffer("p", allowed=(1, 3)), 3),
        (ParameterOffer("p"), ParameterOffer("p"), 5),
        (ParameterOffer("p", 2), ParameterOffer("p", allowed=Span(0, 2)), 2),
        (ParameterOffer("p", allowed=("new", 4)), ParameterOffer("p"), 4),
        (ParameterOffer("p", allowed=(7,)), ParameterOffer("p", allowed=(1,)), [(ErrorCode.PARAM_RANGE, SOURCE)]),
        (ParameterOffer("p", allowed=Span(0, 9)), ParameterOffer("p"), [(ErrorCode.PARAM_RANGE, SOURCE)]),
    ],
)
def test_rule_ordered(source: ParameterOffer, destination: ParameterOffer, value: object) -> None:
    assert settled(Rule.ORDERED, source, destination) == value


@pytest.mark.requirement("HS-070", "HS-075")
@pytest.mark.parametrize(
    ("source", "destination", "value"),
    [
        (ParameterOffer("p", 7), ParameterOffer("p", 7), 7),
        (ParameterOffer("p"), ParameterOffer("p", 5), 5),
        (ParameterOffer("p", 7), ParameterOffer("p"), [(ErrorCode.PARAM_RANGE, SOURCE)]),
    ],
)
def test_rule_both(source: ParameterOffer, destination: ParameterOffer, value: object) -> None:
    assert settled(Rule.BOTH, source, destination) == value


@pytest.mark.requirement("HS-035")
def test_a_local_parameter_must_not_be_offered() -> None:
    leak = offer(parameters=(ParameterOffer("tls-creds", "tls0"),))
    assert refused(leak, offer()) == [(ErrorCode.PARAM_LOCAL, "/parameters/tls-creds", SOURCE)]
    assert refused(offer(), leak) == [(ErrorCode.PARAM_LOCAL, "/parameters/tls-creds", DESTINATION)]


@pytest.mark.requirement("HS-071")
def test_a_parameter_that_one_side_does_not_know_is_dropped_unless_required() -> None:
    plain = offer(parameters=(ParameterOffer("x-new", 1),))
    requiring = offer(parameters=(ParameterOffer("x-new", 1, require=True),))
    unknown = ErrorCode.PARAM_UNKNOWN_REQUIRED, "/parameters/x-new"
    assert succeeded(plain, offer()).parameters == succeeded(plain, plain).parameters == ()
    assert refused(requiring, offer()) == [(*unknown, DESTINATION)]
    assert refused(offer(), requiring) == [(*unknown, SOURCE)]
    assert refused(requiring, plain) == [(*unknown, SOURCE)]


@pytest.mark.parametrize(
    ("allowed", "value", "found"),
    [
        ((2, 4), 3, 2),
        ((1, 4), 3, 4),
        (Span(2, 8), 11, 8),
        (Span(2, 8), "x", 2),
        (("b", "a"), 3, "a"),
        (("b", 7, "a"), "c", 7),
    ],
)
def test_nearest(allowed: Span | tuple[Value, ...], value: Value, found: Value) -> None:
    assert nearest(allowed, value) == found


# Channels


def channels(source: list[tuple[int, int]], destination: list[int], budget: int) -> tuple[Offer, Offer]:
    """Offers of channel types a, b …: wanted and needed here, accepted there."""
    wanted = tuple(ChannelOffer(chr(97 + n), want, least) for n, (want, least) in enumerate(source))
    accepted = tuple(ChannelOffer(chr(97 + n), maximum=most) for n, most in enumerate(destination))
    return offer(channels=wanted, budget=budget), offer(channels=accepted)


@pytest.mark.requirement("HS-080", "HS-081", "HS-082")
@pytest.mark.parametrize(
    ("source", "destination", "budget", "counts"),
    [
        ([(4, 1)], [16], 16, {"a": 4}),
        ([(4, 1)], [2], 16, {"a": 2}),
        ([(4, 0)], [], 16, {}),
        ([(16, 1), (1, 0)], [16, 1], 10, {"a": 8, "b": 1}),
        ([(16, 0), (16, 12)], [16, 16], 15, {"a": 1, "b": 13}),
        ([(9, 0), (9, 0), (9, 0)], [9, 9, 2], 9, {"a": 3, "b": 3, "c": 2}),
        ([(9, 0)], [9], 1, {}),
    ],
)
def test_channels_share_the_budget(
    source: list[tuple[int, int]], destination: list[int], budget: int, counts: dict[str, int]
) -> None:
    """Whichever side's it is."""
    ours, theirs = channels(source, destination, budget)
    assert dict(succeeded(ours, theirs).channels) == counts
    assert dict(succeeded(replace(ours, budget=16), replace(theirs, budget=budget)).channels) == counts


@pytest.mark.requirement("HS-080", "HS-081")
@pytest.mark.parametrize(
    ("source", "destination", "budget", "code", "path", "side"),
    [
        ([(4, 3)], [2], 16, ErrorCode.CHANNEL_COUNT, "/channels/a", DESTINATION),
        ([(4, 1)], [], 16, ErrorCode.CHANNEL_COUNT, "/channels/a", DESTINATION),
        ([(2, 3)], [9], 16, ErrorCode.CHANNEL_COUNT, "/channels/a", SOURCE),
        ([(2, 2), (2, 2)], [9, 9], 4, ErrorCode.CHANNEL_BUDGET, "/budget", SOURCE),
    ],
)
def test_channels_that_are_needed_must_fit(
    source: list[tuple[int, int]], destination: list[int], budget: int, code: ErrorCode, path: str, side: Retry
) -> None:
    assert refused(*channels(source, destination, budget)) == [(code, path, side)]


@pytest.mark.requirement("HS-081")
def test_either_side_may_allow_too_few_connections() -> None:
    ours, theirs = channels([(2, 2)], [9], 2)
    both = [(ErrorCode.CHANNEL_BUDGET, "/budget", SOURCE), (ErrorCode.CHANNEL_BUDGET, "/budget", DESTINATION)]
    assert refused(ours, replace(theirs, budget=2)) == both
    assert refused(replace(ours, budget=3), replace(theirs, budget=2)) == both[1:]


# Errors


@pytest.mark.requirement("HS-083")
def test_all_errors_come_together_in_order() -> None:
    source = replace(
        offer(able("xbzrle", Wish.REQUIRE), able("auto-converge", Wish.REQUIRE), parameters=(ParameterOffer("mode"),)),
        versions=(9,),
    )
    destination = offer(parameters=(ParameterOffer("mode", "cpr-reboot"),))
    assert refused(source, destination) == [
        (ErrorCode.NO_COMMON_VERSION, "/versions", DESTINATION),
        (ErrorCode.CAP_UNSUPPORTED, "/capabilities/auto-converge", DESTINATION),
        (ErrorCode.CAP_UNSUPPORTED, "/capabilities/xbzrle", DESTINATION),
        (ErrorCode.PARAM_RANGE, "/parameters/mode", SOURCE),
    ]


@given(st.lists(st.text(max_size=80), max_size=40))
def test_what_is_shown_is_json_of_bounded_size(items: list[str]) -> None:
    text = shown(items)
    assert len(text.encode()) <= MAX_SHOWN
    found = json.loads(text)
    assert found == items or found == "..." or (found[-1] == "..." and found[:-1] == items[: len(found) - 1])


# Properties


@pytest.mark.slow
@pytest.mark.requirement("HS-050")
@everywhere
@given(cases)
def test_determinism(found: Case) -> None:
    """Equal offers give equal results, also in another process: no hash decides."""
    copy = Case(Registry(found.registry.capabilities, found.registry.parameters), found.source, found.destination)
    assert outcome(copy) == outcome(found)
    shuffled = Registry(found.registry.capabilities[::-1], found.registry.parameters[::-1])
    assert outcome(replace(found, registry=shuffled)) == outcome(found)


@pytest.mark.slow
@pytest.mark.requirement("HS-034")
@everywhere
@given(cases, st.sampled_from(list(Wish)), st.integers(0, 7))
def test_grease_decides_nothing(found: Case, wish: Wish, nibble: int) -> None:
    def greased(side: Offer) -> Offer:
        return Offer(
            tuple(sorted((*side.versions, 0x0A0A | nibble << 12 | nibble << 4))),
            ("grease-p", *side.payloads),
            tuple(sorted((*side.capabilities, able("grease-c", wish)), key=lambda entry: entry.name)),
            (ParameterOffer("grease-q", 3, exact=True, require=True), *side.parameters),
            (*side.channels, ChannelOffer("grease-t", 9, 9)),
            side.budget,
        )

    assert outcome(Case(found.registry, greased(found.source), greased(found.destination))) == outcome(found)


@pytest.mark.slow
@pytest.mark.requirement("HS-066", "HS-080")
@everywhere
@given(cases)
def test_restriction(found: Case) -> None:
    """A result stays within what both sides state."""
    result = outcome(found)
    if isinstance(result, Refusal):
        return
    assert result.version in set(found.source.versions) & set(found.destination.versions)
    assert result.payload in set(found.source.payloads) & set(found.destination.payloads)
    for side in (found.source, found.destination):
        assert set(result.capabilities) <= {entry.name for entry in side.capabilities if entry.able}
        assert {name for name, _ in result.parameters} <= {entry.name for entry in side.parameters}
        assert 1 + sum(count for _, count in result.channels) <= side.budget
    wanted = {entry.type: entry for entry in found.source.channels}
    accepted = {entry.type: entry.maximum for entry in found.destination.channels}
    for name, count in result.channels:
        assert wanted[name].minimum <= count <= min(wanted[name].want, accepted[name])


@pytest.mark.requirement("HS-060", "HS-066")
@everywhere
@given(cases)
def test_wishes_hold(found: Case) -> None:
    """What is required is on, what is forbidden is off; needs are met and nothing conflicts."""
    result = outcome(found)
    if isinstance(result, Refusal):
        return
    on = set(result.capabilities)
    for side in (found.source, found.destination):
        assert {entry.name for entry in side.capabilities if entry.wish is Wish.REQUIRE} <= on
        assert on.isdisjoint(entry.name for entry in side.capabilities if entry.wish is Wish.FORBID)
    assert all(found.registry.closure(name) <= on for name in on)
    assert list(found.registry.conflicts(sorted(on), on)) == []


@pytest.mark.slow
@everywhere
@given(cases)
def test_idempotence(found: Case) -> None:
    """Offers that state a result lead to that result."""
    result = outcome(found)
    if isinstance(result, Result):
        assert outcome(rebuilt(found, result)) == result


@pytest.mark.slow
@pytest.mark.requirement("HS-084")
@everywhere
@given(cases)
def test_attribution(found: Case) -> None:
    """The change that an item asks for, on the side it names, removes that item."""
    result = outcome(found)
    for item in result.items if isinstance(result, Refusal) else ():
        after = outcome(repaired(found, item))
        assert isinstance(after, Result) or (item.code, item.path, item.retry, item.actual) not in {
            (other.code, other.path, other.retry, other.actual) for other in after.items
        }


@pytest.mark.slow
@pytest.mark.requirement("HS-084")
@everywhere
@given(cases)
def test_repair(found: Case) -> None:
    """Where all that is named is changed, the same run succeeds."""
    result = outcome(found)
    if isinstance(result, Refusal):
        for item in result.items:
            found = repaired(found, item)
        assert isinstance(outcome(found), Result)


def first_loss(count: int, capabilities: int = 6, settle: Callable[[Case], Result | Refusal] = outcome) -> int | None:
    """The index of the first random case in which a side loses the migration by gaining an ability."""
    random = Random(SEED)
    return next((index for index in range(count) if losses(case(random, capabilities, 1), settle)), None)


@pytest.mark.requirement("HS-065")
@pytest.mark.parametrize("count", [pytest.param(REGISTRIES, marks=soak)])
def test_monotonicity(count: int) -> None:
    assert first_loss(count) is None


@pytest.mark.parametrize("capabilities", [5, 6, 8])
def test_monotonicity_catches_the_naive_way(capabilities: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same seed, within the 2,000 cases that every run tries."""
    monkeypatch.setattr(module, "settle_capabilities", settle_naively)
    assert first_loss(2_000, capabilities) is not None


def test_random_cases_succeed_and_fail_often_enough() -> None:
    random = Random(SEED)
    found = [outcome(case(random)) for _ in range(1_000)]
    refusals = [entry for entry in found if isinstance(entry, Refusal)]
    assert 300 < len(refusals) < 700
    seen = {item.code for refusal in refusals for item in refusal.items}
    assert seen >= {
        ErrorCode.NO_COMMON_VERSION,
        ErrorCode.NO_COMMON_PAYLOAD,
        ErrorCode.CAP_UNSUPPORTED,
        ErrorCode.CAP_FORBIDDEN,
        ErrorCode.CAP_CONFLICT,
        ErrorCode.CAP_DEPENDENCY,
        ErrorCode.PARAM_RANGE,
        ErrorCode.PARAM_UNKNOWN_REQUIRED,
        ErrorCode.CHANNEL_COUNT,
        ErrorCode.CHANNEL_BUDGET,
    }


@pytest.mark.requirement("HS-065")
def test_a_gained_ability_turns_nothing_wanted_off_that_is_required() -> None:
    """The smallest case of the naive fault: b, wanted, conflicts with a, which c requires."""
    registry = Registry(
        (Capability(1, "a"), Capability(2, "b", conflicts=("a",)), Capability(3, "c", needs=("a",))),
    )
    source = offer(able("a"), able("b", Wish.WANT), able("c", Wish.REQUIRE))
    destination = offer(able("a"), CapabilityOffer("b"), able("c"))
    richer = with_capability(destination, able("b"))
    assert succeeded(source, destination, registry) == succeeded(source, richer, registry)
    assert succeeded(source, richer, registry).capabilities == ("a", "c")
