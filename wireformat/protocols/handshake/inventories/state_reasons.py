"""Why state cannot be migrated, as error items: what each concerns, and who has to change [handshake D.6].

Paths are JSON Pointers: `/sections/0000:00:03.0~1virtio-net[0]/subsections/virtio-net~1rss`.
"""

from __future__ import annotations

from collections.abc import Iterable

from wireformat.protocols.handshake.error_codes import ErrorCode, Retry
from wireformat.protocols.handshake.negotiation.negotiate_reasons import shown
from wireformat.protocols.handshake.negotiation.offers import ErrorItem

ON_SOURCE = frozenset({ErrorCode.SECTION_MISSING_ON_SRC, ErrorCode.MISSING})
"""Codes of what is for the source to change; the rest is for the destination."""


def escaped(name: str) -> str:
    """A name as one step of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def section_path(idstr: str, instance_id: int) -> str:
    """What an error about a section concerns."""
    return f"/sections/{escaped(idstr)}[{instance_id}]"


def subsection_path(idstr: str, instance_id: int, name: str) -> str:
    """What an error about a subsection concerns."""
    return f"{section_path(idstr, instance_id)}/subsections/{escaped(name)}"


def feature_path(idstr: str, instance_id: int, name: str) -> str:
    """What an error about a feature concerns."""
    return f"{section_path(idstr, instance_id)}/features/{escaped(name)}"


def error(
    code: ErrorCode, path: str, text: str, expected: int | str | None = None, actual: int | str | None = None
) -> ErrorItem:
    """An item; `expected` and `actual` are left out where there is nothing to show."""
    retry = Retry.AFTER_CHANGE_ON_SOURCE if code in ON_SOURCE else Retry.AFTER_CHANGE_ON_DESTINATION
    return ErrorItem(code, path, _shown(expected), _shown(actual), text, retry=retry)


def _shown(value: int | str | None) -> str | None:
    return None if value is None else shown(value)


def in_order(errors: Iterable[ErrorItem]) -> tuple[ErrorItem, ...]:
    """Items by code and path."""
    return tuple(sorted(errors, key=_order))


def _order(item: ErrorItem) -> tuple[int, str]:
    return item.code, item.path
