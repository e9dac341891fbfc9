"""Who begins in clear where TLS is wanted hears of it only if he would understand."""

from __future__ import annotations

import pytest

from tests.peer.certificates import Authority
from tests.peer.talk import both, read_all, run, send_all, sockets
from wireformat.peer.securing import OURS, Plaintext, refuse, secure
from wireformat.peer.tls import Credentials, TlsFault, client_context, connect_tls, server_context
from wireformat.protocols.handshake.sessions.listener import refuse_plaintext


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def test_tls_from_the_first_byte(authority: Authority) -> None:
    async def go() -> tuple[bytes, bytes]:
        near, far = sockets()
        server, client = server_context(authority.credentials("127.0.0.1")), Credentials(authority=authority.path)
        dialled, accepted = await both(connect_tls(near, client_context(client), "127.0.0.1"), secure(far, server))
        return dialled.export(b"label", 32), accepted.export(b"label", 32)

    one, other = run(go())
    assert one == other
    assert len(one) == 32


@pytest.mark.parametrize(
    ("said", "first"),
    [
        (OURS + b"more", OURS),
        (b"QEVM\0\0\0\3", b"QEVM\0\0\0\3"),
        (b"GET / HTTP", b"GET / HT"),
        (b"\x16", b"\x16"),
        (b"", b""),
    ],
)
def test_bytes_in_clear_are_told_of(authority: Authority, said: bytes, first: bytes) -> None:
    async def go() -> None:
        near, far = sockets()
        await send_all(near, said)
        await secure(far, server_context(authority.credentials("127.0.0.1")))

    with pytest.raises(Plaintext) as caught:
        run(go())
    assert caught.value.first == first


def test_what_only_begins_as_tls_is_a_fault(authority: Authority) -> None:
    async def go() -> None:
        near, far = sockets()
        await send_all(near, b"\x16\x03 and so on")
        await secure(far, server_context(authority.credentials("127.0.0.1")))

    with pytest.raises(TlsFault):
        run(go())


@pytest.mark.parametrize(("first", "answer"), [(OURS, refuse_plaintext()), (b"QEVM\0\0\0\3", b""), (b"", b"")])
def test_an_answer_in_clear_is_for_our_kind_alone(first: bytes, answer: bytes) -> None:
    async def go() -> bytes:
        near, far = sockets()
        await near.finish()
        await refuse(far, first)
        far.close()
        return await read_all(near)

    assert run(go()) == answer
