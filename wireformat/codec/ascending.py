"""Values in the order that entries of one field must have.

Where a record says that entries ascend, their order is that of their bytes, which only encoding tells: a name that
counts itself is ordered by its length first. Here each value is encoded on its own, so that a sender need not know how
it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeVar

from wireformat.codec.pair import NO_PARAMS, Codec
from wireformat.codec.reference import ByIdentity
from wireformat.errors import SchemaError
from wireformat.schema import model
from wireformat.schema.lift import lift

T = TypeVar("T")


def ascending(
    schema: Any, field: str, items: Iterable[T], version: str | None = None, params: Mapping[str, Any] = NO_PARAMS
) -> tuple[T, ...]:
    """The items of a field of the root record by their encoded bytes, equal ones once.

    Raises `EncodeError` for what is no item of the field; `SchemaError`, id `reference`, where there is no such field.
    """
    lifted = lift(schema)
    codec = _item_codec(ByIdentity(lifted.records), lifted.root, field, version)
    found = {codec.encode({field: item}, params): item for item in items}
    return tuple(item for _, item in sorted(found.items(), key=itemgetter(0)))


@lru_cache(maxsize=1024)
def _item_codec(records: ByIdentity, root: str, name: str, version: str | None) -> Codec:
    """The codec of single items: each is the value of the one field of a record."""
    for field in records.value[root].fields:
        if field.name == name:
            item = model.Record(f"{root}.{name}", (model.Field(name, field.of),))
            return Codec(model.Schema(item.name, {**records.value, item.name: item}), version)
    raise SchemaError("reference", f"{root} has no field {name!r}", path=root)
