"""Where the VM-state stream ends that a destination passes on without looking into it [handshake D.1].

The raw payload has no length of its own: it ends where the stream ends, behind its EOF element and the description, if
there is one. The incremental decoder finds that out. What it learns of memory on the way is forgotten at once, so a
stream of any size takes constant memory.

The layout of a device is known only from the description, which comes last. Until then the decoder looks for what may
follow a section, and a frame is nothing that it expects. So where it waits for more, and a whole frame of
the right number and checksum stands in what it has, the stream is taken to end there; what may yet become such a frame
is not passed on. The hand-over, with size and digest of the stream, proves it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from wireformat.codec import NEED_DATA
from wireformat.protocols.vmstate.decoder import StreamDecoder
from wireformat.protocols.vmstate.elements import DescriptionElement, EndElement
from wireformat.protocols.vmstate.messages import ElementType

KEPT_RUNS: Final = 1024

Follower: TypeAlias = Callable[[bytes | bytearray, int], tuple[int, bool]]
"""Given bytes and where to begin: where the next frame is, whole, or what may become one; and whether it is whole.
The end of the bytes where there is none."""


class StreamEnd(Protocol):
    """Finds the end of a payload. `may_end` says that it may be over, `is_over` that it is."""

    is_over: bool
    may_end: bool

    def take(self, data: bytes) -> int:
        """With the next bytes known: how many bytes from the start surely belong to the payload.

        Raises `DecodeError` when it cannot be followed.
        """

    def close(self) -> int:
        """The same where nothing follows. Raises `DecodeError` when the payload is incomplete."""


class VmStateEnd:
    """The end of a VM-state stream. `follower` finds the frames behind it."""

    def __init__(self, follower: Follower) -> None:
        self.is_over = False
        self.may_end = False
        self._follower = follower
        self._decoder = StreamDecoder()
        self._ended_at: int | None = None
        self._looked = 0

    def take(self, data: bytes) -> int:
        """How many bytes surely belong to the stream. Raises `DecodeError`."""
        self._decoder.receive_data(data)
        end = self._follow()
        if end is None and self._ended_at is None:
            return self._look_for_frame()
        self.is_over = end is not None
        return self._ended_at or 0

    def close(self) -> int:
        """How many bytes the stream has. Raises `DecodeError` when it is incomplete."""
        self._decoder.end_of_input()
        self._follow()
        self.is_over = True
        return self._decoder.window.end

    def _look_for_frame(self) -> int:
        """While the end of a section is not found: end the stream before a frame, or before what may become one."""
        window = self._decoder.window
        if not isinstance(window.buffer, bytearray):
            return window.end
        place, is_whole = self._follower(window.buffer, max(self._looked, window.position) - window.base)
        self._looked = window.base + place
        if is_whole:
            del window.buffer[place:]
            window.end = window.base + place
            return self.close()
        return self._looked

    def _follow(self) -> int | None:
        """Read all elements that are complete; the position behind the last one, when it is known."""
        while True:
            element = None if self._has_ended() else self._decoder.next_event()
            self._forget()
            if element is NEED_DATA:
                return None
            if element is None:
                return self._ended_at
            if isinstance(element, EndElement | DescriptionElement):
                self.may_end = True
                self._ended_at = element.span.position + element.span.size
                if isinstance(element, DescriptionElement):
                    return self._ended_at

    def _has_ended(self) -> bool:
        """Whether EOF has been read, and what follows is no description."""
        window = self._decoder.window
        return self._ended_at is not None and window.peek(1) not in (b"", bytes([ElementType.VMDESCRIPTION]))

    def _forget(self) -> None:
        """Drop the index of memory but for its last row, which the next one may continue."""
        runs = self._decoder.ram.runs
        if len(runs) > KEPT_RUNS:
            for column in (runs.blocks, runs.flags, runs.offsets, runs.counts, runs.positions):
                del column[:-1]
