"""Every frozen version of every protocol against today's declarations: what old writes new reads, and the reverse.

Where `compat` says that a direction reads, no value may prove otherwise. Today's side is the declared class itself, in
its newest version; the old side runs on the baseline alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import pytest

from wireformat.codec import Codec, codec_for
from wireformat.derive.baseline import present
from wireformat.derive.baseline_store import shipped
from wireformat.derive.compat import judge
from wireformat.derive.compat_aim import known_only
from wireformat.derive.compat_search import FAULTS, assignments
from wireformat.derive.compat_values import difference
from wireformat.derive.compat_verdict import MessageVerdict, Reading, Status
from wireformat.derive.strategies import drawn
from wireformat.errors import DecodeError, EncodeError
from wireformat.protocols import protocol

pytestmark = pytest.mark.slow
EXAMPLES = 15
STORE = shipped()
CASES = [
    (name, version, message)
    for name in STORE.names()
    for version in STORE.versions(name)
    for message in STORE.baseline(name, version).models
]


@cache
def verdicts(name: str, version: str) -> dict[str, MessageVerdict]:
    judged = judge(STORE.baseline(name, version), present(protocol(name)))
    return {message.name: message for message in judged.messages}


@pytest.mark.parametrize(("name", "version", "message"), CASES)
def test_old_writes_and_new_reads(name: str, version: str, message: str) -> None:
    old = STORE.baseline(name, version).codec(message)
    schemas = protocol(name).schemas()
    if message in schemas:
        agree(verdicts(name, version)[message].backward, old, codec_for(schemas[message]))


@pytest.mark.parametrize(("name", "version", "message"), CASES)
def test_new_writes_and_old_reads(name: str, version: str, message: str) -> None:
    old = STORE.baseline(name, version).codec(message)
    schemas = protocol(name).schemas()
    if message in schemas:
        agree(verdicts(name, version)[message].forward, codec_for(schemas[message]), old)


def agree(reading: Reading, writer: Codec, reader: Codec) -> None:
    """Hold what is said of a direction against drawn values: those that read, read; a break shows in its bytes."""
    if reading.status is Status.READS:
        found = list(written(writer, reader))
        assert found
        assert [(data.hex(), fault) for data, fault in found if fault] == []
    elif reading.witness is not None:
        assert outcome(writer, reader, reading.witness.data, dict(reading.witness.params)) != ""


def written(writer: Codec, reader: Codec) -> Iterator[tuple[bytes, str]]:
    """Bytes of drawn values, and what is wrong with the reader's reading.

    Some parameters make no value, and entries that differed only in what is unknown make none any more.
    """
    for params in assignments(writer.schema, reader.schema):
        try:
            found = drawn(writer.schema, EXAMPLES, 1, params)
        except FAULTS:
            continue
        for value in map(known_only, found):
            with suppress(EncodeError):
                data = writer.encode(value, params)
                yield data, outcome(writer, reader, data, params)


def outcome(writer: Codec, reader: Codec, data: bytes, params: Mapping[str, Any]) -> str:
    """What is wrong with the reader's reading; empty where nothing is."""
    meant = writer.decode(data, params)
    try:
        read = reader.decode(data, params)
    except DecodeError as error:
        return str(error)
    found = difference(meant, read)
    return "" if found is None else found.path


def test_there_is_something_to_judge() -> None:
    assert len(CASES) > 15
