"""What the benchmark of the handshake runs: a large handshake in memory, side by side with TLS 1.3 in memory."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path
from time import process_time

from tests.protocols.handshake.loopback import MACHINE, Loopback, destination_config, offer, source_config
from wireformat.protocols.handshake.items.inventory import SectionEntries, SectionItem, SubsectionItem
from wireformat.protocols.handshake.messages import Inventory
from wireformat.protocols.handshake.negotiation.offers import CapabilityOffer, Offer, ParameterOffer, Wish
from wireformat.protocols.handshake.negotiation.registry import Rule, registry
from wireformat.protocols.handshake.sessions.payloads import HANDOVER, RAW, STRIPED
from wireformat.protocols.handshake.sessions.source_handshake import SourceConfig

CAPABILITIES, PARAMETERS, SECTIONS, CHANNELS = 50, 40, 120, 8


def large_offer() -> Offer:
    """As many capabilities, parameters and channels as the target names; what the registry lacks is made up."""
    known = [entry.name for entry in registry().capabilities if entry.name not in (HANDOVER, "multifd")]
    names = [HANDOVER, "multifd", *known, *(f"x-{index}@example.org" for index in range(CAPABILITIES))][:CAPABILITIES]
    able = {HANDOVER, "multifd"}
    capabilities = tuple(
        CapabilityOffer(name, True, Wish.WANT if name in able else Wish.AUTO) for name in sorted(names)
    )
    settings = [entry.name for entry in registry().parameters if entry.rule is not Rule.LOCAL]
    more = [*settings, *(f"x-{index}@example.org" for index in range(PARAMETERS))][:PARAMETERS]
    parameters = tuple(ParameterOffer(name) for name in sorted(more))
    return offer(payloads=(STRIPED, RAW), channels=CHANNELS, capabilities=capabilities, parameters=parameters)


def large_inventory() -> Inventory:
    """Sections with a subsection each."""
    sections = (
        SectionItem(
            idstr=f"0000:00:{index:02x}.0/device{index:03}",
            instance_id=0,
            version=2,
            oldest=1,
            entries=SectionEntries(subsections=(SubsectionItem(name=f"device{index:03}/part", version=1),)),
        )
        for index in range(SECTIONS)
    )
    return Inventory(machine=MACHINE, page_sizes=(4096,), sections=tuple(sections))


def run_handshake(wanted: Offer, config: SourceConfig) -> Loopback:
    """HELLO to START, with all channels open."""
    run = Loopback(config, destination_config(wanted))
    run.handshake()
    run.source.start()
    run.pump()
    if run.outcome != ("payload", "payload"):
        raise RuntimeError(f"the handshake ended in {run.outcome}")
    return run


def handshake_seconds(count: int) -> float:
    """Processor time of one side of a large handshake, the best of some."""
    wanted = large_offer()
    config = source_config(wanted, inventory=large_inventory())
    return min(_timed(wanted, config) for _ in range(count)) / 2


def _timed(wanted: Offer, config: SourceConfig) -> float:
    start = process_time()
    run_handshake(wanted, config)
    return process_time() - start


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate and its key, made by openssl."""
    chain, key = folder / "chain.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost"
    subprocess.run([*command.split(), "-keyout", key, "-out", chain], check=True, capture_output=True)
    return chain, key


def tls_seconds(folder: Path, count: int) -> float:
    """Processor time of one side of a TLS 1.3 handshake, the best of some."""
    chain, key = certificate(folder)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, key)
    client = ssl.create_default_context(cafile=str(chain))
    for context in (server, client):
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    client.check_hostname = False
    return min(_tls_timed(client, server) for _ in range(count)) / 2


def _tls_timed(client: ssl.SSLContext, server: ssl.SSLContext) -> float:
    start = process_time()
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [client.wrap_bio(down, up), server.wrap_bio(up, down, server_side=True)]
    waiting = list(sides)
    while waiting:
        waiting = [side for side in waiting if not _is_done(side)]
    return process_time() - start


def _is_done(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
