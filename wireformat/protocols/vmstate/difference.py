"""What differs between two streams: configuration, commands, devices field by field, memory page by page.

Only what a destination ends up with is compared. How often and in which order pages were sent and how sections are
numbered is no difference; nor is a page that is missing on one side and zero on the other. Paths are those of the
decoded stream, but that the blocks of memory stand directly under `ram`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from typing import Any, Final, Literal, TypeAlias

from wireformat.protocols.vmstate.elements import RecordsBody
from wireformat.protocols.vmstate.images import Extent, RamImage
from wireformat.protocols.vmstate.naming import section_key
from wireformat.protocols.vmstate.stream import Device, Stream
from wireformat.protocols.vmstate.view import plain, present, view
from wireformat.schema.path import Path, join

Kind = Literal["changed", "only in first", "only in second", "version", "pages"]
Value: TypeAlias = Any
Compare: TypeAlias = "Callable[[Stream, Stream, Path], Iterator[Difference]]"
EMPTY: Final = frozenset({"missing", "zero"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `first` and `second` are the values where there are any; for `version` those of a section's
    header. `pages` are the bytes `start` to `end` of a block, in which each page of `page_size` differs."""

    kind: Kind
    path: Path
    first: Value = None
    second: Value = None
    start: int = 0
    end: int = 0
    page_size: int = 0

    @property
    def place(self) -> str:
        """The path as text, with the range of bytes for pages."""
        return join(self.path) + (f"[{self.start:#x}-{self.end:#x}]" if self.kind == "pages" else "")

    @property
    def page_count(self) -> int:
        """How many pages differ."""
        return -(-(self.end - self.start) // self.page_size) if self.page_size else 0


def differences(first: Stream, second: Stream, within: Path = ()) -> Iterator[Difference]:
    """All differences, part by part; with `within` only those at or below that path.

    Memory is compared when both streams have their content. Raises `DecodeError` when a page cannot be made.
    """
    for name, compare in PARTS.items():
        if within[:1] in ((), (name,)):
            found = compare(first, second, within)
            yield from (one for one in found if one.path[: len(within)] == within)


def compare_values(first: Value, second: Value, path: Path) -> Iterator[Difference]:
    """The differences of two nested values; None stands for nothing."""
    if first is None or second is None:
        if first is not second:
            yield Difference("only in second" if first is None else "only in first", path, first, second)
    elif isinstance(first, Mapping) and isinstance(second, Mapping):
        for name in _union(first, second):
            yield from compare_values(first.get(name), second.get(name), (*path, name))
    elif isinstance(first, tuple) and isinstance(second, tuple):
        for number, (one, other) in enumerate(zip_longest(first, second)):
            yield from compare_values(one, other, (*path, number))
    elif first != second:
        yield Difference("changed", path, first, second)


def _union(first: Iterable[str], second: Iterable[str]) -> list[str]:
    """The names of both, in the order of the first."""
    return list(dict.fromkeys([*first, *second]))


def _compare_part(first: Stream, second: Stream, within: Path, name: str) -> Iterator[Difference]:
    """Compare a part as it stands in the view."""
    yield from compare_values(view(first).get(name), view(second).get(name), (name,))


def _header(first: Stream, second: Stream, within: Path) -> Iterator[Difference]:
    return _compare_part(first, second, within, "header")


def _configuration(first: Stream, second: Stream, within: Path) -> Iterator[Difference]:
    return _compare_part(first, second, within, "configuration")


def _commands(first: Stream, second: Stream, within: Path) -> Iterator[Difference]:
    return _compare_part(first, second, within, "commands")


def _sections(first: Stream, second: Stream, within: Path) -> Iterator[Difference]:
    """Disks, bitmaps and other stores: their records, then the data behind these."""
    yield from _compare_part(first, second, within, "sections")
    one, other = _digests(first), _digests(second)
    for path in one.keys() & other.keys():
        if one[path] != other[path]:
            yield Difference("changed", path, one[path], other[path])


def _digests(stream: Stream) -> dict[Path, str]:
    """SHA-256 of the data behind each record that has some."""
    found: dict[Path, str] = {}
    counts: dict[str, int] = {}
    content = memoryview(stream.content or b"")
    for section in stream.sections():
        if not isinstance(section.body, RecordsBody):
            continue
        key = section_key(section.idstr, section.instance_id)
        number = counts[key] = counts.get(key, -1) + 1
        for index, item in enumerate(section.body.items):
            data = content[item.data.position : item.data.position + item.data.size]
            if data:
                found["sections", key, number, "records", index, "data"] = f"sha256 {sha256(data).hexdigest()}"
    return found


def _devices(first: Stream, second: Stream, within: Path) -> Iterator[Difference]:
    one = {device.key: device for device in first.devices()}
    other = {device.key: device for device in second.devices()}
    for key in _union(one, other):
        yield from _device(one.get(key), other.get(key), ("devices", key))


def _device(first: Device | None, second: Device | None, path: Path) -> Iterator[Difference]:
    if first is None or second is None:
        yield from compare_values(first and first.body.data, second and second.body.data, path)
        return
    versions = first.section.version_id, second.section.version_id
    if versions[0] != versions[1]:
        yield Difference("version", path, *versions)
    one, other = first.body.value, second.body.value
    if one is None or other is None:
        yield from compare_values(first.body.data, second.body.data, path)
    else:
        yield from compare_values(present(one), present(other), path)


def _page_size(first: Stream, second: Stream, within: Path) -> Iterator[Difference]:
    sizes = first.ram.page_size, second.ram.page_size
    if None not in sizes:
        yield from compare_values(*sizes, ("page_size",))


def _ram(first: Stream, second: Stream, within: Path) -> Iterator[Difference]:
    """The list of blocks, then the pages of each block that both have."""
    one, other = _blocks(first), _blocks(second)
    sizes = first.ram.page_size, second.ram.page_size
    yield from compare_values(one, other, ("ram",))
    is_comparable = sizes[0] == sizes[1] and first.content is not None and second.content is not None
    for name in one if is_comparable else ():
        if name in other and within[1:2] in ((), (name,)):
            yield from page_ranges(RamImage(first, name), RamImage(second, name))


def _blocks(stream: Stream) -> dict[str, Value]:
    return {
        block.name: {name: value for name, value in plain(block).items() if name not in ("name", "mapped")}
        for block in stream.ram.blocks
    }


def page_ranges(first: RamImage, second: RamImage) -> Iterator[Difference]:
    """The stretches of a block in which every page differs, as far as both images reach."""
    size, length = first.page_size, min(first.length, second.length)
    start = end = -1
    for page in _differing(first, second):
        if page != end:
            if start >= 0:
                yield Difference("pages", ("ram", first.name), start=start * size, end=end * size, page_size=size)
            start = page
        end = page + 1
    if start >= 0:
        end = min(end * size, length)
        yield Difference("pages", ("ram", first.name), start=start * size, end=end, page_size=size)


def _differing(first: RamImage, second: RamImage) -> Iterator[int]:
    """The numbers of the pages that differ."""
    for one, other in aligned(first.extents(), second.extents()):
        if one.origin in EMPTY and other.origin in EMPTY:
            continue
        for page in range(one.page, one.page + one.count):
            if first.page(one, page) != second.page(other, page):
                yield page


def aligned(first: Iterator[Extent], second: Iterator[Extent]) -> Iterator[tuple[Extent, Extent]]:
    """Extents of two images cut at each other's borders, up to the end of the shorter."""
    one, other = next(first, None), next(second, None)
    while one is not None and other is not None:
        count = min(one.count, other.count)
        yield one.cut(one.page, count), other.cut(other.page, count)
        one = one.cut(one.page + count, one.count - count) if one.count > count else next(first, None)
        other = other.cut(other.page + count, other.count - count) if other.count > count else next(second, None)


PARTS: Final[Mapping[str, Compare]] = {
    "header": _header,
    "configuration": _configuration,
    "commands": _commands,
    "page_size": _page_size,
    "ram": _ram,
    "sections": _sections,
    "devices": _devices,
}
"""How each part of a stream is compared."""
