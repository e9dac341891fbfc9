"""`wireformat pcap`: wrap streams as TCP connections that Wireshark opens."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, BinaryIO, NamedTuple

import typer

from wireformat.cli.captures import is_capture
from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.opening import open_binary
from wireformat.derive.pcapng import MAX_SEGMENT, Clock, Connection, file_header

PIECE_SIZE = 1 << 20
PORT = 4444
SPICE_PORT = 5930
ENDINGS = ((".src-to-dst.bin", ".dst-to-src.bin"), (".c2s.bin", ".s2c.bin"))
"""How the two files of a connection end: what its client sent, and what its server sent."""


class Recording(NamedTuple):
    """The files of one connection; a direction that was not recorded has none."""

    from_client: str | None
    from_server: str | None


def run(
    file: Annotated[str, typer.Argument(help="stream file, or directory of recorded connections; - is standard input")],
    output: Annotated[str, typer.Option("-o", "--output", help="where the capture goes; - is standard output")] = "-",
    port: Annotated[
        int | None, typer.Option(help="the server's TCP port; 4444, 5930 for SPICE", min=1, max=65535)
    ] = None,
    segment_size: Annotated[int, typer.Option(help="bytes in a packet", min=1, max=MAX_SEGMENT)] = MAX_SEGMENT,
) -> int:
    """Wrap a stream, or every connection of a capture directory, for Wireshark."""
    packets = _packets(file, port, segment_size)
    if output == "-":
        _write(sys.stdout.buffer, packets)
    else:
        with open(output, "wb") as target:
            _write(target, packets)
    return Exit.FINE


def _packets(file: str, port: int | None, segment_size: int) -> Iterator[bytes]:
    """The capture file, block by block, for what the user names."""
    if is_capture(file):
        from wireformat.cli.pcap_capture import capture_packets

        return capture_packets(file, port or SPICE_PORT, segment_size)
    recordings = recordings_in(Path(file)) if file != "-" and Path(file).is_dir() else [Recording(file, None)]
    return packets_of(recordings, port or PORT, segment_size)


def _write(target: BinaryIO, packets: Iterator[bytes]) -> None:
    for packet in packets:
        target.write(packet)
    target.flush()


def recordings_in(folder: Path) -> list[Recording]:
    """The connections of a capture directory, by name. Raises `UsageError` when there are none."""
    found: dict[str, Recording] = {}
    for path in sorted(folder.iterdir()):
        for client, server in ENDINGS:
            for ending in (client, server):
                if path.name.endswith(ending):
                    stem = str(path)[: -len(ending)]
                    found[stem] = Recording(_present(stem + client), _present(stem + server))
    if not found:
        raise UsageError(f"{folder}: no recorded connections (NAME.src-to-dst.bin, NAME.dst-to-src.bin)")
    return list(found.values())


def _present(name: str) -> str | None:
    return name if Path(name).exists() else None


def packets_of(recordings: list[Recording], port: int, segment_size: int) -> Iterator[bytes]:
    """The capture file, block by block. The directions of a connection take turns: nobody recorded their order."""
    clock = Clock()
    yield file_header()
    for number, recording in enumerate(recordings, 1):
        connection = Connection(number, port, segment_size, clock)
        with ExitStack() as opened:
            sides = [_pieces(name, opened) for name in recording]
            yield from connection.open()
            for from_client, from_server in zip_longest(*sides, fillvalue=b""):
                yield from connection.send(from_client)
                yield from connection.send(from_server, from_client=False)
            yield from connection.close()


def _pieces(name: str | None, opened: ExitStack) -> Iterator[bytes]:
    """The bytes of one direction, in pieces; the file is opened at once."""
    if name is None:
        return iter(())
    file = opened.enter_context(open_binary(name))
    return iter(lambda: file.read(PIECE_SIZE), b"")
