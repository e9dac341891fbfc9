"""Where a section ends when nothing describes its layout.

A section has no length, but its footer repeats its id, and something plausible must follow it: another element, EOF
with the description, the end of a package. Streams of machine types before 2.4 have no footers; there the next
section header, with a printable name and a higher id, is the only sign [qemu-stream 1.2, 1.4].
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.messages import CommandCode, ElementType
from wireformat.protocols.vmstate.window import Window

ELEMENT = re.compile(rb"(?s:(?=[\x01\x04].{4}[\x01-\xff]|\x00\x06.{4}\{))")
"""What a section header, or EOF with a description behind it, begins with."""

NAME = re.compile(rb"[\x21-\x7e][\x20-\x7e]*")
MAX_VERSION = 1 << 16
"""`i6300esb_wdt` is at 10000."""

MAX_ID_STEP = 4096
MUCH_FILL = 1 << 16
"""Zero bytes behind EOF that are believed to go on to the end."""

MAX_COMMAND_SIZE = {
    int(CommandCode.PING): 4,
    int(CommandCode.POSTCOPY_ADVISE): 16,
    int(CommandCode.POSTCOPY_RAM_DISCARD): 4096,
    int(CommandCode.PACKAGED): 4,
    int(CommandCode.RECV_BITMAP): 256,
}


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about the stream: whether sections have footers, the ids introduced so far, the package's end."""

    footers: bool
    known_ids: Container[int]
    package_end: int | None


def find_end(window: Window, start: int, section_id: int, context: Context) -> int:
    """The position behind a section's body that begins at `start`.

    Raises `DecodeError` with id `truncated` when the bytes so far do not show it.
    """
    earlier = None if context.footers else section_id
    for end, element in _candidates(window, start, section_id, context.footers):
        if plausible(window, element, context, earlier):
            return end
    detail = f"input ends inside section {section_id}, or its end cannot be told"
    raise DecodeError("truncated", detail, offset=window.end, source="qemu-stream 1.4")


def _candidates(window: Window, start: int, section_id: int, footers: bool) -> Iterator[tuple[int, int]]:
    """Possible ends of the body, each with the position of the element that would follow."""
    limit = window.end - window.base
    found = min(start - window.base, limit)
    if footers:
        mark = bytes([ElementType.SECTION_FOOTER]) + section_id.to_bytes(4, "big")
        while (found := window.buffer.find(mark, found, limit)) >= 0:
            yield window.base + found, window.base + found + len(mark)
            found += 1
        return
    for match in ELEMENT.finditer(window.buffer, found, limit):
        yield window.base + match.start(), window.base + match.start()
    if window.final:
        yield window.end - 1, window.end - 1


def plausible(window: Window, position: int, context: Context, earlier: int | None = None) -> bool:
    """Whether an element may begin at a position. With `earlier`, a section's id, a new section must have one that
    is higher, but not by much.

    Raises `truncated` when more bytes are needed to tell.
    """
    if position == context.package_end:
        return True
    head = window.peek(10, position - window.position)
    if not head:
        return _unknown(window)
    kind = head[0]
    if kind in (ElementType.SECTION_START, ElementType.SECTION_FULL):
        return _plausible_header(window, position, earlier)
    if kind in (ElementType.SECTION_PART, ElementType.SECTION_END):
        return _unknown(window) if len(head) < 5 else int.from_bytes(head[1:5], "big") in context.known_ids
    if kind == ElementType.COMMAND:
        return _unknown(window) if len(head) < 5 else _plausible_command(head)
    return kind == ElementType.EOF and _plausible_end(window, position, head, context.footers)


def _plausible_header(window: Window, position: int, earlier: int | None) -> bool:
    head = window.peek(14 + 255, position - window.position)
    if len(head) < 6 or len(head) < 14 + head[5]:
        return _unknown(window)
    number, size = int.from_bytes(head[1:5], "big"), head[5]
    version = int.from_bytes(head[10 + size : 14 + size], "big")
    if not NAME.fullmatch(head, 6, 6 + size) or version > MAX_VERSION:
        return False
    return earlier is None or earlier < number <= earlier + MAX_ID_STEP


def _plausible_command(head: bytes) -> bool:
    command, size = int.from_bytes(head[1:3], "big"), int.from_bytes(head[3:5], "big")
    return 1 <= command <= CommandCode.SWITCHOVER_START and size <= MAX_COMMAND_SIZE.get(command, 0)


def _plausible_end(window: Window, position: int, head: bytes, footers: bool) -> bool:
    """EOF is the last byte, or a description follows, or zero fill: where there are no footers, much of it."""
    if len(head) == 1:
        return _unknown(window, at_end=True)
    if head[1] == ElementType.VMDESCRIPTION:
        return _unknown(window) if len(head) < 7 else head[6:7] == b"{"
    if any(head) or footers:
        return not any(head)
    return not any(window.peek(MUCH_FILL, position - window.position)) and _unknown(window, at_end=True)


def _unknown(window: Window, at_end: bool = False) -> bool:
    """Too few bytes to tell: false at the end of the stream (`at_end` there), an error before it."""
    if window.final:
        return at_end
    raise DecodeError("truncated", "what follows is not seen yet", offset=window.end)
