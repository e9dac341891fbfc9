"""Elements on their way from the decoder to its user.

PARTs of one section that follow each other become one element, and elements inside a package are collected until it
ends. Everything else is handed out as it comes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from wireformat.protocols.vmstate.elements import CommandElement, Element, RamParts, Span
from wireformat.protocols.vmstate.messages import Packaged

COMMAND_SIZE = 1 + 2 + 2 + 4
"""Bytes of a PACKAGED command: type, command, length, size of the package."""


class Outbox:
    """A queue of elements, with at most one package open and at most one stretch of PARTs growing."""

    def __init__(self) -> None:
        self._queue: deque[Element] = deque()
        self._parts: RamParts | None = None
        self._command: CommandElement | None = None
        self._package: list[Element] = []

    def __bool__(self) -> bool:
        return bool(self._queue)

    def take(self) -> Element:
        """The next element, which must be there."""
        return self._queue.popleft()

    def rest(self) -> Iterator[Element]:
        """Everything that is still there."""
        while self._queue:
            yield self._queue.popleft()

    def put(self, element: Element) -> None:
        """Append an element."""
        if isinstance(element, RamParts):
            if self._parts is not None and self._parts.section_id != element.section_id:
                self.flush()
            self._parts = _joined(self._parts, element)
            return
        self.flush()
        self._hand_out(element)

    def flush(self) -> None:
        """Let the stretch of PARTs end."""
        if self._parts is not None:
            parts, self._parts = self._parts, None
            self._hand_out(parts)

    @property
    def package_end(self) -> int | None:
        """Where the open package ends in the stream; None when none is open."""
        if self._command is None or not isinstance(self._command.command.body, Packaged):
            return None
        return self._command.span.position + COMMAND_SIZE + self._command.command.body.size

    def open_package(self, command: CommandElement) -> None:
        """Collect what follows as the package of a command."""
        self.flush()
        self._command = command

    def close_package(self, position: int, *, complete: bool = True) -> None:
        """Append the command with what has been collected; `position` is how far the stream has been read."""
        self.flush()
        command, self._command = self._command, None
        package, self._package = tuple(self._package), []
        if command is not None:
            span = Span(command.span.position, position - command.span.position)
            self.put(replace(command, span=span, package=package, complete=complete))

    def _hand_out(self, element: Element) -> None:
        (self._queue if self._command is None else self._package).append(element)


def _joined(before: RamParts | None, element: RamParts) -> RamParts:
    if before is None:
        return element
    lists = before.body.block_lists + element.body.block_lists
    body = replace(before.body, stop=element.body.stop, block_lists=lists)
    span = Span(before.span.position, element.span.position + element.span.size - before.span.position)
    return replace(before, span=span, body=body, complete=before.complete and element.complete)
