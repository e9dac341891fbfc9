"""`wireformat compat`: what old and new peers read of each other, with bytes as proof."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wireformat.cli.baseline import protocol_named
from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.tables import Column, print_table
from wireformat.derive.baseline import Baseline, load, present
from wireformat.derive.baseline_store import Store, read, shipped
from wireformat.schema.protocol import Protocol

if TYPE_CHECKING:
    from wireformat.derive.compat_verdict import Finding, MessageVerdict, Reading, Verdicts, Witness

FORMAT, FORMAT_VERSION = "wireformat-compat", 1
SHOWN_BYTES = 24
COLUMNS = (Column("message"), Column("verdict"), Column("backward"), Column("forward"))
FINDINGS = (Column("rule"), Column("where"), Column("what"), Column("direction"), Column("bytes"), Column("outcome"))


def run(
    name: Annotated[str | None, typer.Argument(metavar="PROTOCOL", help="the protocol, as it is declared")] = None,
    against: Annotated[
        list[str] | None, typer.Option(help="a frozen version, or a file of one; all frozen versions otherwise")
    ] = None,
    source: Annotated[str | None, typer.Option("--from", help="package.module:NAME of a Protocol instead")] = None,
    other: Annotated[str | None, typer.Option("--against-from", help="package.module:NAME of the old Protocol")] = None,
    folder: Annotated[Path | None, typer.Option(help="folder of baselines; those of this package otherwise")] = None,
    whole: Annotated[bool, typer.Option("--all", help="show also what is compatible, with bytes")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    matrix: Annotated[
        bool, typer.Option("--matrix", help="instead: what becomes of a handshake between builds of every age")
    ] = False,
    is_tried: Annotated[bool, typer.Option("--run", help="with --matrix: try every cell on real peers")] = False,
) -> int:
    """Judge a protocol against frozen versions of it, in both directions. Ends with 1 when something is broken."""
    if matrix or is_tried:
        if any((against, source, other, folder, whole)):
            raise UsageError("--matrix goes with --run and --json alone")
        return _show_matrix(name, is_asked=matrix, is_tried=is_tried, as_json=as_json)
    if find_spec("hypothesis") is None:
        raise UsageError("examples are drawn by Hypothesis: pip install 'wireformat[fuzz]'")
    protocol = _protocol(name, source)
    store = shipped() if folder is None else Store(folder)
    old = list(_old(protocol, against or [], other, store))
    if not old:
        raise UsageError(f"{protocol.name} has no baseline; `wireformat baseline freeze` makes one")
    verdicts = list(_judged(old, present(protocol)))
    if as_json:
        print(json.dumps([document(each) for each in verdicts], indent=1, ensure_ascii=False))
    else:
        for each in verdicts:
            _print(each, whole)
    return Exit.FINDING if any(each.is_broken for each in verdicts) else Exit.FINE


def _show_matrix(name: str | None, *, is_asked: bool, is_tried: bool, as_json: bool) -> int:
    from wireformat.cli.compat_matrix import PROTOCOL, show

    if not is_asked:
        raise UsageError("--run goes with --matrix")
    if name != PROTOCOL:
        raise UsageError(f"there is a matrix of {PROTOCOL} alone")
    return show(is_tried=is_tried, as_json=as_json)


def _protocol(name: str | None, source: str | None) -> Protocol:
    if (name is None) == (source is None):
        raise UsageError("which protocol? Its name, or --from package.module:NAME")
    return _imported(source) if source is not None else protocol_named(name or "")


def _imported(place: str) -> Protocol:
    """The protocol in somebody's module. Raises `UsageError` when it cannot be had, for whatever reason."""
    module, _, name = place.partition(":")
    sys.path.insert(0, "")
    try:
        found = getattr(import_module(module), name or "PROTOCOL")
    except Exception as error:  # its code is not ours and may raise anything
        raise UsageError(f"{place}: {type(error).__name__}: {error}") from None
    if not isinstance(found, Protocol):
        raise UsageError(f"{place} is no Protocol but {type(found).__name__}")
    return found


def _old(protocol: Protocol, against: list[str], other: str | None, store: Store) -> Iterator[Baseline]:
    """What to judge against."""
    if other is not None:
        yield present(_imported(other))
    for each in against:
        if each in store.versions(protocol.name):
            yield store.baseline(protocol.name, each)
        elif Path(each).is_file():
            yield load(read(Path(each)))
        else:
            raise UsageError(f"{each}: neither a frozen version of {protocol.name} nor a file")
    if not against and other is None:
        for version in store.versions(protocol.name):
            yield store.baseline(protocol.name, version)


def _judged(old: list[Baseline], new: Baseline) -> Iterator[Verdicts]:
    """The verdicts. What Hypothesis keeps goes where it is forgotten."""
    with TemporaryDirectory() as folder:
        os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", folder)
        from wireformat.derive.compat import judge

        for each in old:
            yield judge(each, new)


def _print(verdicts: Verdicts, whole: bool) -> None:
    shown = [message for message in verdicts.messages if whole or message.findings]
    rows = [(each.name, each.verdict, each.backward.status, each.forward.status) for each in shown]
    title = f"{verdicts.protocol} {verdicts.new} against {verdicts.old}: {_count(verdicts)}"
    print_table(title, COLUMNS, rows) if rows else print(f"\n{title}")
    for message in shown:
        _print_message(message)


def _count(verdicts: Verdicts) -> str:
    """How many messages have which verdict."""
    found: dict[str, int] = {}
    for message in verdicts.messages:
        found[message.verdict] = found.get(message.verdict, 0) + 1
    return ", ".join(f"{count} {verdict}" for verdict, count in found.items()) or "no messages"


def _print_message(message: MessageVerdict) -> None:
    rows: list[tuple[str, ...]] = []
    for finding in message.findings:
        rows += _rows(finding)
    if not rows:
        rows = [("", "", "", way, *_told(reading)) for way, reading in _ways(message)]
    print_table(message.name, FINDINGS, rows)


def _rows(finding: Finding) -> Iterator[tuple[str, ...]]:
    """A line for each direction; what is the same is said once."""
    head = (finding.rule, finding.path, finding.detail)
    for way, reading in _ways(finding):
        yield (*head, way, *_told(reading))
        head = ("", "", "")


def _ways(judged: Finding | MessageVerdict) -> tuple[tuple[str, Reading], tuple[str, Reading]]:
    return ("backward", judged.backward), ("forward", judged.forward)


def _told(reading: Reading) -> tuple[str, str]:
    """The bytes that show a reading, and what happens to them."""
    witness = reading.witness
    if witness is None:
        return "", f"{reading.status}: {reading.reason}" if reading.reason else str(reading.status)
    return hexadecimal(witness.data), f"{reading.status}{outcome(witness)}"


def hexadecimal(data: bytes) -> str:
    """The first bytes, and how many there are when not all are shown."""
    more = f"… {len(data)} bytes" if len(data) > SHOWN_BYTES else ""
    return data[:SHOWN_BYTES].hex() + more


def outcome(witness: Witness) -> str:
    """What the reader makes of the bytes, where it is not what was written."""
    if witness.error:
        return f": {witness.error}: {witness.text}"
    if witness.differs:
        return f": {witness.differs} is read as {short(at(witness.read, witness.differs))}, not as it was written"
    return ""


def at(value: Any, path: str) -> Any:
    """The part of a JSON value at a path, as far as the path leads."""
    for step in path.replace("[", ".[").split("."):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.startswith("[") and int(step[1:-1]) < len(value):
            value = value[int(step[1:-1])]
    return value


def short(value: Any) -> str:
    """A value in a few words."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:39]}…"


def document(verdicts: Verdicts) -> dict[str, Any]:
    """The verdicts as JSON, all bytes included."""
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "protocol": verdicts.protocol,
        "old": verdicts.old,
        "new": verdicts.new,
        "messages": [_message(message) for message in verdicts.messages],
    }


def _message(message: MessageVerdict) -> dict[str, Any]:
    return {
        "name": message.name,
        "verdict": message.verdict,
        **{way: _reading(reading) for way, reading in _ways(message)},
        "findings": [_finding(finding) for finding in message.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "path": finding.path,
        "detail": finding.detail,
        "verdict": finding.verdict,
        **{way: _reading(reading) for way, reading in _ways(finding)},
    }


def _reading(reading: Reading) -> dict[str, Any]:
    """A reading; bytes as `hex`, what is empty left out."""
    found: dict[str, Any] = {"status": reading.status, "reason": reading.reason}
    if reading.witness is not None:
        witness = asdict(reading.witness)
        found["witness"] = {"hex": witness.pop("data").hex(), **witness, "params": dict(reading.witness.params)}
    return {key: value for key, value in found.items() if value not in ("", None)}
