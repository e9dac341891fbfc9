"""The protocols, one folder each, loaded when they are asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wireformat.schema.protocol import Protocol

NAMES: Final = ("vmstate", "channels", "handshake", "spice")
"""Every protocol; the module `protocol` in the folder of that name holds its `PROTOCOL`."""


def protocol(name: str) -> Protocol:
    """The protocol of that name. Raises `KeyError`."""
    if name not in NAMES:
        raise KeyError(name)
    found: Protocol = import_module(f"{__name__}.{name}.protocol").PROTOCOL
    return found
