"""What a destination can load, from a file: QEMU's `-dump-vmstate`, or a stream that it could write itself."""

from __future__ import annotations

from wireformat.cli.exits import UsageError
from wireformat.cli.opening import open_binary, open_stream
from wireformat.errors import DecodeError
from wireformat.protocols.handshake.abilities import Abilities, abilities_of_inventory
from wireformat.protocols.handshake.dump import abilities_of_dump, is_dump, parse_dump
from wireformat.protocols.handshake.inventory import inventory_of_stream


def open_abilities(name: str) -> Abilities:
    """The abilities that a file tells. Raises `UsageError`."""
    with open_binary(name) as file:
        text = file.read(1)
        if text == b"{" and is_dump(text := text + file.read()):
            try:
                return abilities_of_dump(parse_dump(text))
            except DecodeError as error:
                raise UsageError(f"{name}: {error}") from None
    stream = open_stream(name)
    if stream.fault is not None:
        raise UsageError(f"{name}: {stream.fault}")
    return abilities_of_inventory(inventory_of_stream(stream))
