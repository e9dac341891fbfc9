"""The registry of a release against the program of that release: names, types, defaults, and where ranges end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from tests.interop.programs import absent, require
from wireformat.protocols.handshake.negotiation.offers import Span, Value
from wireformat.protocols.handshake.negotiation.releases import RELEASES, Release, ReleaseParameter, release

pytestmark = pytest.mark.interop

COMMAND = ("-machine", "none", "-nodefaults", "-display", "none", "-qmp", "stdio")
# What these answer follows from other parameters, or has no default until it is set.
DEPENDENT = {"max-cpu-throttle"}
UNSET = {"block-bitmap-mapping"}
# 7.2 states a range for these and forgets to check it.
UNCHECKED = {"multifd-zlib-level", "multifd-zstd-level"}


def ask(*commands: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The answers of a program without a machine to these QMP commands, behind its greeting.

    Each is read before the next command is sent: a QEMU that is told to quit does not wait until all it said is read.
    """
    program = require("qemu-system-x86_64", "qemu-system-x86")
    pipe = subprocess.PIPE
    with subprocess.Popen([program, *COMMAND], stdin=pipe, stdout=pipe, text=True) as running:
        assert running.stdin
        assert running.stdout
        try:
            said = (answer for answer in map(json.loads, running.stdout) if "event" not in answer)
            greeting, answers = next(said), []
            for command in ({"execute": "qmp_capabilities"}, *commands):
                print(json.dumps(command), file=running.stdin, flush=True)
                answers.append(next(said))
        finally:
            running.kill()
    return [greeting, *answers[1:]]


@cache
def schema() -> Mapping[str, Any]:
    """The program's QAPI schema, by name."""
    return {entry["name"]: entry for entry in ask({"execute": "query-qmp-schema"})[1]["return"]}


@pytest.fixture(scope="module")
def installed() -> Release:
    """The registry of the release that is installed."""
    version = ask()[0]["QMP"]["version"]["qemu"]
    name = f"{version['major']}.{version['minor']}"
    if name not in RELEASES:
        absent(f"no registry of QEMU {name}")
    return release(name)


def members(command: str) -> Mapping[str, Any]:
    """The arguments of a command with their types."""
    return {entry["name"]: entry["type"] for entry in schema()[schema()[command]["arg-type"]]["members"]}


def test_capabilities(installed: Release) -> None:
    """All are off until they are set, as the registry's readers may assume."""
    answer = ask({"execute": "query-migrate-capabilities"})[1]["return"]
    assert [entry["capability"] for entry in answer] == list(installed.capabilities)
    assert not any(entry["state"] for entry in answer)
    (status,) = (schema()[name.strip("[]")] for name in members("migrate-set-capabilities").values())
    (enum,) = (entry["type"] for entry in status["members"] if entry["name"] == "capability")
    assert schema()[enum]["values"] == list(installed.capabilities)


def test_parameter_names(installed: Release) -> None:
    assert sorted(members("migrate-set-parameters")) == [entry.name for entry in installed.parameters]


def test_parameter_types(installed: Release) -> None:
    found = members("migrate-set-parameters")
    for entry in installed.parameters:
        kind = schema()[found[entry.name]]["meta-type"]
        if entry.type == "enum":
            assert tuple(sorted(schema()[found[entry.name]]["values"])) == entry.allowed, entry.name
        else:
            expected = {"int": "builtin", "bool": "builtin", "str": "alternate", "list": "array"}[entry.type]
            assert (kind, found[entry.name] == "bool") == (expected, entry.type == "bool"), entry.name


def test_defaults(installed: Release) -> None:
    answer = ask({"execute": "query-migrate-parameters"})[1]["return"]
    defaults = {entry.name: entry.default for entry in installed.parameters if entry.default is not None}
    assert {name: int(value) if value in (True, False) else value for name, value in answer.items()} == defaults
    assert {entry.name for entry in installed.parameters} - set(answer) == UNSET


def attempts(installed: Release) -> Iterator[tuple[ReleaseParameter, Value, bool]]:
    """Values at and beyond the ends of each range, and whether they are in it."""
    for entry in installed.parameters:
        if isinstance(entry.allowed, Span) and entry.type == "int" and entry.name not in DEPENDENT:
            yield from ((entry, value, True) for value in (entry.allowed.low, entry.allowed.high) if value < 1 << 63)
            if entry.allowed.low > 0:  # below 0 the program wraps some types round
                yield entry, entry.allowed.low - 1, False
            if entry.allowed.high < (1 << 32) - 1 and entry.name not in UNCHECKED:
                yield entry, entry.allowed.high + 1, False


def test_ranges(installed: Release) -> None:
    """The smallest and the largest value are taken, the next ones are refused."""
    tried = list(attempts(installed))
    commands = [{"execute": "migrate-set-parameters", "arguments": {entry.name: value}} for entry, value, _ in tried]
    answers = ask(*commands)[1:]
    wrong = [
        (entry.name, value, answer)
        for (entry, value, good), answer in zip(tried, answers, strict=True)
        if ("return" in answer) is not good
    ]
    assert wrong == []
