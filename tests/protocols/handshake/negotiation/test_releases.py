"""The releases: what their files say, and how the releases follow one another."""

from __future__ import annotations

import pytest

from wireformat.errors import SchemaError
from wireformat.protocols.handshake.negotiation.offers import Span
from wireformat.protocols.handshake.negotiation.registry import Handling, registry
from wireformat.protocols.handshake.negotiation.releases import RELEASES, Release, release


@pytest.fixture(params=RELEASES)
def found(request: pytest.FixtureRequest) -> Release:
    """Each release."""
    return release(request.param)


def names(name: str) -> tuple[set[str], set[str]]:
    """Capabilities and parameters of a release."""
    return set(release(name).capabilities), {entry.name for entry in release(name).parameters}


def test_every_name_is_registered(found: Release) -> None:
    assert [name for name in found.capabilities if registry().capability(name) is None] == []
    assert [entry.name for entry in found.parameters if registry().parameter(entry.name) is None] == []


def test_every_name_stands_once(found: Release) -> None:
    assert len(set(found.capabilities)) == len(found.capabilities)
    listed = [entry.name for entry in found.parameters]
    assert listed == sorted(set(listed))


def test_every_fact_has_a_source(found: Release) -> None:
    said = " ".join(found.sources)
    assert "names" in said
    for kind in ("defaults", "ranges", "exclusive"):
        assert kind in said


def test_defaults_are_allowed(found: Release) -> None:
    for entry in found.parameters:
        if isinstance(entry.allowed, Span):
            assert isinstance(entry.default, int), entry.name
            assert entry.allowed.low <= entry.default <= entry.allowed.high, entry.name
        elif entry.allowed:
            assert entry.default in entry.allowed, entry.name


def test_types_and_ranges_are_within_the_registry(found: Release) -> None:
    for fact in found.parameters:
        entry = registry().parameter(fact.name)
        assert entry is not None
        assert fact.type in (entry.type, "list"), fact.name
        if isinstance(fact.allowed, tuple) and isinstance(entry.allowed, tuple):
            assert set(fact.allowed) <= set(entry.allowed), fact.name


def test_every_registered_name_is_in_some_release_or_our_own() -> None:
    capabilities = set().union(*(names(name)[0] for name in RELEASES))
    parameters = set().union(*(names(name)[1] for name in RELEASES))
    own = {entry.name for entry in registry().capabilities if not entry.release}
    assert {entry.name for entry in registry().capabilities} == capabilities | own
    assert own == {"multifd-postcopy", "ownership-handover", "stream-resume"}
    assert {entry.name for entry in registry().parameters} == parameters


@pytest.mark.parametrize(
    ("older", "newer", "added", "removed"),
    [
        ("5.0", "7.2", {"background-snapshot", "zero-copy-send", "postcopy-preempt"}, set()),
        ("7.2", "8.2", {"switchover-ack", "dirty-limit"}, set()),
        ("8.2", "9.2", {"mapped-ram"}, {"compress", "block"}),
        ("9.2", "10.2", set(), set()),
    ],
)
def test_capabilities_come_and_go(older: str, newer: str, added: set[str], removed: set[str]) -> None:
    before, after = names(older)[0], names(newer)[0]
    assert (after - before, before - after) == (added, removed)


@pytest.mark.parametrize(
    ("older", "newer", "added", "removed"),
    [
        ("5.0", "7.2", "cpu-throttle-tailslow block-bitmap-mapping", ""),
        ("7.2", "8.2", "x-vcpu-dirty-limit-period vcpu-dirty-limit avail-switchover-bandwidth mode", ""),
        (
            "8.2",
            "9.2",
            "zero-page-detection direct-io multifd-qatzip-level",
            "compress-level compress-threads compress-wait-thread decompress-threads block-incremental",
        ),
        ("9.2", "10.2", "cpr-exec-command", ""),
    ],
)
def test_parameters_come_and_go(older: str, newer: str, added: str, removed: str) -> None:
    before, after = names(older)[1], names(newer)[1]
    assert (after - before, before - after) == (set(added.split()), set(removed.split()))


def test_a_default_changed() -> None:
    """The first limit of the bandwidth was 32 MiB a second."""
    found = [release(name).parameter("max-bandwidth") for name in RELEASES]
    assert [entry.default for entry in found if entry] == [32 << 20, *[128 << 20] * 4]


def test_modes_and_methods_grew() -> None:
    modes = [entry.allowed for name in RELEASES if (entry := release(name).parameter("mode"))]
    assert modes == [("cpr-reboot", "normal")] * 2 + [("cpr-exec", "cpr-reboot", "cpr-transfer", "normal")]
    methods = [entry.allowed for name in RELEASES if (entry := release(name).parameter("multifd-compression"))]
    assert [len(found) for found in methods if isinstance(found, tuple)] == [3, 3, 3, 6, 6]


def test_the_return_path_is_in_every_release(found: Release) -> None:
    entry = registry().capability("return-path")
    assert "return-path" in found.capabilities
    assert entry is not None
    assert entry.handling is Handling.IMPLIED


def test_an_unknown_release_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(SchemaError, match=r"no registry of release 6\.1; there are 5\.0, 7\.2, 8\.2, 9\.2, 10\.2"):
        release("6.1")
