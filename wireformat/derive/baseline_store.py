"""The files that baselines are kept in: `PROTOCOL/VERSION.json` in one folder.

The sources have them in `spec/baselines/`; a wheel carries them inside the package, since there is no `spec/` then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wireformat.derive.baseline import Baseline, load
from wireformat.errors import SchemaError

PLAIN = re.compile(r"[\w-][\w.-]*")


@dataclass(frozen=True, slots=True)
class Store:
    """A folder with baselines."""

    folder: Path

    def names(self) -> tuple[str, ...]:
        """The protocols that have baselines."""
        return tuple(sorted({path.parent.name for path in self.folder.glob("*/*.json")}))

    def versions(self, name: str) -> tuple[str, ...]:
        """The frozen versions of a protocol, numbers in the order of numbers."""
        return tuple(sorted((path.stem for path in self.folder.glob(f"{name}/*.json")), key=_order))

    def path(self, name: str, version: str) -> Path:
        """Where a baseline is, or would be. Raises `SchemaError`, id `version`, for what is no name of a file."""
        for part in (name, version):
            if not PLAIN.fullmatch(part):
                raise SchemaError("version", f"{part!r} is no name of a file", actual=part)
        return self.folder / name / f"{version}.json"

    def document(self, name: str, version: str) -> Mapping[str, Any]:
        """A baseline as JSON. Raises `OSError`, or `SchemaError` with id `type`."""
        return read(self.path(name, version))

    def baseline(self, name: str, version: str) -> Baseline:
        """A baseline, ready for use. Raises as `document`."""
        return load(self.document(name, version))


def read(path: Path) -> Mapping[str, Any]:
    """The JSON object in a file. Raises `OSError`, or `SchemaError` with id `type`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise SchemaError("type", f"{path}: no JSON: {error}") from None
    if not isinstance(document, dict):
        raise SchemaError("type", f"{path}: object expected, {type(document).__name__} found")
    return document


def shipped() -> Store:
    """The baselines that come with this package."""
    package = Path(__file__).parents[1]
    inside = package / "baselines"
    return Store(inside if inside.is_dir() else package.parent / "spec" / "baselines")


def _order(version: str) -> list[tuple[int, str]]:
    """A key that puts 2 before 10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", version) if part]
