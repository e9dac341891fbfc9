"""The destination's end of a further channel: it is accepted or refused by its header alone."""

from __future__ import annotations

from typing import Any, Protocol

from wireformat.errors import WireError
from wireformat.protocols.channels.messages import ChannelKind
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.messages import ChannelAck, Reject
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions import opening
from wireformat.protocols.handshake.sessions.channel_end import ChannelEnd
from wireformat.protocols.handshake.sessions.dialect import Dialect
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.handshake.sessions.offer_wire import channel_names
from wireformat.protocols.handshake.sessions.refusal import items_of, refusing, violation


class Owner(Protocol):
    """What a channel belongs to: the session of the migration that it names."""

    def admit_channel(self, header: Any) -> ChannelKey:
        """The channel that a header is for. Raises `Violation`."""

    def bind_channel(self, key: ChannelKey) -> None:
        """The channel is accepted."""

    def receive_channel(self, key: ChannelKey, data: bytes) -> None:
        """Bytes arrived on a bound channel."""

    def end_channel(self, key: ChannelKey) -> None:
        """What a channel carried in another protocol is complete."""

    def lose_channel(self, key: ChannelKey, items: tuple[ErrorItem, ...]) -> None:
        """A bound channel is gone."""

    def wants_channel(self, key: ChannelKey) -> bool:
        """Whether more should be read from a bound channel."""


class ChannelDestination(ChannelEnd):
    """One connection with a header of kind DATA. `owner` is None where no migration goes on."""

    role = "destination-channel"

    def __init__(self, owner: Owner | None, dialect: Dialect) -> None:
        super().__init__(dialect)
        self.key: ChannelKey | None = None
        self.errors: tuple[ErrorItem, ...] = ()
        self._owner = owner

    def opened(self, header: Any) -> None:
        """The header has arrived: answer it."""
        self._step("ChannelHeader")
        answer = opening.header_bytes(self._dialect, ChannelKind.DATA, header.binding, from_source=False)
        self._outgoing.append(answer)
        try:
            self._accept(header)
        except WireError as error:
            self._refuse(items_of(error))

    def _accept(self, header: Any) -> None:
        if self._owner is None:
            raise violation(ErrorCode.CHANNEL_BINDING, "/header", "no migration goes on here")
        self.key = self._owner.admit_channel(header)
        self._outgoing.append(self._writer.encode(ChannelAck(name=channel_names((self.key,))[0])))
        self._step("ChannelAck")
        self._owner.bind_channel(self.key)

    def _refuse(self, items: tuple[ErrorItem, ...]) -> None:
        self.errors = items
        self._outgoing.append(self._writer.encode(Reject(errors=refusing(items, self._dialect))))
        self._step("Reject")
        self.wants_close = True

    @property
    def wants_data(self) -> bool:
        """Whether more should be read."""
        return self.key is None or self._owner is None or self._owner.wants_channel(self.key)

    def _read(self) -> None:
        if self.key is not None and self._owner is not None and not self.key.is_storage:
            data = bytes(self._inbox)
            self._inbox.clear()
            self._owner.receive_channel(self.key, data)

    def _over(self) -> None:
        if self.key is not None and self._owner is not None:
            self._owner.end_channel(self.key)

    def _closed(self, items: tuple[ErrorItem, ...], was_open: bool) -> None:
        if was_open and self.key is not None and self._owner is not None:
            self._owner.lose_channel(self.key, items)
