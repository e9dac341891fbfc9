"""Properties of frames and channel headers in all revisions, on every test vector and on drawn values [handshake E.4].

HS-253 and HS-256 to HS-258, which are about whole sessions, are tested with these.
"""

from __future__ import annotations

from itertools import islice
from zlib import crc32

import pytest

from tests.house.project import ROOT
from wireformat.cli.docs import vectors_in
from wireformat.codec import Codec, codec_for
from wireformat.codec.spans import is_framing
from wireformat.derive.baseline_store import shipped
from wireformat.derive.mutate import bit_flips, mutations, truncations
from wireformat.derive.strategies import drawn
from wireformat.derive.subject import subject_of
from wireformat.derive.vectors import Vector
from wireformat.errors import DecodeError
from wireformat.protocols import protocol
from wireformat.schema import model

pytestmark = pytest.mark.slow

KINDS = (("handshake", "Frame"), ("channels", "ChannelHeader"))
SCHEMAS: dict[str, model.Schema] = {key: subject_of(protocol(name)).entries[key].schema for name, key in KINDS}
VECTORS = {
    f"{key}, {vector.version}: {vector.name}": vector
    for name, key in KINDS
    for vector in vectors_in(ROOT / "spec/vectors" / name)[key]
    if vector.error is None
}
HEADERS = [vector for vector in VECTORS.values() if vector.record == "ChannelHeader"]
SUM = range(12, 16)
"""Where the sum stands, in a frame and in a header."""


@pytest.fixture(params=VECTORS, ids=str)
def vector(request: pytest.FixtureRequest) -> Vector:
    """One frame or header."""
    return VECTORS[request.param]


def codec_of(vector: Vector) -> Codec:
    """The codec of a vector's revision."""
    return codec_for(SCHEMAS[vector.record], vector.version)


def summed(data: bytes) -> bytes:
    """Changed bytes with a sum that fits them."""
    return data[:12] + crc32(data[:12] + bytes(4) + data[16:]).to_bytes(4, "big") + data[16:]


@pytest.mark.requirement("HS-251")
@pytest.mark.parametrize("name", SCHEMAS)
def test_what_was_encoded_decodes_to_itself(name: str) -> None:
    found, codec = drawn(SCHEMAS[name], 60, 1), codec_for(SCHEMAS[name])
    assert len(found) > 20
    assert [value for value in found if codec.decode(codec.encode(value)) != value] == []


@pytest.mark.requirement("HS-251", "HS-252")
def test_a_vector_is_its_own_encoding(vector: Vector) -> None:
    codec = codec_of(vector)
    assert codec.encode(codec.decode(vector.data)) == vector.data


@pytest.mark.requirement("HS-252", "HS-259")
def test_nothing_else_is_read_but_other_reserved_bytes(vector: Vector) -> None:
    """What changed bytes are read as is written as they stand, but for what is reserved; the rest is refused."""
    codec = codec_of(vector)
    for changed in islice(mutations(vector.data, 3), 1000):
        data = summed(changed) if len(changed) > SUM.stop else changed
        try:
            value = codec.decode(data)
        except DecodeError:
            continue
        strict = codec.encode(value)
        assert (codec.decode(strict), len(strict)) == (value, len(data))
        differing = [place for place in range(len(data)) if place not in SUM and data[place] != strict[place]]
        assert [place for place in differing if strict[place]] == [], data.hex()


@pytest.mark.requirement("HS-259")
@pytest.mark.parametrize("place", [2, 18], ids=["flags of a frame", "reserved bytes of an entry"])
def test_a_loader_takes_reserved_bytes_that_no_encoder_writes(place: int) -> None:
    """Fails when a reader grows as strict as a verifier, or a writer lets go of a bit."""
    data = VECTORS["Frame, 1: HELLO, the first frame"].data
    codec = codec_for(SCHEMAS["Frame"], "1")
    loose = summed(data[:place] + b"\xff\xff" + data[place + 2 :])
    assert codec.decode(loose) == codec.decode(data)
    assert codec.encode(codec.decode(loose)) == data != loose


@pytest.mark.requirement("HS-254")
def test_a_flipped_bit_is_noticed(vector: Vector) -> None:
    codec = codec_of(vector)
    for broken in bit_flips(vector.data):
        with pytest.raises(DecodeError):
            codec.decode(broken)


@pytest.mark.requirement("HS-255")
def test_a_cut_needs_more_and_is_never_a_value(vector: Vector) -> None:
    codec = codec_of(vector)
    for cut in truncations(vector.data):
        with pytest.raises(DecodeError) as caught:
            codec.decode_from(cut)
        assert caught.value.need_more, cut.hex()


@pytest.mark.requirement("HS-260")
def test_fixed_parts_have_their_documented_sizes(vector: Vector) -> None:
    """16 bytes of a frame, 32 of a header; 2, 2 and 4 before the value of an entry: so say the spans of the schema."""
    _, spans = codec_of(vector).spans(vector.data)
    framing = {path: span for path, span in spans.items() if is_framing(path)}
    widths = {path[path.rindex("[") :]: end - start for path, (start, end) in framing.items()}
    assert widths in ({'["#tag"]': 2, '["#reserved"]': 2, '["#size"]': 4}, {})
    head = 16 if vector.record == "Frame" else 32
    assert min((start for start, _ in framing.values()), default=head) == head <= len(vector.data)


@pytest.mark.requirement("HS-261")
@pytest.mark.parametrize("header", HEADERS, ids=lambda one: f"{one.version}: {one.name}")
def test_revision_1_reads_the_headers_of_all_revisions(header: Vector) -> None:
    """The first 32 bytes, by the frozen declaration; entries behind them may be critical, and later ones unknown."""
    codec = codec_for(shipped().baseline("channels", "1").models["ChannelHeader"])
    data = summed(header.data[:10] + (32).to_bytes(2, "big") + header.data[12:32])
    value = codec.decode(data)
    assert (value.kind, value.flags, value.binding) == (data[8], data[9], data[16:])


def test_the_corpus_has_all_revisions() -> None:
    assert {(vector.record, vector.version) for vector in VECTORS.values()} == {
        (record, version) for record in SCHEMAS for version in ("1", "2")
    }
