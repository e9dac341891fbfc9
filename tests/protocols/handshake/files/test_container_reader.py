"""Reading FILE containers: in any pieces, and refusing what is none."""

from __future__ import annotations

import random
from dataclasses import replace
from hashlib import sha256

import pytest

from tests.protocols.handshake.states import block_item, inventory_of, section_item, subsection_item
from wireformat.codec import encode
from wireformat.errors import DecodeError
from wireformat.protocols.channels.messages import NO_BINDING, ChannelHeader, ChannelKind, HeaderFlags
from wireformat.protocols.handshake.file_messages import Manifest, ManifestEnd
from wireformat.protocols.handshake.files.container import Container, front, manifest_of
from wireformat.protocols.handshake.files.container_reader import MAX_FRONT, ContainerReader, read_front
from wireformat.protocols.handshake.frame import Frame
from wireformat.protocols.handshake.messages import Hello, ResultEntries
from wireformat.schema import TaggedMessage, Unknown

MANIFEST = manifest_of(
    ResultEntries(version=1, payload="v1-raw", capabilities=("postcopy-ram",)),
    inventory_of(section_item("cpu", 12, subsection_item("cpu/x")), blocks=(block_item("pc.ram"),)),
)
FRONT = front(MANIFEST)
END_AT = FRONT.index(bytes.fromhex("80310000 00000001"))
MANIFEST_AT = 32
FRAMES_END = END_AT + 16 + 8 + 32


def header(kind: ChannelKind = ChannelKind.FILE) -> bytes:
    """The channel header."""
    return encode(ChannelHeader(kind=kind, flags=HeaderFlags.FROM_SOURCE, binding=NO_BINDING))


def frames(*messages: TaggedMessage | Unknown | None, start: bytes | None = None, pad: int = 4096) -> bytes:
    """A container of the given frames; None stands for a MANIFEST_END with the right digest."""
    data = header() if start is None else start
    for sequence, message in enumerate(messages):
        found = ManifestEnd(digest=sha256(data).digest()) if message is None else message
        data += encode(Frame(sequence=sequence, message=found))
    return data.ljust(pad, b"\0")


def manifest(size: int) -> Manifest:
    return replace(MANIFEST, header_size=size)


def refused(data: bytes) -> str:
    """The id of the error that reading ends with."""
    with pytest.raises(DecodeError) as caught:
        read_front(data)
    return caught.value.id


@pytest.mark.requirement("HS-253")
def test_every_split() -> None:
    whole = read_front(FRONT)
    for place in range(len(FRONT)):
        reader = ContainerReader()
        reader.receive_data(FRONT[:place])
        assert reader.take() is None
        reader.receive_data(FRONT[place:] + b"stream")
        assert reader.take() == whole
        assert reader.rest == b"stream"


def test_byte_by_byte() -> None:
    reader = ContainerReader()
    found: list[Container | None] = []
    for place in range(len(FRONT)):
        reader.receive_data(FRONT[place : place + 1])
        found.append(reader.take())
    assert found[:-1] == [None] * (len(FRONT) - 1)
    assert found[-1] == Container(manifest(4096), 4096)


def test_a_cut_file_is_truncated() -> None:
    assert {refused(FRONT[:size]) for size in range(0, len(FRONT), 7)} == {"truncated"}


@pytest.mark.requirement("HS-182")
def test_every_flipped_bit_in_front_of_the_zeros_is_noticed() -> None:
    """Nearly all by a checksum; a size may ask for more bytes than there are, or lead to wrong ones."""
    ids = {"checksum", "constant", "limit", "truncated", "overrun", "tag"}
    for place in range(FRAMES_END):
        for bit in range(8):
            data = bytearray(FRONT)
            data[place] ^= 1 << bit
            assert refused(bytes(data)) in ids, (place, bit)


@pytest.mark.requirement("HS-181")
def test_padding_is_zero() -> None:
    assert refused(FRONT[:-1] + b"\1") == "padding"


SKIPPED = Unknown(0x0A0A, b"\0\1\0\0\0\0\0\0")
CRITICAL = Unknown(0x8A0A, b"")
HELLO = Hello(versions=(1,), nonce=bytes(32), payloads=("v1-raw",))


@pytest.mark.requirement("HS-181", "HS-185")
@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"QEVM\0\0\0\3" + bytes(64), "constant"),
        (b"GET / HTTP/1.1\r\n\r\n", "constant"),
        (header(ChannelKind.MAIN) + FRONT[32:], "constant"),
        (FRONT[:10] + b"\xff\xff" + FRONT[12:], "limit"),
        (FRONT[:10] + b"\0\x1f" + FRONT[12:], "limit"),
        (frames(manifest(4096), CRITICAL, None), "tag"),
        (frames(manifest(4096), manifest(4096), None), "illegal-event"),
        (frames(HELLO, manifest(4096), None), "illegal-event"),
        (frames(None), "illegal-event"),
        (frames(manifest(4096), ManifestEnd(digest=bytes(32))), "checksum"),
        (frames(manifest(0), None), "mismatch"),
        (frames(manifest(4097), None), "mismatch"),
        (frames(manifest(MAX_FRONT + 4096), None), "limit"),
        (frames(*[SKIPPED] * 70, manifest(4096), None), "limit"),
        (frames(manifest(4096), *[SKIPPED] * 200, None, pad=8192), "limit"),
    ],
)
def test_what_is_refused(data: bytes, error: str) -> None:
    assert refused(data) == error


def test_a_manifest_must_have_room() -> None:
    large = manifest_of(MANIFEST.result, inventory_of(*(section_item(f"device-{number:03}") for number in range(200))))
    assert refused(frames(replace(large, header_size=4096), None)) == "mismatch"


def test_what_is_not_critical_is_skipped() -> None:
    data = frames(SKIPPED, manifest(4096), SKIPPED, None)
    assert read_front(data).manifest == manifest(4096)


def test_more_room_than_needed_is_fine() -> None:
    assert read_front(frames(manifest(65536), None, pad=65536)).size == 65536


def test_offsets_count_from_the_start_of_the_file() -> None:
    data = bytearray(FRONT)
    data[END_AT + 30] ^= 1
    with pytest.raises(DecodeError) as caught:
        read_front(bytes(data))
    assert END_AT <= (caught.value.offset or 0) < FRAMES_END


@pytest.mark.requirement("HS-185")
def test_memory_is_not_taken_before_sizes_are_checked() -> None:
    """A frame that claims 4 GiB is refused with its header."""
    reader = ContainerReader()
    reader.receive_data(FRONT[:MANIFEST_AT] + FRONT[MANIFEST_AT : MANIFEST_AT + 8] + b"\xff" * 8)
    with pytest.raises(DecodeError) as caught:
        reader.take()
    assert caught.value.id == "limit"


def mutated(seed: int) -> bytes:
    """The container with a few bytes changed, gone or too many."""
    chance = random.Random(seed)
    data = FRONT[: FRAMES_END + 16]
    for _ in range(chance.randint(1, 4)):
        place, size = chance.randrange(len(data)), chance.randint(0, 9)
        data = data[:place] + chance.randbytes(chance.randint(0, 9)) + data[place + size :]
    return data.ljust(4096, b"\0")


@pytest.mark.requirement("HS-185")
def test_mutations_end_in_a_value_or_one_error() -> None:
    ends = []
    for seed in range(2000):
        try:
            read_front(mutated(seed))
            ends.append("read")
        except DecodeError as error:
            ends.append(error.id)
    assert len(ends) == 2000
    assert ends.count("checksum") > 500
