"""Small streams written byte by byte, right ones and wrong ones, without a line of the code under test.

Each function gives the bytes of one part; `stream` puts parts between the header and EOF. Pages are 4096 bytes.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

PAGE_SIZE = 4096
ZERO, MEM_SIZE, PAGE, EOS, CONTINUE = 0x02, 0x04, 0x08, 0x10, 0x20
XBZRLE, COMPRESS_PAGE, MULTIFD_FLUSH = 0x40, 0x100, 0x200
ADVISE, LISTEN, RUN, DISCARD, PACKAGED, SWITCHOVER_START = 3, 4, 5, 6, 7, 11
RAM_ID = 2
BLOCK = "pc.ram"


def u16(value: int) -> bytes:
    return value.to_bytes(2, "big")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def counted(name: str) -> bytes:
    """A name behind its length in one byte."""
    return bytes([len(name.encode())]) + name.encode()


def header(version: int = 3) -> bytes:
    return b"QEVM" + u32(version)


def configuration(name: str = "pc", *capabilities: str) -> bytes:
    parts = b"\x07" + u32(len(name)) + name.encode()
    if capabilities:
        listed = u32(len(capabilities)) + b"".join(map(counted, capabilities))
        parts += b"\x05" + counted("configuration/capabilities") + u32(1) + listed
    return parts


def section(kind: int, number: int, body: bytes, name: str = "", instance: int = 0, version: int = 1) -> bytes:
    """A section with its footer; `name` for START (1) and FULL (4) only."""
    named = counted(name) + u32(instance) + u32(version) if name else b""
    return bytes([kind]) + u32(number) + named + body + b"\x7e" + u32(number)


def device(number: int, name: str, body: bytes, instance: int = 0, version: int = 1) -> bytes:
    return section(4, number, body, name, instance, version)


def word(offset: int, flags: int) -> bytes:
    return u64(offset | flags)


END_OF_BODY = word(0, EOS)


def block_list(**lengths: int) -> bytes:
    """MEM_SIZE and the blocks; `pc_ram` stands for `pc.ram`."""
    return listed([(name.replace("_", "."), length) for name, length in lengths.items()])


def listed(blocks: list[tuple[str, int]]) -> bytes:
    entries = b"".join(counted(name) + u64(length) for name, length in blocks)
    return word(sum(length for _, length in blocks), MEM_SIZE) + entries


def ram_start(*records: bytes) -> bytes:
    return section(1, RAM_ID, b"".join(records) + END_OF_BODY, "ram", version=4)


def ram_part(*records: bytes) -> bytes:
    return section(2, RAM_ID, b"".join(records) + END_OF_BODY)


def ram_end(*records: bytes) -> bytes:
    return section(3, RAM_ID, b"".join(records) + END_OF_BODY)


def _page_word(number: int, flags: int, block: str | None) -> bytes:
    if block is None:
        return word(number * PAGE_SIZE, flags | CONTINUE)
    return word(number * PAGE_SIZE, flags) + counted(block)


def plain_page(number: int, data: bytes, block: str | None = None) -> bytes:
    """A page filled up with zeros; without `block` it continues."""
    return _page_word(number, PAGE, block) + data.ljust(PAGE_SIZE, b"\0")


def zero_page(number: int, block: str | None = None, fill: int = 0) -> bytes:
    return _page_word(number, ZERO, block) + bytes([fill])


def patched_page(number: int, patch: bytes, block: str | None = None) -> bytes:
    return _page_word(number, XBZRLE, block) + b"\x01" + u16(len(patch)) + patch


def compressed_page(number: int, data: bytes, block: str | None = None) -> bytes:
    """`data` is what the record carries, such as what `deflated` gives."""
    return _page_word(number, COMPRESS_PAGE, block) + u32(len(data)) + data


def deflated(data: bytes) -> bytes:
    return zlib.compress(data.ljust(PAGE_SIZE, b"\0"))


def command(code: int, payload: bytes = b"") -> bytes:
    return b"\x08" + u16(code) + u16(len(payload)) + payload


def package(*elements: bytes) -> bytes:
    inner = b"".join(elements)
    return command(PACKAGED, u32(len(inner))) + inner


def discard(block: str, *ranges: tuple[int, int]) -> bytes:
    """Ranges are first page and number of pages."""
    parts = b"".join(struct.pack(">QQ", first * PAGE_SIZE, count * PAGE_SIZE) for first, count in ranges)
    return command(DISCARD, b"\0" + counted(block) + b"\0" + parts)


def number_field(name: str, size: int = 4) -> dict[str, Any]:
    return {"name": name, "type": f"uint{8 * size}", "size": size}


def described(name: str, *fields: dict[str, Any], instance: int = 0) -> dict[str, Any]:
    """The description of one device."""
    return {"name": name, "instance_id": instance, "vmsd_name": name, "version": 1, "fields": list(fields)}


def description(*devices: dict[str, Any]) -> bytes:
    text = json.dumps({"page_size": PAGE_SIZE, "devices": list(devices)}).encode()
    return b"\x06" + u32(len(text)) + text


def stream(*elements: bytes, behind: bytes = b"") -> bytes:
    """Header, configuration, elements, EOF, and what stands behind it."""
    return header() + configuration() + b"".join(elements) + b"\0" + behind


def memory(*records: bytes, pages: int = 8) -> bytes:
    """A whole stream of one block `pc.ram`, all records in one PART; the description tells the page size."""
    ram = ram_start(block_list(pc_ram=pages * PAGE_SIZE)), ram_part(*records), ram_end()
    return stream(*ram, behind=description())


TIMER = described("timer", number_field("ticks", 8), number_field("clock"))


def timer(ticks: int = 7, clock: int = 9) -> bytes:
    return device(0, "timer", u64(ticks) + u32(clock))


def machine(*records: bytes, ticks: int = 7, pages: int = 8) -> bytes:
    """A stream with memory, one device and its description."""
    ram = ram_start(block_list(pc_ram=pages * PAGE_SIZE)), ram_part(*records), ram_end()
    return stream(*ram, timer(ticks), behind=description(TIMER))
