"""The channel header as one value, for engines that know no protocol by name."""

from __future__ import annotations

from wireformat.protocols.channels.framing import REVISIONS
from wireformat.protocols.channels.messages import ChannelHeader
from wireformat.schema.protocol import Protocol

PROTOCOL = Protocol(
    name="channels",
    doc="The header with which every channel of a migration starts.",
    versions=REVISIONS,
    messages=(ChannelHeader,),
    roles=("source", "destination"),
    replies={"ChannelHeader": ("ChannelHeader",)},
    is_proposal=True,
)
