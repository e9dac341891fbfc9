"""Every committed vector says what the codec says; every record of the protocol has vectors; changes are noticed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.derive.freeze_vectors import Source
from tests.house.project import ROOT
from wireformat.cli.docs import vectors_in
from wireformat.derive.subject import Entry, subject_of
from wireformat.derive.vectors import Vector, check, disagreement, read_vectors, write_vectors
from wireformat.errors import SchemaError
from wireformat.protocols import NAMES, protocol
from wireformat.schema import model

VECTORS = {(name, key): found for name in NAMES for key, found in vectors_in(ROOT / "spec/vectors" / name).items()}
SUBJECTS = {name: subject_of(protocol(name)) for name in NAMES}
PING = Vector("Ping", "one", bytes.fromhex("00000001"), values={"value": 1})
SCHEMA = SUBJECTS["vmstate"].entries["Ping"].schema


@pytest.mark.parametrize(("name", "key"), list(VECTORS), ids=".".join)
def test_codec_and_vectors_agree(name: str, key: str) -> None:
    schema = SUBJECTS[name].entries[key].schema
    assert [disagreement(schema, vector) for vector in VECTORS[name, key]] == [""] * len(VECTORS[name, key])


def takes_anything(entry: Entry) -> bool:
    """Whether any bytes are a value: all that could be wrong is that there are more than fit into a vector."""
    return [(type(field.of), getattr(field.of, "size", 0)) for field in entry.record.fields] == [(model.Data, None)]


@pytest.mark.parametrize("name", NAMES)
def test_every_record_has_valid_and_invalid_vectors(name: str) -> None:
    for key, entry in SUBJECTS[name].entries.items():
        found = VECTORS[name, key]
        assert any(vector.error is None for vector in found), key
        assert any(vector.error is not None for vector in found) or takes_anything(entry), key
        assert len({vector.name for vector in found}) == len(found), key


def test_what_is_committed_is_what_the_program_made() -> None:
    entry = SUBJECTS["vmstate"].entries["Command"]
    made = Source("vmstate").valid(entry)
    path = ROOT / "spec/vectors/vmstate/valid/Command.json"
    assert json.loads(path.read_text()) == write_vectors(made)


@pytest.mark.parametrize(
    ("vector", "fault"),
    [
        (PING, ""),
        (replace(PING, values={"value": 2}), "decodes to {'value': 1}, not {'value': 2}"),
        (replace(PING, data=b"\0"), "does not decode: value at 0x0: 4 bytes needed, 1 left [qemu-stream 5]"),
        (replace(PING, error={"id": "limit"}), "error {'id': 'limit'} expected, none given"),
    ],
)
def test_disagreements_are_named(vector: Vector, fault: str) -> None:
    assert disagreement(SCHEMA, vector) == fault


def test_a_vector_that_decodes_but_is_not_canonical_is_named() -> None:
    schema = SUBJECTS["vmstate"].entries["RamWord"].schema
    vector = Vector("RamWord", "x", bytes(8), params=(("page_size", 4096),), values={"flags": [], "offset": 0})
    assert disagreement(schema, vector) == ""
    assert disagreement(schema, replace(vector, params=())).startswith("does not decode")


def test_fields_that_were_added_later_have_their_defaults() -> None:
    schema = SUBJECTS["handshake"].entries["Progress"].schema
    old = Vector("Progress", "x", bytes.fromhex("0001000000000001") + b"a", version="1", values={"text": "a"})
    assert disagreement(schema, old) == ""
    assert disagreement(schema, replace(old, values={})).startswith("decodes to {'text': 'a'")


def test_check_raises_with_the_name_of_the_vector() -> None:
    with pytest.raises(SchemaError, match="Ping: vector one decodes to"):
        check(SCHEMA, [replace(PING, values={})])


def test_files_are_read_and_written_back() -> None:
    other = replace(PING, name="two", about="why", version="1", params=(("p", 1),), values=None, error={"id": "x"})
    document = write_vectors([PING, other])
    assert [replace(vector, file="") for vector in read_vectors(document, "f.json")] == [PING, other]
    with pytest.raises(SchemaError, match=r"f.json: no vectors: KeyError"):
        read_vectors({"vectors": [{}]}, "f.json")
