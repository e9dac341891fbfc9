"""A destination: it takes a migration from whoever proves to be its source, and nothing from anybody else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.captures.bundle import Captures
from tests.peer.certificates import Authority
from tests.peer.migration import (
    destination,
    destination_config,
    payload_of,
    send,
    source_config,
    with_exporter,
    with_psk,
)
from tests.peer.relay import relay
from tests.peer.talk import read_all, run, send_all
from wireformat.peer.destination import Policy
from wireformat.peer.dialling import connect
from wireformat.peer.payload import Payload
from wireformat.peer.tls import Credentials
from wireformat.protocols.handshake.messages import Context
from wireformat.protocols.handshake.negotiation.offers import Wish
from wireformat.protocols.handshake.sessions.events import Completed, Failed, StrangerRefused
from wireformat.protocols.qapi.addresses import Inet

KEY = bytes(range(32))


@pytest.fixture
def small(captures: Captures) -> Payload:
    """A stream of 3 kB."""
    return payload_of(captures["7.2/avr-uno"].path)


@pytest.fixture
def large(captures: Captures) -> Payload:
    """A stream that no socket holds."""
    return payload_of(captures["7.2/pc-minimal"].path)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.mark.requirement("HS-082", "HS-131", "HS-133")
@pytest.mark.parametrize("channels", [0, 1, 4, 16])
@pytest.mark.parametrize("handover", [Wish.REQUIRE, Wish.FORBID])
def test_a_stream_arrives(large: Payload, tmp_path: Path, channels: int, handover: Wish) -> None:
    async def migrate() -> tuple[str, bytes | None]:
        async with destination(tmp_path) as served:
            config = source_config(channels, {"ownership-handover": handover})
            sent = await send(served.address, large, config)
            await served.running
            assert served.told(Completed) == [Completed()]
            return sent.state, served.received

    assert run(migrate()) == ("complete", b"".join(large.chunks()))


@pytest.mark.requirement("HS-113", "HS-114", "HS-170")
@pytest.mark.parametrize("channels", [0, 4])
def test_a_stream_arrives_over_tls(large: Payload, tmp_path: Path, authority: Authority, channels: int) -> None:
    async def migrate() -> tuple[str, bytes | None]:
        anywhere = Inet("127.0.0.1", "0")
        server, client = authority.credentials("127.0.0.1"), Credentials(authority=authority.path)
        config = with_exporter(destination_config())
        async with destination(tmp_path, config, tls=server, address=anywhere) as served:
            sent = await send(served.address, large, with_exporter(source_config(channels)), tls=client)
            await served.running
            return sent.state, served.received

    assert run(migrate()) == ("complete", b"".join(large.chunks()))


@pytest.mark.requirement("HS-155")
def test_a_failed_attempt_is_followed_by_another(small: Payload, tmp_path: Path) -> None:
    """Fails when anything of an attempt is left behind in the listener."""

    async def migrate() -> tuple[set[str], str, bytes | None]:
        async with destination(tmp_path) as served:
            first = await send(served.address, small, source_config(wishes={"zero-copy-send": Wish.REQUIRE}))
            second = await send(served.address, small)
            await served.running
            return first.codes, second.state, served.received

    assert run(migrate()) == ({"CAP_UNSUPPORTED", "CAP_DEPENDENCY"}, "complete", b"".join(small.chunks()))


@pytest.mark.requirement("HS-038")
def test_an_attempt_that_fails_ends_it_where_the_policy_says_so(small: Payload, tmp_path: Path) -> None:
    """Fails also when it ends before the source has heard why."""

    async def migrate() -> tuple[bool, list[str], set[str]]:
        async with destination(tmp_path, policy=Policy(exit_on_error=True)) as served:
            sent = await send(served.address, small, source_config(context=Context(label="another")))
            await served.running
            codes = [item.code.name for item in served.told(Failed)[0].errors]
            return served.peer.is_complete, codes, sent.codes

    assert run(migrate()) == (False, ["CONTEXT_MISMATCH"], {"CONTEXT_MISMATCH"})


def test_it_goes_on_after_a_migration_where_the_policy_says_so(small: Payload, large: Payload, tmp_path: Path) -> None:
    async def migrate() -> list[bytes | None]:
        found = []
        async with destination(tmp_path, policy=Policy(keep_listening=True)) as served:
            for payload in (small, large, small):
                sent = await send(served.address, payload)
                assert sent.state == "complete"
                found.append(served.received)
            assert not served.running.done()
        return found

    assert run(migrate()) == [b"".join(each.chunks()) for each in (small, large, small)]


@pytest.mark.requirement("HS-039", "HS-112")
@pytest.mark.parametrize(
    ("ours", "theirs", "state", "codes"),
    [
        (KEY, KEY, "complete", set()),
        (KEY, KEY[::-1], "failed", {"CONFIRM_MAC"}),
        (KEY, b"", "failed", {"CONFIRM_MAC"}),
        (b"", KEY, "failed", {"CONFIRM_MAC"}),
    ],
)
def test_a_key_must_be_the_same(
    small: Payload, tmp_path: Path, ours: bytes, theirs: bytes, state: str, codes: set[str]
) -> None:
    async def migrate() -> tuple[str, set[str], bool]:
        own, others = destination_config(), source_config()
        async with destination(tmp_path, with_psk(own, ours) if ours else own) as served:
            sent = await send(served.address, small, with_psk(others, theirs) if theirs else others)
            await asyncio.sleep(0)
            return sent.state, sent.codes, served.received is not None

    assert run(migrate()) == (state, codes, state == "complete")


@pytest.mark.requirement("HS-160")
def test_a_source_that_trickles_does_not_keep_others_out_for_ever(small: Payload, tmp_path: Path) -> None:
    """Fails when every byte renews the time for the handshake."""

    async def migrate() -> tuple[str, str]:
        policy = Policy(timeout=0.2)
        async with destination(tmp_path, policy=policy) as served, relay(tmp_path, served.address) as between:
            between.pause_behind = 400, 0.02
            slow = asyncio.create_task(send(between.address, small, timeout=60.0))
            while (tried := served.peer.sessions.session) is None or not tried.is_over:
                assert not slow.done()
                await asyncio.sleep(0.01)
            quick = await send(served.address, small)
            slow.cancel()
            return tried.state, quick.state

    assert run(migrate()) == ("failed", "complete")


@pytest.mark.requirement("HS-171")
def test_tls_is_required(small: Payload, tmp_path: Path, authority: Authority) -> None:
    """A source in clear is told so, in clear, and the destination goes on listening."""

    async def migrate() -> tuple[set[str], str]:
        config = with_exporter(destination_config())
        async with destination(tmp_path, config, tls=authority.credentials("there")) as served:
            plain = await send(served.address, small)
            client = Credentials(authority=authority.path, server_name="there")
            secured = await send(served.address, small, with_exporter(source_config()), tls=client)
            assert [event.code.name for event in served.told(StrangerRefused)] == ["TLS_REQUIRED"]
            return plain.codes, secured.state

    assert run(migrate()) == ({"TLS_REQUIRED"}, "complete")


@pytest.mark.requirement("HS-172")
def test_tls_is_not_expected(small: Payload, tmp_path: Path, authority: Authority) -> None:
    async def migrate() -> tuple[str, str]:
        async with destination(tmp_path) as served:
            client = Credentials(authority=authority.path, server_name="there")
            secured = await send(served.address, small, with_exporter(source_config()), tls=client)
            plain = await send(served.address, small)
            assert [event.code.name for event in served.told(StrangerRefused)] == ["TLS_UNEXPECTED"]
            return secured.state, plain.state

    assert run(migrate()) == ("failed", "complete")


@pytest.mark.requirement("CH-071", "HS-025", "HS-202")
@pytest.mark.parametrize(
    ("junk", "code", "is_answered"),
    [
        (b"QEVM\0\0\0\3\x07", "LEGACY_PEER", False),
        (b"\x11\x22\x33\x44\0\0\0\1", "LEGACY_PEER", False),
        (b"QCPR\0\0\0\1", "LEGACY_PEER", False),
        (b"GET / HTTP/1.1\r\nHost: there\r\n\r\n", "MALFORMED", False),
        (b"\x16\x03\x01\x02\x00\x01", "TLS_UNEXPECTED", True),
        (bytes(100), "MALFORMED", False),
        (b"QEVM\x48\x53\0\1" + bytes(24), "MALFORMED", True),
        (b"QEVM\x48\x53\0\1\1\1\xff\xff" + bytes(20), "LIMIT", True),
        (b"Q", "PEER_CLOSED", False),
        (b"", "PEER_CLOSED", False),
    ],
)
def test_strangers_are_answered_or_not(
    small: Payload, tmp_path: Path, junk: bytes, code: str, is_answered: bool
) -> None:
    """A source of the old kind would take an answer for something else, and so it gets none [handshake D.12]."""

    async def migrate() -> tuple[list[str], bool, str]:
        async with destination(tmp_path) as served:
            wire = await connect(served.address)
            await send_all(wire, junk)
            answer = await read_all(wire)
            wire.close()
            sent = await send(served.address, small)
            assert answer[:4] == (b"QEVM" if is_answered else b"")
            return [event.code.name for event in served.told(StrangerRefused)], bool(answer), sent.state

    assert run(migrate()) == ([code], is_answered, "complete")
