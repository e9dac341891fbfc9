"""Reading the front of a FILE container, from bytes that arrive in pieces [handshake D.9].

Nothing of the stream is looked at: the front says what it needs, so that a destination can decide before it touches
anything. Sizes are checked before anything is kept, and what is kept is never more than one frame.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

from wireformat.errors import DecodeError
from wireformat.protocols.channels.messages import FIXED_SIZE, MAX_HEADER
from wireformat.protocols.handshake.files.container import ALIGNMENT, FIRST_BYTES, Container, is_container
from wireformat.protocols.handshake.sessions.dialect import TODAY, Dialect
from wireformat.protocols.handshake.sessions.frames import FrameReader
from wireformat.schema.record import Record

SOURCE: Final = "handshake D.9"
MAX_FRONT: Final = 32 << 20
"""Bytes in front of the stream."""

MAX_FRAMES: Final = 64


class ContainerReader:
    """Takes the front of a container off the bytes of a file; what came of the stream is then in `rest`."""

    def __init__(self, dialect: Dialect = TODAY) -> None:
        self.rest = bytearray()
        self._dialect = dialect
        self._frames = FrameReader(dialect.frames())
        self._frames.large = MAX_FRONT
        self._digest = sha256()
        self._position = 0
        self._manifest: Any = None
        self._step: Callable[[], bool] | None = self._header

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Append bytes of the file."""
        self.rest += data

    def take(self) -> Container | None:
        """The front, None while it is incomplete. Raises `DecodeError` for what no container begins with."""
        while self._step is not None:
            try:
                if not self._step():
                    return None
            except DecodeError as error:
                error.offset = self._position + (error.offset or 0)
                raise
        return Container(self._manifest, self._manifest.header_size)

    def _header(self) -> bool:
        """Take the channel header."""
        data = bytes(self.rest[:FIXED_SIZE])
        if not is_container(data) and not FIRST_BYTES.startswith(data):
            raise _wrong("constant", "no FILE container", expected=FIRST_BYTES.hex(), actual=data[:9].hex())
        if len(data) < FIXED_SIZE:
            return False
        size = int.from_bytes(data[10:12], "big")
        if size > MAX_HEADER:
            raise _wrong("limit", f"channel header of {size} bytes", expected=MAX_HEADER, actual=size)
        if len(self.rest) < size:
            return False
        header = bytes(self.rest[: max(size, FIXED_SIZE)])
        self._dialect.headers.decode(header)
        del self.rest[: len(header)]
        self._pass(header)
        self._step = self._frame
        return True

    def _frame(self) -> bool:
        """Take a frame: of those that are known, one MANIFEST and behind it MANIFEST_END."""
        received = self._frames.take(self.rest)
        if received is None:
            return False
        message = received.message
        if _is(message, "Manifest") and self._manifest is None:
            self._manifest = message
        elif _is(message, "ManifestEnd") and self._manifest is not None:
            self._finish(message)
        elif message is not None:
            raise _wrong("illegal-event", f"{type(message).__name__} is not legal here")
        if self._frames.sequence > MAX_FRAMES:
            raise _wrong("limit", f"more than {MAX_FRAMES} frames", expected=MAX_FRAMES)
        self._pass(received.raw)
        return True

    def _pass(self, data: bytes) -> None:
        self._digest.update(data)
        self._position += len(data)

    def _finish(self, end: Any) -> None:
        """Check what only the end of the manifest shows."""
        if end.digest != self._digest.digest():
            raise _wrong("checksum", "the digest is not that of the bytes", path="message.digest")
        size = self._manifest.header_size
        if size % ALIGNMENT or size == 0:
            raise _wrong("mismatch", f"stream at {size}, no multiple of {ALIGNMENT}", path="manifest.header_size")
        if size > MAX_FRONT:
            raise _wrong("limit", f"stream at {size}", path="manifest.header_size", expected=MAX_FRONT, actual=size)
        self._step = self._padding

    def _padding(self) -> bool:
        """Take the zeros in front of the stream."""
        left = self._manifest.header_size - self._position
        if left < 0:
            raise _wrong("mismatch", f"the stream would begin {-left} bytes earlier", path="manifest.header_size")
        zeros = bytes(self.rest[:left])
        if zeros.strip(b"\0"):
            raise _wrong("padding", "padding is not zero")
        del self.rest[: len(zeros)]
        self._position += len(zeros)
        if len(zeros) < left:
            return False
        self._step = None
        return True


def read_front(data: bytes, dialect: Dialect = TODAY) -> Container:
    """The front of a container that is whole in `data`. Raises `DecodeError`; `truncated` when it is not."""
    reader = ContainerReader(dialect)
    reader.receive_data(data)
    found = reader.take()
    if found is None:
        raise DecodeError("truncated", "the container ends before its stream", offset=len(data), source=SOURCE)
    return found


def _is(message: Record | None, name: str) -> bool:
    """Whether a message, of whatever release, has that name."""
    return type(message).__name__ == name


def _wrong(id: str, detail: str, *, path: str = "", expected: object = None, actual: object = None) -> DecodeError:
    return DecodeError(id, detail, path=path, expected=expected, actual=actual, source=SOURCE)
