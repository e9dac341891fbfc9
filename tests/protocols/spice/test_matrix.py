"""Old against new: our client, source and target in every combination of what they can migrate in the best way."""

from __future__ import annotations

from functools import cache
from itertools import product

import pytest

from tests.protocols.spice.test_modes import CLIENTS, SERVERS
from tests.protocols.spice.trio import TARGET, Trio
from wireformat.protocols.spice import ticket
from wireformat.protocols.spice.codes import CommonCapability
from wireformat.protocols.spice.modes import Abilities, Mode, best_mode, has_mini_headers
from wireformat.protocols.spice.party_events import EndDone

ENDS = {
    "ServerMigrateEnd": Mode.SEMI_SEAMLESS,
    "Migrate": Mode.SEAMLESS,
    "MigrateSwitchHost": Mode.SWITCH_HOST,
}
BASE = CommonCapability.AUTH_SELECTION | CommonCapability.AUTH_SPICE
ENCRYPT = cache(ticket.encrypt)
"""All servers of these tests have one key, and no password."""


def migrate(client: Abilities, source: Abilities, target: Abilities) -> Trio:
    """Let the guest of these three migrate."""
    trio = Trio(
        {"capabilities": client.main, "common": BASE | client.common, "encrypt": ENCRYPT},
        source={"capabilities": source.main, "common": BASE | source.common, "is_seamless": source.may_seamless},
        target={"capabilities": target.main, "common": BASE | target.common},
    ).begin()
    trio.connect()
    trio.end()
    return trio


def way(trio: Trio) -> Mode:
    """How the source told its client to go."""
    (told,) = [ENDS[name] for name in trio.said("source", "server") if name in ENDS]
    return told


@pytest.mark.slow
@pytest.mark.requirement("SP-090", "SP-091", "SP-092", "SP-093", "SP-094")
@pytest.mark.parametrize("source", SERVERS, ids=lambda peer: f"source-{int(peer.main)}-{int(peer.common)}")
def test_all_combinations_end_in_the_best_way(source: Abilities) -> None:
    """16 clients and 8 targets for each source: served by the target, and told once that the end is done."""
    for client, target in product(CLIENTS, SERVERS):
        trio = migrate(client, source, target)
        assert way(trio) is best_mode(client, source, target), (client, target)
        assert (trio.client.state, trio.client.place) == ("running", TARGET)
        assert (trio.target.target.state, trio.source.source.state) == ("serving", "migrated")
        assert len(trio.told("source", EndDone)) == 1
        for cable in trio.cables:
            server = {"source": source, "target": target}[cable.lane.place.host]
            headers = {each.is_mini for each in cable.seen if each.received is not None}
            assert headers <= {has_mini_headers(client, server)}
