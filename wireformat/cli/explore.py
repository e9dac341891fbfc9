"""`wireformat explore`: visit every state of a protocol's worlds, and show the shortest way to one that must not be."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from time import perf_counter
from typing import Annotated, Any

import typer

from wireformat import protocols
from wireformat.cli.exits import Exit, UsageError
from wireformat.derive.charts import Run, Step, text_chart, write_run
from wireformat.explore.search import Report, Violation, explore
from wireformat.schema.world import Claim, World

FORMAT, VERSION = "wireformat-exploration", 1


@dataclass(frozen=True, slots=True)
class Visit:
    """A world, what was found there, and how long it took."""

    world: World[Any]
    report: Report
    seconds: float


def run(
    protocol: Annotated[str, typer.Argument(help="a protocol that has worlds")] = "handshake",
    world: Annotated[str | None, typer.Option("--world", help="one world; all when none is named")] = None,
    every: Annotated[bool, typer.Option("--all", help="also what is not guaranteed, with its shortest run")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> int:
    """Check what is claimed of a protocol in every interleaving of a bounded world."""
    module = import_module(f"wireformat.protocols.{_known(protocol)}.world")
    claims: Mapping[str, Claim] = {claim.id: claim for claim in module.CLAIMS}
    wanted = [claim.id for claim in claims.values() if every or claim.is_guaranteed]
    visits = []
    for each in _chosen(module.WORLDS, world):
        visits.append(_visit(each, wanted))
        if not as_json:
            print(_text(protocol, visits[-1], claims), flush=True)
    if as_json:
        print(json.dumps(_document(protocol, visits, claims), indent=1))
    elif world is None:
        print(_elsewhere(claims.values()), end="")
    return _exit_code(visits, claims)


def _known(protocol: str) -> str:
    """The name of a protocol with worlds. Raises `UsageError` for others."""
    folders = (each.name for each in iter_modules(protocols.__path__) if each.ispkg)
    explorable = [name for name in folders if find_spec(f"{protocols.__name__}.{name}.world")]
    if protocol not in explorable:
        raise UsageError(f"{protocol} has no world to explore; there is one of {', '.join(explorable)}")
    return protocol


def _chosen(worlds: Mapping[str, World[Any]], name: str | None) -> list[World[Any]]:
    if name is None:
        return list(worlds.values())
    if name not in worlds:
        raise UsageError(f"no world named {name}; there are {', '.join(worlds)}")
    return [worlds[name]]


def _visit(world: World[Any], wanted: Sequence[str]) -> Visit:
    start = perf_counter()
    report = explore(world, wanted)
    return Visit(world, report, perf_counter() - start)


def _text(protocol: str, visit: Visit, claims: Mapping[str, Claim]) -> str:
    report = visit.report
    lines = [
        f"{report.world}: {visit.world.doc}",
        f"  {report.states} states, {report.steps} steps, depth {report.depth}, {visit.seconds:.1f} s",
    ]
    for id in report.claims:
        violation = report.violation(id)
        verdict = "holds" if violation is None else "violated"
        price = "" if claims[id].is_guaranteed else " (not guaranteed)"
        lines.append(f"  {verdict:8}  {id:13}  {claims[id].title}{price}: {claims[id].sentence}")
        if violation is not None:
            chart = text_chart(_run(protocol, visit.world, violation, claims[id]))
            lines += [f"      {line}" for line in chart.splitlines()]
    return "\n".join([*lines, ""])


def _elsewhere(claims: Iterable[Claim]) -> str:
    """The claims that tests check, and by which."""
    return "".join(f"{claim.id}  {claim.title}: {', '.join(claim.tests)}\n" for claim in claims if claim.tests)


def _run(protocol: str, world: World[Any], violation: Violation, claim: Claim) -> Run:
    """The run to a violation, as a chart shows it."""
    steps = tuple(Step(act.sender, act.receiver, act.event, act.note) for act in violation.run)
    return Run(f"{protocol}: {claim.id} violated", f"explored in the world {world.name}", world.parties, steps)


def _document(protocol: str, visits: Sequence[Visit], claims: Mapping[str, Claim]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "protocol": protocol,
        "worlds": [_world_entry(protocol, visit, claims) for visit in visits],
        "tests": {claim.id: list(claim.tests) for claim in claims.values() if claim.tests},
    }


def _world_entry(protocol: str, visit: Visit, claims: Mapping[str, Claim]) -> dict[str, Any]:
    report = visit.report
    return {
        "name": report.world,
        "states": report.states,
        "steps": report.steps,
        "depth": report.depth,
        "ends": report.ends,
        "seconds": round(visit.seconds, 3),
        "claims": [_claim_entry(protocol, visit, claims[id]) for id in report.claims],
    }


def _claim_entry(protocol: str, visit: Visit, claim: Claim) -> dict[str, Any]:
    violation = visit.report.violation(claim.id)
    entry = {"id": claim.id, "sentence": claim.sentence, "guaranteed": claim.is_guaranteed, "holds": violation is None}
    return entry if violation is None else {**entry, "run": write_run(_run(protocol, visit.world, violation, claim))}


def _exit_code(visits: Sequence[Visit], claims: Mapping[str, Claim]) -> int:
    broken = [violation.claim for visit in visits for violation in visit.report.violations]
    return Exit.FINDING if any(claims[claim].is_guaranteed for claim in broken) else Exit.FINE
