"""The two kinds of header in front of a message [spice-migration 2].

A connection uses one kind from its first message on, in both directions: the small one when both sides set the common
capability MINI_HEADER.
"""

from __future__ import annotations

from wireformat.protocols.spice.link import VERSIONS
from wireformat.schema import Int16ul, Int32ul, Int64ul, Message, field

FULL_SIZE = 18
MINI_SIZE = 6
MAX_BODY = 16 << 20


class FullHeader(Message, sender="either", channel="any", versions=VERSIONS, source="spice-migration 2"):
    """Introduce a message."""

    serial: int = field(Int64ul, "1 for the first message of a direction, then one more each")
    type: int = field(Int16ul, "number of the message: up to 100 for all channels, above for this one")
    size: int = field(Int32ul, "bytes of the body")
    sub_list: int = field(Int32ul, "0, or where in the body a list of further messages begins", default=0)


class MiniHeader(Message, sender="either", channel="any", since="0.12", versions=VERSIONS, source="spice-migration 2"):
    """Introduce a message, in few bytes; serials are counted, not sent."""

    type: int = field(Int16ul, "number of the message: up to 100 for all channels, above for this one")
    size: int = field(Int32ul, "bytes of the body")
