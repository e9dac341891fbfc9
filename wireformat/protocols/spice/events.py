"""What a connection tells its user, in the order in which it happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from wireformat.errors import DecodeError, WireError
from wireformat.protocols.spice.codes import LinkCode
from wireformat.protocols.spice.link_stage import LinkInfo
from wireformat.protocols.spice.stream import AnyMessage


@dataclass(frozen=True, slots=True)
class Linked:
    """The link stage is over: messages follow."""

    link: LinkInfo


@dataclass(frozen=True, slots=True)
class LinkRefused:
    """There will be no link. `code` is what one side told the other; None where it closed without a word."""

    code: LinkCode | None
    error: WireError
    by: Literal["us", "peer"]


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message. Those in a list come before the message that carries it, with its serial."""

    message: AnyMessage
    number: int
    name: str
    serial: int


@dataclass(frozen=True, slots=True)
class BodyRefused:
    """A message whose body does not decode. It is skipped, and the connection stays."""

    number: int
    name: str
    data: bytes
    error: DecodeError


@dataclass(frozen=True, slots=True)
class Failed:
    """The stream of messages is broken: nothing more can be read."""

    error: WireError


@dataclass(frozen=True, slots=True)
class Closed:
    """The peer has ended the connection, between two messages."""


Event: TypeAlias = Linked | LinkRefused | MessageReceived | BodyRefused | Failed | Closed
