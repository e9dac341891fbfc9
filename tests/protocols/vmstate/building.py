"""Small streams for tests: bytes by the package's own messages, and descriptions as QEMU writes them.

Functions give the bytes of one part; `join` puts parts behind each other. A description is built as text, because its
list types repeat keys within one object, which no JSON library writes [qemu-stream 4.2].
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wireformat.codec import NEED_DATA, encode
from wireformat.protocols.vmstate.decoder import StreamDecoder
from wireformat.protocols.vmstate.description import Description, parse
from wireformat.protocols.vmstate.elements import Element
from wireformat.protocols.vmstate.encoder import element_bytes, encode_block, footer_bytes, ram_word
from wireformat.protocols.vmstate.messages import (
    Capabilities,
    Command,
    CommandCode,
    Configuration,
    DiscardRange,
    EnableColo,
    Header,
    OpenReturnPath,
    Packaged,
    PageSizes,
    Ping,
    PostcopyAdvise,
    PostcopyListen,
    PostcopyRamDiscard,
    PostcopyResume,
    PostcopyRun,
    RecvBitmap,
    SectionEnd,
    SectionFull,
    SectionPart,
    SectionStart,
    SwitchoverStart,
    VmDescription,
    subsection_marker,
)
from wireformat.protocols.vmstate.ram import (
    COMPRESS_PAGE,
    CONTINUE,
    EOS,
    MEM_SIZE,
    MULTIFD_FLUSH,
    PAGE,
    XBZRLE,
    ZERO,
    RamBlock,
)
from wireformat.protocols.vmstate.stream import Stream, read_stream
from wireformat.protocols.vmstate.window import Window

PAGE_SIZE = 4096
RAM_ID = 2
EOF = b"\0"

COMMANDS: dict[CommandCode, Any] = {
    CommandCode.OPEN_RETURN_PATH: OpenReturnPath(),
    CommandCode.PING: Ping(value=0x42),
    CommandCode.POSTCOPY_ADVISE: PostcopyAdvise(
        page_sizes=(PageSizes(block_page_sizes=PAGE_SIZE, target_page_size=PAGE_SIZE),)
    ),
    CommandCode.POSTCOPY_LISTEN: PostcopyListen(),
    CommandCode.POSTCOPY_RUN: PostcopyRun(),
    CommandCode.POSTCOPY_RAM_DISCARD: PostcopyRamDiscard(
        block="pc.ram", ranges=(DiscardRange(start=0, length=4096), DiscardRange(start=8192, length=4096))
    ),
    CommandCode.ENABLE_COLO: EnableColo(),
    CommandCode.POSTCOPY_RESUME: PostcopyResume(),
    CommandCode.RECV_BITMAP: RecvBitmap(block="pc.ram"),
    CommandCode.SWITCHOVER_START: SwitchoverStart(),
}
"""One command of every kind but PACKAGED."""


def join(*parts: bytes | Iterable[bytes]) -> bytes:
    """Parts and lists of parts behind each other."""
    return b"".join(part if isinstance(part, bytes) else b"".join(part) for part in parts)


# The skeleton.


def header(version: int = 3) -> bytes:
    """Magic and version."""
    return encode(Header(version=version))


def configuration(
    name: str = "pc", *, bits: int | None = None, capabilities: Sequence[str] = (), uuid: bytes | None = None
) -> bytes:
    """The configuration section."""
    listed = Capabilities(names=tuple(capabilities)) if capabilities else None
    return element_bytes(Configuration(name=name, target_page_bits=bits, capabilities=listed, uuid=uuid))


def start(
    section_id: int, idstr: str, body: bytes, *, instance_id: int = 0, version_id: int = 1, footer: bool = True
) -> bytes:
    """A section that begins an iterative handler."""
    message = SectionStart(section_id=section_id, idstr=idstr, instance_id=instance_id, version_id=version_id)
    return join(element_bytes(message), body, _footer(section_id, footer))


def part(section_id: int, body: bytes, *, footer: bool = True) -> bytes:
    """A section that continues an iterative handler."""
    return join(element_bytes(SectionPart(section_id=section_id)), body, _footer(section_id, footer))


def end(section_id: int, body: bytes, *, footer: bool = True) -> bytes:
    """A section that finishes an iterative handler."""
    return join(element_bytes(SectionEnd(section_id=section_id)), body, _footer(section_id, footer))


def full(
    section_id: int, idstr: str, body: bytes, *, instance_id: int = 0, version_id: int = 1, footer: bool = True
) -> bytes:
    """A device section."""
    message = SectionFull(section_id=section_id, idstr=idstr, instance_id=instance_id, version_id=version_id)
    return join(element_bytes(message), body, _footer(section_id, footer))


def _footer(section_id: int, footer: bool) -> bytes:
    return footer_bytes(section_id) if footer else b""


def command(code: CommandCode, body: Any = None) -> bytes:
    """A command; the body of `COMMANDS` when none is given."""
    return element_bytes(Command(command=code, body=COMMANDS[code] if body is None else body))


def package(*elements: bytes) -> bytes:
    """PACKAGED with elements inside."""
    inside = join(elements)
    return command(CommandCode.PACKAGED, Packaged(size=len(inside))) + inside


# RAM.


def ram_blocks(*blocks: tuple[str, int] | RamBlock, total: int | None = None) -> bytes:
    """MEM_SIZE and the list behind it; `total` where it shall not be the sum."""
    listed = [
        block if isinstance(block, RamBlock) else RamBlock(name=block[0], used_length=block[1]) for block in blocks
    ]
    announced = sum(block.used_length for block in listed) if total is None else total
    return join(ram_word(announced, MEM_SIZE), map(encode_block, listed))


def ram_end() -> bytes:
    """The record EOS."""
    return ram_word(0, EOS)


def ram_flush() -> bytes:
    """The record MULTIFD_FLUSH."""
    return ram_word(0, MULTIFD_FLUSH)


def _page_head(flag: int, offset: int, block: str | None) -> bytes:
    if block is None:
        return ram_word(offset, flag | CONTINUE)
    return ram_word(offset, flag) + bytes([len(block.encode())]) + block.encode()


def page(offset: int, data: bytes | int, block: str | None = None, page_size: int = PAGE_SIZE) -> bytes:
    """A plain page; a number stands for a page filled with it. Without `block` the record continues."""
    return _page_head(PAGE, offset, block) + (bytes([data]) * page_size if isinstance(data, int) else data)


def zero(offset: int, block: str | None = None, fill: int = 0) -> bytes:
    """A page filled with one byte."""
    return _page_head(ZERO, offset, block) + bytes([fill])


def xbzrle(offset: int, patch: bytes, block: str | None = None) -> bytes:
    """A page as a patch."""
    return _page_head(XBZRLE, offset, block) + b"\1" + len(patch).to_bytes(2, "big") + patch


def compressed(offset: int, data: bytes, block: str | None = None) -> bytes:
    """A page as a zlib stream."""
    packed = zlib.compress(data)
    return _page_head(COMPRESS_PAGE, offset, block) + len(packed).to_bytes(4, "big") + packed


def ram_start(*blocks: tuple[str, int] | RamBlock, footer: bool = True) -> bytes:
    """START of `ram` with its block list."""
    return start(RAM_ID, "ram", ram_blocks(*blocks) + ram_end(), version_id=4, footer=footer)


def ram_part(*records: bytes, footer: bool = True) -> bytes:
    """PART of `ram`."""
    return part(RAM_ID, join(records) + ram_end(), footer=footer)


def ram_finish(*records: bytes, footer: bool = True) -> bytes:
    """END of `ram`."""
    return end(RAM_ID, join(records) + ram_end(), footer=footer)


# Descriptions, as text.


def field(
    name: str, type: str, size: int, inner: str = "", *, array_len: int | None = None, index: int | None = None
) -> str:
    """An entry of `fields`; `inner` is what stands before `size`."""
    keys = [f'"name": "{name}"']
    keys += [] if array_len is None else [f'"array_len": {array_len}']
    keys += [] if index is None else [f'"index": {index}']
    keys += [f'"type": "{type}"', *([inner] if inner else []), f'"size": {size}']
    return "{" + ", ".join(keys) + "}"


def vmsd(name: str, *fields: str, version: int = 1, subsections: Sequence[str] = ()) -> str:
    """The keys of a VMState description, without braces."""
    keys = [f'"vmsd_name": "{name}"', f'"version": {version}', f'"fields": [{", ".join(fields)}]']
    if subsections:
        keys.append(f'"subsections": [{", ".join("{" + one + "}" for one in subsections)}]')
    return ", ".join(keys)


def struct(keys: str) -> str:
    """A description as the value of `struct`."""
    return '"struct": {' + keys + "}"


def subsection(name: str, body: bytes = b"", version: int = 1) -> bytes:
    """A subsection on the wire."""
    return subsection_marker(name, version) + body


@dataclass(frozen=True)
class Device:
    """A device section and its entry in the description. `keys` is a `vmsd`, or None for an old-style device."""

    idstr: str
    keys: str | None
    body: bytes
    instance_id: int = 0
    version_id: int = 1

    def section(self, section_id: int, *, footer: bool = True) -> bytes:
        """The section on the wire."""
        return full(
            section_id,
            self.idstr,
            self.body,
            instance_id=self.instance_id,
            version_id=self.version_id,
            footer=footer,
        )

    @property
    def entry(self) -> str:
        """The entry of `devices`."""
        size = len(self.body)
        keys = f'"size": {size}, "fields": [{field("data", "buffer", size)}]' if self.keys is None else self.keys
        return "{" + f'"name": "{self.idstr}", "instance_id": {self.instance_id}, {keys}' + "}"


def description_text(*devices: Device, page_size: int = PAGE_SIZE, machine: str | None = None) -> bytes:
    """The JSON of a description; with `machine` in the shape of 8.2 and later."""
    opening = "" if machine is None else _configuration_keys(machine)
    return (
        "{" + opening + f'"page_size": {page_size}, "devices": [{", ".join(one.entry for one in devices)}]' + "}"
    ).encode()


def _configuration_keys(machine: str) -> str:
    fields = field("len", "uint32", 4), field("name", "buffer", len(machine.encode()))
    return '"configuration": {' + vmsd("configuration", *fields) + "}, "


def description(*devices: Device, page_size: int = PAGE_SIZE, machine: str | None = None) -> bytes:
    """The description element."""
    return element_bytes(VmDescription(text=description_text(*devices, page_size=page_size, machine=machine)))


def described(*devices: Device) -> Description:
    """A description as the decoder takes it."""
    return parse(description_text(*devices))


# Whole streams.

SIMPLE = Device("simple", vmsd("simple", field("a", "uint32", 4), field("b", "uint8", 1)), b"\0\0\0\7\xff")
OTHER = Device(
    "0000:00:01.0/other",
    vmsd(
        "other",
        field("values", "uint16", 2, array_len=3),
        field("items", "qtailq", 6, vmsd("item", field("n", "uint32", 4))),
        subsections=[vmsd("other/extra", field("flag", "bool", 1))],
    ),
    join(b"\0\1\0\2\0\3", b"\1\0\0\0\5\0", subsection("other/extra", b"\1")),
    instance_id=1,
)


def simple_stream(*elements: bytes, machine: str = "pc") -> bytes:
    """Header, configuration, elements, EOF and an empty description."""
    return join(header(), configuration(machine), elements, EOF, description())


def rich_stream(page_size: int = 256) -> bytes:
    """A small stream with RAM records of many kinds, devices, commands and a description."""
    half = bytes(range(256)) * (page_size // 256)
    return join(
        header(),
        configuration("rich", bits=page_size.bit_length() - 1, uuid=bytes(range(16))),
        ram_start(("a", 8 * page_size), ("b", 2 * page_size)),
        command(CommandCode.PING),
        ram_part(page(0, half, "a", page_size), zero(page_size), zero(2 * page_size), page(3 * page_size, half)),
        ram_part(),
        ram_part(xbzrle(0, b"\1\1\5"), zero(0, "b")),
        command(CommandCode.SWITCHOVER_START),
        ram_finish(page(page_size, half, "b", page_size)),
        SIMPLE.section(4),
        OTHER.section(5),
        EOF,
        description(SIMPLE, OTHER, page_size=page_size),
    )


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """Data in pieces of at most `size` bytes."""
    return (data[place : place + size] for place in range(0, len(data), size))


def read_piped(data: bytes, size: int, learnt: Description | None = None) -> Stream:
    """Decode bytes that arrive in pieces and are forgotten."""
    rest = pieces(data, size)

    def more(window: Window) -> None:
        piece = next(rest, b"")
        if piece:
            window.feed(piece)
        else:
            window.final = True

    return read_stream(Window(), more=more, learnt=learnt)


def events(data: bytes, decoder: StreamDecoder | None = None) -> list[Element]:
    """The elements of a whole stream by the decoder alone. Raises its `DecodeError`."""
    decoder = StreamDecoder() if decoder is None else decoder
    decoder.receive_data(data)
    decoder.end_of_input()
    found: list[Element] = []
    while (event := decoder.next_event()) is not None:
        assert event is not NEED_DATA
        found.append(event)  # type: ignore[arg-type]
    return found


def written(stream: Stream) -> bytes:
    """The bytes that a stream encodes to."""
    return b"".join(map(bytes, stream.encode()))
