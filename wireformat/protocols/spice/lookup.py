"""Which declared message a number stands for: on which channel, from which side.

Declarations name a kind of channel: `any` for all, `device` for those that are character devices, else one type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any, Final

from wireformat.protocols.spice import channel_messages, common_messages, link, main_messages, migration_data
from wireformat.protocols.spice.codes import ChannelType
from wireformat.protocols.spice.names import Sender
from wireformat.schema import Message
from wireformat.schema.record import layout_of

MESSAGE_MODULES: Final = (common_messages, main_messages, channel_messages)
DEVICES: Final = frozenset({ChannelType.USBREDIR, ChannelType.PORT, ChannelType.WEBDAV})
PORTS: Final = frozenset({ChannelType.PORT, ChannelType.WEBDAV})

STATES: Final[Mapping[bytes, type[Message]]] = {
    migration_data.MAIN_MAGIC: migration_data.MainState,
    migration_data.DISPLAY_MAGIC: migration_data.DisplayState,
    migration_data.INPUTS_MAGIC: migration_data.InputsState,
    migration_data.SMARTCARD_MAGIC: migration_data.SmartcardState,
    migration_data.DEVICE_MAGIC: migration_data.DeviceState,
}
"""What the state of a channel is, by its first four bytes."""


def messages_in(module: ModuleType) -> Iterator[type[Message]]:
    """The messages with a number that a module declares."""
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Message) and layout_of(value)[0].code is not None:
            yield value


@cache
def _declared() -> Mapping[tuple[str, str, int], type[Message]]:
    found: dict[tuple[str, str, int], type[Message]] = {}
    for module in MESSAGE_MODULES:
        for cls in messages_in(module):
            about = layout_of(cls)[0]
            found[str(about.channel), str(about.sender), about.code or 0] = cls
    return found


def message_class(
    channel: ChannelType, sender: Sender, number: int, version: str | None = None
) -> type[Message] | None:
    """The class of a message; None when it is not declared, or not in this version of the protocol."""
    for kind in _kinds(channel):
        cls = _declared().get((kind, sender, number))
        if cls is not None and _exists(cls, version):
            return cls
    return None


def _exists(cls: type[Message], version: str | None) -> bool:
    about = layout_of(cls)[0]
    if version is None or about.since is None:
        return True
    return about.versions.index(version) >= about.versions.index(about.since)


def _kinds(channel: ChannelType) -> Iterator[str]:
    """What declarations may call a channel."""
    yield "any"
    if channel in PORTS:
        yield "port"
    if channel in DEVICES:
        yield "device"
    yield channel.name.lower()


LINK_PARTS: Final[tuple[type[Message], ...]] = (
    link.ClientLink,
    link.ServerLink,
    link.MechanismChoice,
    link.Ticket,
    link.LinkResult,
)
"""What the link stage consists of."""


def class_named(name: str) -> type[Message] | None:
    """The message or part of the link stage whose class has this name; None when there is none."""
    return next((cls for cls in (*LINK_PARTS, *_declared().values()) if cls.__name__ == name), None)


def number_of(message: Message) -> int:
    """The number of a declared message. Raises `KeyError` for one that has none."""
    code = layout_of(type(message))[0].code
    if code is None:
        raise KeyError(type(message).__name__)
    return code


def state_class(data: bytes) -> type[Message] | None:
    """What the data of a MIGRATE_DATA is, by its first bytes; None when they name nothing known."""
    return STATES.get(bytes(data[:4]))


def sends(channel: ChannelType, sender: Sender, message: Any) -> bool:
    """Whether a side may send a message of this class on a channel at all."""
    about = layout_of(type(message))[0]
    return about.code is not None and message_class(channel, sender, about.code) is type(message)
