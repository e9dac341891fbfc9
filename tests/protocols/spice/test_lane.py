"""Connections of a party."""

from __future__ import annotations

from tests.protocols.spice.linking import client, server
from wireformat.protocols.spice.codes import ChannelType, MouseMode
from wireformat.protocols.spice.events import LinkRefused
from wireformat.protocols.spice.lane import ClientLane, Lane, ServerLane
from wireformat.protocols.spice.main_messages import Init
from wireformat.protocols.spice.party_events import MAIN, Place

INIT = "session_id", "display_channels_hint", "agent_connected", "agent_tokens", "multi_media_time", "ram_hint"


def dialled(place: Place, *, is_secure: bool) -> ClientLane:
    """A lane to a place."""
    return ClientLane(client(), lambda: None, MAIN, place, is_secure=is_secure, is_target=False)


def test_the_port_of_a_lane() -> None:
    assert dialled(Place("there", 1, 2), is_secure=False).port == 1
    assert dialled(Place("there", 1, 2), is_secure=True).port == 2


def test_everything_that_arrives_is_looked_at() -> None:
    looks: list[int] = []
    lane = Lane(client(), lambda: looks.append(1))
    lane.receive_data(b"REDQ")
    lane.receive_eof()
    assert len(looks) == 2
    assert lane.wants_close
    assert not lane.wants_data
    assert not lane.is_linked


def test_a_lane_that_could_not_be_opened() -> None:
    lane = dialled(Place("there", 1), is_secure=False)
    lane.unreachable("no route")
    assert lane.fault == "no route"
    (event,) = lane.connection.events()
    assert isinstance(event, LinkRefused)


def test_the_link_result_leaves_by_itself() -> None:
    one = client()

    def greet() -> None:
        if lane.is_linked and not greeted:
            greeted.append(True)
            lane.connection.send(
                Init(
                    **dict.fromkeys(INIT, 0),
                    supported_mouse_modes=MouseMode.SERVER,
                    current_mouse_mode=MouseMode.SERVER,
                )
            )

    greeted: list[bool] = []
    lane = ServerLane(server(), greet)
    assert lane.key is None
    lane.receive_data(one.data_to_send())
    one.receive_data(lane.data_to_send())
    lane.receive_data(one.data_to_send())
    assert lane.key == MAIN
    assert lane.data_to_send() == bytes(4)
    assert len(lane.data_to_send()) == 6 + 32
    assert lane.data_to_send() == b""


def test_the_key_of_another_channel() -> None:
    one, lane = client(channel_type=ChannelType.INPUTS, connection_id=5, capabilities=0), ServerLane(server(), list)
    for _ in range(2):
        lane.receive_data(one.data_to_send())
        one.receive_data(lane.data_to_send())
    assert str(lane.key) == "inputs-0"
