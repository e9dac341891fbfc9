"""Pictures and tables of a machine, from its transition table.

States stand in one column, in the order in which they are first reached. A step to the next state down goes straight;
every other one leaves on the right, runs along a lane of its own and comes back in, so that lines never share a way
and labels never lie on each other. Events that lead from one state to the same next one share a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wireformat.derive.escape import code, html, table
from wireformat.schema.machine import transitions

States = Mapping[str, Mapping[str, str]]

BOX_WIDTH, PORT, GAP, LANE, LETTER, MARGIN = 170, 24, 46, 16, 7.3, 6


@dataclass(frozen=True, slots=True)
class Edge:
    """All events that lead from one state to another."""

    source: str
    target: str
    label: str


def order(states: States) -> list[str]:
    """The states as they are first reached, breadth first; others behind them."""
    found = [next(iter(states))] if states else []
    for state in found:
        found += [after for after in dict.fromkeys(states.get(state, {}).values()) if after not in found]
    return found + [state for state in states if state not in found]


def edges(states: States) -> list[Edge]:
    """The lines of the picture."""
    labels: dict[tuple[str, str], list[str]] = {}
    for state, event, after in transitions(states):
        labels.setdefault((state, after), []).append(event)
    return [Edge(source, target, ", ".join(events)) for (source, target), events in labels.items()]


def transition_table(states: States) -> str:
    """One row for each state: what is legal there and where it leads."""
    rows = []
    for state in order(states):
        row = states.get(state, {})
        steps = "<br>".join(f"{code(event)} → {code(after)}" for event, after in row.items())
        rows.append((code(state), steps or "nothing: the end"))
    return table(("State", "Event → next state"), rows)


class _Picture:
    """Places of states and lanes for one role."""

    def __init__(self, states: States) -> None:
        self.names = order(states)
        rank = {name: index for index, name in enumerate(self.names)}
        found = edges(states)
        self.straight = [edge for edge in found if rank[edge.target] == rank[edge.source] + 1]
        self.lanes = sorted(
            (edge for edge in found if edge not in self.straight),
            key=lambda edge: (abs(rank[edge.target] - rank[edge.source]), rank[edge.source]),
        )
        self.leaving = {name: [edge for edge in self.lanes if edge.source == name] for name in self.names}
        self.entering = {name: [edge for edge in self.lanes if edge.target == name] for name in self.names}
        self.top: dict[str, float] = {}
        self.height: dict[str, float] = {}
        y: float = MARGIN
        for name in self.names:
            ports = len(self.leaving[name]) + len(self.entering[name])
            self.top[name], self.height[name] = y, max(36, PORT * ports + 12)
            y += self.height[name] + GAP
        self.end = y - GAP + MARGIN
        below = max((len(edge.label) * LETTER for edge in self.straight), default=0)
        beside = max((len(edge.label) * LETTER for edge in self.lanes), default=0)
        self.first_lane = MARGIN + 14 + max(BOX_WIDTH + beside, BOX_WIDTH / 2 + below)
        lanes = self.first_lane + LANE * len(self.lanes) + MARGIN if self.lanes else 0
        self.width = max(lanes, MARGIN + BOX_WIDTH / 2 + below + 20, 2 * MARGIN + BOX_WIDTH)

    def port(self, edge: Edge, is_leaving: bool) -> float:
        """The height at which a line meets its box on the right."""
        name = edge.source if is_leaving else edge.target
        place = (
            self.leaving[name].index(edge) if is_leaving else len(self.leaving[name]) + self.entering[name].index(edge)
        )
        return self.top[name] + 6 + PORT * (place + 0.75)


def svg_machine(role: str, states: States) -> str:
    """The picture of one role's machine."""
    picture = _Picture(states)
    start = picture.names[0] if picture.names else ""
    parts = [
        f'<svg class="wf-machine" viewBox="0 0 {picture.width:g} {picture.end:g}" style="max-width:{picture.width:g}px"'
        f' role="img" font-size="12" font-family="monospace"><title>{html(f"machine of {role}")}</title>'
    ]
    parts += [_state(picture, name, name == start, not states.get(name)) for name in picture.names]
    parts += [_straight(picture, edge) for edge in picture.straight]
    parts += [_lane(picture, edge, number) for number, edge in enumerate(picture.lanes)]
    return "\n".join([*parts, "</svg>"])


def _state(picture: _Picture, name: str, is_start: bool, is_final: bool) -> str:
    top, height = picture.top[name], picture.height[name]
    strong = "2.5" if is_start else "1.2"
    inner = _rectangle(MARGIN + 3, top + 3, BOX_WIDTH - 6, height - 6, "1") if is_final else ""
    label = name if len(name) * LETTER <= BOX_WIDTH - 12 else name[: int((BOX_WIDTH - 20) / LETTER)] + "…"
    return (
        f"<g><title>{html(name)}</title>{_rectangle(MARGIN, top, BOX_WIDTH, height, strong)}{inner}"
        f'<text x="{MARGIN + BOX_WIDTH / 2:g}" y="{top + height / 2 + 4:g}" text-anchor="middle" fill="currentColor">'
        f"{html(label)}</text></g>"
    )


def _rectangle(x: float, y: float, width: float, height: float, stroke: str) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8" fill="none" stroke="currentColor"'
        f' stroke-width="{stroke}"/>'
    )


def _straight(picture: _Picture, edge: Edge) -> str:
    x, y = MARGIN + BOX_WIDTH / 2, picture.top[edge.source] + picture.height[edge.source]
    return (
        f'<path d="M{x:g} {y:g}V{y + GAP:g}" stroke="currentColor" fill="none"/>{_arrow(x, y + GAP, is_down=True)}'
        f'<text x="{x + 8:g}" y="{y + GAP / 2 + 3:g}" fill="currentColor">{html(edge.label)}</text>'
    )


def _lane(picture: _Picture, edge: Edge, number: int) -> str:
    x, right = picture.first_lane + LANE * number, MARGIN + BOX_WIDTH
    start, end = picture.port(edge, True), picture.port(edge, False)
    return (
        f'<path d="M{right} {start:g}H{x:g}V{end:g}H{right}" stroke="currentColor" fill="none"/>'
        f"{_arrow(right, end, is_down=False)}"
        f'<text x="{right + 6}" y="{start - 4:g}" fill="currentColor">{html(edge.label)}</text>'
    )


def _arrow(x: float, y: float, is_down: bool) -> str:
    if is_down:
        return f'<path d="M{x:g} {y:g}l-4 -8h8z" fill="currentColor"/>'
    return f'<path d="M{x:g} {y:g}l8 -4v8z" fill="currentColor"/>'


def legal_in(event: str, table_of_roles: Mapping[str, States]) -> Sequence[tuple[str, str, str]]:
    """Where an event is legal: role, state, next state."""
    return [
        (role, state, after)
        for role, states in table_of_roles.items()
        for state, name, after in transitions(states)
        if name == event
    ]
