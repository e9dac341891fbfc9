"""The protocols, one folder each, imported when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wireformat.schema.protocol import Protocol

MODULES: Mapping[str, str] = {"vmstate": "wireformat.protocols.vmstate.protocol"}
"""By name of the protocol, the module that declares it."""


def load(name: str) -> Protocol:
    """The protocol of that name. Raises `KeyError`."""
    protocol: Protocol = import_module(MODULES[name]).PROTOCOL
    return protocol
