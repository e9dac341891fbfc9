"""The channels of `migrate` and `migrate-incoming`: which address is for what [handshake B.1, B.3].

A command gives one URI or a list of channels. The type of the main channel also chooses the protocol: `main-v2`, this
project's name, asks for the handshake. Management writes it on both sides; a program that does not know it refuses the
command before any byte flows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias

from wireformat.protocols.qapi.addresses import Address, AddressError, File, parse
from wireformat.protocols.qapi.objects import from_qapi, to_qapi
from wireformat.schema.path import Path, join

Command: TypeAlias = Literal["migrate", "migrate-incoming"]


class ChannelType(StrEnum):
    """What a channel of a command is for."""

    MAIN = "main"
    MAIN_V2 = "main-v2"
    CPR = "cpr"


MAIN_TYPES: Final = frozenset({ChannelType.MAIN, ChannelType.MAIN_V2})


@dataclass(frozen=True, slots=True)
class Channel:
    """An address and what it is for."""

    type: ChannelType
    address: Address


def channels_of(command: Command, arguments: Mapping[str, Any]) -> tuple[Channel, ...]:
    """The channels that the arguments of a command name, the main one first. Raises `AddressError`."""
    given = [name for name in ("uri", "channels") if arguments.get(name) is not None]
    if len(given) != 1:
        raise _fault("exactly one of uri and channels is needed", "arguments")
    found = _of_uri(arguments["uri"]) if given == ["uri"] else _of_list(arguments["channels"])
    _check(command, found)
    return tuple(sorted(found, key=_order))


def to_channels(channels: tuple[Channel, ...]) -> list[dict[str, Any]]:
    """The list of channels that means these."""
    return [{"channel-type": str(channel.type), "addr": to_qapi(channel.address)} for channel in channels]


def _of_uri(uri: object) -> list[Channel]:
    """A URI always names the main channel, without the handshake."""
    if not isinstance(uri, str):
        raise AddressError("qapi/member", "not a string", path="uri")
    return [Channel(ChannelType.MAIN, parse(uri))]


def _of_list(entries: object) -> list[Channel]:
    if not isinstance(entries, list):
        raise AddressError("qapi/member", "not a list", path="channels")
    return [_channel(entry, ("channels", index)) for index, entry in enumerate(entries)]


def _channel(entry: object, path: Path) -> Channel:
    if not isinstance(entry, Mapping):
        raise AddressError("qapi/member", "not an object", path=join(path))
    for name in ("channel-type", "addr"):
        if name not in entry:
            raise AddressError("qapi/member", "missing", path=join((*path, str(name))))
    for name in entry:
        if name not in ("channel-type", "addr"):
            raise AddressError("qapi/member", "no member of channels", path=join((*path, str(name))))
    kind = entry["channel-type"]
    if not isinstance(kind, str) or kind not in list(ChannelType):
        listed = ", ".join(ChannelType)
        raise AddressError("qapi/member", f"{kind!r} is none of {listed}", path=join((*path, "channel-type")))
    return Channel(ChannelType(kind), from_qapi(entry["addr"], (*path, "addr")))


def _check(command: Command, channels: list[Channel]) -> None:
    types = [channel.type for channel in channels]
    for kind in types:
        if types.count(kind) > 1:
            raise _fault(f"more than one channel of type {kind}")
    mains = [channel for channel in channels if channel.type in MAIN_TYPES]
    if len(mains) != 1:
        raise _fault("one channel of type main or main-v2 is needed")
    if command == "migrate-incoming" and len(channels) > 1:
        raise _fault("migrate-incoming takes no channel but the main one")
    if mains[0].type is ChannelType.MAIN_V2 and isinstance(mains[0].address, File):
        raise AddressError("qapi/one-way", "a file cannot answer a handshake", path="channels")


def _order(channel: Channel) -> tuple[bool, str]:
    return channel.type not in MAIN_TYPES, channel.type


def _fault(detail: str, path: str = "channels") -> AddressError:
    return AddressError("qapi/channels", detail, path=path)
