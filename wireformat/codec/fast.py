"""The fast codec: Python source generated from the model, one version of one schema at a time.

It knows one meaning with the reference codec and nothing of errors: on trouble it raises anything, and the caller asks
the reference, whose answer is the exact error. So each function here accepts what the reference accepts, gives equal
values and bytes, and never explains itself. Generating and compiling costs about as much as a hundred decodings, which
is why it happens on first use and the caller keeps the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wireformat.codec.fast_decode import Decoders
from wireformat.codec.fast_encode import Encoders
from wireformat.codec.fast_shape import Shape
from wireformat.codec.fast_source import Program, UnsupportedError
from wireformat.schema import model

Decode = Callable[[bytes, int, int, Mapping[str, Any]], tuple[Any, int]]
Encode = Callable[[Any, Mapping[str, Any]], bytes]


def decoder(schema: model.Schema, version: str | None = None) -> Decode:
    """A function `(data, offset, end, params) -> (value, next offset)`; None is the newest version.

    `data` must be `bytes`. The function raises anything when the bytes do not decode. A schema for which no source can
    be written is decoded by the reference.
    """
    program = Program()
    try:
        name = Decoders(program, Shape(schema, version)).function(schema.root)
    except UnsupportedError:
        return _reference_decoder(schema, version)
    function: Decode = program.run(schema.root)[name]
    return function


def encoder(schema: model.Schema, version: str | None = None) -> Encode:
    """A function `(value, params) -> bytes`; as `decoder` in all else."""
    program = Program()
    try:
        name = Encoders(program, Shape(schema, version)).function(schema.root)
    except UnsupportedError:
        return _reference_encoder(schema, version)
    function: Encode = program.run(schema.root)[name]
    return function


def source(schema: model.Schema, version: str | None = None) -> str:
    """The generated source of both directions, for people. Raises `UnsupportedError` where none can be written."""
    program, shape = Program(), Shape(schema, version)
    Decoders(program, shape).function(schema.root)
    Encoders(program, shape).function(schema.root)
    return program.text()


def _reference_decoder(schema: model.Schema, version: str | None) -> Decode:
    from wireformat.codec import reference

    def decode(data: bytes, offset: int, end: int, params: Mapping[str, Any]) -> tuple[Any, int]:
        return reference.decode(schema, data, offset, end, version, params)

    return decode


def _reference_encoder(schema: model.Schema, version: str | None) -> Encode:
    from wireformat.codec import reference

    def encode(value: Any, params: Mapping[str, Any]) -> bytes:
        return reference.encode(schema, value, version, params)

    return encode
