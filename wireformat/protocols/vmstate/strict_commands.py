"""Strict rules about commands: postcopy in its order, page sizes that agree, discards inside their block.

A stream that went over to postcopy ends with EOF: there is nobody left to read a description.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.elements import CommandElement, DescriptionElement
from wireformat.protocols.vmstate.images import block_called
from wireformat.protocols.vmstate.messages import (
    CommandCode,
    DiscardRange,
    OpenReturnPath,
    Ping,
    PostcopyAdvise,
    PostcopyRamDiscard,
)
from wireformat.protocols.vmstate.stream import Stream, flattened

POSTCOPY: Final[Mapping[str, Mapping[CommandCode, str]]] = {
    "none": {CommandCode.POSTCOPY_ADVISE: "advised"},
    "advised": {CommandCode.POSTCOPY_RAM_DISCARD: "discarding", CommandCode.POSTCOPY_LISTEN: "listening"},
    "discarding": {CommandCode.POSTCOPY_RAM_DISCARD: "discarding", CommandCode.POSTCOPY_LISTEN: "listening"},
    "listening": {CommandCode.POSTCOPY_RUN: "running"},
    "running": {},
}
"""What a destination allows in which state of postcopy [qemu-stream 5.2]."""

CONCERNED: Final = frozenset(code for row in POSTCOPY.values() for code in row)


def _commands(stream: Stream) -> Iterator[tuple[CommandElement, str]]:
    """Every command and its path, those inside packages too."""
    commands = (element for element in flattened(stream.elements) if isinstance(element, CommandElement))
    return ((element, f"commands[{number}]") for number, element in enumerate(commands))


def order(stream: Stream) -> Iterator[DecodeError]:
    """Postcopy is advised, discards, listens, runs; no description follows then."""
    state = "none"
    for element, path in _commands(stream):
        code = element.command.command
        if code not in CONCERNED:
            continue
        following = POSTCOPY[state].get(code)
        if following is None:
            yield _wrong(f"{code.name} in state {state}", path, element.span.position, "qemu-stream 5.2")
        state = following or state
    for last in stream.elements if state == "running" else ():
        if isinstance(last, DescriptionElement):
            detail, position = "description of a stream that went over to postcopy", last.span.position
            yield DecodeError(
                "vmstate/description", detail, path="description", offset=position, source="qemu-stream 1.5"
            )


def enables_colo(stream: Stream) -> bool:
    """Whether checkpoints follow the end of the stream: a command says so, up to 3.0 a section [qemu-stream 9.8]."""
    is_told = any(element.command.command == CommandCode.ENABLE_COLO for element, _ in _commands(stream))
    return is_told or any(section.idstr == "COLOState" for section in stream.sections())


def return_path(stream: Stream) -> Iterator[DecodeError]:
    """Who asks for an answer has opened the return path."""
    is_open = False
    for element, path in _commands(stream):
        is_open = is_open or isinstance(element.command.body, OpenReturnPath)
        if isinstance(element.command.body, Ping) and not is_open:
            yield _wrong("PING without a return path", path, element.span.position, "qemu-stream 5")


def page_sizes(stream: Stream) -> Iterator[DecodeError]:
    """The advised page sizes are those of the stream: that of the target, and those of the blocks that tell theirs."""
    for element, path in _commands(stream):
        body = element.command.body
        for sizes in body.page_sizes if isinstance(body, PostcopyAdvise) else ():
            if stream.ram.page_size not in (None, sizes.target_page_size):
                detail = f"target pages of {sizes.target_page_size:#x} bytes, in the stream {stream.ram.page_size:#x}"
                yield _wrong(detail, path, element.span.position, "qemu-stream 5")
            for block in stream.ram.blocks:
                if block.page_size and not block.page_size & sizes.block_page_sizes:
                    detail = f"block {block.name!r} has pages of {block.page_size:#x} bytes, which are not advised"
                    yield _wrong(detail, path, element.span.position, "qemu-stream 5")


def discards(stream: Stream) -> Iterator[DecodeError]:
    """Discarded ranges are whole pages inside a block of the list, and memory was advised, not only bitmaps.

    The last page of a block may be shorter: huge pages need not divide it.
    """
    bitmaps_only = False
    for element, path in _commands(stream):
        body = element.command.body
        if isinstance(body, PostcopyAdvise):
            bitmaps_only = not body.page_sizes
        if not isinstance(body, PostcopyRamDiscard):
            continue
        if bitmaps_only:
            yield _wrong("discards behind an advice without page sizes", path, element.span.position, "qemu-stream 5")
        for detail in _discard(stream, body):
            yield _wrong(detail, path, element.span.position, "qemu-stream 5, 5.2")


def _discard(stream: Stream, body: PostcopyRamDiscard) -> Iterator[str]:
    try:
        block = block_called(stream, body.block)
    except KeyError:
        yield f"discards of block {body.block!r}, which is not in the list"
        return
    if not body.ranges:
        yield "discards nothing"
    for part in body.ranges:
        yield from _range(part, block.used_length, block.page_size or stream.ram.page_size or 1)


def _range(part: DiscardRange, length: int, page_size: int) -> Iterator[str]:
    place = f"range of {part.length:#x} bytes from {part.start:#x} on"
    if not part.length:
        yield f"{place}: empty"
    if part.start + part.length > length:
        yield f"{place}: reaches beyond the block's {length:#x} bytes"
    end = part.start + part.length
    if part.start % page_size or (end % page_size and end != length):
        yield f"{place}: not made of pages of {page_size:#x} bytes"


def _wrong(detail: str, path: str, position: int, source: str) -> DecodeError:
    return DecodeError("vmstate/command", detail, path=path, offset=position, source=source)
