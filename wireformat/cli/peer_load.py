"""Loading a container: its manifest is checked before its stream is touched [handshake D.9]."""

from __future__ import annotations

from wireformat.cli.exits import Exit
from wireformat.cli.opening import open_binary
from wireformat.cli.peer_report import Report
from wireformat.cli.peer_stream import container_in
from wireformat.peer.payload import Payload
from wireformat.peer.sink import Sink
from wireformat.protocols.handshake.files.admission import admit
from wireformat.protocols.handshake.files.container import Container
from wireformat.protocols.handshake.inventories.abilities import Abilities
from wireformat.protocols.handshake.negotiation.offers import Offer
from wireformat.protocols.handshake.sessions.events import Completed, Failed
from wireformat.protocols.qapi.addresses import File


def open_file(address: File) -> tuple[Payload, Container | None]:
    """The bytes at an address of a file, and what they say in front of a stream. Raises `UsageError`."""
    with open_binary(address.filename) as file:
        payload = Payload(file).behind(address.offset)
    return payload, container_in(address.filename, payload)


def load(
    payload: Payload, container: Container, offer: Offer, abilities: Abilities, sink: Sink, report: Report
) -> Exit:
    """Take the stream out of a container that a destination of that offer and those abilities can load."""
    errors = admit(container.manifest, offer, abilities)
    if errors:
        report(Failed(errors, "us"))
        return Exit.FINDING
    stream = payload.behind(container.size)
    sink.check()
    try:
        sink.begin()
        offset = 0
        for chunk in stream.chunks():
            sink.write(offset, chunk)
            offset += len(chunk)
        sink.load()
        sink.commit()
    finally:
        sink.discard()
    report(Completed())
    return Exit.FINE
