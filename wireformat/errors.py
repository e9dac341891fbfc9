"""One error for every way in which bytes and values can disagree.

Any input decodes to a value, to "need more", or to a `WireError`; nothing else leaves the package.
An error renders as one brief line, `spice.migrate_begin.host at 0x12: size 70000 exceeds 1024 [spice:main]`,
and carries the same parts as attributes for programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["malformed", "truncated", "limit", "usage"]


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """What an error id means: `kind` decides the exit code, `summary` and `detail` are shown by `explain`."""

    kind: Kind
    summary: str
    detail: str


class WireError(Exception):
    """Something on the wire, or about to go there, breaks the protocol.

    `id` names the rule that was broken, `path` the field (`block.pages[3].offset`, empty for the whole input),
    `offset` the first byte concerned, counted from the start of the outermost input (None when encoding),
    `expected` and `actual` say what was wanted and seen, `source` is the clause of the specification.
    """

    def __init__(
        self,
        id: str,
        detail: str,
        *,
        path: str = "",
        offset: int | None = None,
        expected: object = None,
        actual: object = None,
        source: str = "",
    ) -> None:
        super().__init__(detail)
        self.id = id
        self.detail = detail
        self.path = path
        self.offset = offset
        self.expected = expected
        self.actual = actual
        self.source = source

    def __str__(self) -> str:
        where = self.path or "input"
        at = "" if self.offset is None else f" at {self.offset:#x}"
        source = f" [{self.source}]" if self.source else ""
        return f"{where}{at}: {self.detail}{source}"

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.id, self.detail, self._parts())

    def _parts(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("path", "offset", "expected", "actual", "source")}


def _restore(cls: type[WireError], id: str, detail: str, parts: Mapping[str, object]) -> WireError:
    return cls(id, detail, **parts)  # type: ignore[arg-type]


class SchemaError(WireError):
    """A declaration is outside the vocabulary or contradicts itself."""


class DecodeError(WireError):
    """Bytes do not form a value. With id `truncated` they may do so once more bytes follow."""

    @property
    def need_more(self) -> bool:
        """True when the outer input ended too early, so that more bytes could still make it valid."""
        return self.id == "truncated"


class EncodeError(WireError):
    """A value cannot be put on the wire by the strict encoder."""


class LocalProtocolError(WireError):
    """Our own side tried a step that its machine does not allow."""


class RemoteProtocolError(WireError):
    """The peer took a step that its machine does not allow."""
