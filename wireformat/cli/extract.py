"""`wireformat extract`: cut a RAM image or a device out of a stream."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from typing import Annotated, BinaryIO

import typer

from wireformat.cli.exits import UsageError
from wireformat.cli.opening import open_stream
from wireformat.cli.output import open_output
from wireformat.cli.progress import progress
from wireformat.cli.running import complain
from wireformat.cli.verdict import verdict
from wireformat.protocols.vmstate.images import Extent, RamImage
from wireformat.protocols.vmstate.stream import Stream

HOLE_SIZE = 1 << 20
"""Bytes of zeros that are written at once to what cannot be sparse."""


def run(
    file: Annotated[str, typer.Argument(help="VM-state stream; - is standard input")],
    output: Annotated[str, typer.Option("-o", "--output", help="where the bytes go; - is standard output")],
    ram: Annotated[str | None, typer.Option("--ram", help="the final image of a RAM block, such as pc.ram")] = None,
    device: Annotated[str | None, typer.Option("--device", help="the state of a device, as bytes")] = None,
    page_size: Annotated[int | None, typer.Option(help="target page size in bytes, where nothing tells")] = None,
) -> int:
    """Cut a RAM image or a device out of a VM-state stream."""
    if (ram is None) == (device is None):
        raise UsageError("one of --ram and --device is needed")
    stream = open_stream(file, keep=True, page_size=page_size)
    if ram is not None and stream.ram.blocks:
        _extract_ram(stream, ram, file, output)
    elif device is not None and stream.elements and any(stream.devices()):
        _extract_device(stream, device, file, output)
    elif stream.fault is None:
        raise UsageError(f"{file}: no {'RAM block' if device is None else 'device'} in it")
    return verdict("extract", stream, file)


def _extract_device(stream: Stream, name: str, file: str, output: str) -> None:
    devices = {device.key: device.body.data for device in stream.devices()}
    if name not in devices:
        raise UsageError(f"{file}: no device {name!r}; there are {_listed(devices)}")
    with open_output(output, file) as target:
        target.write(devices[name])


def _extract_ram(stream: Stream, name: str, file: str, output: str) -> None:
    try:
        image = RamImage(stream, name)
    except KeyError:
        names = dict.fromkeys(block.name for block in stream.ram.blocks)
        raise UsageError(f"{file}: no RAM block {name!r}; there are {_listed(names)}") from None
    with open_output(output, file) as target:
        is_sparse = output != "-" and stat.S_ISREG(os.fstat(target.fileno()).st_mode)
        missing = write_image(image, target, is_sparse)
    if missing:
        complain("extract", f"{file}: {missing} of {image.page_count} pages are not in this stream; written as zero")


def write_image(image: RamImage, target: BinaryIO, is_sparse: bool) -> int:
    """Write an image, with holes for zero pages where the target `is_sparse`; how many pages are missing."""
    missing = written = 0
    with progress(image.name, image.length) as watch:
        for extent in image.extents():
            size = _size(image, extent)
            missing += extent.count if extent.origin == "missing" else 0
            if extent.origin in ("plain", "made"):
                _write_pages(image, extent, size, target)
            elif is_sparse:
                target.seek(size, 1)
            else:
                _write_zeros(size, target)
            written += size
            if watch is not None:
                watch(written)
    if is_sparse:
        target.truncate(image.length)
    return missing


def _size(image: RamImage, extent: Extent) -> int:
    """Bytes of an extent; the last page of a block may be cut short by its end."""
    start = extent.page * image.page_size
    return min(extent.count * image.page_size, image.length - start)


def _write_pages(image: RamImage, extent: Extent, size: int, target: BinaryIO) -> None:
    for number in range(extent.page, extent.page + extent.count):
        page = image.page(extent, number)
        target.write(page[: min(size, len(page))])
        size -= len(page)


def _write_zeros(size: int, target: BinaryIO) -> None:
    for start in range(0, size, HOLE_SIZE):
        target.write(bytes(min(HOLE_SIZE, size - start)))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
