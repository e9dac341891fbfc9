"""`wireformat docs`: write documentation, or show it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import construct
import typer

from wireformat.catalogue import CATALOGUE
from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.running import complain
from wireformat.derive.charts import Run, read_run
from wireformat.derive.ledger import checked_by
from wireformat.derive.pages import pages
from wireformat.derive.subject import Subject, subject_of, subject_of_constructs
from wireformat.derive.vectors import Vector, read_vectors
from wireformat.protocols import NAMES, protocol
from wireformat.schema.record import Record

KINDS = ("valid", "invalid")


class Action(StrEnum):
    """What to do."""

    build = "build"
    serve = "serve"


def run(
    action: Annotated[Action, typer.Argument(help="build files, or build and serve them on this machine")],
    out: Annotated[Path | None, typer.Argument(help="folder for the files; serve: spec/reference")] = None,
    source: Annotated[
        str | None, typer.Option("--from", help="package.module whose construct schemas are documented instead")
    ] = None,
    spec: Annotated[Path, typer.Option(help="folder with vectors, recorded runs and prose")] = Path("spec"),
    tests: Annotated[Path, typer.Option(help="folder with tests that name requirements")] = Path("tests"),
) -> int:
    """Write the documentation of the protocols, or of a stranger's schemas, as Markdown, SVG and JSON."""
    if action is Action.build and out is None:
        raise UsageError("where to? wireformat docs build OUT")
    target = out or spec / "reference"
    subjects = [_stranger(source)] if source else list(_protocols(spec, tests))
    count = write(pages(subjects, CATALOGUE), target)
    complain("docs", f"{count} files in {target}")
    for subject in subjects:
        for path, reason in subject.gaps:
            complain("docs", f"not understood: {path}: {reason}")
    if action is Action.serve:
        return subprocess.run([sys.executable, "-m", "mkdocs", "serve"], check=False).returncode
    return Exit.FINE


def write(texts: Mapping[str, str], target: Path) -> int:
    """Write files and remove what only an earlier run made. Returns how many there are."""
    for name, text in texts.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    listing = target / "files.json"
    before = json.loads(listing.read_text()) if listing.exists() else []
    for name in set(before) - set(texts):
        (target / name).unlink(missing_ok=True)
    listing.write_text(json.dumps(sorted(texts), indent=1) + "\n")
    return len(texts)


def _protocols(spec: Path, tests: Path) -> Iterator[Subject]:
    sources = {str(path): path.read_text(encoding="utf-8") for path in sorted(tests.rglob("test_*.py"))}
    checked = checked_by(sources)
    for name in NAMES:
        prose = spec / "protocols" / f"{name}.md"
        yield subject_of(
            protocol(name),
            vectors=vectors_in(spec / "vectors" / name),
            runs=tuple(_runs(spec / "recordings" / name)),
            prose=prose.read_text(encoding="utf-8") if prose.exists() else "",
            tests=checked,
        )


def vectors_in(folder: Path) -> dict[str, tuple[Vector, ...]]:
    """The test vectors of a protocol by record, valid ones first."""
    found: dict[str, tuple[Vector, ...]] = {}
    for kind in KINDS:
        for path in sorted((folder / kind).glob("*.json")):
            vectors = read_vectors(json.loads(path.read_text(encoding="utf-8")), path.as_posix())
            found[vectors[0].record] = found.get(vectors[0].record, ()) + vectors
    return found


def _runs(folder: Path) -> Iterator[Run]:
    for path in sorted(folder.glob("*.json")):
        yield read_run(json.loads(path.read_text(encoding="utf-8")))


def _stranger(name: str) -> Subject:
    """The schemas at the top of a module: construct objects with a name, and record classes.

    Raises `UsageError` when it cannot be imported, for whatever reason.
    """
    sys.path.insert(0, "")
    try:
        module = import_module(name)
    except ImportError as error:
        raise UsageError(f"{name}: {error}") from None
    except Exception as error:  # its code is not ours and may raise anything
        raise UsageError(f"{name}: importing it fails: {type(error).__name__}: {error}") from None
    found = {key: value for key, value in vars(module).items() if _is_schema(value, module.__name__)}
    if not found:
        raise UsageError(f"{name}: no construct schemas in it")
    doc = (module.__doc__ or f"The schemas of {name}.").strip().partition("\n\n")[0]
    return subject_of_constructs(name, doc, found)


def _is_schema(value: Any, module: str) -> bool:
    """What was declared in a module, not what it imported: constructs of some structure, and records."""
    if isinstance(value, type):
        return issubclass(value, Record) and value.__module__ == module
    return isinstance(value, construct.Construct) and not _is_stock(value)


def _is_stock(value: construct.Construct) -> bool:
    """Whether construct itself has this object, such as `Int8ub` imported by name."""
    return any(value is stock for stock in vars(construct).values())
