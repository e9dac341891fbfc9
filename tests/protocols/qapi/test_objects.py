"""Addresses as objects: the examples of every transport, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from tests.protocols.qapi.test_addresses import addresses, many
from wireformat.protocols.qapi.addresses import Address, AddressError, Exec, Fd, File, Inet, Rdma, Unix, Vsock
from wireformat.protocols.qapi.objects import FORMS, from_qapi, to_qapi

EXAMPLES: list[tuple[dict[str, Any], Address]] = [
    (
        {"transport": "socket", "type": "inet", "host": "::", "port": "0", "ipv6": True},
        Inet("::", "0", ipv6=True),
    ),
    (
        {"transport": "socket", "type": "inet", "host": "198.51.100.7", "port": "49160", "keep-alive": True},
        Inet("198.51.100.7", "49160", keep_alive=True),
    ),
    ({"transport": "socket", "type": "unix", "path": "mig-a", "abstract": True}, Unix("mig-a", abstract=True)),
    ({"transport": "socket", "type": "vsock", "cid": "2", "port": "7001"}, Vsock("2", "7001")),
    ({"transport": "socket", "type": "fd", "str": "migfd0"}, Fd("migfd0")),
    (
        {"transport": "exec", "args": ["/usr/bin/socat", "-", "VSOCK-CONNECT:3:9000"]},
        Exec(("/usr/bin/socat", "-", "VSOCK-CONNECT:3:9000")),
    ),
    ({"transport": "rdma", "host": "192.0.2.15", "port": "4711"}, Rdma("192.0.2.15", "4711")),
    ({"transport": "file", "filename": "/srv/save/vm7.qm", "offset": 4096}, File("/srv/save/vm7.qm", 4096)),
]
INET = {"transport": "socket", "type": "inet", "host": "h", "port": "1"}


@pytest.mark.parametrize(("given", "address"), EXAMPLES)
def test_examples(given: dict[str, Any], address: Address) -> None:
    assert from_qapi(given) == address
    assert to_qapi(address) == given


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, "addr: null instead of an object"),
        ([], "addr: a list instead of an object"),
        ({}, "addr.transport: missing"),
        ({"transport": "socket", "host": "h", "port": "1"}, "addr.type: missing"),
        ({"transport": "tcp"}, "addr.transport: 'tcp' is none of socket, exec, rdma, file"),
        ({"transport": "socket", "type": "udp"}, "addr.type: 'udp' is none of inet, unix, vsock, fd"),
        ({"transport": "socket", "type": ["inet"]}, "addr.type: ['inet'] is none of inet, unix, vsock, fd"),
        ({"transport": "file", "filename": "x"}, "addr.offset: missing"),
        ({"transport": "file", "filename": "x", "offset": "0x1000"}, "addr.offset: a string instead of a number"),
        ({"transport": "file", "filename": "x", "offset": -1}, f"addr.offset: -1 is not between 0 and {2**64 - 1}"),
        ({"transport": "file", "filename": "x", "offset": True}, "addr.offset: a boolean instead of a number"),
        ({**INET, "port": 4711}, "addr.port: a number instead of a string"),
        ({**INET, "ipv4": 1}, "addr.ipv4: a number instead of a boolean"),
        ({**INET, "to": 65536}, "addr.to: 65536 is not between 0 and 65535"),
        ({**INET, "path": "/x"}, "addr.path: no member of socket inet addresses"),
        ({"transport": "rdma", "type": "inet", "host": "h", "port": "1"}, "addr.type: no member of rdma addresses"),
        ({"transport": "exec", "args": "cat"}, "addr.args: a string instead of a list"),
        ({"transport": "exec", "args": ["cat", 1]}, "addr.args[1]: a number instead of a string"),
        ({**INET, "a\nb": 1}, 'addr["a\\nb"]: no member of socket inet addresses'),
        ({**INET, "keep_alive": True}, "addr.keep_alive: no member of socket inet addresses"),
    ],
)
def test_refused(given: object, text: str) -> None:
    with pytest.raises(AddressError) as caught:
        from_qapi(given)
    assert str(caught.value) == text
    assert caught.value.id in ("qapi/member", "qapi/transport")


@pytest.mark.slow
@many
@given(addresses)
def test_every_address_has_an_object(address: Address) -> None:
    assert from_qapi(to_qapi(address)) == address


@pytest.mark.parametrize("given", [given for given, _ in EXAMPLES])
def test_members_of_other_addresses_are_foreign(given: dict[str, Any]) -> None:
    choice = tuple(given[tag] for tag in ("transport", "type") if tag in given)
    own = {"transport", *(["type"] if len(choice) > 1 else []), *(member.name for member in FORMS[choice][1])}
    foreign = {"type", *(member.name for _, members in FORMS.values() for member in members)} - own
    assert foreign
    for name in foreign:
        with pytest.raises(AddressError, match=f"{name}.*: no member of {' '.join(choice)} addresses"):
            from_qapi({**given, name: "x"})
