"""A description's JSON becomes a tree; anything of another shape is one error, and it is found in a file."""

from __future__ import annotations

from time import process_time

import pytest

from tests.protocols.vmstate.building import (
    OTHER,
    SIMPLE,
    Device,
    described,
    description,
    description_text,
    field,
    rich_stream,
    struct,
    vmsd,
)
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.description import MAX_DEPTH, DeviceEntry, FieldEntry, Vmsd, find_in_file, parse

FLAG = Vmsd("other/extra", 1, (FieldEntry("flag", "bool", 1),))


def test_the_tree() -> None:
    text = description_text(SIMPLE, OTHER, page_size=1024)
    fields = FieldEntry("a", "uint32", 4), FieldEntry("b", "uint8", 1)
    item = Vmsd("item", 1, (FieldEntry("n", "uint32", 4),))
    more = FieldEntry("values", "uint16", 2, count=3), FieldEntry("items", "qtailq", 6, items=(item,))
    found = parse(text)
    assert (found.page_size, found.text) == (1024, text)
    assert found.devices == (
        DeviceEntry("simple", 0, Vmsd("simple", 1, fields)),
        DeviceEntry("0000:00:01.0/other", 1, Vmsd("other", 1, more, (FLAG,))),
    )


@pytest.mark.requirement("VM-118")
def test_repeated_keys_are_all_kept() -> None:
    """JSON libraries keep the last of equal keys; here each group describes an element."""
    inner = ", ".join(vmsd(f"e{n}", field("n", "uint8", n)) for n in range(3))
    entry = described(Device("d", vmsd("d", field("l", "qlist", 9, inner)), b"")).devices[0]
    assert entry.vmsd is not None
    assert [(item.name, item.fields[0].size) for item in entry.vmsd.fields[0].items] == [
        ("e0", 0),
        ("e1", 1),
        ("e2", 2),
    ]


def test_old_style_devices_have_a_size() -> None:
    assert described(Device("old", None, b"12345")).devices == (DeviceEntry("old", 0, None, 5),)


def test_an_index() -> None:
    entry = described(Device("d", vmsd("d", field("a", "uint8", 1, index=7)), b"")).devices[0]
    assert entry.vmsd is not None
    assert (entry.vmsd.fields[0].index, entry.vmsd.fields[0].count) == (7, None)


def test_an_empty_struct() -> None:
    entry = described(Device("d", vmsd("d", field("a", "struct", 1, '"struct": {}')), b"")).devices[0]
    assert entry.vmsd is not None
    assert entry.vmsd.fields[0].items == (Vmsd("", 0, ()),)


@pytest.mark.requirement("VM-114")
def test_the_finder_counts() -> None:
    first, second, other = (
        Device("ide", vmsd(name), b"", instance_id=instance) for name, instance in [("a", 0), ("b", 0), ("c", 1)]
    )
    finder = described(first, other, second).finder()
    found = [finder.find("ide", 0), finder.find("ide", 1), finder.find("ide", 0), finder.find("ide", 0)]
    assert [entry.vmsd.name for entry in found if entry and entry.vmsd] == ["a", "c", "b", "b"]
    assert finder.find("ide", 2) is None


def test_an_instance_that_old_senders_write_as_negative() -> None:
    """QEMU before 5.0 took instances for signed: those of `spapr_iommu` begin at 0x80000000."""
    device = described(Device("spapr_iommu", None, b"12345", instance_id=-0x8000_0000)).devices[0]
    assert device.instance_id == 0x8000_0000


def deep(depth: int) -> str:
    """Structs in structs."""
    keys = vmsd("d")
    for _ in range(depth):
        keys = vmsd("d", field("s", "struct", 0, struct(keys)))
    return keys


def test_depth() -> None:
    assert described(Device("d", deep(MAX_DEPTH), b"")).devices[0].vmsd is not None
    with pytest.raises(DecodeError, match="more than 32 structs"):
        described(Device("d", deep(MAX_DEPTH + 1), b""))


DEVICE = (
    '{"page_size": 4096, "devices": [{"name": "d", "instance_id": 0, "vmsd_name": "d", "version": 1, "fields": [%s]}]}'
)
WRONG = {
    "nothing": b"",
    "no json": b"{",
    "a list": b"[]",
    "a number": b"1",
    "no devices": b'{"page_size": 4096}',
    "devices no list": b'{"devices": 1}',
    "device no object": b'{"devices": [1]}',
    "no name": b'{"devices": [{"instance_id": 0, "size": 1}]}',
    "no size": b'{"devices": [{"name": "d", "instance_id": 0}]}',
    "page size of 5": b'{"page_size": 5, "devices": []}',
    "page size of 2**40": b'{"page_size": 1099511627776, "devices": []}',
    "page size as text": b'{"page_size": "4096", "devices": []}',
    "not utf-8": b'{"devices": [], "\xff": 1}',
    "utf-16": '{"devices": []}'.encode("utf-16"),
    "nested for ever": b"[" * 100_000,
    "many digits": b'{"devices": [' + b"9" * 5000 + b"]}",
    "negative size": (DEVICE % '{"name": "f", "type": "buffer", "size": -1}').encode(),
    "size of 2**32": (DEVICE % '{"name": "f", "type": "buffer", "size": 4294967296}').encode(),
    "fractional size": (DEVICE % '{"name": "f", "type": "buffer", "size": 1.5}').encode(),
    "true size": (DEVICE % '{"name": "f", "type": "buffer", "size": true}').encode(),
    "no type": (DEVICE % '{"name": "f", "size": 1}').encode(),
    "negative length": (DEVICE % '{"name": "f", "array_len": -1, "type": "buffer", "size": 1}').encode(),
    "name no text": (DEVICE % '{"name": 1, "type": "buffer", "size": 1}').encode(),
    "name that is no text on the wire": (DEVICE % '{"name": "\\ud800", "type": "buffer", "size": 1}').encode(),
    "long name": (DEVICE % ('{"name": "%s", "type": "buffer", "size": 1}' % ("n" * 256))).encode(),
    "field no object": (DEVICE % "1").encode(),
    "struct no object": (DEVICE % '{"name": "f", "type": "struct", "struct": [1], "size": 1}').encode(),
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_another_shape(text: bytes) -> None:
    """Fails when one of Python's own exceptions escapes."""
    with pytest.raises(DecodeError) as caught:
        parse(text)
    assert (caught.value.id, caught.value.path) == ("vmstate/description", "description")


def test_a_description_may_leave_the_page_size_open() -> None:
    assert parse(b'{"devices": []}').page_size is None


class TestFindInFile:
    """Only a mark and a length that reaches to the end tell a description from other braces."""

    @pytest.mark.requirement("VM-113")
    def test_at_the_end(self) -> None:
        data = rich_stream()
        position = find_in_file(data)
        assert position is not None
        assert data[position:] == description_text(SIMPLE, OTHER, page_size=256)

    @pytest.mark.parametrize("fill", [1, 65535, 65536, 200_000])
    def test_before_zero_fill(self, fill: int) -> None:
        assert find_in_file(rich_stream() + bytes(fill)) == find_in_file(rich_stream())

    @pytest.mark.requirement("VM-113")
    def test_a_length_with_a_brace_in_it(self) -> None:
        """`00007b2b` in a stream of QEMU's: the length itself holds a brace [qemu-stream 4.2]."""
        text = b'{"devices": []' + b" " * (0x7B2B - 15) + b"}"
        data = b"QEVM\0\6" + len(text).to_bytes(4, "big") + text
        assert len(text) == 0x7B2B
        assert find_in_file(data) == 10

    @pytest.mark.requirement("VM-113")
    @pytest.mark.parametrize(
        "data",
        [b"", b"}", b"{}", bytes(100), description(SIMPLE)[:-1], description(SIMPLE) + b"x", b"\6\0\0\0\3{}"],
    )
    def test_none(self, data: bytes) -> None:
        assert find_in_file(data) is None


def test_a_stream_full_of_braces_is_given_up() -> None:
    """Fails when each of sixteen million braces is looked at."""
    begin = process_time()
    assert find_in_file(b"{" * (16 << 20) + b"}") is None
    assert process_time() - begin < 2
