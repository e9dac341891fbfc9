"""The stream without a handshake: version 3 as QEMU speaks it, to or from anyone.

Nobody answers, so a source knows only that its bytes were taken; a destination knows that the stream is whole, because
it reads its structure as it comes. What connects and does not begin as a stream is sent away, and told of, since it may
be a peer that was told to use the handshake; the destination goes on listening until a stream comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from wireformat.errors import DecodeError
from wireformat.peer.dialler import Dialler
from wireformat.peer.line import LINGER
from wireformat.peer.listening import Listener
from wireformat.peer.lobby import Lobby
from wireformat.peer.payload import Payload
from wireformat.peer.sink import Sink
from wireformat.peer.wire import Wire
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.sessions.events import StrangerRefused
from wireformat.protocols.handshake.sessions.opening import SHOWN, stranger
from wireformat.protocols.handshake.sessions.stream_end import VmStateEnd

if TYPE_CHECKING:
    from OpenSSL import SSL

FIRST_BYTES = b"QEVM\0\0\0\3"
"""Magic and version of a stream."""


class Cut(ConnectionError):
    """What came is no whole stream."""


async def send_plain(dialler: Dialler, payload: Payload) -> None:
    """Send a stream and wait until the peer hangs up, or is silent. Raises `OSError` where not all could be sent."""
    wire, _ = await dialler.dial()
    try:
        answers = asyncio.create_task(_discard(wire))
        try:
            await _send_all(wire, payload, dialler.timeout)
            await asyncio.wait([answers], timeout=dialler.timeout)
        except ConnectionError:  # who hung up may have said why
            await asyncio.wait([answers], timeout=LINGER)
            _raise_fault(answers)
            raise
        finally:
            answers.cancel()
        _raise_fault(answers)
    finally:
        wire.close()


async def _send_all(wire: Wire, payload: Payload, timeout: float) -> None:
    """Send a stream, each piece within the timeout in seconds. Raises `OSError`."""
    for chunk in payload.chunks():
        async with asyncio.timeout(timeout):
            await wire.write(chunk)
    await wire.finish()


def _raise_fault(reading: asyncio.Task[None]) -> None:
    """Raise the `OSError` that reading has ended with, if it has."""
    if reading.done() and not reading.cancelled():
        reading.result()


async def _discard(wire: Wire) -> None:
    """Read and forget what comes back. Raises `OSError`."""
    while await wire.read():
        pass


class PlainDestination:
    """A listening address that takes one plain stream. Times in seconds; `report` hears of what was sent away."""

    def __init__(
        self,
        listener: Listener,
        sink: Sink,
        timeout: float,
        lobby: Lobby,
        tls: SSL.Context | None = None,
        report: Callable[[StrangerRefused], None] | None = None,
    ) -> None:
        self.size = 0
        self._report = report
        self._tls = tls
        self._listener = listener
        self._sink = sink
        self._end = VmStateEnd(_no_frame)
        self._timeout = timeout
        self._lobby = lobby
        self._chosen: asyncio.Future[tuple[Wire, bytes] | None]
        self._identifying: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until a stream has come. Raises `OSError` where it did not come whole."""
        found = await self._find()
        if found is None:
            raise Cut("what came does not begin as a stream")
        wire, first = found
        try:
            await self._receive(wire, first)
            await wire.finish()
            with suppress(OSError):
                async with asyncio.timeout(LINGER):
                    await _discard(wire)
        finally:
            wire.close()

    async def _find(self) -> tuple[Wire, bytes] | None:
        """Listen until a stream has begun: its wire, and what was read of it; None where nobody can come any more."""
        self._chosen = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.TaskGroup() as self._group:
                serving = self._group.create_task(self._serve())
                try:
                    return await self._chosen
                finally:
                    serving.cancel()
                    self._lobby.close()
        finally:
            self._listener.close()

    async def _serve(self) -> None:
        """Look at every connection; where no more can come, the last one decides."""
        await self._listener.serve(self._welcome)
        await asyncio.gather(*self._identifying)
        if not self._chosen.done():
            self._chosen.set_result(None)

    def _welcome(self, wire: Wire) -> None:
        self._lobby.enter(wire)
        task = self._group.create_task(self._identify(wire))
        self._identifying.add(task)
        task.add_done_callback(self._identifying.discard)

    async def _identify(self, wire: Wire) -> None:
        """Choose a wire whose first bytes are a stream's."""
        found: tuple[Wire, bytes] | None = None
        with suppress(OSError):
            found = await self._first_bytes(wire)
        self._lobby.leave(wire)
        if found is not None and not self._chosen.done():
            self._chosen.set_result(found)
        else:
            wire.close(reset=True)

    async def _first_bytes(self, wire: Wire) -> tuple[Wire, bytes] | None:
        """The wire, with TLS where that is wanted, and how the stream begins; None where none does."""
        if self._tls is not None:
            from wireformat.peer.tls import FIRST_BYTES as TLS_BYTES
            from wireformat.peer.tls import accept_tls

            first = await _begin(wire, TLS_BYTES)
            if not first.startswith(TLS_BYTES):
                self._send_away(ErrorCode.TLS_REQUIRED, first)
                return None
            wire = await accept_tls(wire, self._tls, first)
        first = await _begin(wire, FIRST_BYTES)
        if first.startswith(FIRST_BYTES):
            return wire, first
        self._send_away(_code(first), first)
        return None

    def _send_away(self, code: ErrorCode, first: bytes) -> None:
        """Have nothing to do with what began so; who left without a word is not worth one."""
        if first and self._report is not None:
            self._report(StrangerRefused(code, first[:SHOWN]))

    async def _receive(self, wire: Wire, data: bytes) -> None:
        """Take a stream to its end, which a description shows, or else the end of the connection."""
        self._sink.begin()
        try:
            while data and not self._end.is_over:
                known = self._end.take(data)
                end = known if self._end.is_over else self.size + len(data)
                self._sink.write(self.size, memoryview(data)[: end - self.size])
                self.size = end
                if not self._end.is_over:
                    async with asyncio.timeout(self._timeout):
                        data = await wire.read()
            if not self._end.is_over:
                self._end.close()
        except DecodeError as error:
            self._sink.discard()
            raise Cut(f"after {self.size} bytes: {error}") from None
        except BaseException:  # cancelling too: half a stream is never kept
            self._sink.discard()
            wire.close(reset=True)
            raise
        self._keep()

    def _keep(self) -> None:
        """The stream is whole, and its source may be gone already. Raises `SinkFault`, which says where it is left."""
        try:
            self._sink.load()
            self._sink.commit()
        except OSError as fault:
            raise self._sink.leave(fault) from None


async def _begin(wire: Wire, wanted: bytes) -> bytes:
    """The first bytes that come, enough of them to tell whether they are those that are wanted. Raises `OSError`."""
    first = b""
    while len(first) < len(wanted) and wanted.startswith(first):
        data = await wire.read()
        if not data:
            break
        first += data
    return first


def _code(first: bytes) -> ErrorCode:
    """What is wrong with a connection that begins so; one that opens with the handshake is not expected here."""
    found = stranger(first)
    return ErrorCode.UNEXPECTED if found is None else found[0]


def _no_frame(data: bytes | bytearray, start: int) -> tuple[int, bool]:
    """Where the next frame is: nowhere, since none follows a plain stream."""
    return len(data), False
