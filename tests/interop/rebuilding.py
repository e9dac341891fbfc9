"""Whether construct and our codec agree on a stranger's schemas: what they accept, and what they write again.

Run where the stranger is installed, with the name of a module. Each of its schemas gets many inputs, an example of ours
with a few bytes changed; the outcome of an input is nothing where it is refused, else what the value is encoded to.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import construct

from wireformat.codec import Codec
from wireformat.derive.examples import example
from wireformat.errors import WireError

INPUTS = 200
LARGEST_CHANGE = 3
"""How many bytes of an input are changed at most."""


def compare(module: str) -> dict[str, list[int]]:
    """For each schema at the top of a module: how many inputs construct accepts, and on how many the two differ."""
    stock = set(map(id, vars(construct).values()))
    found = vars(import_module(module)).items()
    wires = {key: wire for key, wire in found if isinstance(wire, construct.Construct) and id(wire) not in stock}
    return {key: _compare(wire) for key, wire in wires.items()}


def _compare(wire: Any) -> list[int]:
    codec = Codec(wire)
    pairs = [(_theirs(wire, data), _ours(codec, data)) for data in _inputs(codec)]
    return [sum(theirs is not None for theirs, _ in pairs), sum(theirs != ours for theirs, ours in pairs)]


def _inputs(codec: Codec) -> Iterator[bytes]:
    start, source = example(codec.schema) or b"", random.Random(1)
    for _ in range(INPUTS):
        data = bytearray(start)
        for place in source.choices(range(len(data)), k=source.randint(0, LARGEST_CHANGE)) if data else ():
            data[place] = source.randrange(256)
        yield bytes(data)


def _theirs(wire: Any, data: bytes) -> bytes | None:
    try:
        built: bytes = wire.build(wire.parse(data))
    except construct.ConstructError:
        return None
    return built


def _ours(codec: Codec, data: bytes) -> bytes | None:
    try:
        return codec.encode(codec.decode_from(data)[0])
    except WireError:
        return None


if __name__ == "__main__":
    print(json.dumps(compare(sys.argv[1])))
