"""Every id that the handshake raises is explained, and every id of its own is raised."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house.project import modules
from tests.protocols.handshake.loopback import Speaker, codes, destination_config, hello, offer, source_config
from tests.test_catalogue import RAISERS
from wireformat.catalogue import CATALOGUE as EVERYWHERE
from wireformat.errors import DecodeError, LocalProtocolError
from wireformat.protocols.handshake.catalogue import CATALOGUE
from wireformat.protocols.handshake.messages import ConfirmLevel, Progress
from wireformat.protocols.handshake.protocol import PROTOCOL
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.frames import FrameReader, FrameWriter
from wireformat.protocols.handshake.sessions.listener import Listener
from wireformat.protocols.handshake.sessions.source import SourceSession


def raised() -> Iterator[tuple[str, str]]:
    """Module and first argument of every call that makes an error."""
    for module in modules():
        if module.name.startswith("wireformat.protocols.handshake."):
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    if name in RAISERS and isinstance(node.args[0].value, str):
                        yield module.name, node.args[0].value


def test_raised_ids_are_explained() -> None:
    known = EVERYWHERE.keys() | CATALOGUE.keys()
    assert [(name, id) for name, id in raised() if id not in known] == []


def test_the_protocol_has_the_catalogue() -> None:
    assert PROTOCOL.errors == CATALOGUE
    assert all(id.startswith("handshake/") and entry.detail.endswith("]") for id, entry in CATALOGUE.items())


@pytest.mark.requirement("HS-010")
def test_sequence() -> None:
    writer = FrameWriter(TODAY, TODAY.frames())
    writer.encode(Progress())
    with pytest.raises(DecodeError) as caught:
        FrameReader(TODAY.frames()).take(bytearray(writer.encode(Progress())))
    assert (caught.value.id, caught.value.expected, caught.value.actual) == ("handshake/sequence", 0, 1)


def test_refused_is_what_the_peer_is_told() -> None:
    speaker = Speaker(Listener(destination_config()))
    assert codes(speaker.say(hello(offer(payloads=("v9",))))) == ["NO_COMMON_PAYLOAD"]


def test_usage() -> None:
    source = SourceSession(source_config(confirm=ConfirmLevel.EXPORTER))
    source.connect()
    with pytest.raises(LocalProtocolError) as caught:
        source.connected()
    assert caught.value.id == "handshake/usage"
