"""Bytes to values and back: fast and exact codecs, incremental input, and encoding that is wrong on purpose."""

from __future__ import annotations

from wireformat.codec.buffer import NEED_DATA, Buffer
from wireformat.codec.pair import Codec, codec_for, decode, disagreements, encode
from wireformat.codec.raw import encode_raw

__all__ = [
    "NEED_DATA",
    "Buffer",
    "Codec",
    "codec_for",
    "decode",
    "disagreements",
    "encode",
    "encode_raw",
]
