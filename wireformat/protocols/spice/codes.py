"""Numbers that SPICE gives names: channels, capabilities, link results [spice-migration 1.7, 6, 7]."""

from __future__ import annotations

from wireformat.schema import OpenEnum, OpenFlags


class ChannelType(OpenEnum):
    """What a connection carries."""

    MAIN = 1
    DISPLAY = 2
    INPUTS = 3
    CURSOR = 4
    PLAYBACK = 5
    RECORD = 6
    TUNNEL = 7
    SMARTCARD = 8
    USBREDIR = 9
    PORT = 10
    WEBDAV = 11


class LinkCode(OpenEnum):
    """How a link, or a session, ends. 2 to 6 come in a link reply, 7 and 8 in a link result."""

    OK = 0
    ERROR = 1
    INVALID_MAGIC = 2
    INVALID_DATA = 3
    VERSION_MISMATCH = 4
    NEED_SECURED = 5
    NEED_UNSECURED = 6
    PERMISSION_DENIED = 7
    BAD_CONNECTION_ID = 8
    CHANNEL_NOT_AVAILABLE = 9


class Mechanism(OpenEnum):
    """How a client proves who it is: the bit of the common capability that stands for the mechanism."""

    SPICE = 1
    SASL = 2


class CommonCapability(OpenFlags):
    """What a side can on every channel."""

    AUTH_SELECTION = 1 << 0
    AUTH_SPICE = 1 << 1
    AUTH_SASL = 1 << 2
    MINI_HEADER = 1 << 3


class MainCapability(OpenFlags):
    """What a side can on the main channel."""

    SEMI_SEAMLESS_MIGRATE = 1 << 0
    NAME_AND_UUID = 1 << 1
    AGENT_CONNECTED_TOKENS = 1 << 2
    SEAMLESS_MIGRATE = 1 << 3


class MigrateFlags(OpenFlags):
    """What moving a channel takes."""

    NEED_FLUSH = 1
    NEED_DATA_TRANSFER = 2


class MouseMode(OpenFlags):
    """Who moves the pointer."""

    SERVER = 1
    CLIENT = 2


class Severity(OpenEnum):
    """How bad it is what a notice tells."""

    INFO = 0
    WARN = 1
    ERROR = 2


class Visibility(OpenEnum):
    """To whom a notice should be shown."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2


CHANNEL_CAPABILITIES: dict[ChannelType, tuple[str, ...]] = {
    ChannelType.MAIN: tuple(name.lower() for name in MainCapability.__members__),
    ChannelType.DISPLAY: (
        "sized_stream",
        "monitors_config",
        "composite",
        "a8_surface",
        "stream_report",
        "lz4_compression",
        "pref_compression",
        "gl_scanout",
        "multi_codec",
        "codec_mjpeg",
        "codec_vp8",
        "codec_h264",
        "pref_video_codec_type",
        "codec_vp9",
        "codec_h265",
    ),
    ChannelType.INPUTS: ("key_scancode",),
    ChannelType.PLAYBACK: ("celt", "volume", "latency", "opus"),
    ChannelType.RECORD: ("celt", "volume", "opus"),
    ChannelType.USBREDIR: ("data_compress_lz4",),
    ChannelType.PORT: ("data_compress_lz4",),
    ChannelType.WEBDAV: ("data_compress_lz4",),
}
"""Names of the capability bits of each type of channel, from bit 0 on."""
