"""The reasons against a result, collected: all of them, in an order that does not depend on how they were found."""

from __future__ import annotations

import json
from typing import Final

from wireformat.protocols.handshake.error_codes import ErrorCode, Retry
from wireformat.protocols.handshake.negotiation.offers import ErrorItem, Refusal, Span

MAX_SHOWN: Final = 512
"""Bytes of a JSON text in an error item [handshake D.5]."""

SIDES: Final = {Retry.AFTER_CHANGE_ON_SOURCE: "source", Retry.AFTER_CHANGE_ON_DESTINATION: "destination"}
"""The side that has to change, in words."""


class Reasons:
    """Error items found so far."""

    def __init__(self) -> None:
        self._items: set[ErrorItem] = set()

    def add(self, code: ErrorCode, path: str, expected: object, actual: object, text: str, retry: Retry) -> None:
        """Add a reason; `expected` and `actual` are values that JSON can write."""
        self._items.add(ErrorItem(code, path, shown(expected), shown(actual), text, retry=retry))

    def refusal(self) -> Refusal | None:
        """All reasons, sorted by code and path; None when there are none."""
        return Refusal(tuple(sorted(self._items, key=_order))) if self._items else None


def shown(value: object) -> str:
    """A value as JSON text of at most 512 bytes: a list that is longer loses items from its end."""
    if isinstance(value, Span):
        value = {"low": value.low, "high": value.high}
    text = json.dumps(value)
    items = list(value) if isinstance(value, (list, tuple)) else []
    while len(text) > MAX_SHOWN and items:
        items.pop()
        text = json.dumps([*items, "..."])
    return text if len(text) <= MAX_SHOWN else json.dumps("...")


def _order(item: ErrorItem) -> tuple[int, str, int, str, str, str]:
    return item.code, item.path, item.retry, item.expected or "", item.actual or "", item.text or ""
