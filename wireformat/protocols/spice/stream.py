"""Messages of one direction of a channel, once the link stage is over [spice-migration 2, 3].

A header says which message follows and how long it is, so its limit is checked before any byte of the body is kept.
What is declared is decoded; everything else is kept as bytes, with its number and name. A body that does not decode is
kept the same way, with the error beside it: a client skips such a message and goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from wireformat.codec import codec_for
from wireformat.codec.pair import moved
from wireformat.errors import DecodeError, EncodeError, LocalProtocolError
from wireformat.protocols.spice.codes import ChannelType
from wireformat.protocols.spice.common_messages import MessageList, SubMessage
from wireformat.protocols.spice.headers import FULL_SIZE, MAX_BODY, MINI_SIZE, FullHeader, MiniHeader
from wireformat.protocols.spice.inbox import Inbox
from wireformat.protocols.spice.lookup import message_class, number_of, sends
from wireformat.protocols.spice.main_messages import MigrateBegin, MigrateBeginSeamless
from wireformat.protocols.spice.names import Sender, name_of
from wireformat.protocols.spice.sublist import read_list
from wireformat.schema import Message

SOURCE: Final = "spice-migration 2"
HOST_SOURCE: Final = "spice-migration 5"
HOST_POINTER: Final = slice(8, 12)
"""Where the pointer to the host stands in a message that begins a migration."""


@dataclass(frozen=True, slots=True)
class OpaqueMessage:
    """A message that is not declared, or does not decode. `name` is the protocol's, empty where it has none."""

    number: int
    name: str
    data: bytes


AnyMessage: TypeAlias = Message | OpaqueMessage


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came. `offset` is where its header begins, in bytes of the direction.

    `sub_list` and `tail` are the list of further messages behind the body and where it begins, `parts` what the list
    holds: messages that come before this one. `error` says why a declared message did not decode, `raw` is the body
    where encoding the message would give other bytes.
    """

    number: int
    serial: int
    message: AnyMessage
    offset: int = 0
    sub_list: int = 0
    tail: bytes = b""
    parts: tuple[Received, ...] = ()
    error: DecodeError | None = None
    raw: bytes | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The class of a declared message, the protocol's name of another."""
        return name_in(self.message)


def name_in(message: AnyMessage) -> str:
    """What a message is called."""
    return message.name if isinstance(message, OpaqueMessage) else type(message).__name__


def body_of(message: AnyMessage, version: str | None = None) -> bytes:
    """The bytes of a message behind its header. Raises `EncodeError`."""
    if isinstance(message, OpaqueMessage):
        return message.data
    return codec_for(type(message), version).encode(message)


class MessageReader:
    """Messages from bytes. `sender` is the side whose bytes these are. What is not whole stays in the inbox."""

    def __init__(
        self,
        channel: ChannelType,
        sender: Sender,
        is_mini: bool,
        *,
        version: str | None = None,
        inbox: Inbox | None = None,
        limit: int = MAX_BODY,
    ) -> None:
        self.inbox = Inbox() if inbox is None else inbox
        self.next_serial = 1
        self._channel = channel
        self._sender = sender
        self._version = version
        self._limit = limit
        self._codec: Any = codec_for(MiniHeader if is_mini else FullHeader)
        self._header_size = MINI_SIZE if is_mini else FULL_SIZE
        self._header: Any = None

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes."""
        self.inbox.feed(data)

    def next_message(self) -> Received | None:
        """The next message; None when more bytes are needed. Raises `DecodeError`, id `limit`, and takes nothing."""
        if self._header is None and len(self.inbox) >= self._header_size:
            self._header = self._next_header()
        if self._header is None or len(self.inbox) < self._header_size + self._header.size:
            return None
        header, self._header = self._header, None
        self.inbox.take(self._header_size)
        at = self.inbox.offset
        received = self._received(header, self.inbox.take(header.size), at)
        self.next_serial = received.serial + 1
        return received

    def _next_header(self) -> Any:
        header = self._codec.decode(self.inbox.peek(self._header_size))
        if header.size > self._limit:
            raise DecodeError(
                "limit",
                f"size {header.size} exceeds {self._limit}",
                path="size",
                offset=self.inbox.offset,
                expected=self._limit,
                actual=header.size,
                source=SOURCE,
            )
        return header

    def close(self) -> None:
        """Nothing will follow. Raises `DecodeError`, id `truncated`, where a message is cut."""
        found = len(self.inbox)
        if found:
            needed = self._header_size + (0 if self._header is None else self._header.size)
            raise DecodeError(
                "truncated",
                f"{needed} bytes needed, {found} left",
                offset=self.inbox.offset,
                expected=needed,
                actual=found,
                source=SOURCE,
            )

    def _received(self, header: Any, body: bytes, at: int) -> Received:
        """The message that a header and its body are; `at` is where the body begins."""
        serial = getattr(header, "serial", self.next_serial)
        sub_list = getattr(header, "sub_list", 0)
        own = body[:sub_list] if sub_list else body
        found = Received(header.type, serial, self._opaque(header.type, body), at - self._header_size, sub_list)
        try:
            parts = self._parts(body, sub_list, serial, at) if sub_list else ()
            message = self._message(header.type, own)
            if isinstance(message, MessageList):
                parts = self._parts(body, 0, serial, at)
        except DecodeError as error:
            return replace(found, error=moved(error, at))
        raw = None if body_of(message, self._version) == own else own
        return replace(found, message=message, tail=body[len(own) :], parts=parts, raw=raw)

    def _message(self, number: int, body: bytes) -> AnyMessage:
        cls = message_class(self._channel, self._sender, number, self._version)
        if cls is None:
            return self._opaque(number, body)
        try:
            message: Message = codec_for(cls, self._version).decode(body)
            check_host(message, body)
        except DecodeError as error:
            raise _in_message(error, cls.__name__) from None
        return message

    def _opaque(self, number: int, body: bytes) -> OpaqueMessage:
        cls = message_class(self._channel, self._sender, number, self._version)
        name = name_of(self._channel, self._sender, number) if cls is None else cls.__name__
        return OpaqueMessage(number, name, body)

    def _parts(self, body: bytes, start: int, serial: int, at: int) -> tuple[Received, ...]:
        """What a list holds. Lists in lists are not taken apart."""
        if start > len(body):
            raise DecodeError("pointer", f"the list at {start} is outside the body", path="sub_list", source=SOURCE)
        return tuple(self._part(member, offset, serial, at) for offset, member in read_list(body, start))

    def _part(self, member: SubMessage, offset: int, serial: int, at: int) -> Received:
        try:
            message = self._message(member.type, member.body)
        except DecodeError as error:
            raise moved(error, offset) from None
        return Received(member.type, serial, message, at + offset)


def check_host(message: Message, body: bytes) -> None:
    """That a migration begins with a target: a null pointer there is refused by every client. Raises `DecodeError`."""
    if isinstance(message, MigrateBegin | MigrateBeginSeamless) and body[HOST_POINTER] == bytes(4):
        raise DecodeError("pointer", "the host is missing", path="host", offset=HOST_POINTER.start, source=HOST_SOURCE)


def _in_message(error: DecodeError, name: str) -> DecodeError:
    """The same error in a body that is complete: more bytes cannot help."""
    path = f"{name}.{error.path}" if error.path else name
    id = "overrun" if error.need_more else error.id
    return DecodeError(
        id,
        error.detail,
        path=path,
        offset=error.offset,
        expected=error.expected,
        actual=error.actual,
        source=error.source,
    )


class MessageWriter:
    """Messages to bytes. `next_serial` may be set: a seamless migration goes on where the source stopped."""

    def __init__(self, channel: ChannelType, sender: Sender, is_mini: bool, *, version: str | None = None) -> None:
        self.next_serial = 1
        self._channel = channel
        self._sender = sender
        self._is_mini = is_mini
        self._version = version

    def encode(self, message: AnyMessage) -> bytes:
        """The bytes of a message, header included.

        Raises `LocalProtocolError` for a message that this side cannot send on this channel, `EncodeError`.
        """
        if not isinstance(message, OpaqueMessage) and not sends(self._channel, self._sender, message):
            detail = f"a {self._sender} cannot send {type(message).__name__} on {self._channel.name}"
            raise LocalProtocolError("spice/misplaced", detail, path=type(message).__name__, source=SOURCE)
        number = message.number if isinstance(message, OpaqueMessage) else number_of(message)
        body = body_of(message, self._version)
        if len(body) > MAX_BODY:
            raise EncodeError("limit", f"size {len(body)} exceeds {MAX_BODY}", path="size", source=SOURCE)
        data = header_bytes(number, len(body), None if self._is_mini else self.next_serial) + body
        self.next_serial += 1
        return data


def header_bytes(number: int, size: int, serial: int | None, sub_list: int = 0) -> bytes:
    """A header; without a serial a mini header. Raises `EncodeError`."""
    if serial is None:
        return codec_for(MiniHeader).encode(MiniHeader(type=number, size=size))
    return codec_for(FullHeader).encode(FullHeader(serial=serial, type=number, size=size, sub_list=sub_list))


def received_bytes(received: Received, is_mini: bool, version: str | None = None) -> bytes:
    """The bytes that a message came as."""
    own = body_of(received.message, version) if received.raw is None else received.raw
    body = own + received.tail
    return header_bytes(received.number, len(body), None if is_mini else received.serial, received.sub_list) + body
