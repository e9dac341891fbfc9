"""The test vectors of SPICE 0.5, where they differ: a target was announced with its public key [spice-migration 12]."""

from __future__ import annotations

from collections.abc import Mapping
from struct import pack
from typing import Any

from wireformat.protocols.spice.main_messages import MigrateBegin, PublicKeyType

VERSION = "0.5"
PARAMS: Mapping[str, Mapping[str, Any]] = {}

VALUES: Mapping[str, tuple[tuple[Any, ...], ...]] = {
    "MigrateBegin": (
        (
            "version 0.5: with a public key",
            MigrateBegin(port=5900, sport=5901, host=b"host\0", key_type=PublicKeyType.RSA, key=b"not a real key"),
        ),
    ),
}

BROKEN: Mapping[str, tuple[tuple[str, bytes], ...]] = {
    "MigrateBegin": (("version 0.5: host behind the body", bytes(4) + pack("<IIHII", 2, 30, 1, 3, 24) + bytes(5)),),
}
