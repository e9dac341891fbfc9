"""Bytes to values and back: fast and exact codecs, incremental input, and encoding that is wrong on purpose."""

from __future__ import annotations

from wireformat.codec.ascending import ascending
from wireformat.codec.buffer import NEED_DATA, Buffer, NeedData
from wireformat.codec.pair import NO_PARAMS, Codec, codec_for, decode, disagreements, encode
from wireformat.codec.raw import encode_raw

__all__ = [
    "NEED_DATA",
    "NO_PARAMS",
    "Buffer",
    "Codec",
    "NeedData",
    "ascending",
    "codec_for",
    "decode",
    "disagreements",
    "encode",
    "encode_raw",
]
