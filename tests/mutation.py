"""Bytes with one thing changed, as somebody would who is no friend of the reader."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeAlias

Change: TypeAlias = Callable[[bytes, int, Random], bytes]
"""What is made of bytes, at a place in them."""


def mutated(data: bytes, random: Random, *others: Change) -> bytes:
    """Bytes with one thing changed, in one of six ways or one of the others."""
    changed, place = bytearray(data), random.randrange(len(data))
    match random.randrange(6 + len(others)):
        case 0:
            changed[place] ^= 1 << random.randrange(8)
        case 1:
            changed[place] = random.choice((0, 1, 0x7F, 0x80, 0xFF))
        case 2:
            changed[place:place] = random.randbytes(random.randint(1, 20))
        case 3:
            del changed[place : place + random.randint(1, 20)]
        case 4:
            changed[place : place + 4] = random.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4)))
        case 5:
            del changed[place:]
        case other:
            return others[other - 6](data, place, random)
    return bytes(changed)
