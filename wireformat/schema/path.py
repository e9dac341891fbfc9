"""The one way to write down where in a value something is.

A path is a tuple of names and list indexes. As text, names are joined by `.`, indexes stand in brackets, and a name
that is no identifier stands in brackets as a JSON string: `devices["0000:00:03.0/virtio-net"].queues[2].size`. Errors,
spans, overrides and the command line all use this grammar.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from wireformat.errors import SchemaError

Name: TypeAlias = "str | int"
Path: TypeAlias = tuple[Name, ...]

_STEP = re.compile(r'(?P<dot>\.)?(?P<name>[^\W\d]\w*)|\[(?:(?P<index>\d+)|(?P<quoted>"(?:[^"\\]|\\.)*"))\]')


def join(names: Iterable[Name]) -> str:
    """The text of a path."""
    text = "".join(map(_step, names))
    return text.removeprefix(".")


def _step(name: Name) -> str:
    if isinstance(name, int):
        return f"[{name}]"
    return f".{name}" if name.isidentifier() else f"[{json.dumps(name)}]"


def parse(text: str) -> Path:
    """The names and indexes of a path; inverse of `join`. Raises `SchemaError` with id `path`."""
    return tuple(_steps(text))


def _steps(text: str) -> Iterator[Name]:
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or not _follows(match, position):
            raise SchemaError("path", f"{text!r} is no path: unexpected text at character {position}")
        yield _name(match)
        position = match.end()


def _follows(match: re.Match[str], position: int) -> bool:
    """Whether a dot stands between names and nowhere else."""
    return match["name"] is None or (match["dot"] is not None) == (position > 0)


def _name(match: re.Match[str]) -> Name:
    if match["index"] is not None:
        return int(match["index"])
    return match["name"] if match["name"] is not None else str(json.loads(match["quoted"]))
