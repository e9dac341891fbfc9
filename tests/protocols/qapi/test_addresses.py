"""Addresses as URIs: each form, each fault with its place, and the inverse where there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wireformat.errors import EncodeError, WireError
from wireformat.protocols.qapi.addresses import (
    OPTIONS,
    Address,
    AddressError,
    Exec,
    Fd,
    File,
    Inet,
    Rdma,
    Unix,
    Vsock,
    parse,
    render,
)
from wireformat.protocols.qapi.catalogue import CATALOGUE

T = TypeVar("T")
U = TypeVar("U")

SAME = {
    "tcp:127.0.0.1:4444": Inet("127.0.0.1", "4444"),
    "tcp::4444": Inet("", "4444"),
    "tcp:[::1]:4444": Inet("::1", "4444"),
    "tcp:host:migrate": Inet("host", "migrate"),
    "tcp:host:65535": Inet("host", "65535"),
    "tcp:host:9p": Inet("host", "9p"),
    "tcp:h:1,to=9,ipv4=off,ipv6=on": Inet("h", "1", to=9, ipv4=False, ipv6=True),
    "tcp:h:1,numeric=on,keep-alive=on,keep-alive-count=3,mptcp=off": Inet(
        "h", "1", numeric=True, keep_alive=True, keep_alive_count=3, mptcp=False
    ),
    "rdma:192.0.2.15:4711": Rdma("192.0.2.15", "4711"),
    "rdma:[fe80::1]:4711,ipv6=on": Rdma("fe80::1", "4711", ipv6=True),
    "unix:/run/a:b,c=d": Unix("/run/a:b,c=d"),
    "vsock:2:7001": Vsock("2", "7001"),
    "fd:migfd0": Fd("migfd0"),
    "exec:cat > /tmp/x": Exec(("/bin/sh", "-c", "cat > /tmp/x")),
    "exec:": Exec(("/bin/sh", "-c", "")),
    "file:/srv/save": File("/srv/save"),
    "file:/srv/save,offset=4096": File("/srv/save", 4096),
}
"""URIs that are already as `render` writes them."""

OTHERS = {
    "tcp:[host]:1": Inet("host", "1"),
    "tcp:h:1,ipv4": Inet("h", "1", ipv4=True),
    "tcp:h:1,keep-alive=yes,mptcp=n": Inet("h", "1", keep_alive=True, mptcp=False),
    "tcp:h:1,ipv6,ipv4": Inet("h", "1", ipv4=True, ipv6=True),
    "file:x,offset=0": File("x"),
    "file:x,offset=0x1000": File("x", 4096),
    "file:x,offset=4k": File("x", 4096),
    "file:x,offset=2M": File("x", 2 << 20),
    "file:x,offset=3G": File("x", 3 << 30),
    "file:x,offset=18446744073709551615": File("x", (1 << 64) - 1),
    "file:a,b=c": File("a,b=c"),
}
"""URIs with another way to write them."""

FAULTS = [
    ("", "qapi/transport", 0),
    ("nothing", "qapi/transport", 0),
    ("udp:1:2", "qapi/transport", 0),
    ("TCP:h:1", "qapi/transport", 0),
    ("tcp:", "qapi/address", 4),
    ("tcp:host", "qapi/address", 8),
    ("tcp:host:", "qapi/address", 9),
    ("tcp:host:,ipv4", "qapi/address", 9),
    ("tcp:[::1", "qapi/address", 4),
    ("tcp:[::1]", "qapi/address", 9),
    ("tcp:[::1]4444", "qapi/address", 9),
    ("tcp:[::1]:", "qapi/address", 10),
    ("tcp:h:65536", "qapi/address", 6),
    ("tcp:h:-1", "qapi/address", 6),
    ("tcp:[::1]:" + "9" * 5000, "qapi/address", 10),
    ("rdma:h:70000", "qapi/address", 7),
    ("tcp:h:1,", "qapi/option", 8),
    ("tcp:h:1,ipv5", "qapi/option", 8),
    ("tcp:h:1,ipv4,ipv4=off", "qapi/option", 13),
    ("tcp:h:1,ipv4=maybe", "qapi/option", 8),
    ("tcp:h:1,to", "qapi/option", 8),
    ("tcp:h:1,to=65536", "qapi/option", 8),
    ("tcp:h:1,to=-1", "qapi/option", 8),
    ("tcp:h:1,to=" + "9" * 5000, "qapi/option", 8),
    ("tcp:h:1,to=٣", "qapi/option", 8),
    ("unix:", "qapi/address", 5),
    ("vsock::1", "qapi/address", 6),
    ("vsock:2", "qapi/address", 7),
    ("vsock:2:", "qapi/address", 8),
    ("vsock:2:1,ipv4", "qapi/option", 9),
    ("fd:", "qapi/address", 3),
    ("file:", "qapi/address", 5),
    ("file:,offset=1", "qapi/address", 5),
    ("file:x,offset=", "qapi/size", 14),
    ("file:x,offset=k", "qapi/size", 14),
    ("file:x,offset=1kk", "qapi/size", 14),
    ("file:x,offset=0x", "qapi/size", 14),
    ("file:x,offset=-1", "qapi/size", 14),
    ("file:x,offset=1,offset=2", "qapi/size", 14),
    ("file:x,offset=16E", "qapi/size", 14),
    ("file:x,offset=" + "9" * 5000, "qapi/size", 14),
]

switches = st.none() | st.booleans()
numbers = st.none() | st.integers(0, (1 << 32) - 1)
texts = st.text(max_size=8) | st.sampled_from(["", "::1", "[", "]", "a,b", "a:b", "h,offset=1", "4444"])
ports = {
    "host": texts,
    "port": texts,
    "numeric": switches,
    "to": st.none() | st.integers(0, (1 << 16) - 1),
    "ipv4": switches,
    "ipv6": switches,
    "keep_alive": switches,
    "keep_alive_count": numbers,
    "keep_alive_idle": numbers,
    "keep_alive_interval": numbers,
    "mptcp": switches,
}
addresses: st.SearchStrategy[Address] = st.one_of(
    st.builds(Inet, **ports),
    st.builds(Rdma, **ports),
    st.builds(Unix, texts, switches, switches),
    st.builds(Vsock, texts, texts),
    st.builds(Fd, texts),
    st.builds(Exec, st.lists(texts, max_size=3).map(tuple) | texts.map(lambda line: ("/bin/sh", "-c", line))),
    st.builds(File, texts, st.integers(0, (1 << 64) - 1)),
)
schemes = ("tcp:", "unix:", "vsock:", "fd:", "exec:", "rdma:", "file:")
marks = (":", ",", "[", "]", "=", "1", "h", "::1", ",offset=", "0x", "k", *(f",{key}=on" for key in OPTIONS))
pieces = st.sampled_from((*schemes, *marks))
uris = st.lists(pieces, max_size=8).map("".join) | st.text(max_size=20)
many = settings(max_examples=500, deadline=None, derandomize=True)


@pytest.mark.parametrize("uri", SAME)
def test_the_form_that_is_written(uri: str) -> None:
    assert parse(uri) == SAME[uri]
    assert render(SAME[uri]) == uri


@pytest.mark.parametrize("uri", OTHERS)
def test_other_forms(uri: str) -> None:
    assert parse(uri) == OTHERS[uri]
    assert parse(render(OTHERS[uri])) == OTHERS[uri]


def test_the_same_host_and_port_are_different_addresses_by_transport() -> None:
    assert Inet("h", "1") != Rdma("h", "1")


@pytest.mark.parametrize(("uri", "id", "offset"), FAULTS, ids=[uri[:30] for uri, _, _ in FAULTS])
def test_faults_name_their_place(uri: str, id: str, offset: int) -> None:
    with pytest.raises(AddressError) as caught:
        parse(uri)
    assert (caught.value.id, caught.value.offset) == (id, offset)
    assert str(caught.value).startswith(f"uri at {offset:#x}: ")


def test_a_fault_is_one_brief_line() -> None:
    with pytest.raises(AddressError) as caught:
        parse("a\nb" * 1000 + ":1")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 120
    with pytest.raises(AddressError) as other:
        parse("tcp:host")
    assert str(other.value) == "uri at 0x8: port is missing"


@pytest.mark.parametrize(
    "address",
    [
        Unix("x", abstract=True),
        Unix("x", tight=False),
        Unix(""),
        Exec(("/bin/cat",)),
        Exec(()),
        File("a,offset=1"),
        Inet("a]:b", "1"),
        Inet("h", ""),
        Vsock("1", "2,3"),
    ],
)
def test_addresses_without_a_uri(address: Address) -> None:
    with pytest.raises(EncodeError) as caught:
        render(address)
    assert caught.value.id == "qapi/unwritable"


def attempt(function: Callable[[T], U], given: T) -> U | WireError:
    """What a function returns or raises."""
    try:
        return function(given)
    except WireError as error:
        return error


@many
@given(uris)
def test_any_text_is_an_address_or_one_error(uri: str) -> None:
    found = attempt(parse, uri)
    if isinstance(found, WireError):
        assert type(found) is AddressError
        assert found.id in CATALOGUE
        assert found.offset is not None
        assert 0 <= found.offset <= len(uri)
        assert str(attempt(parse, uri)) == str(found)
    else:
        assert parse(uri) == found
        assert parse(render(found)) == found


@pytest.mark.slow
@many
@given(addresses)
def test_what_is_rendered_is_parsed(address: Address) -> None:
    uri = attempt(render, address)
    if isinstance(uri, WireError):
        assert uri.id == "qapi/unwritable"
    else:
        assert parse(uri) == address
        assert render(parse(uri)) == uri
