"""An observer: what a direction means can depend on the other, and nothing is lost when it stays unclear."""

from __future__ import annotations

from struct import pack

import pytest

from tests.captures.spice_runs import wire_bytes
from tests.protocols.spice.linking import client, key, server
from wireformat.codec import encode
from wireformat.protocols.spice.codes import CommonCapability, LinkCode
from wireformat.protocols.spice.link import LinkReply, LinkResult, ServerLink
from wireformat.protocols.spice.main_messages import MigrateCancel
from wireformat.protocols.spice.names import Sender
from wireformat.protocols.spice.observer import MAX_WAITING, Observer
from wireformat.protocols.spice.sighting import Sighting
from wireformat.protocols.spice.ticket import encrypt


def watched(*pieces: tuple[Sender, bytes], ends: bool = True) -> list[Sighting]:
    """What is seen when these bytes pass in this order."""
    observer = Observer()
    for time, (sender, data) in enumerate(pieces):
        observer.receive_data(sender, data, float(time))
    if ends:
        observer.receive_eof("client", 98.0)
        observer.receive_eof("server", 99.0)
    return list(observer.sightings())


def names(sightings: list[Sighting]) -> list[tuple[str, str]]:
    """Who said what."""
    return [(one.sender, one.name) for one in sightings]


def link(common: int = 0xB) -> bytes:
    """A client's link message for main."""
    return client(common=CommonCapability(common)).data_to_send()


def reply(common: int = 0xB, error: LinkCode = LinkCode.OK) -> bytes:
    """A server's answer."""
    return encode(ServerLink(reply=LinkReply(error=error, public_key=key().public, offset=178, common=(common,))))


CHOICE = pack("<I", 1)
TICKET = encrypt(key().public, b"")
OK = encode(LinkResult(code=LinkCode.OK))
CANCEL, CONNECTED = pack("<HI", 102, 0), pack("<HI", 102, 0)


def test_a_link_and_messages() -> None:
    found = watched(
        ("client", link()),
        ("server", reply()),
        ("client", CHOICE + TICKET),
        ("server", OK + CANCEL),
        ("client", CONNECTED),
    )
    assert names(found) == [
        ("client", "ClientLink"),
        ("server", "ServerLink"),
        ("client", "MechanismChoice"),
        ("client", "Ticket"),
        ("server", "LinkResult"),
        ("server", "MigrateCancel"),
        ("client", "MigrateConnected"),
    ]
    assert [(one.offset, one.size, one.time, one.arrival) for one in found] == [
        (0, 42, 0.0, 0),
        (0, 198, 1.0, 1),
        (42, 4, 2.0, 2),
        (46, 128, 2.0, 2),
        (198, 4, 3.0, 3),
        (202, 6, 3.0, 3),
        (174, 6, 4.0, 4),
    ]
    assert [one.finding for one in found] == [None] * 7
    assert found[5].value == MigrateCancel()


def test_what_comes_early_waits_for_its_meaning() -> None:
    everything = link() + CHOICE + TICKET + CONNECTED
    found = watched(("client", everything), ("server", reply() + OK), ends=False)
    assert [name for sender, name in names(found) if sender == "client"] == [
        "ClientLink",
        "MechanismChoice",
        "Ticket",
        "MigrateConnected",
    ]
    assert [one.time for one in found if one.sender == "client"] == [0.0] * 4
    assert names(watched(("client", everything), ends=False)) == [("client", "ClientLink")]


@pytest.mark.requirement("SP-030", "SP-050")
@pytest.mark.parametrize(
    ("ours", "theirs", "chooses", "is_mini"),
    [(0xB, 0xB, True, True), (0x3, 0xB, True, False), (0xA, 0xB, False, True), (0xB, 0x2, False, False)],
)
def test_both_sides_decide_what_follows(ours: int, theirs: int, chooses: bool, is_mini: bool) -> None:
    message = CANCEL if is_mini else pack("<QHII", 1, 102, 0, 0)
    found = watched(
        ("client", link(ours)),
        ("server", reply(theirs)),
        ("client", (CHOICE if chooses else b"") + TICKET),
        ("server", OK + message),
    )
    assert names(found)[-1] == ("server", "MigrateCancel")
    assert found[-1].is_mini is is_mini


@pytest.mark.parametrize("code", [LinkCode.PERMISSION_DENIED, LinkCode(77)])
def test_behind_a_refusal_there_are_only_bytes(code: LinkCode) -> None:
    refused = encode(LinkResult(code=code))
    found = watched(
        ("client", link()), ("server", reply()), ("client", CHOICE + TICKET + CONNECTED), ("server", refused + b"bye")
    )
    assert names(found)[4:] == [("server", "LinkResult"), ("client", "OpaqueBytes"), ("server", "OpaqueBytes")]
    assert found[4].finding is not None
    assert (found[4].finding.id, found[4].finding.actual) == ("spice/refused", code)


def test_sasl_is_named_and_kept_as_bytes() -> None:
    found = watched(
        ("client", link()),
        ("server", reply(0xF)),
        ("client", pack("<I", 2)),
        ("server", pack("<I", 3) + b",A,"),
        ("client", b"more"),
    )
    choice, *rest = found[2:]
    assert choice.finding is not None
    assert "SASL" in str(choice.finding)
    assert names(rest) == [("server", "OpaqueBytes"), ("client", "OpaqueBytes")]
    assert [one.encode() for one in rest] == [b"\3\0\0\0,A,", b"more"]


def test_a_second_reply_is_a_reply() -> None:
    second = encode(ServerLink(reply=LinkReply(error=LinkCode.INVALID_DATA)))
    found = watched(("client", link()), ("server", reply()), ("client", pack("<I", 9) + TICKET), ("server", second))
    assert names(found)[2:] == [("client", "MechanismChoice"), ("client", "OpaqueBytes"), ("server", "ServerLink")]
    assert [one.finding.id for one in found if one.finding] == ["spice/mechanism", "spice/refused"]


def test_a_server_that_says_nothing() -> None:
    found = watched(("client", link()))
    assert names(found) == [("client", "ClientLink"), ("server", "OpaqueBytes")]
    nothing = found[1]
    assert (nothing.size, nothing.time) == (0, 99.0)
    assert nothing.finding is not None
    assert nothing.finding.id == "spice/refused"


def test_a_connection_without_bytes() -> None:
    assert watched() == []


@pytest.mark.parametrize("data", [b"REDQ", link()[:30], b"REDQ" + pack("<III", 2, 2, 10) + bytes(20), b"HTTP"])
def test_half_a_link_or_none(data: bytes) -> None:
    found = watched(("client", data))
    assert names(found)[0] == ("client", "OpaqueBytes")
    assert found[0].encode() == data
    assert found[0].finding is not None


def test_a_message_that_is_cut_is_bytes_with_a_finding() -> None:
    found = watched(
        ("client", link()), ("server", reply()), ("client", CHOICE + TICKET), ("server", OK + CANCEL + CANCEL[:5])
    )
    last = found[-1]
    assert (last.name, last.encode()) == ("OpaqueBytes", CANCEL[:5])
    assert last.finding is not None
    assert (last.finding.id, last.finding.offset) == ("truncated", last.offset)


def test_a_message_that_is_too_long_ends_the_reading() -> None:
    huge = pack("<HI", 2, 1 << 30)
    found = watched(
        ("client", link()), ("server", reply()), ("client", CHOICE + TICKET), ("server", OK + huge), ("server", CANCEL)
    )
    assert [one.encode() for one in found[-2:]] == [huge, CANCEL]
    assert found[-2].finding is not None
    assert found[-2].finding.id == "limit"


def test_a_body_that_does_not_decode_is_one_finding_in_a_good_stream() -> None:
    found = watched(
        ("client", link()),
        ("server", reply()),
        ("client", CHOICE + TICKET),
        ("server", OK + pack("<HI", 101, 2) + b"xx" + CANCEL),
    )
    assert names(found)[-2:] == [("server", "MigrateBegin"), ("server", "MigrateCancel")]
    assert found[-2].finding is not None
    assert (found[-2].finding.id, found[-1].finding) == ("overrun", None)


def test_what_waits_is_limited() -> None:
    observer = Observer()
    observer.receive_data("client", link() + bytes(MAX_WAITING))
    assert [one.name for one in observer.sightings()] == ["ClientLink"]
    observer.receive_data("client", b"\0")
    (rest,) = observer.sightings()
    assert (rest.size, rest.finding.id if rest.finding else None) == (MAX_WAITING + 1, "limit")
    observer.receive_data("server", reply() + OK)
    assert [one.name for one in observer.sightings()] == ["ServerLink", "OpaqueBytes"]


def test_a_relay_is_never_kept_waiting() -> None:
    """Each side hears what the other has said before it must answer."""
    observer, one, other = Observer(), client(), server()
    passed = 0
    for _ in range(4):
        for sender, receiver, side in ((one, other, "client"), (other, one, "server")):
            observer.receive_data("client" if side == "client" else "server", sender.data_to_send())
            for sighting in observer.sightings():
                (other if sighting.sender == "client" else one).receive_data(sighting.encode())
                passed += 1
            assert receiver.state != "closed"
    assert (one.state, other.state, passed) == ("open", "open", 5)


def test_old_layouts_by_version() -> None:
    observer = Observer("0.5")
    old = pack("<HHIIHII", 5900, 0, 2, 22, 1, 3, 24) + b"h\0key"
    for sender, data in (
        ("client", link()),
        ("server", reply()),
        ("client", CHOICE + TICKET),
        ("server", OK + pack("<HI", 101, len(old)) + old),
    ):
        observer.receive_data("client" if sender == "client" else "server", data)
    *_, last = observer.sightings()
    assert last.name == "MigrateBegin"
    assert last.encode()[6:] == old


def test_what_is_known_of_a_connection() -> None:
    observer = Observer()
    assert (observer.channel, observer.is_mini) == (None, False)
    for direction, data in wire_bytes("minimal-client-semi-seamless", "conn02-source-inputs-0").items():
        observer.receive_data("client" if direction == "c2s" else "server", data)
    assert observer.channel is not None
    assert (observer.channel.name, observer.is_mini, observer.result) == ("INPUTS", True, LinkCode.OK)
