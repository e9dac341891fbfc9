"""Strict rules: what decoding tolerates, but no correct sender writes.

The decoder takes what a destination can make sense of, so that broken streams can be looked at. Here everything else
that a specification can demand is checked: names, the order of sections, memory, disks and bitmaps, commands, the
description, what stands behind the end. Each rule is a function from a stream to its findings [qemu-stream 12.2].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Final

from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.elements import (
    ConfigurationElement,
    EndElement,
    TrailingElement,
)
from wireformat.protocols.vmstate.stream import Stream
from wireformat.protocols.vmstate.strict_commands import discards, enables_colo, order, page_sizes, return_path
from wireformat.protocols.vmstate.strict_description import coverage, nulls, sizes
from wireformat.protocols.vmstate.strict_memory import (
    block_lists,
    encoded_pages,
    multifd,
    never_sent,
    places,
    postcopy,
)
from wireformat.protocols.vmstate.strict_records import bitmaps, disks
from wireformat.protocols.vmstate.strict_sections import endings, footers, headers

Rule = Callable[[Stream], Iterator[DecodeError]]

CAPABILITIES: Final = frozenset({"x-ignore-shared", "mapped-ram"})
"""The only capabilities that a configuration ever lists."""

MAX_MACHINE_NAME: Final = 255
PIECE_SIZE: Final = 1 << 16


def findings(stream: Stream, limit: int = 1000) -> list[DecodeError]:
    """Everything wrong with a stream: what decoding found, and the first `limit` breaches of strict rules.

    In the order of their offsets. Needs the stream's content.
    """
    strict = islice(chain.from_iterable(rule(stream) for rule in RULES), limit)
    every = [*stream.problems(), *strict]
    return sorted(every, key=_place)


def undescribed_count(stream: Stream) -> int:
    """How many device sections nothing describes, so that what they hold was not checked."""
    return sum(1 for device in stream.devices() if device.body.value is None)


def _place(error: DecodeError) -> int:
    return error.offset or 0


def configuration(stream: Stream) -> Iterator[DecodeError]:
    """The machine's name is text of a sensible size, capabilities are those that a configuration may list."""
    for element in stream.elements:
        if not isinstance(element, ConfigurationElement):
            continue
        value, position = element.configuration, element.span.position
        if not value.name or not value.name.isprintable() or len(value.name.encode()) > MAX_MACHINE_NAME:
            yield _configured("name", f"{value.name[:40]!r} is no name of a machine", position)
        names = value.capabilities.names if value.capabilities else ()
        for name in names:
            if name not in CAPABILITIES:
                yield _configured("capabilities", f"{name[:40]!r} is no capability that a stream lists", position)
        if len(set(names)) < len(names):
            yield _configured("capabilities", "a capability is listed twice", position)


def _configured(field: str, detail: str, position: int) -> DecodeError:
    return DecodeError(
        "vmstate/configuration", detail, path=f"configuration.{field}", offset=position, source="qemu-stream 1.3"
    )


def trailing(stream: Stream) -> Iterator[DecodeError]:
    """Behind the end only zero fill may follow, or, with COLO, checkpoints."""
    has_ended = any(isinstance(element, EndElement) for element in stream.elements)
    for element in () if enables_colo(stream) else stream.elements:
        if not isinstance(element, TrailingElement) or not has_ended or stream.content is None:
            continue
        start, end = element.span.position, element.span.position + element.span.size
        for position in range(start, end, PIECE_SIZE):
            piece = bytes(stream.content[position : min(position + PIECE_SIZE, end)])
            if kept := piece.lstrip(b"\0"):
                offset = position + len(piece) - len(kept)
                detail = f"{end - start} bytes behind the end are not zero fill"
                yield DecodeError(
                    "vmstate/trailing", detail, path="trailing", offset=offset, source="qemu-stream 1.5, 8.3"
                )
                break


RULES: Final[tuple[Rule, ...]] = (
    configuration,
    headers,
    footers,
    endings,
    block_lists,
    places,
    encoded_pages,
    never_sent,
    multifd,
    postcopy,
    disks,
    bitmaps,
    order,
    return_path,
    page_sizes,
    discards,
    sizes,
    coverage,
    nulls,
    trailing,
)
"""Every rule."""
