"""Fixtures for every test: the agreement of both codecs, and the bundled captures.

`captures` is all of them by name. A test that asks for `stream_capture` runs once for each whole stream, one that asks
for `any_capture` once for each capture of whatever kind; `make check` takes the few in `QUICK`, `make test` all.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.captures.bundle import Capture, Captures, rows
from wireformat.codec import disagreements

QUICK = frozenset({"7.2/pc-minimal", "7.2/avr-uno", "7.2/pc-2.2", "7.2/s390x-ccw", "10.0/microvm"})
"""Small captures that differ as much as can be: the rest is marked slow."""

PARAMETERS = {"stream_capture": ("stream",), "any_capture": ()}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each capture it asks for, under the capture's name."""
    for name, kinds in PARAMETERS.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, [_parameter(row["name"]) for row in rows(*kinds)], indirect=True)


def _parameter(name: str) -> object:
    return name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)


@pytest.fixture(autouse=True)
def both_codecs_agree() -> Iterator[None]:
    """Whatever a test does, the fast codec never refuses what the reference accepts. Who plants that, clears it."""
    disagreements.clear()
    yield
    assert not disagreements


@pytest.fixture(scope="session")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Captures:
    """All bundled captures; decompressed files live as long as the session."""
    return Captures(tmp_path_factory.mktemp("captures"))


@pytest.fixture
def stream_capture(captures: Captures, request: pytest.FixtureRequest) -> Capture:
    """One whole migration stream; the test runs for each."""
    return captures[request.param]


@pytest.fixture
def any_capture(captures: Captures, request: pytest.FixtureRequest) -> Capture:
    """One capture of any kind; the test runs for each."""
    return captures[request.param]
