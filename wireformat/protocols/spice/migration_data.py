"""The state that travels from source to client to target in a seamless migration [spice-migration 8].

The client never looks inside. Pointers count from the start of the blob.
"""

from __future__ import annotations

from wireformat.protocols.spice.headers import MAX_BODY
from wireformat.protocols.spice.link import VERSIONS
from wireformat.schema import (
    Bytes,
    Int8ul,
    Int16ul,
    Int32ul,
    Int64sl,
    Int64ul,
    Message,
    Nested,
    Record,
    RestBytes,
    const,
    field,
)

MAIN_MAGIC = b"MNMD"
DISPLAY_MAGIC = b"DCMD"
INPUTS_MAGIC = b"ICMD"
SMARTCARD_MAGIC = b"SCMD"
DEVICE_MAGIC = b"SVMD"


class CharacterDevice(Record, source="spice-migration 8"):
    """The state of a character device between client and guest."""

    version: int = field(Int32ul, "1; 0 when there is none")
    connected: int = field(Int8ul, "1 when the guest's end is open")
    client_tokens: int = field(Int32ul, "messages that the client may send; 0xFFFFFFFF without flow control")
    send_tokens: int = field(Int32ul, "messages that may be sent to the client")
    write_size: int = field(Int32ul, "bytes that must still be written to the device")
    write_tokens: int = field(Int32ul, "tokens that those bytes hold")
    write_offset: int = field(Int32ul, "where those bytes are; 0 if there are none")


class MigrationBlob(Message, channel="state", sender="source", versions=VERSIONS, source="spice-migration 8"):
    """The state of one channel."""


class MainState(MigrationBlob, since="0.12"):
    """The state of the main channel: the agent's stream."""

    magic: bytes = const(Bytes(4), MAIN_MAGIC, "`MNMD`")
    version: int = field(Int32ul, "1", default=1)
    device: CharacterDevice = field(Nested(CharacterDevice), "the agent's device")
    agent_started: int = field(Int8ul, "1 when the client talks with the agent")
    chunk_header_size: int = field(Int32ul, "bytes of a chunk's header that have arrived")
    chunk_port: int = field(Int32ul, "port in that header")
    chunk_size: int = field(Int32ul, "size in that header")
    header_done: int = field(Int8ul, "1 when the header of a message is complete")
    partial_size: int = field(Int32ul, "bytes of a partial header")
    partial_offset: int = field(Int32ul, "where they are; 0 if there are none")
    remaining: int = field(Int32ul, "bytes of the message from the agent that must still come")
    filter_result: int = field(Int8ul, "what becomes of that message")
    client_remaining: int = field(Int32ul, "bytes of the message to the agent that must still come")
    client_filter_result: int = field(Int8ul, "what becomes of that message")
    data: bytes = field(RestBytes(MAX_BODY), "what the pointers reach", default=b"")


class InputsState(MigrationBlob, since="0.12"):
    """The state of the inputs channel."""

    magic: bytes = const(Bytes(4), INPUTS_MAGIC, "`ICMD`")
    version: int = field(Int32ul, "1", default=1)
    motion_count: int = field(Int16ul, "movements of the pointer since the last acknowledgement")


class DeviceState(MigrationBlob, since="0.12"):
    """The state of a channel that is a character device: usbredir, port, webdav."""

    magic: bytes = const(Bytes(4), DEVICE_MAGIC, "`SVMD`")
    version: int = field(Int32ul, "1", default=1)
    device: CharacterDevice = field(Nested(CharacterDevice), "the device")
    data: bytes = field(RestBytes(MAX_BODY), "what the pointer reaches", default=b"")


class SmartcardState(MigrationBlob, since="0.12"):
    """The state of the smartcard channel."""

    magic: bytes = const(Bytes(4), SMARTCARD_MAGIC, "`SCMD`")
    version: int = field(Int32ul, "1", default=1)
    device: CharacterDevice = field(Nested(CharacterDevice), "the device")
    reader_added: int = field(Int8ul, "1 when the guest has the reader")
    read_size: int = field(Int32ul, "bytes that were read from the device and not sent")
    read_offset: int = field(Int32ul, "where they are; 0 if there are none")
    data: bytes = field(RestBytes(MAX_BODY), "what the pointers reach", default=b"")


class DisplayState(MigrationBlob, since="0.12"):
    """The state of a display channel: caches and surfaces."""

    magic: bytes = const(Bytes(4), DISPLAY_MAGIC, "`DCMD`")
    version: int = field(Int32ul, "1", default=1)
    message_serial: int = field(Int64ul, "serial of the last message; the target counts on")
    low_bandwidth: int = field(Int8ul, "1 on a slow link")
    cache_id: int = field(Int8ul, "which pixmap cache")
    cache_size: int = field(Int64sl, "its size")
    cache_freezer: int = field(Int8ul, "which client froze it")
    serial_0: int = field(Int64ul, "serial that the cache knows of client 0")
    serial_1: int = field(Int64ul, "of client 1")
    serial_2: int = field(Int64ul, "of client 2")
    serial_3: int = field(Int64ul, "of client 3")
    dictionary_id: int = field(Int8ul, "which dictionary")
    dictionary_size: int = field(Int32ul, "its size")
    max_encoders: int = field(Int32ul, "encoders that share it")
    last_image: int = field(Int64ul, "id of its last image")
    surfaces_offset: int = field(Int32ul, "where the surfaces are")
    data: bytes = field(RestBytes(MAX_BODY), "what the pointer reaches: a count, and as many surfaces", default=b"")
