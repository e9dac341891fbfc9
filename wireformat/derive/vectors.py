"""Test vectors: bytes with the value they mean, or with the error they must give.

A file of vectors is JSON: the record, and for each vector a name, the bytes as `hex`, the version and the parameters;
a valid one has `values` in the codec's JSON form, an invalid one the `error` (id, path, offset and the whole line).
Documentation encodes and decodes what it shows, so a page cannot tell other bytes than the codec.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wireformat.codec import codec_for
from wireformat.codec.json_form import from_json, to_json
from wireformat.errors import DecodeError, EncodeError, SchemaError
from wireformat.schema import model


@dataclass(frozen=True, slots=True)
class Vector:
    """One vector; `values` is the JSON form of a valid one, `error` what decoding an invalid one gives."""

    record: str
    name: str
    data: bytes
    about: str = ""
    version: str | None = None
    params: tuple[tuple[str, Any], ...] = ()
    values: Any = None
    error: Mapping[str, Any] | None = None
    file: str = ""


def read_vectors(document: Mapping[str, Any], file: str = "") -> tuple[Vector, ...]:
    """The vectors of one file. Raises `SchemaError`, id `type`, when it is none."""
    try:
        return tuple(
            Vector(
                document["record"],
                each["name"],
                bytes.fromhex(each["hex"]),
                each.get("about", ""),
                each.get("version"),
                tuple(each.get("params", {}).items()),
                each.get("values"),
                each.get("error"),
                file,
            )
            for each in document["vectors"]
        )
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise SchemaError("type", f"{file or 'file'}: no vectors: {type(fault).__name__}: {fault}") from None


def write_vectors(vectors: Sequence[Vector]) -> dict[str, Any]:
    """The file for the vectors of one record; inverse of `read_vectors`."""
    return {"record": vectors[0].record, "vectors": [_entry(vector) for vector in vectors]}


def _entry(vector: Vector) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": vector.name}
    if vector.about:
        entry["about"] = vector.about
    if vector.version is not None:
        entry["version"] = vector.version
    if vector.params:
        entry["params"] = dict(vector.params)
    entry["hex"] = vector.data.hex()
    return entry | ({"values": vector.values} if vector.error is None else {"error": dict(vector.error)})


def error_of(schema: model.Schema, vector: Vector) -> dict[str, Any]:
    """What decoding the vector's bytes gives as error; empty when they decode."""
    try:
        codec_for(schema, vector.version).decode(vector.data, dict(vector.params))
    except DecodeError as error:
        return {"id": error.id, "path": error.path, "offset": error.offset, "text": str(error)}
    return {}


def disagreement(schema: model.Schema, vector: Vector) -> str:
    """What codec and vector tell differently; empty when they agree.

    A field that the vector's values lack, since it was added later, has its default.
    """
    error = error_of(schema, vector)
    if vector.error is not None:
        return "" if error == dict(vector.error) else f"error {vector.error} expected, {error or 'none'} given"
    if error:
        return f"does not decode: {error['text']}"
    codec, params = codec_for(schema, vector.version), dict(vector.params)
    value = codec.decode(vector.data, params)
    if value != _promised(schema, vector):
        return f"decodes to {to_json(schema, value)}, not {vector.values}"
    data = codec.encode(value, params)
    return "" if data == vector.data else f"encodes to {data.hex()}, not {vector.data.hex()}"


def _promised(schema: model.Schema, vector: Vector) -> Any:
    """The value that a vector's values stand for; None when they stand for none."""
    try:
        return from_json(schema, vector.values)
    except EncodeError:
        return None


def check(schema: model.Schema, vectors: Sequence[Vector]) -> None:
    """Raise `SchemaError`, id `mismatch`, naming the first vector that the codec disagrees with."""
    for vector in vectors:
        fault = disagreement(schema, vector)
        if fault:
            raise SchemaError("mismatch", f"vector {vector.name} {fault}", path=vector.record)
