"""Where a destination takes a stream from, and where it puts it: with the handshake, or plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wireformat.cli.exits import Exit
from wireformat.cli.peer_outcome import failure_exit, work
from wireformat.cli.peer_report import Report
from wireformat.peer.destination import DestinationPeer, Policy
from wireformat.peer.listening import Listener, listen
from wireformat.peer.lobby import Lobby
from wireformat.peer.plain import PlainDestination
from wireformat.peer.sink import Sink
from wireformat.peer.storage import servers
from wireformat.protocols.handshake.sessions.destination_handshake import DestinationConfig
from wireformat.protocols.handshake.sessions.listener import Listener as Sessions
from wireformat.protocols.qapi.addresses import Address

if TYPE_CHECKING:
    from OpenSSL import SSL


@dataclass(frozen=True, slots=True)
class Reception:
    """An address, what its TLS connections share, the place for the stream, and who hears of it."""

    address: Address
    context: SSL.Context | None
    sink: Sink
    report: Report
    policy: Policy

    async def listen(self) -> Listener:
        """Whoever connects. Raises `OSError` where nobody can listen."""
        listener = await listen(self.address)
        self.report.listening(listener.names)
        return listener


def receive(reception: Reception, config: DestinationConfig, disks: Mapping[str, Address]) -> Exit:
    """Receive with the handshake; the exit code."""
    reception.sink.check()
    peer = work(_serve(reception, config, disks))
    reception.report.end(peer.lobby.dropped)
    if peer.sink_fault is not None:
        raise peer.sink_fault
    return Exit.FINE if peer.is_complete else failure_exit(reception.report.failure)


async def _serve(reception: Reception, config: DestinationConfig, disks: Mapping[str, Address]) -> DestinationPeer:
    """A destination that has done its work."""
    listener = await reception.listen()
    sink, report, policy, context = reception.sink, reception.report, reception.policy, reception.context
    peer = DestinationPeer(Sessions(config), listener, sink, report, policy, context, servers(disks))
    await peer.run()
    return peer


async def receive_plain(reception: Reception) -> None:
    """Receive a plain stream. Raises `OSError` where none came whole."""
    reception.sink.check()
    listener = await reception.listen()
    sink, report, policy, context = reception.sink, reception.report, reception.policy, reception.context
    lobby = Lobby(policy.strangers, policy.header_time)
    await PlainDestination(listener, sink, policy.timeout, lobby, context, report).run()
