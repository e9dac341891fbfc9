"""From what went wrong to what is said about it.

Inside, bytes that break the protocol raise `WireError`, as everywhere; a session that finds its peer's values
unacceptable raises `Violation`, which carries all reasons at once. Neither leaves a session: both become error items,
by the table here, and those travel to the peer and to the user. The user is told all of them, the peer as many as it
takes: fatal ones first, and how many there are besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from wireformat.errors import EncodeError, LocalProtocolError, RemoteProtocolError, SchemaError, WireError
from wireformat.protocols.handshake.error_codes import ErrorCode, Retry, Severity
from wireformat.protocols.handshake.items.offer import MAX_PATH, MAX_TEXT, ErrorEntries
from wireformat.protocols.handshake.messages import MAX_ERRORS
from wireformat.protocols.handshake.negotiation.negotiate_reasons import shown
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions.dialect import Dialect

CODES: Final[Mapping[str, ErrorCode]] = {
    "checksum": ErrorCode.CRC,
    "order": ErrorCode.NON_CANONICAL,
    "duplicate": ErrorCode.DUPLICATE,
    "missing": ErrorCode.MISSING,
    "tag": ErrorCode.UNKNOWN_CRITICAL,
    "limit": ErrorCode.LIMIT,
    "handshake/sequence": ErrorCode.SEQUENCE,
    "illegal-event": ErrorCode.UNEXPECTED,
}
"""Error codes by ids of errors; every other id is MALFORMED."""

RETRIES: Final[Mapping[ErrorCode, Retry]] = {ErrorCode.BUSY: Retry.LATER, ErrorCode.CANCELLED: Retry.LATER}
"""What must change before trying again, where the code alone tells."""

MAX_REFUSAL: Final = 60000
"""Bytes of all items of a message: it is no longer than what a peer takes before anything is agreed."""

_INDEX = re.compile(r"\[(\w+|\".*?\")\]")


class Violation(RemoteProtocolError):
    """Why this side does not go on: `items`, at least one."""

    def __init__(self, items: Iterable[ErrorItem]) -> None:
        self.items = _with_fatal(ordered(items), item(ErrorCode.INTERNAL, text="refused without a reason"))
        super().__init__("handshake/refused", "; ".join(item.text or item.code.name for item in self.items))


def violation(
    code: ErrorCode, path: str = "", text: str = "", *, expected: object = None, actual: object = None
) -> Violation:
    """A violation with one reason."""
    return Violation((item(code, path, text, expected=expected, actual=actual),))


def item(
    code: ErrorCode, path: str = "", text: str = "", *, expected: object = None, actual: object = None
) -> ErrorItem:
    """One reason; `expected` and `actual` are values that JSON can write."""
    wanted, found = (None if value is None else shown(value) for value in (expected, actual))
    return ErrorItem(code, path, wanted, found, text or None, retry=RETRIES.get(code, Retry.NEVER))


def ordered(items: Iterable[ErrorItem]) -> tuple[ErrorItem, ...]:
    """The items without repetition, by code and path."""
    return tuple(sorted(set(items), key=_order))


def _order(item: ErrorItem) -> tuple[int, str, str, str, str]:
    return item.code, item.path, item.expected or "", item.actual or "", item.text or ""


def items_of(error: WireError) -> tuple[ErrorItem, ...]:
    """What to say of an error."""
    if isinstance(error, Violation):
        return error.items
    is_own = isinstance(error, (EncodeError, LocalProtocolError, SchemaError))
    code = ErrorCode.INTERNAL if is_own else CODES.get(error.id, ErrorCode.MALFORMED)
    values = [value if isinstance(value, (int, str)) else None for value in (error.expected, error.actual)]
    return (item(code, pointer(error.path), error.detail, expected=values[0], actual=values[1]),)


def pointer(path: str) -> str:
    """A path into a frame as a JSON Pointer: `message.capabilities[3].name` is `/capabilities/3/name`."""
    plain = _INDEX.sub(_step, path.removeprefix("message.").removeprefix("message"))
    return "".join("/" + step for step in plain.split(".") if step)


def _step(match: re.Match[str]) -> str:
    return "." + match[1].strip('"')


def error_entries(item: ErrorItem) -> ErrorEntries:
    """An item as it travels, cut to what an entry holds."""
    return ErrorEntries(
        code=item.code,
        path=_cut(item.path, MAX_PATH) or "",
        expected=_cut(item.expected, MAX_TEXT),
        actual=_cut(item.actual, MAX_TEXT),
        text=_cut(item.text, MAX_TEXT),
        severity=item.severity,
        retry=item.retry,
    )


def refusing(items: Iterable[ErrorItem], dialect: Dialect) -> tuple[ErrorEntries, ...]:
    """Items as they travel in one message, as many as fit: in the order of their bytes, none twice."""
    found, count = ordered(items), MAX_ERRORS
    by_bytes = _by_bytes(_at_most(count, found), dialect)
    while sum(map(len, by_bytes)) > MAX_REFUSAL:
        count //= 2
        by_bytes = _by_bytes(_at_most(count, found), dialect)
    return tuple(by_bytes[data] for data in sorted(by_bytes))


def _by_bytes(items: Iterable[ErrorItem], dialect: Dialect) -> dict[bytes, ErrorEntries]:
    return {dialect.part(entries): entries for entries in map(error_entries, items)}


def _at_most(count: int, items: tuple[ErrorItem, ...]) -> tuple[ErrorItem, ...]:
    """So many items, fatal ones first; where that is not all, the last one says so."""
    if len(items) <= count:
        return items
    kept = sorted(items, key=_is_warning)[: count - 1]
    more = item(ErrorCode.LIMIT, "/errors", f"there are {len(items) - len(kept)} more reasons")
    return (*kept, replace(more, severity=Severity.WARNING))


def _is_warning(item: ErrorItem) -> bool:
    return item.severity == Severity.WARNING


def _cut(text: str | None, size: int) -> str | None:
    """The beginning of a text that takes `size` bytes at most and has no NUL."""
    return None if text is None else text.replace("\0", "").encode()[:size].decode(errors="ignore")


def error_item(entries: ErrorEntries) -> ErrorItem:
    """An item as it came; `entries` may be of any release."""
    return ErrorItem(
        ErrorCode(entries.code),
        entries.path,
        entries.expected,
        entries.actual,
        entries.text,
        Severity(entries.severity),
        Retry(entries.retry),
    )


def errors_of(message: object) -> tuple[ErrorItem, ...]:
    """What a REJECT or ABORT says. One without a fatal item says nothing: that is an item of its own."""
    said = ordered(map(error_item, getattr(message, "errors", ())))
    return _with_fatal(said, item(ErrorCode.MISSING, "/errors", "the peer ended the handshake without a reason"))


def _with_fatal(items: tuple[ErrorItem, ...], otherwise: ErrorItem) -> tuple[ErrorItem, ...]:
    """The items, and another one where none of them is fatal."""
    return (*items, otherwise) if all(map(_is_warning, items)) else items
