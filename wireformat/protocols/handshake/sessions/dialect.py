"""The codecs of a session, from today's declarations or from a frozen version of them.

A session builds its messages from today's classes and reads what it receives by attribute. What stands between it and
the bytes is one `Dialect`: a peer of an earlier release is the same session with the codecs of that release. Values of
another family of classes are adopted by name, field by field; what the dialect cannot say is an error, not an omission.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from wireformat.codec import Codec, codec_for
from wireformat.errors import EncodeError
from wireformat.protocols.channels.messages import ChannelHeader
from wireformat.protocols.handshake.frame import Frame, Piece
from wireformat.schema.lift import lift
from wireformat.schema.record import Record
from wireformat.schema.values import Unknown

if TYPE_CHECKING:
    from wireformat.schema import model


class Dialect:
    """Encodes and decodes channel headers, frames and pieces.

    Each argument is a record class or a schema whose records have classes.
    """

    def __init__(self, frame: Any = Frame, header: Any = ChannelHeader, piece: Any = Piece) -> None:
        self._frame: model.Schema = lift(frame)
        self._header: model.Schema = lift(header)
        self.headers: Codec = codec_for(header)
        self.pieces: Codec = codec_for(piece)
        self._schemas = (self._frame, self._header, lift(piece))

    @cached_property
    def _classes(self) -> Mapping[str, type[Record]]:
        """The family: classes by name."""
        return {record.cls.__name__: record.cls for schema in self._schemas for record in schema.records.values()}

    @cached_property
    def senders(self) -> Mapping[str, str]:
        """Who sends each message: `source`, `destination` or `either`."""
        return {record.name: record.sender or "either" for record in self._frame.records.values() if record.code}

    def frames(self, revision: int | None = None) -> Codec:
        """The codec of frames in a revision; before one is chosen, the newest."""
        name = str(revision)
        return codec_for(self._frame.record.cls, name if name in self._frame.record.versions else None)

    def cls(self, name: str) -> Any:
        """The class of that name. Raises `KeyError`."""
        return self._classes[name]

    def frame(self, sequence: int, message: Record | Unknown) -> Any:
        """A frame around a message."""
        return self.cls("Frame")(sequence=sequence, message=self.adopt(message))

    def part(self, value: Record) -> bytes:
        """The bytes of a record that is part of messages. Raises `EncodeError`."""
        own = self.adopt(value)
        return codec_for(type(own)).encode(own)

    def adopt(self, value: Any) -> Any:
        """The same value in classes of this family. Raises `EncodeError` where it has no words for it."""
        if isinstance(value, tuple) and type(value) is tuple:
            return tuple(map(self.adopt, value))
        if not isinstance(value, Record) or self._classes.get(type(value).__name__) is type(value):
            return value
        return self._translated(value)

    def _translated(self, value: Record) -> Record:
        name = type(value).__name__
        cls = self._classes.get(name)
        if cls is None:
            raise EncodeError("reference", f"{name} is not known in this release", path=name)
        lost = [key for key in value._arguments.keys() - cls._arguments.keys() if _says(value, key)]
        if lost:
            raise EncodeError("reference", f"{name}.{lost[0]} is not known in this release", path=lost[0])
        return cls(**{key: self.adopt(getattr(value, key)) for key in cls._arguments if key in value._arguments})


def _says(value: Record, key: str) -> bool:
    """Whether a field is anything but its default."""
    said: bool = getattr(value, key) != value._arguments[key].default
    return said


TODAY: Final = Dialect()
"""The declarations as they are now."""
