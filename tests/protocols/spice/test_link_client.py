"""The client's link stage against every answer that a server can give."""

from __future__ import annotations

import pytest

from tests.captures.spice_runs import wire_bytes
from tests.protocols.spice.linking import client, joined, key, linked
from wireformat.codec import codec_for, encode
from wireformat.protocols.spice.codes import ChannelType, CommonCapability, LinkCode
from wireformat.protocols.spice.events import Event, Linked, LinkRefused
from wireformat.protocols.spice.link import ClientLink, LinkReply, LinkResult, ServerLink
from wireformat.protocols.spice.ticket import encrypt


def answered(*parts: bytes, **options: object) -> tuple[list[Event], bytes]:
    """What a client tells and sends when a server says this, and closes."""
    one = client(**options)
    one.data_to_send()
    for part in parts:
        one.receive_data(part)
    sent = one.data_to_send()
    one.receive_eof()
    return list(one.events()), sent


def reply(error: LinkCode = LinkCode.OK, *, common: int = 0xB, public: bytes | None = None, **more: int) -> bytes:
    """A link reply."""
    own = key().public if public is None else public
    fields = {"offset": 178, **more}
    return encode(ServerLink(reply=LinkReply(error=error, public_key=own, common=(common,), channel=(0xF,), **fields)))


def result(code: int) -> bytes:
    """A link result."""
    return encode(LinkResult(code=LinkCode(code)))


@pytest.mark.requirement("SP-010")
def test_the_first_message_is_that_of_a_real_client() -> None:
    recorded = wire_bytes("minimal-client-semi-seamless", "conn03-target-main-0")["c2s"][:42]
    one = client(connection_id=0x59E3E3C8)
    assert one.data_to_send() == recorded
    assert recorded.hex().startswith("5245445102000000020000001a000000c8e3e3590100010000000100")


def test_what_is_agreed() -> None:
    one, _ = linked({"common": CommonCapability(0xD), "capabilities": 0x7})
    assert one.link is not None
    assert one.link.common == CommonCapability.AUTH_SELECTION | CommonCapability.MINI_HEADER
    assert (one.link.own_capabilities, one.link.peer_capabilities, one.link.is_mini) == (0x7, 0xF, True)


@pytest.mark.requirement("SP-034")
@pytest.mark.parametrize("ours", [0xB, 0xD, 0x3, 0x9, 0x8, 0x2, 0x0])
@pytest.mark.parametrize("theirs", [0xB, 0x3, 0x8, 0x0])
def test_every_choice_of_capabilities_leads_to_a_link(ours: int, theirs: int) -> None:
    one, other = linked({"common": CommonCapability(ours)}, common=CommonCapability(theirs))
    assert one.link is not None
    assert other.link is not None
    assert one.link.is_mini == other.link.is_mini == bool(ours & theirs & 8)


@pytest.mark.requirement("SP-030")
@pytest.mark.parametrize(
    ("common", "size"),
    [(0xB, 132), (0x3, 132), (0x2, 128), (0x0, 128)],
    ids=["both", "no-mini", "no-choice", "nothing"],
)
def test_the_mechanism_is_sent_when_both_can_choose(common: int, size: int) -> None:
    events, sent = answered(reply(common=common), result(0))
    assert len(sent) == size
    assert isinstance(events[0], Linked)


@pytest.mark.requirement("SP-021")
def test_the_ticket_is_made_with_the_key_of_the_reply() -> None:
    made = []

    def note(public: bytes, password: bytes) -> bytes:
        made.append((public, password))
        return bytes(128)

    answered(reply(), password=b"secret", encrypt=note)
    assert made == [(key().public, b"secret")]


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 77])
def test_a_refusal_in_the_reply(code: int) -> None:
    events, sent = answered(reply(LinkCode(code)))
    assert sent == b""
    (refusal,) = events
    assert isinstance(refusal, LinkRefused)
    assert (refusal.code, refusal.by, refusal.error.id) == (LinkCode(code), "peer", "spice/refused")


@pytest.mark.parametrize("code", [7, 8, 9, 1])
def test_a_refusal_in_the_result(code: int) -> None:
    (refusal,), _ = answered(reply(), result(code))
    assert isinstance(refusal, LinkRefused)
    assert (refusal.code, refusal.by) == (LinkCode(code), "peer")


@pytest.mark.requirement("SP-032")
def test_a_second_reply_refuses_the_mechanism() -> None:
    (refusal,), _ = answered(reply(), encode(ServerLink(reply=LinkReply(error=LinkCode.INVALID_DATA))))
    assert isinstance(refusal, LinkRefused)
    assert (refusal.code, refusal.by) == (LinkCode.INVALID_DATA, "peer")


@pytest.mark.parametrize("parts", [(), (reply()[:100],), (reply(),), (reply(), b"\0\0")])
def test_silence(parts: tuple[bytes, ...]) -> None:
    events, _ = answered(*parts)
    (refusal,) = events
    assert isinstance(refusal, LinkRefused)
    assert (refusal.code, refusal.by) == (None, "peer")
    assert "without an answer" in str(refusal.error)


@pytest.mark.parametrize(
    ("parts", "id"),
    [
        ((b"HTTP/1.1 400",), "constant"),
        ((b"REDQ" + bytes(12),), "spice/major"),
        ((reply()[:12] + b"\xb1\0\0\0" + reply()[16:],), "range"),
        ((reply(public=bytes(162)),), "spice/key"),
        ((reply(common=0xD),), "spice/mechanism"),
        ((reply(offset=20),), "pointer"),
    ],
    ids=["http", "major-0", "small", "no-key", "sasl-only", "words-too-early"],
)
def test_what_no_server_says(parts: tuple[bytes, ...], id: str) -> None:
    (refusal,), sent = answered(*parts)
    assert isinstance(refusal, LinkRefused)
    assert (refusal.by, refusal.error.id, sent) == ("us", id, b"")


@pytest.mark.requirement("SP-033")
def test_sasl_is_named() -> None:
    (refusal,), _ = answered(reply(common=0xD))
    assert isinstance(refusal, LinkRefused)
    assert "SASL" in str(refusal.error)


def test_a_password_that_is_too_long_never_shows() -> None:
    (refusal,), sent = answered(reply(), password=b"p" * 61)
    assert isinstance(refusal, LinkRefused)
    assert sent == b""
    assert "ppp" not in repr(refusal) + str(refusal.error)


@pytest.mark.requirement("SP-035")
def test_the_ticket_opens_at_the_server() -> None:
    one = client(password=b"s3cret")
    one.data_to_send()
    one.receive_data(reply())
    assert key().password(one.data_to_send()[4:]) == b"s3cret"
    assert key().password(encrypt(key().public, b"")) == b""


def test_channels_other_than_main() -> None:
    options = {"channel_type": ChannelType.INPUTS, "channel_id": 3, "connection_id": 9, "capabilities": 0}
    one = client(**options)
    asked = codec_for(ClientLink).decode(one.data_to_send()).message
    assert (asked.channel_type, asked.channel_id, asked.connection_id, asked.channel) == (ChannelType.INPUTS, 3, 9, ())
    assert [type(event).__name__ for side in joined(options) for event in side] == ["Linked", "Linked"]
