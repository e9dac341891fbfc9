"""One connection of a channel that may need several.

That a connection is lost before the destination said anything on it is no word on the channel: it is dialled again.
Whatever comes after the first answer concerns the channel itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wireformat.protocols.handshake.sessions.channel_source import ChannelSource


class Attempt:
    """A channel on one connection. `is_lost`: the connection is gone, and nothing was said on it."""

    def __init__(self, channel: ChannelSource) -> None:
        self.is_lost = False
        self._channel = channel
        self.receive_data = channel.receive_data
        self.data_to_send = channel.data_to_send

    @property
    def wants_close(self) -> bool:
        """See `End`."""
        return self.is_lost or self._channel.wants_close

    def receive_eof(self) -> None:
        """See `End`."""
        if self._channel.state == "header-sent":
            self.is_lost = True
        else:
            self._channel.receive_eof()
