"""Messages of further channels, as far as a migration meets them: inputs, cursor, ports and devices.

What draws, plays or records is not declared, nor what no capture shows: such messages are kept as bytes, under their
names (`names`).
"""

from __future__ import annotations

from wireformat.protocols.spice.headers import MAX_BODY
from wireformat.protocols.spice.link import VERSIONS
from wireformat.schema import (
    FlagsOf,
    Int8ul,
    Int16sl,
    Int16ul,
    Message,
    OpenFlags,
    Pointed,
    RestBytes,
    field,
)

MAX_PORT_NAME = 1 << 16


class Locks(OpenFlags):
    """Keys that stay down: what their lamps show."""

    SCROLL = 1
    NUM = 2
    CAPS = 4


class InputsServerMessage(Message, sender="server", channel="inputs", versions=VERSIONS, source="spice-migration 9.4"):
    """What a server sends on the inputs channel."""


class InputsClientMessage(Message, sender="client", channel="inputs", versions=VERSIONS, source="spice-migration 9.4"):
    """What a client sends on the inputs channel."""


class CursorServerMessage(Message, sender="server", channel="cursor", versions=VERSIONS, source="spice-migration 8"):
    """What a server sends on the cursor channel."""


class PortServerMessage(Message, sender="server", channel="port", versions=VERSIONS, source="spice-migration 9.4"):
    """What a server sends on the channel of a port, beside its data."""


class DeviceServerMessage(Message, sender="server", channel="device", versions=VERSIONS, source="spice-migration 8"):
    """What a server sends on the channel of a character device: usbredir, port, webdav."""


class DeviceClientMessage(Message, sender="client", channel="device", versions=VERSIONS, source="spice-migration 8"):
    """What a client sends on the channel of a character device."""


class InputsInit(InputsServerMessage, code=101):
    """Open the channel: which keys stay down."""

    locks: Locks = field(FlagsOf(Int16ul, Locks), "the keys that stay down")


class ServerKeyModifiers(InputsServerMessage, code=102):
    """Tell that other keys stay down now."""

    locks: Locks = field(FlagsOf(Int16ul, Locks), "the keys that stay down")


class ClientKeyModifiers(InputsClientMessage, code=103):
    """Ask that these keys stay down."""

    locks: Locks = field(FlagsOf(Int16ul, Locks), "the keys that stay down")


class CursorInit(CursorServerMessage, code=101):
    """Open the channel: where the pointer is, and how it looks."""

    x: int = field(Int16sl, "column")
    y: int = field(Int16sl, "row")
    trail_length: int = field(Int16ul, "images in the pointer's trail")
    trail_frequency: int = field(Int16ul, "how often the trail is drawn")
    visible: int = field(Int8ul, "1 when the pointer is shown")
    flags: int = field(Int16ul, "1 when there is no image")
    image: bytes = field(RestBytes(MAX_BODY), "the image, which is not declared here", default=b"")


class CursorReset(CursorServerMessage, code=102):
    """Hide the pointer."""


class CursorInvalAll(CursorServerMessage, code=108):
    """Forget every image of a pointer."""


class PortInit(PortServerMessage, code=201, since="0.12"):
    """Open the channel: the name of the port."""

    name: bytes = field(Pointed(RestBytes(MAX_PORT_NAME)), "name of the port, with a zero byte")
    opened: int = field(Int8ul, "1 when the guest has opened it")


class ServerDeviceData(DeviceServerMessage, code=101, since="0.12"):
    """Carry bytes from the device."""

    data: bytes = field(RestBytes(MAX_BODY), "the bytes")


class ClientDeviceData(DeviceClientMessage, code=101, since="0.12"):
    """Carry bytes to the device."""

    data: bytes = field(RestBytes(MAX_BODY), "the bytes")
