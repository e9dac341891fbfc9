"""Sequence charts of recorded runs: who sent what to whom, in order, as SVG and as text.

A run is recorded by driving our own machines or read from a capture; it is data, kept as JSON. Steps that repeat are
one line with a count, so that a whole migration fits on a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wireformat.derive.escape import html, visible
from wireformat.errors import SchemaError

COLUMN, LINE, HEAD, MARGIN = 320, 30, 44, 60
MAX_STEPS = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One message, or with equal parties something that a party does by itself; `count` times in a row."""

    sender: str
    receiver: str
    event: str
    note: str = ""
    count: int = 1

    @property
    def label(self) -> str:
        """What stands on the arrow."""
        times = f" × {self.count}" if self.count > 1 else ""
        return visible(f"{self.event}{f' ({self.note})' if self.note else ''}{times}")


@dataclass(frozen=True, slots=True)
class Run:
    """A recorded run: its title, where it comes from, the parties from left to right, the steps."""

    title: str
    origin: str
    parties: tuple[str, ...]
    steps: tuple[Step, ...]


def read_run(document: Mapping[str, Any]) -> Run:
    """The run that a JSON object stands for. Raises `SchemaError`, id `type`."""
    try:
        steps = tuple(
            Step(each["from"], each["to"], each["event"], each.get("note", ""), each.get("count", 1))
            for each in document["steps"]
        )
        run = Run(document["title"], document.get("origin", ""), tuple(document["parties"]), steps)
    except (KeyError, TypeError) as fault:
        raise SchemaError("type", f"no run: {type(fault).__name__}: {fault}") from None
    strangers = {party for step in steps for party in (step.sender, step.receiver)} - set(run.parties)
    if strangers:
        raise SchemaError("type", f"no run: {min(strangers)} is no party")
    return run


def write_run(run: Run) -> dict[str, Any]:
    """The JSON object of a run; inverse of `read_run`."""
    return {
        "title": run.title,
        "origin": run.origin,
        "parties": list(run.parties),
        "steps": [_entry(step) for step in run.steps],
    }


def _entry(step: Step) -> dict[str, Any]:
    entry: dict[str, Any] = {"from": step.sender, "to": step.receiver, "event": step.event}
    return entry | ({"note": step.note} if step.note else {}) | ({"count": step.count} if step.count > 1 else {})


def folded(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Neighbours that are equal as one step with their count."""
    result: list[Step] = []
    for step in steps:
        if result and _is_same(result[-1], step):
            last = result[-1]
            result[-1] = Step(last.sender, last.receiver, last.event, last.note, last.count + step.count)
        else:
            result.append(step)
    return tuple(result)


def _is_same(left: Step, right: Step) -> bool:
    return (left.sender, left.receiver, left.event, left.note) == (
        right.sender,
        right.receiver,
        right.event,
        right.note,
    )


def text_chart(run: Run) -> str:
    """The chart as text, one line for each step."""
    width = max([len(party) for party in run.parties], default=0)
    lines = [
        f"{visible(step.sender):>{width}} {'──' if step.sender == step.receiver else '─>'} "
        f"{visible(step.receiver):<{width}}  {step.label}"
        for step in run.steps[:MAX_STEPS]
    ]
    return "\n".join(lines) + "\n"


def svg_chart(run: Run) -> str:
    """The chart as a picture: a line down for each party, an arrow for each step."""
    places = {party: MARGIN + index * COLUMN for index, party in enumerate(run.parties)}
    steps = run.steps[:MAX_STEPS]
    width, height = 2 * MARGIN + COLUMN * (len(run.parties) - 1), HEAD + LINE * (len(steps) + 1)
    parts = [
        f'<svg class="wf-chart" viewBox="0 0 {width} {height}" style="max-width:{width}px" role="img" font-size="12"'
        f' font-family="monospace"><title>{html(run.title)}</title>'
    ]
    for party, x in places.items():
        parts.append(
            f'<text x="{x}" y="16" text-anchor="middle" font-weight="bold" fill="currentColor">{html(party)}</text>'
        )
        parts.append(f'<path d="M{x} 24V{height - 6}" stroke="currentColor" stroke-opacity="0.45" fill="none"/>')
    parts += [_arrow(step, places, HEAD + LINE * (index + 0.5)) for index, step in enumerate(steps)]
    return "\n".join([*parts, "</svg>"])


def _arrow(step: Step, places: Mapping[str, int], y: float) -> str:
    start, end = places[step.sender], places[step.receiver]
    room = int((abs(end - start) or COLUMN) / 7.3) - 2
    label = step.label if len(step.label) <= room else step.label[: room - 1] + "…"
    if start == end:
        line = f'<rect x="{start - 4}" y="{y - 8:g}" width="8" height="16" fill="currentColor"/>'
        text = f'<text x="{start + 10}" y="{y + 4:g}" fill="currentColor">{html(label)}</text>'
    else:
        back = -8 if end > start else 8
        line = (
            f'<path d="M{start} {y:g}H{end}" stroke="currentColor" fill="none"/>'
            f'<path d="M{end} {y:g}l{back} -4v8z" fill="currentColor"/>'
        )
        middle = f'x="{(start + end) / 2:g}" y="{y - 5:g}" text-anchor="middle"'
        text = f'<text {middle} fill="currentColor">{html(label)}</text>'
    return f"<g><title>{html(step.label)}</title>{line}{text}</g>"
