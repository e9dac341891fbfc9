"""A client, servers that step the tables of source and target, and the programs that migrate a guest between them.

What a role passes at once happens before anything else. Timers, cuts, refusals, failures and whatever management may
leave out can happen at any time, and need not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.protocols.spice.world_client import READY, Client
from wireformat.protocols.spice.world_program import Program
from wireformat.protocols.spice.world_scene import (
    AHEAD,
    CUT,
    FAULT,
    HASTY,
    LATE,
    NAMES,
    NOWHERE,
    REFUSED,
    SWITCHED,
    UNTOLD,
    WAYS,
    Means,
    Scene,
    Steps,
    Way,
)
from wireformat.protocols.spice.world_server import SAID, Servers
from wireformat.schema.machine import Table
from wireformat.schema.world import Act, Always, AtEnd, Check, Each, EndInReach

PRICES = {"S-01-cut": CUT, "S-01-refused": REFUSED, "S-01-untold": UNTOLD, "S-01-ahead": AHEAD}
"""What each price is paid for."""

EXCUSES = frozenset({HASTY, LATE, REFUSED, CUT})
RESTING = frozenset({"running", "lost", *READY})
BUSY = frozenset({"waiting", "waiting-seamless", "postponed", "arriving", "leaving", "leaving-seamless"})
"""States of a source that something will end."""


class MigrationWorld:
    """One world: how many servers there are, which ways, what may happen, and which prices are looked at."""

    def __init__(
        self,
        name: str,
        doc: str,
        means: Means,
        prices: Sequence[str] = (),
        *,
        count: int = 2,
        ways: Sequence[Way] = WAYS,
        table: Table = TRANSITIONS,
    ) -> None:
        self.name = name
        self.doc = doc
        self.parties = ("management", NAMES[0], "client", *NAMES[1:count], "network")
        self._means, self._count, self._ways = means, count, ways
        self._table = table
        self._servers = Servers(table)
        self._client = Client(table, self._servers)
        self._program = Program(self._servers)
        self._prices = tuple(prices)
        self.checks: Sequence[Check[Scene]] = (
            AtEnd("S-01", is_served_or_excused),
            *(AtEnd(claim, pays_not(PRICES[claim])) for claim in prices if claim in PRICES),
            Always("S-02", keeps_session_or_is_excused),
            *(Always(claim, loses_not_by(mark)) for claim, mark in LOSSES.items() if claim in prices),
            AtEnd("S-03", has_one_server),
            Always("S-04", is_held_back),
            Each("S-05", is_silent),
            Always("S-06", answers_announcements),
            AtEnd("S-06", owes_no_connect),
            Always("S-07", answers_ends),
            AtEnd("S-07", owes_no_end),
            Always("S-08", is_understood),
            EndInReach("S-09"),
            AtEnd("S-10", is_counted_on),
            AtEnd("S-11", is_known),
        )

    def with_table(self, table: Table) -> MigrationWorld:
        """The same world with other tables."""
        return MigrationWorld(
            self.name,
            self.doc,
            self._means,
            self._prices,
            count=self._count,
            ways=self._ways,
            table=table,
        )

    def initial(self) -> Iterator[Scene]:
        """A client is served where the guest is, or there is none; one scene for each way."""
        others = tuple(self._servers.fresh() for _ in range(self._count - 1))
        mover = next(iter(self._table["client-channel"]))
        for way in self._ways:
            if self._means.has_client:
                yield Scene(way, self._means, (self._servers.serving(), *others), "running", mover)
            else:
                yield Scene(way, self._means, (self._servers.fresh(), *others), "lost", mover, NOWHERE)

    def steps(self, scene: Scene) -> Steps:
        """Everything that may happen; where something is passed at once, only that."""
        for index, server in enumerate(scene.servers):
            if self._servers.is_passing(server):
                yield from self._servers.steps(scene, index)
                return
        if self._client.is_passing(scene):
            yield from self._client.steps(scene)
            return
        yield from self._client.steps(scene)
        for index in range(self._count):
            yield from self._servers.steps(scene, index)
        yield from self._program.steps(scene)

    def is_end(self, scene: Scene) -> bool:
        """Whether everyone may rest: nothing is under way, and nobody waits for what must come."""
        return (
            scene.client in RESTING
            and not scene.is_migrating
            and not (scene.here != NOWHERE and scene.servers[scene.here].line.to_client)
            and not any(server.line.to_server or server.source in BUSY for server in scene.servers)
            and not any(self._servers.is_passing(server) for server in scene.servers)
        )

    def canonical(self, scene: Scene) -> Scene:
        """The scene itself."""
        return scene


def is_served(scene: Scene) -> bool:
    """Whether the client is attached where the guest is; where there is none, nobody is to be served."""
    is_attached = scene.client in ("running", *READY) and scene.here == scene.guest
    return is_attached or not scene.means.has_client


def is_served_or_excused(scene: Scene) -> bool:
    """S-01."""
    return is_served(scene) or bool(scene.marks & set(PRICES.values()))


def pays_not(mark: str) -> Callable[[Scene], bool]:
    """S-01 in spite of one thing, as long as nothing else happened."""
    others = set(PRICES.values()) - {mark}

    def holds(scene: Scene) -> bool:
        return is_served(scene) or mark not in scene.marks or bool(scene.marks & others)

    return holds


LOSSES = {"S-02-hasty": HASTY, "S-02-late": LATE}


def keeps_session_or_is_excused(scene: Scene) -> bool:
    """S-02."""
    return SWITCHED not in scene.marks or bool(scene.marks & EXCUSES)


def loses_not_by(mark: str) -> Callable[[Scene], bool]:
    """S-02 in spite of one thing, as long as nothing else happened."""

    def holds(scene: Scene) -> bool:
        return SWITCHED not in scene.marks or scene.marks & EXCUSES != {mark}

    return holds


def has_one_server(scene: Scene) -> bool:
    """S-03: links that are kept ready for a migration are no second server."""
    kept = {scene.here, scene.there} if scene.client in READY else {scene.here}
    return all(index in kept or not server.line.is_up for index, server in enumerate(scene.servers))


def is_held_back(scene: Scene) -> bool:
    """S-04."""
    return all(server.channel in ("", "linked", "withheld") or server.is_told for server in scene.servers)


def is_silent(before: Scene, act: Act, after: Scene) -> bool:
    """S-05."""
    if act.event not in SAID or act.receiver != "client":
        return True
    return before.servers[NAMES.index(act.sender)].is_told


def answers_announcements(scene: Scene) -> bool:
    """S-06: no answer without an announcement."""
    return all(server.connects >= 0 for server in scene.servers)


def owes_no_connect(scene: Scene) -> bool:
    """S-06: in the end none is owed."""
    return all(server.connects == 0 for server in scene.servers)


def answers_ends(scene: Scene) -> bool:
    """S-07: no answer without an end."""
    return all(server.ends >= 0 for server in scene.servers)


def owes_no_end(scene: Scene) -> bool:
    """S-07: in the end none is owed."""
    return all(server.ends == 0 for server in scene.servers)


def is_understood(scene: Scene) -> bool:
    """S-08."""
    return FAULT not in scene.marks


def is_counted_on(scene: Scene) -> bool:
    """S-10."""
    return scene.client not in READY or scene.servers[scene.here].source in ("linked", "linked-seamless")


def is_known(scene: Scene) -> bool:
    """S-11."""
    return scene.client not in ("running", *READY) or scene.servers[scene.here].target == "serving"
