"""Makes the test vectors: `python -m tests.derive.freeze_vectors` writes the files that do not exist yet.

Valid ones encode the values that `vectors_PROTOCOL.py` lists. Where that module names no version, a record without
values gets the example that is made from its schema. `vectors_PROTOCOL_VERSION.py` lists what a later version adds; its
vectors stand in files `RECORD.VERSION.json` beside the others. Invalid ones are the broken bytes listed there, and
mutations of the valid ones, one for each error and field that turns up, the smallest change first. A file that exists
is never written again: vectors are promises to other programs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path
from typing import Any

from tests.house.project import ROOT
from wireformat.codec import codec_for
from wireformat.codec.json_form import from_json, to_json
from wireformat.derive.examples import example
from wireformat.derive.mutate import mutations, truncations
from wireformat.derive.subject import Entry, subject_of
from wireformat.derive.vectors import Vector, error_of, write_vectors
from wireformat.protocols import NAMES, protocol

FOLDER = ROOT / "spec" / "vectors"
MUTATIONS = 400
MAX_INVALID = 8
MAX_INVALID_SIZE = 128


class Source:
    """What a module lists: `VALUES` and `BROKEN` by record, `PARAMS` that a record's vectors have, their `VERSION`."""

    def __init__(self, name: str, suffix: str = "") -> None:
        module = import_module(f"tests.derive.vectors_{name}")
        self.suffix = suffix
        self.version: str | None = module.VERSION
        self.values: Mapping[str, tuple[tuple[Any, ...], ...]] = module.VALUES
        self.params: Mapping[str, Mapping[str, Any]] = module.PARAMS
        self.broken: Mapping[str, tuple[tuple[str, bytes], ...]] = module.BROKEN

    def valid(self, entry: Entry) -> tuple[Vector, ...]:
        """The valid vectors of a record."""
        usual = dict(self.params.get(entry.key, {}))
        listed = self.values.get(entry.key, ())
        if not listed and self.version is None:
            value = codec_for(entry.schema).decode(example(entry.schema, None, usual) or b"", usual)
            return (self._vector(entry, "example", value, usual),)
        return tuple(
            self._vector(entry, name, _value(entry, given), dict(*params) if params else usual)
            for name, given, *params in listed
        )

    def _vector(self, entry: Entry, name: str, value: Any, params: Mapping[str, Any]) -> Vector:
        data = codec_for(entry.schema, self.version).encode(value, params)
        values = to_json(entry.schema, value)
        return Vector(entry.key, name, data, version=self.version, params=tuple(params.items()), values=values)

    def invalid(self, entry: Entry, sources: tuple[Vector, ...]) -> tuple[Vector, ...]:
        """The broken bytes that are listed, and mutations of the valid vectors: one for each error and field."""
        broken = self.broken.get(entry.key, ())
        listed = [Vector(entry.key, name, data, version=self.version) for name, data in broken]
        named = tuple(_with_error(entry, vector) for vector in listed)
        found: dict[tuple[str, str], Vector] = {}
        for _, vector in sorted(_broken(sources), key=_order):
            error = error_of(entry.schema, vector)
            if error and (error["id"], error["path"]) not in found and len(found) < MAX_INVALID:
                where = (error["path"] or "whole") + (f", version {self.version}" if self.suffix else "")
                found[error["id"], error["path"]] = replace(vector, name=f"{error['id']}: {where}", error=error)
        return (*named, *sorted(found.values(), key=_is_about_length))


def _value(entry: Entry, given: Any) -> Any:
    """A value that is listed in its JSON form, or as itself."""
    return from_json(entry.schema, given) if isinstance(given, dict) else given


def _with_error(entry: Entry, vector: Vector) -> Vector:
    error = error_of(entry.schema, vector)
    assert error, f"{entry.key}: {vector.name} decodes"
    return replace(vector, error=error)


def _is_about_length(vector: Vector) -> bool:
    """Ends that come too early or too late are the least interesting: they go last."""
    return (vector.error or {})["id"] in ("truncated", "trailing")


def _broken(sources: tuple[Vector, ...]) -> Iterator[tuple[int, Vector]]:
    """Broken bytes with the number of bytes that differ from where they come."""
    for seed, source in enumerate(sources):
        for data in chain(
            truncations(source.data), [source.data + b"\0"], islice(mutations(source.data, seed), MUTATIONS)
        ):
            if len(data) <= MAX_INVALID_SIZE:
                yield _distance(source.data, data), replace(source, name="", data=data, values=None)


def _distance(left: bytes, right: bytes) -> int:
    differing = sum(one != other for one, other in zip(left, right, strict=False))
    return differing + abs(len(left) - len(right))


def _order(item: tuple[int, Vector]) -> tuple[int, bytes]:
    return item[0], item[1].data


def write(path: Path, vectors: tuple[Vector, ...]) -> bool:
    """Write a file of vectors unless it exists; whether it was written."""
    if path.exists() or not vectors:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(write_vectors(vectors), indent=1, ensure_ascii=False) + "\n")
    return True


def write_missing(folder: Path, source: Source, entry: Entry) -> None:
    """Write the files of one record that do not exist."""
    good = source.valid(entry)
    for kind, vectors in (("valid", good), ("invalid", source.invalid(entry, good))):
        path = folder / kind / f"{entry.key}{source.suffix}.json"
        if write(path, vectors):
            print(path.relative_to(ROOT))


def sources_of(name: str) -> Iterator[Source]:
    """The modules of a protocol: the first, and one for each later version that has one."""
    yield Source(name)
    for version in protocol(name).versions:
        module = f"{name}_{version.replace('.', '_')}"
        if find_spec(f"tests.derive.vectors_{module}"):
            yield Source(module, f".{version}")


def main() -> None:
    """Write what is missing."""
    for name in NAMES:
        for source in sources_of(name):
            for entry in subject_of(protocol(name)).entries.values():
                write_missing(FOLDER / name, source, entry)


if __name__ == "__main__":
    main()
