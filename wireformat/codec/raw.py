"""Encoding that obeys: wrong on purpose where it is told to be, right everywhere else.

Overrides are given by path. Bytes replace what is on the wire at that place; any other value replaces the value,
without the checks that keep the strict encoder honest. Both count before the sizes and sums that cover them, so a
wrong length comes with a right CRC. What stands in front of a part has a name of its own behind the part's path:
`["#size"]`, `["#count"]`, `["#tag"]`, `["#reserved"]`, `["#flag"]`, `["#offset"]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wireformat.codec import reference
from wireformat.schema.lift import lift
from wireformat.schema.path import parse


def encode_raw(
    value: Any,
    overrides: Mapping[str, Any],
    version: str | None = None,
    params: Mapping[str, Any] | None = None,
    schema: Any = None,
) -> bytes:
    """The bytes of a value with overrides such as `{"length": 9999, "params[0].type": 99, "seq": b"\\xff"}`.

    `schema` is needed for values that are no records. Raises `EncodeError` where an override cannot be written,
    `SchemaError` with id `path` for a malformed path.
    """
    places = {parse(path): wanted for path, wanted in overrides.items()}
    return reference.encode(lift(type(value) if schema is None else schema), value, version, params, places)
