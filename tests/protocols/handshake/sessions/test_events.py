"""Names of channels."""

from __future__ import annotations

import pytest

from wireformat.protocols.handshake.sessions.events import ChannelKey


@pytest.mark.requirement("CH-040")
def test_a_channel_is_named_by_type_and_index() -> None:
    assert str(ChannelKey("multifd", 3)) == "multifd/3"
    assert sorted([ChannelKey("multifd", 10), ChannelKey("cpr", 2), ChannelKey("multifd", 9)]) == [
        ChannelKey("cpr", 2),
        ChannelKey("multifd", 9),
        ChannelKey("multifd", 10),
    ]
