"""Names of messages that are not declared here, by channel, sender and number [spice-protocol, enums.h].

Numbers up to 100 mean the same on every channel, and all of them are declared. What is declared goes by the name of its
class; the names here are the protocol's own, in capitals.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from wireformat.protocols.spice.codes import ChannelType

Sender: TypeAlias = Literal["client", "server"]

_DEVICE_SERVER: Final = {102: "COMPRESSED_DATA"}
_DEVICE_CLIENT: Final = {102: "COMPRESSED_DATA"}

NAMES: Final[Mapping[tuple[ChannelType, Sender], Mapping[int, str]]] = {
    (ChannelType.DISPLAY, "server"): {
        101: "MODE",
        102: "MARK",
        103: "RESET",
        104: "COPY_BITS",
        105: "INVAL_LIST",
        106: "INVAL_ALL_PIXMAPS",
        107: "INVAL_PALETTE",
        108: "INVAL_ALL_PALETTES",
        122: "STREAM_CREATE",
        123: "STREAM_DATA",
        124: "STREAM_CLIP",
        125: "STREAM_DESTROY",
        126: "STREAM_DESTROY_ALL",
        302: "DRAW_FILL",
        303: "DRAW_OPAQUE",
        304: "DRAW_COPY",
        305: "DRAW_BLEND",
        306: "DRAW_BLACKNESS",
        307: "DRAW_WHITENESS",
        308: "DRAW_INVERS",
        309: "DRAW_ROP3",
        310: "DRAW_STROKE",
        311: "DRAW_TEXT",
        312: "DRAW_TRANSPARENT",
        313: "DRAW_ALPHA_BLEND",
        314: "SURFACE_CREATE",
        315: "SURFACE_DESTROY",
        316: "STREAM_DATA_SIZED",
        317: "MONITORS_CONFIG",
        318: "DRAW_COMPOSITE",
        319: "STREAM_ACTIVATE_REPORT",
        320: "GL_SCANOUT_UNIX",
        321: "GL_DRAW",
        322: "QUALITY_INDICATOR",
        323: "GL_SCANOUT2_UNIX",
    },
    (ChannelType.DISPLAY, "client"): {
        101: "INIT",
        102: "STREAM_REPORT",
        103: "PREFERRED_COMPRESSION",
        104: "GL_DRAW_DONE",
        105: "PREFERRED_VIDEO_CODEC_TYPE",
    },
    (ChannelType.INPUTS, "server"): {111: "MOUSE_MOTION_ACK"},
    (ChannelType.INPUTS, "client"): {
        101: "KEY_DOWN",
        102: "KEY_UP",
        104: "KEY_SCANCODE",
        111: "MOUSE_MOTION",
        112: "MOUSE_POSITION",
        113: "MOUSE_PRESS",
        114: "MOUSE_RELEASE",
    },
    (ChannelType.CURSOR, "server"): {
        103: "SET",
        104: "MOVE",
        105: "HIDE",
        106: "TRAIL",
        107: "INVAL_ONE",
    },
    (ChannelType.PLAYBACK, "server"): {
        101: "DATA",
        102: "MODE",
        103: "START",
        104: "STOP",
        105: "VOLUME",
        106: "MUTE",
        107: "LATENCY",
    },
    (ChannelType.RECORD, "server"): {101: "START", 102: "STOP", 103: "VOLUME", 104: "MUTE"},
    (ChannelType.RECORD, "client"): {101: "DATA", 102: "MODE", 103: "START_MARK"},
    (ChannelType.TUNNEL, "server"): {
        101: "INIT",
        102: "SERVICE_IP_MAP",
        103: "SOCKET_OPEN",
        104: "SOCKET_FIN",
        105: "SOCKET_CLOSE",
        106: "SOCKET_DATA",
        107: "SOCKET_CLOSED_ACK",
        108: "SOCKET_TOKEN",
    },
    (ChannelType.TUNNEL, "client"): {
        101: "SERVICE_ADD",
        102: "SERVICE_REMOVE",
        103: "SOCKET_OPEN_ACK",
        104: "SOCKET_OPEN_NACK",
        105: "SOCKET_FIN",
        106: "SOCKET_CLOSED",
        107: "SOCKET_CLOSED_ACK",
        108: "SOCKET_DATA",
        109: "SOCKET_TOKEN",
    },
    (ChannelType.SMARTCARD, "server"): {101: "DATA"},
    (ChannelType.SMARTCARD, "client"): {101: "DATA"},
    (ChannelType.USBREDIR, "server"): _DEVICE_SERVER,
    (ChannelType.USBREDIR, "client"): _DEVICE_CLIENT,
    (ChannelType.PORT, "server"): {**_DEVICE_SERVER, 202: "EVENT"},
    (ChannelType.PORT, "client"): {**_DEVICE_CLIENT, 201: "EVENT"},
    (ChannelType.WEBDAV, "server"): {**_DEVICE_SERVER, 202: "EVENT"},
    (ChannelType.WEBDAV, "client"): {**_DEVICE_CLIENT, 201: "EVENT"},
}
"""What the protocol calls each message that is not declared."""


def name_of(channel: ChannelType, sender: Sender, number: int) -> str:
    """What the protocol calls a message that is not declared; empty where nobody has named the number."""
    return NAMES.get((channel, sender), {}).get(number, "")
