"""Colours that tie a field to its bytes: the same in the field table, the bit boxes and the annotated bytes."""

from __future__ import annotations

from wireformat.schema import model

COLOURS = 8
"""Colour classes `wf-c0` … that the fields of a record take in turn, wherever they are shown."""


def colour(record: model.Record, path: str) -> str:
    """The colour class of a field of a record, or of a part of that field; none for what is no field."""
    first = path.partition(".")[0].partition("[")[0].partition(" ")[0]
    names = [field.name for field in record.fields if field.name]
    return f"wf-c{names.index(first) % COLOURS}" if first in names else "wf-none"
