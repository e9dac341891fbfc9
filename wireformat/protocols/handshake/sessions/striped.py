"""A stream in pieces over several channels: cut at one end, joined at the other [handshake D.1].

A piece says where in the stream it belongs, so channels need no order among each other. On one channel pieces ascend;
that is what bounds the memory of joining. A joiner delivers in order and holds what comes early. When it holds much, it
wants no more from channels that are ahead, and the piece that is next can only be on a channel that is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from heapq import heappop, heappush
from struct import Struct
from typing import Any, Final

from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.sessions.dialect import Dialect
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.handshake.sessions.refusal import violation
from wireformat.protocols.handshake.transfer_messages import MAX_PIECE

_HEADER: Final = Struct(">QI")
USUAL_PIECE: Final = 1 << 18
MAX_OFFSET: Final = 1 << 63


class Striper:
    """Cuts a stream into pieces. `offset` is how much of it was cut, `sum` its digest so far."""

    def __init__(self, dialect: Dialect) -> None:
        self._cls = dialect.cls("Piece")
        self._codec = dialect.pieces
        self.offset = 0
        self.sum = sha256()

    def begin(self, offset: int, sum: Any) -> None:
        """Go on at an offset; `sum` is the digest of what precedes it."""
        self.offset, self.sum = offset, sum

    def cut(self, data: bytes | memoryview, size: int = USUAL_PIECE) -> Iterator[bytes]:
        """The next bytes of the stream, in pieces of at most `size` bytes. Any channel may carry any of them."""
        view = memoryview(data)
        for start in range(0, len(view), min(size, MAX_PIECE)):
            part = bytes(view[start : start + min(size, MAX_PIECE)])
            piece = self._codec.encode(self._cls(offset=self.offset, data=part))
            self.sum.update(part)
            self.offset += len(part)
            yield piece

    def end(self) -> bytes:
        """The last piece of every channel, once the whole stream was cut."""
        return self._codec.encode(self._cls(offset=self.offset, data=b""))


class _Lane:
    """What one channel has brought: the piece that is under way, and where the last one ended."""

    def __init__(self) -> None:
        self.head = bytearray()
        self.offset = 0
        self.left = 0
        self.is_over = False


class Joiner:
    """Puts pieces of several channels in order.

    `deliver` takes the bytes of the stream in order, with their offset. `window` is how many bytes are held for pieces
    that come early before channels are asked to wait.
    """

    def __init__(
        self, keys: Iterable[ChannelKey], deliver: Callable[[int, bytes], None], window: int, start: int = 0
    ) -> None:
        self._lanes = {key: _Lane() for key in keys}
        self._deliver = deliver
        self._window = window
        self._early: list[tuple[int, bytes]] = []
        self._held = 0
        self.position = start
        self.total: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every channel has brought its last piece, and the stream is whole."""
        return all(lane.is_over for lane in self._lanes.values()) and self.position == self.total

    def wants(self, key: ChannelKey) -> bool:
        """Whether more should be read from a channel."""
        lane = self._lanes[key]
        return self._held < self._window or lane.offset <= self.position

    def has_ended(self, key: ChannelKey) -> bool:
        """Whether a channel has brought its last piece."""
        return self._lanes[key].is_over

    def receive(self, key: ChannelKey, data: bytes | bytearray | memoryview) -> None:
        """Take bytes of a channel. Raises `Violation` where they break the rules."""
        lane, view = self._lanes[key], memoryview(data)
        while len(view):
            if lane.is_over:
                raise violation(ErrorCode.UNEXPECTED, f"/channels/{key}", "bytes behind the last piece")
            view = self._body(lane, view) if lane.left else self._head(key, lane, view)
        self._check_end()

    def _head(self, key: ChannelKey, lane: _Lane, view: memoryview) -> memoryview:
        """Read the header of a piece, or what there is of it."""
        missing = _HEADER.size - len(lane.head)
        lane.head += view[:missing]
        if len(lane.head) == _HEADER.size:
            offset, size = _HEADER.unpack(lane.head)
            lane.head.clear()
            self._begin(key, lane, offset, size)
        return view[missing:]

    def _begin(self, key: ChannelKey, lane: _Lane, offset: int, size: int) -> None:
        path = f"/channels/{key}"
        if size > MAX_PIECE or offset + size > MAX_OFFSET:
            raise violation(ErrorCode.LIMIT, path, f"a piece of {size} bytes", expected=MAX_PIECE, actual=size)
        if offset < lane.offset:
            text = f"a piece at {offset} behind one that ended at {lane.offset}"
            raise violation(ErrorCode.NON_CANONICAL, path, text)
        lane.offset, lane.left = offset, size
        if size == 0:
            lane.is_over = True
            self._end_at(path, offset)

    def _end_at(self, path: str, offset: int) -> None:
        if self.total not in (None, offset):
            text = f"the stream ends at {offset}, and at {self.total} on another channel"
            raise violation(ErrorCode.MALFORMED, path, text, expected=self.total, actual=offset)
        self.total = offset

    def _body(self, lane: _Lane, view: memoryview) -> memoryview:
        """Take bytes of a piece, as many as there are."""
        part = bytes(view[: lane.left])
        offset = lane.offset
        lane.offset += len(part)
        lane.left -= len(part)
        if offset == self.position:
            self._advance(part)
            self._drain()
        else:
            heappush(self._early, (offset, part))
            self._held += len(part)
            self._drain()
        return view[len(part) :]

    def _advance(self, part: bytes) -> None:
        self._deliver(self.position, part)
        self.position += len(part)

    def _drain(self) -> None:
        """Deliver what was early and is not any more."""
        while self._early and self._early[0][0] <= self.position:
            offset, part = heappop(self._early)
            self._held -= len(part)
            if offset < self.position:
                raise violation(ErrorCode.DUPLICATE, "/payload", f"bytes of the stream at {offset} came twice")
            self._advance(part)

    def _check_end(self) -> None:
        if all(lane.is_over for lane in self._lanes.values()) and self.position != self.total:
            text = f"the stream ends at {self.total} and has a gap at {self.position}"
            raise violation(ErrorCode.MALFORMED, "/payload", text, expected=self.total, actual=self.position)
