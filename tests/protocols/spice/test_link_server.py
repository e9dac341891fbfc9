"""The server's link stage: each check, its answer, and the same as real servers gave in the captures."""

from __future__ import annotations

from struct import pack

import pytest

from tests.captures.spice_runs import wire_bytes
from tests.protocols.spice.linking import joined, key, server
from wireformat.codec import codec_for
from wireformat.protocols.spice.codes import ChannelType, CommonCapability, LinkCode
from wireformat.protocols.spice.events import Event, Linked, LinkRefused
from wireformat.protocols.spice.link import LinkResult, ServerLink
from wireformat.protocols.spice.link_server import LinkRequest
from wireformat.protocols.spice.ticket import encrypt


def told(data: bytes, **options: object) -> tuple[list[Event], bytes]:
    """What a server tells and sends when a client says this, and closes."""
    other = server(**options)
    other.receive_data(data)
    sent = other.data_to_send()
    other.receive_eof()
    return list(other.events()), sent + other.data_to_send()


def refuse_strangers(request: LinkRequest) -> LinkCode:
    """As a server without a session does."""
    return LinkCode.OK if request.channel_type == ChannelType.MAIN else LinkCode.BAD_CONNECTION_ID


def known_channel(channel: ChannelType, number: int) -> bool:
    """As a server with inputs does."""
    return (channel, number) == (ChannelType.INPUTS, 0)


PROBES = {
    "conn01-source-bad-magic": LinkCode.INVALID_MAGIC,
    "conn02-source-major-1": LinkCode.VERSION_MISMATCH,
    "conn03-source-major-0": None,
    "conn06-source-size-10": LinkCode.INVALID_DATA,
    "conn08-source-caps-2000": LinkCode.INVALID_DATA,
    "conn12-source-chan-99": None,
    "conn17-source-mech-9": LinkCode.INVALID_DATA,
}


@pytest.mark.requirement("SP-011", "SP-012", "SP-013", "SP-014", "SP-018", "SP-020", "SP-032")
@pytest.mark.parametrize("probe", PROBES)
def test_it_answers_as_the_real_server_did(probe: str) -> None:
    recorded = wire_bytes("link-errors", probe)
    events, sent = told(recorded["c2s"], exists=known_channel, capabilities=bits_for)
    (refusal,) = events
    assert isinstance(refusal, LinkRefused)
    assert (refusal.code, refusal.by) == (PROBES[probe], "us")
    assert sent[-194:] == recorded["s2c"][-194:]
    assert len(sent) == len(recorded["s2c"])


def bits_for(channel: ChannelType) -> int:
    """What the recorded server could."""
    return 0xF if channel == ChannelType.MAIN else 0


@pytest.mark.requirement("SP-012", "SP-015", "SP-030")
@pytest.mark.parametrize(
    "probe", ["conn05-source-minor-99", "conn11-source-caps-offset-20", "conn20-source-no-common-caps"]
)
def test_odd_links_that_real_servers_accept(probe: str) -> None:
    recorded = wire_bytes("link-errors", probe)["c2s"]
    size = 16 + int.from_bytes(recorded[12:16], "little")
    choice = pack("<I", 1) if probe != "conn20-source-no-common-caps" else b""
    events, sent = told(recorded[:size] + choice + encrypt(key().public, b""), capabilities=bits_for)
    assert isinstance(events[0], Linked)
    assert len(sent) == 16 + 186 + 4


def link(channel: int = 1, connection_id: int = 0, common: int = 0xB) -> bytes:
    """A link message with its header."""
    body = pack("<IBBIII", connection_id, channel, 0, 1, 0, 18) + pack("<I", common)
    return b"REDQ" + pack("<III", 2, 2, len(body)) + body


def last_code(sent: bytes) -> LinkCode:
    """The link result at the end."""
    found = codec_for(LinkResult).decode(sent[-4:])
    assert isinstance(found, LinkResult)
    return found.code


@pytest.mark.requirement("SP-037", "SP-038")
@pytest.mark.parametrize(
    ("password", "ticketing", "sent", "passes"),
    [
        (None, False, b"", True),
        (None, False, b"anything", True),
        (b"right", False, b"right", True),
        (b"right", False, b"wrong", False),
        (b"right", False, b"", False),
        (b"", False, b"", True),
        (None, True, b"", False),
    ],
)
def test_passwords(password: bytes | None, ticketing: bool, sent: bytes, passes: bool) -> None:
    data = link() + pack("<I", 1) + encrypt(key().public, sent)
    events, answer = told(data, password=password, has_ticketing=ticketing)
    assert isinstance(events[0], Linked if passes else LinkRefused)
    assert last_code(answer) == (LinkCode.OK if passes else LinkCode.PERMISSION_DENIED)


@pytest.mark.requirement("SP-037")
@pytest.mark.parametrize("password", [None, b"right"])
def test_a_ticket_that_does_not_decrypt_is_refused_anyway(password: bytes | None) -> None:
    (refusal,), answer = told(link() + pack("<I", 1) + b"\x55" * 128, password=password)
    assert isinstance(refusal, LinkRefused)
    assert (refusal.code, refusal.error.id) == (LinkCode.PERMISSION_DENIED, "spice/ticket")
    assert last_code(answer) == LinkCode.PERMISSION_DENIED


@pytest.mark.requirement("SP-032")
@pytest.mark.parametrize("mechanism", [0, 2, 9, 0xFFFFFFFF])
def test_other_mechanisms_get_a_second_reply(mechanism: int) -> None:
    (refusal,), sent = told(link() + pack("<I", mechanism))
    assert isinstance(refusal, LinkRefused)
    assert (refusal.code, refusal.error.id) == (LinkCode.INVALID_DATA, "spice/mechanism")
    second = codec_for(ServerLink).decode(sent[-194:])
    assert second.reply.error == LinkCode.INVALID_DATA
    assert sent[-194 + 20 :] == bytes(174)


@pytest.mark.requirement("SP-033")
def test_sasl_is_named() -> None:
    (refusal,), _ = told(link() + pack("<I", 2))
    assert isinstance(refusal, LinkRefused)
    assert "SASL" in str(refusal.error)


@pytest.mark.requirement("SP-017")
@pytest.mark.parametrize("code", [LinkCode.NEED_SECURED, LinkCode.NEED_UNSECURED])
def test_channels_that_belong_on_the_other_port(code: LinkCode) -> None:
    def protection(channel: ChannelType) -> LinkCode:
        return code if channel == ChannelType.INPUTS else LinkCode.OK

    (refusal,), sent = told(link(3), protection=protection)
    assert isinstance(refusal, LinkRefused)
    assert (refusal.code, refusal.error.id) == (code, "spice/protection")
    assert codec_for(ServerLink).decode(sent).reply.error == code


@pytest.mark.requirement("SP-016")
def test_protection_is_checked_before_existence() -> None:
    def protection(channel: ChannelType) -> LinkCode:
        return LinkCode.NEED_SECURED

    (refusal,), _ = told(link(99), protection=protection, exists=known_channel)
    assert isinstance(refusal, LinkRefused)
    assert refusal.code == LinkCode.NEED_SECURED


@pytest.mark.requirement("SP-018")
def test_main_always_exists() -> None:
    def nothing(channel: ChannelType, number: int) -> bool:
        return False

    assert isinstance(joined(exists=nothing)[1][0], Linked)
    (refusal,), sent = told(link(3), exists=nothing)
    assert isinstance(refusal, LinkRefused)
    assert (refusal.code, refusal.error.id, sent) == (None, "spice/no-channel", b"")


@pytest.mark.requirement("SP-040", "SP-041", "SP-042")
def test_sessions_are_judged_behind_the_ticket() -> None:
    data = link(3, 0x1234) + pack("<I", 1) + encrypt(key().public, b"")
    (refusal,), sent = told(data, admit=refuse_strangers)
    assert isinstance(refusal, LinkRefused)
    assert (refusal.code, refusal.error.id) == (LinkCode.BAD_CONNECTION_ID, "spice/session")
    assert last_code(sent) == LinkCode.BAD_CONNECTION_ID
    (refusal,), sent = told(link(3, 0x1234) + pack("<I", 1) + bytes(128), admit=refuse_strangers)
    assert last_code(sent) == LinkCode.PERMISSION_DENIED


def test_admission_sees_the_request() -> None:
    seen = []

    def note(request: LinkRequest) -> LinkCode:
        seen.append(request)
        return LinkCode.OK

    told(link(3, 0xDEADBEEF) + pack("<I", 1) + encrypt(key().public, b""), admit=note)
    assert seen == [LinkRequest(0xDEADBEEF, ChannelType.INPUTS, 0, CommonCapability(0xB), 0)]


def test_a_reply_answers_at_once_and_nothing_before() -> None:
    other = server()
    data = link()
    for place in range(len(data)):
        assert other.data_to_send() == b""
        other.receive_data(data[place : place + 1])
    assert len(other.data_to_send()) == 16 + 186


def test_a_client_that_leaves() -> None:
    for data in (b"", link()[:20], link(), link() + pack("<I", 1)):
        (refusal,), _ = told(data)
        assert isinstance(refusal, LinkRefused)
        assert (refusal.code, refusal.by) == (None, "peer")
        assert "the client" in str(refusal.error)
