"""What both ends of a channel share: a channel that ends, ends alone."""

from __future__ import annotations

import pytest

from wireformat.protocols.handshake.sessions.channel_destination import ChannelDestination
from wireformat.protocols.handshake.sessions.dialect import TODAY


@pytest.mark.parametrize("how", ["receive_eof", "silence", "cancel"])
def test_it_closes_once(how: str) -> None:
    end = ChannelDestination(None, TODAY)
    assert end.state == "accepted"
    getattr(end, how)()
    assert end.state == "closed"
    assert end.wants_close
    getattr(end, how)()
    assert end.state == "closed"
    end.receive_data(b"anything")
    assert end.data_to_send() == b""
