"""New connections of one side to the other: an address, TLS where it is wanted, and a bound on how long it takes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wireformat.peer.dialling import reach
from wireformat.peer.wire import Wire
from wireformat.protocols.handshake.sessions.keys import EXPORTER_LABEL, KEY_SIZE
from wireformat.protocols.qapi.addresses import Address, Inet

if TYPE_CHECKING:
    from wireformat.peer.tls import Credentials


@dataclass(frozen=True, slots=True)
class Dialler:
    """Where to connect to, and how. `timeout` in seconds bounds each attempt."""

    address: Address
    timeout: float
    credentials: Credentials | None = None

    async def dial(self) -> tuple[Wire, bytes]:
        """A wire, and the exporter of its TLS; empty without TLS. Raises `OSError`."""
        async with asyncio.timeout(self.timeout):
            wire = await reach(self.address)
            try:
                return await self._secured(wire)
            except BaseException:  # cancelling and the timeout too: nobody else would close it
                wire.close(reset=True)
                raise

    async def _secured(self, wire: Wire) -> tuple[Wire, bytes]:
        if self.credentials is None:
            return wire, b""
        from wireformat.peer.tls import client_context, connect_tls

        secured = await connect_tls(wire, client_context(self.credentials), self.server_name, self.credentials.subject)
        return secured, secured.export(EXPORTER_LABEL, KEY_SIZE)

    @property
    def server_name(self) -> str:
        """The name that the server must prove: the one that was given, or the host that is dialled."""
        if self.credentials is not None and self.credentials.server_name:
            return self.credentials.server_name
        host = self.address.host if isinstance(self.address, Inet) else ""
        return host or "localhost"
