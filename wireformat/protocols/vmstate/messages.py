"""The skeleton of a VM-state stream: header, configuration, sections, commands, description.

After the header and the configuration a stream is a sequence of elements, each introduced by one type byte and
ended by `EOF`. The messages here are what follows that byte; their `code` is the byte itself. Sections carry no
length: what stands between a section header and its footer is declared in `ram`, `iterative` and, for devices, by
the VM description inside the stream. All integers are big-endian [qemu-stream 1].
"""

from __future__ import annotations

from wireformat.schema import (
    Announced,
    Bytes,
    EnumOf,
    Int8ub,
    Int16ub,
    Int32ub,
    Int64ub,
    List,
    Message,
    Nested,
    OneOf,
    OpenEnum,
    Record,
    Region,
    SizedBytes,
    String8,
    Text,
    const,
    field,
    this,
)

MAGIC = 0x5145564D
"""`QEVM`, the first four bytes."""

MAX_NAME = 4096
MAX_DESCRIPTION = 64 << 20
MAX_CAPABILITIES = 64


class ElementType(OpenEnum):
    """The byte that introduces an element [qemu-stream 1.2]."""

    EOF = 0x00
    SECTION_START = 0x01
    SECTION_PART = 0x02
    SECTION_END = 0x03
    SECTION_FULL = 0x04
    SUBSECTION = 0x05
    VMDESCRIPTION = 0x06
    CONFIGURATION = 0x07
    COMMAND = 0x08
    SECTION_FOOTER = 0x7E


class Header(Message, sender="source", source="qemu-stream 1.1"):
    """Open the stream."""

    magic: int = const(Int32ub, MAGIC, "`QEVM`")
    version: int = field(Int32ub, "stream version; 3 since 2008")


def subsection_marker(name: str, version: int) -> bytes:
    """The bytes that announce a subsection: mark, counted name, version [qemu-stream 3.3]."""
    encoded = name.encode()
    return bytes([ElementType.SUBSECTION, len(encoded)]) + encoded + version.to_bytes(4, "big")


class Capabilities(Record, source="qemu-stream 1.3"):
    """The capabilities that both sides must share and that this stream uses."""

    names: tuple[str, ...] = field(
        List(String8, count=Int32ub, max=MAX_CAPABILITIES), "`x-ignore-shared`, `mapped-ram`"
    )


class Configuration(Message, code=0x07, sender="source", source="qemu-stream 1.3"):
    """Name the machine; the destination must run the same."""

    name: str = field(Text(Int32ub, max=MAX_NAME), "machine type; the destination compares these bytes only")
    target_page_bits: int | None = field(
        Announced(subsection_marker("configuration/target-page-bits", 1), Int32ub),
        "binary logarithm of the target page size, when it is above the CPU's legacy minimum",
        default=None,
    )
    capabilities: Capabilities | None = field(
        Announced(subsection_marker("configuration/capabilities", 1), Nested(Capabilities)),
        "capabilities that change the layout of the stream",
        default=None,
    )
    uuid: bytes | None = field(
        Announced(subsection_marker("configuration/uuid", 1), Bytes(16)),
        "UUID of the guest, when the source validates it",
        default=None,
    )


class SectionHeader(Message, sender="source", source="qemu-stream 1.2"):
    """What every section says when it first appears."""

    section_id: int = field(Int32ub, "number of the section in this stream")
    idstr: str = field(String8, "name of the handler: device path and VMState name")
    instance_id: int = field(Int32ub, "tells handlers of equal name apart")
    version_id: int = field(Int32ub, "version of the section's layout")


class SectionStart(SectionHeader, code=0x01, sender="source", source="qemu-stream 1.2"):
    """Begin an iterative section: its setup data."""


class SectionFull(SectionHeader, code=0x04, sender="source", source="qemu-stream 1.2"):
    """Carry the whole state of one device."""


class SectionPart(Message, code=0x02, sender="source", source="qemu-stream 1.2"):
    """Continue an iterative section."""

    section_id: int = field(Int32ub, "number of a section that START introduced")


class SectionEnd(Message, code=0x03, sender="source", source="qemu-stream 1.2"):
    """Finish an iterative section."""

    section_id: int = field(Int32ub, "number of a section that START introduced")


class SectionFooter(Message, code=0x7E, sender="source", source="qemu-stream 1.4"):
    """Close a section; the only check of its length."""

    section_id: int = field(Int32ub, "number of the section that ends here")


class VmDescription(Message, code=0x06, sender="source", source="qemu-stream 4"):
    """Describe the layout of every device section before it, as JSON."""

    text: bytes = field(SizedBytes(Int32ub, max=MAX_DESCRIPTION), "the JSON document")


class CommandCode(OpenEnum):
    """Commands from source to destination [qemu-stream 5]."""

    INVALID = 0
    OPEN_RETURN_PATH = 1
    PING = 2
    POSTCOPY_ADVISE = 3
    POSTCOPY_LISTEN = 4
    POSTCOPY_RUN = 5
    POSTCOPY_RAM_DISCARD = 6
    PACKAGED = 7
    ENABLE_COLO = 8
    POSTCOPY_RESUME = 9
    RECV_BITMAP = 10
    SWITCHOVER_START = 11


class OpenReturnPath(Record, source="qemu-stream 5"):
    """Ask for the opposite direction of this connection."""


class Ping(Record, source="qemu-stream 5"):
    """Ask for a PONG on the return path."""

    value: int = field(Int32ub, "comes back in the PONG")


class PageSizes(Record, source="qemu-stream 5"):
    """Page sizes that both sides must share."""

    block_page_sizes: int = field(Int64ub, "bitwise OR of the page sizes of all RAM blocks, bytes")
    target_page_size: int = field(Int64ub, "target page size, bytes")


class PostcopyAdvise(Record, source="qemu-stream 5"):
    """Announce that postcopy may follow."""

    page_sizes: tuple[PageSizes, ...] = field(
        List(Nested(PageSizes), count=None, max=1), "one, or none when only dirty bitmaps are postcopied"
    )


class PostcopyListen(Record, source="qemu-stream 5"):
    """Begin to listen for page requests."""


class PostcopyRun(Record, source="qemu-stream 5"):
    """Start the guest on the destination."""


class DiscardRange(Record, source="qemu-stream 5"):
    """Bytes of a block that the destination must forget."""

    start: int = field(Int64ub, "offset in the block, bytes")
    length: int = field(Int64ub, "size, bytes")


class PostcopyRamDiscard(Record, source="qemu-stream 5"):
    """Forget pages that changed after they were sent."""

    version: int = const(Int8ub, 0, "layout of this command")
    block: str = field(String8, "RAM block")
    end_of_name: int = const(Int8ub, 0, "ends the name")
    ranges: tuple[DiscardRange, ...] = field(
        List(Nested(DiscardRange), count=None, max=4096), "what to forget; QEMU sends at most 12"
    )


class Packaged(Record, source="qemu-stream 5.1"):
    """A nested sequence of elements follows, outside the command's own length."""

    size: int = field(Int32ub, "bytes of the package")


class EnableColo(Record, source="qemu-stream 5"):
    """Switch to COLO after this stream."""


class PostcopyResume(Record, source="qemu-stream 5"):
    """Resume an interrupted postcopy."""


class RecvBitmap(Record, source="qemu-stream 5"):
    """Ask which pages of a block have arrived."""

    block: str = field(String8, "RAM block")


class SwitchoverStart(Record, source="qemu-stream 5"):
    """The guest has stopped; what follows completes the migration."""


class Command(Message, code=0x08, sender="source", source="qemu-stream 5"):
    """Tell the destination to do something."""

    command: CommandCode = field(EnumOf(Int16ub, CommandCode, open=True), "what to do")
    body: (
        OpenReturnPath
        | Ping
        | PostcopyAdvise
        | PostcopyListen
        | PostcopyRun
        | PostcopyRamDiscard
        | Packaged
        | EnableColo
        | PostcopyResume
        | RecvBitmap
        | SwitchoverStart
    ) = field(
        Region(
            Int16ub,
            OneOf(
                this.command,
                {
                    1: Nested(OpenReturnPath),
                    2: Nested(Ping),
                    3: Nested(PostcopyAdvise),
                    4: Nested(PostcopyListen),
                    5: Nested(PostcopyRun),
                    6: Nested(PostcopyRamDiscard),
                    7: Nested(Packaged),
                    8: Nested(EnableColo),
                    9: Nested(PostcopyResume),
                    10: Nested(RecvBitmap),
                    11: Nested(SwitchoverStart),
                },
            ),
            max=0xFFFF,
        ),
        "payload, as the command says",
    )
