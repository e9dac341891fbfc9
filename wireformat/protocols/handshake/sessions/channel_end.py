"""What both ends of a further channel have in common [handshake D.3, D.13].

A channel carries nothing but its header until it is accepted, one frame with the answer, and then whatever its type
means, as plain bytes in either direction. What goes wrong on it before that concerns this channel alone.
"""

from __future__ import annotations

from typing import ClassVar

from wireformat.errors import WireError
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions.dialect import Dialect
from wireformat.protocols.handshake.sessions.frames import FrameReader, FrameWriter
from wireformat.protocols.handshake.sessions.refusal import item, items_of
from wireformat.protocols.handshake.sessions.session import MACHINE


class ChannelEnd:
    """One end of a channel. `wants_close` says that the connection is to be closed once everything was sent."""

    role: ClassVar[str]

    def __init__(self, dialect: Dialect) -> None:
        self.state = MACHINE.start(self.role)
        self.wants_close = False
        self.is_released = False
        self._dialect = dialect
        self._inbox = bytearray()
        self._outgoing: list[bytes] = []
        codec = dialect.frames()
        self._reader = FrameReader(codec)
        self._writer = FrameWriter(dialect, codec)

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the peer."""
        if self.wants_close or self.is_released:
            return
        self._inbox += data
        try:
            self._read()
        except WireError as error:
            self._end("fault", items_of(error))

    def receive_eof(self) -> None:
        """The peer will send nothing more, or the connection is gone."""
        self._end_unless_released("cut", (item(ErrorCode.PEER_CLOSED, text="the connection of a channel ended"),))

    def silence(self) -> None:
        """The peer has said nothing for too long."""
        self._end_unless_released("silence", (item(ErrorCode.PEER_SILENT, text="nothing came on a channel"),))

    def cancel(self) -> None:
        """This side gives the channel up."""
        self._end("cancel", (item(ErrorCode.CANCELLED, text="the channel was given up"),))

    def data_to_send(self) -> bytes:
        """What must be sent to the peer, once."""
        pieces, self._outgoing = self._outgoing, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def release(self) -> bytes:
        """Give the open channel away to another protocol: what has arrived of that. From here on `ended` or `lost`
        is all that is told of it."""
        self._step("payload")
        self.is_released = True
        rest, self._inbox = bytes(self._inbox), bytearray()
        return rest

    def ended(self) -> None:
        """The other protocol is over, in both directions."""
        self._step("close")
        self.wants_close = True
        self._over()

    def lost(self, text: str) -> None:
        """The other protocol broke off."""
        self._end("cut", (item(ErrorCode.LOCAL_IO, text=text),))

    def _over(self) -> None:
        """What was carried in another protocol is complete."""
        raise NotImplementedError

    def _step(self, event: str) -> None:
        self.state = MACHINE.step(self.role, self.state, event, is_ours=True)

    def _read(self) -> None:
        """Take everything out of the inbox that is complete."""
        raise NotImplementedError

    def _end_unless_released(self, event: str, items: tuple[ErrorItem, ...]) -> None:
        """Close, unless what happens on the connection concerns another protocol now."""
        if not self.is_released:
            self._end(event, items)

    def _end(self, event: str, items: tuple[ErrorItem, ...]) -> None:
        """Close, if that is still to be done."""
        self.wants_close = True
        if event in MACHINE.events(self.role, self.state):
            was_open = self.state == "open"
            self._step(event)
            self._closed(items, was_open)

    def _closed(self, items: tuple[ErrorItem, ...], was_open: bool) -> None:
        """The channel is closed, for these reasons."""
