"""The test vectors of what revision 2 adds to the header of a channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wireformat.protocols.channels.messages import ChannelHeader, ChannelKind, HeaderEntries, HeaderFlags

VERSION: str | None = "2"
PARAMS: Mapping[str, Mapping[str, Any]] = {}

VDA = HeaderEntries(channel_type="nbd", index=0, proof=b"\xaa" * 16, epoch=0, target="vda")

VALUES: Mapping[str, tuple[tuple[Any, ...], ...]] = {
    "ChannelHeader": (
        (
            "DATA nbd/vda",
            ChannelHeader(kind=ChannelKind.DATA, flags=HeaderFlags.FROM_SOURCE, binding=bytes(range(16)), entries=VDA),
        ),
    ),
    "HeaderEntries": (("nbd/vda", VDA),),
}

BROKEN: Mapping[str, tuple[tuple[str, bytes], ...]] = {}
