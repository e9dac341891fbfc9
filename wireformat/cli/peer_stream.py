"""The stream that a source is to send: what the user named, its place in the file, the inventory of what is in it."""

from __future__ import annotations

from dataclasses import dataclass

from wireformat.cli.exits import UsageError
from wireformat.cli.opening import open_binary
from wireformat.errors import DecodeError
from wireformat.peer.payload import Payload
from wireformat.protocols.handshake.files.container import ALIGNMENT, Container, is_container
from wireformat.protocols.handshake.files.container_reader import ContainerReader
from wireformat.protocols.handshake.inventories.inventory import inventory_of_stream
from wireformat.protocols.handshake.messages import Inventory
from wireformat.protocols.vmstate.stream import read_stream
from wireformat.protocols.vmstate.window import Window


@dataclass(frozen=True, slots=True)
class Sending:
    """A stream to send, and what it holds."""

    payload: Payload
    inventory: Inventory


def open_payload(name: str) -> Payload:
    """The bytes of a stream, or of the stream in a container. Raises `UsageError`."""
    with open_binary(name) as file:
        payload = Payload(file)
    container = container_in(name, payload)
    return payload.behind(container.size) if container else payload


def container_in(name: str, payload: Payload) -> Container | None:
    """The front of a container; None where the bytes begin as something else. Raises `UsageError`."""
    if not is_container(payload.first(ALIGNMENT)):
        return None
    reader = ContainerReader()
    try:
        for chunk in payload.chunks():
            reader.receive_data(chunk)
            if found := reader.take():
                return found
    except DecodeError as error:
        raise UsageError(f"{name}: {error}") from None
    raise UsageError(f"{name}: ends within the front of a container")


def open_sending(name: str) -> Sending:
    """A stream with its inventory. Nothing of a finished stream can be left out or written in another version, and so
    the inventory offers neither. Raises `UsageError` for what is no whole stream."""
    payload = open_payload(name)
    stream = read_stream(Window(), more=payload.feed())
    if stream.fault is not None:
        raise UsageError(f"{name}: {stream.fault}")
    return Sending(payload, inventory_of_stream(stream, droppable=frozenset()))
