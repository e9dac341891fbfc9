"""Verdicts on compatibility: what old peers read of new ones and new ones of old ones, with bytes as proof.

Rules say what a change of the schema is expected to do; the codecs say what it does. A direction *breaks* only where
bytes show it: the writer's codec reads them as one value, the reader's as another, or not at all. Where a rule expects
a break and no bytes were found the direction is *unproven*. Where bytes show a break that no rule expects, that is a
finding of its own. A value is understood when all fields that both sides know are equal, what only the writer knows is
skipped, and what only the reader knows is absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from wireformat.codec import codec_for
from wireformat.codec.json_form import to_json
from wireformat.derive.baseline import Baseline
from wireformat.derive.compat_change import DIFFERS, Change, Direction, Signs
from wireformat.derive.compat_fields import changes
from wireformat.derive.compat_messages import Placed, pairs, placed
from wireformat.derive.compat_search import Search, Trial, assignments
from wireformat.derive.compat_verdict import Finding, MessageVerdict, Reading, Status, Verdicts, Witness, summed
from wireformat.derive.examples import example
from wireformat.errors import DecodeError
from wireformat.schema import model, model_json


def judge(old: Baseline, new: Baseline) -> Verdicts:
    """The verdict on every message and declared part of two versions, in the order of the new one."""
    messages = []
    for before, now in pairs(old, new):
        place = list(placed(old, new, before, now))
        if before is None or now is None:
            having, name = (old, before) if now is None else (new, now)
            messages.append(_alone(having.models[name or ""], name or "", place))
        else:
            messages.append(judge_schemas(old.models[before], new.models[now], now, place))
    return Verdicts(new.name, old.version, new.version, tuple(messages))


def judge_schemas(old: model.Schema, new: model.Schema, name: str, place: Sequence[Placed] = ()) -> MessageVerdict:
    """The verdict on one message from its two schemas, which need classes (see `revive`)."""
    judging = _Judging(old, new)
    shown = example_of(old)
    findings = [*judging.findings(), *(_placed(each, shown) for each in place)]
    return summed(name, findings, shown)


def _alone(schema: model.Schema, name: str, place: Sequence[Placed]) -> MessageVerdict:
    """A message that one side lacks, so that no codec of that side could read it."""
    shown = example_of(schema)
    return summed(name, [_placed(each, shown) for each in place], shown)


def example_of(schema: model.Schema) -> Witness | None:
    """An example that both sides read alike, for messages that did not change."""
    for params in assignments(schema):
        data = example(schema, None, params)
        if data is not None:
            value = to_json(schema, codec_for(schema).decode(data, params))
            return Witness(data, tuple(params.items()), value, value)
    return None


def _placed(place: Placed, shown: Witness | None) -> Finding:
    """What is said of the message as a whole. Its example is proof where the other side knows no such message."""
    readings = {}
    for direction in Direction:
        refusal = place.refusals.get(direction)
        if direction not in place.change.breaks:
            readings[direction] = Reading(Status.READS, shown)
        elif refusal is None or shown is None:
            readings[direction] = Reading(Status.UNPROVEN, reason="no codec sees who sends a message, or where")
        else:
            witness = Witness(shown.data, shown.params, shown.written, error="tag", text=refusal)
            readings[direction] = Reading(Status.BREAKS, witness)
    change = place.change
    return Finding(change.rule, change.path, change.detail, readings[Direction.BACKWARD], readings[Direction.FORWARD])


class _Judging:
    """One message whose schemas may differ."""

    def __init__(self, old: model.Schema, new: model.Schema) -> None:
        self._is_same = model_json.to_json(old) == model_json.to_json(new)
        self._schemas = {Direction.BACKWARD: (old, new), Direction.FORWARD: (new, old)}
        self._searches = {way: Search(*pair, way) for way, pair in self._schemas.items()}
        self._changes = changes(old, new)
        self._aimed = cache(self._aim)

    def findings(self) -> Iterator[Finding]:
        """A finding for each change, and for what no change explains."""
        if self._is_same:
            return
        for change in self._changes:
            old, new = (self._reading(change, direction) for direction in Direction)
            yield Finding(change.rule, change.path, change.detail, old, new)
        for direction in Direction:
            yield from self._unexplained(direction)

    def _aim(self, place: int, direction: Direction) -> list[Trial]:
        return self._searches[direction].aimed(self._changes[place])

    def _trials(self, change: Change, direction: Direction) -> list[Trial]:
        """Trials with the change in view, else those of the message as a whole."""
        return self._aimed(self._changes.index(change), direction) or self._searches[direction].trials

    def _reading(self, change: Change, direction: Direction) -> Reading:
        if direction in change.breaks:
            return self._break(change, direction)
        fine = [trial for trial in self._trials(change, direction) if not trial.sign]
        best = _shortest([trial for trial in fine if trial.shows] or fine)
        return Reading(Status.READS, self._witness(best, direction)) if best else self._shown(direction)

    def _shown(self, direction: Direction) -> Reading:
        """That a direction reads, with the shortest bytes of the message that do; other changes may leave none."""
        best = _shortest(trial for trial in self._searches[direction].trials if not trial.sign)
        return Reading(Status.READS, self._witness(best, direction) if best else None)

    def _break(self, change: Change, direction: Direction) -> Reading:
        """Proof of an expected break."""
        signs = change.breaks[direction]
        for trials in (self._trials(change, direction), self._searches[direction].trials):
            hits = [trial for trial in trials if trial.sign and (not signs or trial.sign in signs)]
            best = _shortest([trial for trial in hits if trial.shows or trial.sign != DIFFERS] or hits)
            if best is not None:
                return Reading(Status.BREAKS, self._witness(best, direction))
        return Reading(Status.UNPROVEN, reason=_reason(len(self._trials(change, direction)), signs))

    def _unexplained(self, direction: Direction) -> Iterator[Finding]:
        """The shortest bytes that fail in a way that no change lets expect."""
        expected = [change.breaks[direction] for change in self._changes if direction in change.breaks]
        if not all(expected):
            return
        signs = frozenset().union(*expected)
        aimed = [trial for place in range(len(self._changes)) for trial in self._aimed(place, direction)]
        trials = [*aimed, *self._searches[direction].trials]
        worst = _shortest(trial for trial in trials if trial.sign and trial.sign not in signs)
        if worst is None:
            return
        reading = Reading(Status.BREAKS, self._witness(worst, direction))
        other = self._shown(next(way for way in Direction if way is not direction))
        both = (reading, other) if direction is Direction.BACKWARD else (other, reading)
        yield Finding("unexplained", _path(worst), f"no rule expects {worst.sign!r}", *both)

    def _witness(self, trial: Trial, direction: Direction) -> Witness:
        writer, reader = self._schemas[direction]
        written = to_json(writer, trial.written)
        if trial.error is None:
            return Witness(trial.data, trial.params, written, to_json(reader, trial.read), differs=_path(trial))
        error = trial.error
        return Witness(trial.data, trial.params, written, error=error.id, offset=error.offset, text=str(error))


def _reason(count: int, signs: Signs) -> str:
    """Why a break is not proven."""
    if not count:
        return "no example could be made"
    return f"no failure in {count} examples" + (f" is {' or '.join(sorted(signs))}" if signs else "")


def _path(trial: Trial) -> str:
    """Where a trial went wrong."""
    if isinstance(trial.error, DecodeError):
        return trial.error.path
    return trial.difference.path if trial.difference else ""


def _shortest(trials: Iterable[Trial]) -> Trial | None:
    return min(trials, key=_order, default=None)


def _order(trial: Trial) -> tuple[int, bytes]:
    return trial.order
