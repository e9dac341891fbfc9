"""The skew matrix: what becomes of a migration between builds of every age, cell by cell.

`spec/skew/handshake.json` holds the expectation, for the full product of ways, transports, wishes and both ends; a cell
that cannot be says why. It is data, so that another implementation can be held to it; `skew_run` tries every cell on
real peers over real sockets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Final

FORMAT, FORMAT_VERSION = "wireformat-skew", 1


class Way(StrEnum):
    """How the state travels. A container is saved for the build that loads it, or for the build that saves it."""

    LIVE = "live"
    PLAIN_FILE = "plain-file"
    CONTAINER = "container"
    OWN_CONTAINER = "own-container"


class Transport(StrEnum):
    """Who is configured for TLS."""

    CLEAR = "clear"
    TLS = "tls"
    SOURCE_TLS = "source-tls"
    DESTINATION_TLS = "destination-tls"


class Insistence(StrEnum):
    """What every side wishes of the features that its build has."""

    WANT = "want"
    REQUIRE = "require"


class Command(StrEnum):
    """What management said: the plain stream, or the handshake [handshake D.1]."""

    MAIN = "main"
    MAIN_V2 = "main-v2"


@dataclass(frozen=True, slots=True, order=True)
class End:
    """One side: a build, and the command that it was given."""

    build: str
    command: Command

    def __str__(self) -> str:
        return f"{self.build}/{self.command}"

    @property
    def shakes_hands(self) -> bool:
        """Whether it was told to use the handshake."""
        return self.command is Command.MAIN_V2


ENDS: Final = (
    End("L", Command.MAIN),
    End("H1", Command.MAIN),
    End("H1", Command.MAIN_V2),
    End("H2", Command.MAIN),
    End("H2", Command.MAIN_V2),
)
"""Every build with every command that it knows."""


AXES: Final[tuple[tuple[object, ...], ...]] = (tuple(Way), tuple(Transport), tuple(Insistence), ENDS, ENDS)
"""What the product is made of, as `Cell.place` has it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a cell ends: each side in words that `Seen` uses, and what was agreed where anything was."""

    id: str
    text: str
    clause: str
    source: str
    destination: str
    revision: int | None = None
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination. `expected` is the id of an outcome, or of the reason why there is none."""

    way: Way
    transport: Transport
    wish: Insistence
    source: End
    destination: End
    expected: str

    def __str__(self) -> str:
        return f"{self.table} {self.source} → {self.destination}"

    @property
    def place(self) -> tuple[Way, Transport, Insistence, End, End]:
        """Where it is in the product."""
        return self.way, self.transport, self.wish, self.source, self.destination

    @property
    def id(self) -> str:
        """A name that a shell takes."""
        return str(self).replace(" → ", " to ").replace(" ", "-").replace("/", ".")

    @property
    def table(self) -> str:
        """The name of the table that it stands in."""
        return f"{self.way} {self.transport} {self.wish}"


@dataclass(frozen=True)
class Matrix:
    """The whole product. `builds` says what each one is, `absences` why cells cannot be, by the ids of the reasons."""

    builds: Mapping[str, str]
    outcomes: Mapping[str, Outcome]
    absences: Mapping[str, str]
    cells: tuple[Cell, ...]

    @cached_property
    def runnable(self) -> tuple[Cell, ...]:
        """The cells that can be tried."""
        return tuple(cell for cell in self.cells if cell.expected in self.outcomes)

    def tables(self) -> Mapping[str, Mapping[End, tuple[Cell, ...]]]:
        """Rows by source, by name of the table."""
        found: dict[str, dict[End, tuple[Cell, ...]]] = {}
        for cell in self.cells:
            rows = found.setdefault(cell.table, {})
            rows[cell.source] = (*rows.get(cell.source, ()), cell)
        return found


def absence(way: Way, transport: Transport, wish: Insistence, source: End, destination: End) -> str | None:
    """Why a combination cannot be: the id of the reason, None for one that can."""
    if way is not Way.LIVE and transport is not Transport.CLEAR:
        return "no-tls-in-files"
    if way in (Way.CONTAINER, Way.OWN_CONTAINER) and source.build == "L":
        return "no-container"
    if wish is Insistence.REQUIRE and way in (Way.LIVE, Way.PLAIN_FILE):
        return None if source.shakes_hands or destination.shakes_hands else "nothing-to-require"
    return None


def load(document: Mapping[str, Any]) -> Matrix:
    """The matrix that a document holds. Raises `ValueError` for one that is none, or not whole."""
    if (document.get("format"), document.get("version")) != (FORMAT, FORMAT_VERSION):
        raise ValueError(f"not a skew matrix of form {FORMAT_VERSION}")
    if document["destinations"] != list(map(str, ENDS)):
        raise ValueError(f"other destinations than {', '.join(map(str, ENDS))}")
    outcomes = {id: _outcome(id, entry) for id, entry in document["outcomes"].items()}
    cells = tuple(cell for table in document["tables"] for cell in _cells(table))
    matrix = Matrix(dict(document["builds"]), outcomes, dict(document["absences"]), cells)
    unknown = {cell.expected for cell in cells} - outcomes.keys() - matrix.absences.keys()
    if unknown:
        raise ValueError(f"outcomes that are not declared: {', '.join(sorted(unknown))}")
    return matrix


def _outcome(id: str, entry: Mapping[str, Any]) -> Outcome:
    features = tuple(entry.get("features", ()))
    return Outcome(id, **{**entry, "features": features})


def _cells(table: Mapping[str, Any]) -> Iterator[Cell]:
    way, transport, wish = Way(table["way"]), Transport(table["transport"]), Insistence(table["wish"])
    for name, row in table["rows"].items():
        for destination, expected in zip(ENDS, row, strict=True):
            yield Cell(way, transport, wish, _end(name), destination, expected)


def _end(name: str) -> End:
    build, _, command = name.partition("/")
    return End(build, Command(command))


def shipped() -> Matrix:
    """The matrix of the handshake, which comes with this package."""
    package = Path(__file__).parents[1]
    inside = package / "skew"
    folder = inside if inside.is_dir() else package.parent / "spec" / "skew"
    return load(json.loads((folder / "handshake.json").read_text(encoding="utf-8")))
