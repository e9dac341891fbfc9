"""tshark with our dissector against our decoder: values, offsets and lengths agree field by field.

`WIREFORMAT_SOAK=1` generates 2,000 messages of each kind, each behind a count of its bytes, 200 that follow each other
as they are, and 50 that come one byte per segment; else 40, 40 and 10.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.codec import specimens
from tests.codec.random_values import FEW_ITEMS, MOST_ITEMS, Maker
from tests.interop.agreement import codecs, disagreements
from tests.interop.dissection import Item, capture, messages, tshark
from wireformat.catalogue import CATALOGUE
from wireformat.codec import Codec, encode, encode_raw
from wireformat.derive.dissector import dissector
from wireformat.derive.lua_fields import filter_part
from wireformat.errors import WireError
from wireformat.protocols import NAMES, protocol
from wireformat.schema.protocol import Protocol

SOAK = bool(os.environ.get("WIREFORMAT_SOAK"))
pytestmark = [pytest.mark.interop, *([pytest.mark.soak, pytest.mark.timeout(3600)] if SOAK else [])]
COUNT = 2000 if SOAK else 40
UNCOUNTED = 200 if SOAK else 40
SINGLE_BYTES = 50 if SOAK else 10
LONG = 20
"""One message in so many may have long lists."""
AT_ONCE = 500_000
"""Bytes that one tshark reads: of each it prints a hundred."""
FIRST_PORT = 20001
PARAMS = {"page_size": 4096, "has_page_size": 1, "has_address": 0, "has_mapped": 1}
SPECIMENS = Protocol("specimen", "Every node of the model.", ("1", "2", "10"), (), records=specimens.CLASSES)
PROTOCOLS = {"specimen": SPECIMENS, **{name: protocol(name) for name in NAMES}}
SEGMENT = 1448
LONGEST_SINGLE = 400


def generated(codec: Codec, count: int) -> list[bytes]:
    """The bytes of valid values; random ones that do not encode are passed over."""
    found: list[bytes] = []
    for seed in range(100 * count):
        try:
            most = MOST_ITEMS if seed % LONG == 0 else FEW_ITEMS
            value = Maker(codec.schema, None, PARAMS, seed, most=most).value()
            found.append(codec.encode(value, PARAMS))
        except (WireError, TypeError, ValueError, ArithmeticError):
            continue
        if len(found) == count:
            break
    assert found
    return found


@pytest.fixture(scope="module")
def specimen_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dissector of the specimens."""
    path = tmp_path_factory.mktemp("lua") / "specimens.lua"
    path.write_text(dissector([SPECIMENS]), encoding="utf-8")
    return path


def ask(protocol: Protocol, ports: Mapping[int, str], *, counted: bool) -> list[str]:
    """The options that make tshark expect one kind of message at each port."""
    settings = {
        "message": " ".join(f"{port}={protocol.name}.{name}" for port, name in ports.items()),
        "params": " ".join(f"{name}={value}" for name, value in PARAMS.items()),
        "counted": str(counted).upper(),
    }
    options = [word for key, value in settings.items() for word in ("-o", f"wf.message.{key}:{value}")]
    return ["-d", f"tcp.port=={min(ports)}-{max(ports)},wf.message", *options, "-T", "json", "-x"]


def read_back(
    file: Path, script: Path, protocol: Protocol, inputs: Mapping[str, list[bytes]], size: int, *, counted: bool
) -> dict[str, list[Item]]:
    """What tshark shows of messages, by record; each kind has a connection."""
    ports = dict(enumerate(inputs, FIRST_PORT))
    streams = {
        port: [(len(data).to_bytes(4, "big") if counted else b"") + data for data in inputs[name]]
        for port, name in ports.items()
    }
    output = tshark(capture(file, streams, size), script, *ask(protocol, ports, counted=counted))
    prefix = f"wf.{protocol.name}."
    found: dict[str, list[Item]] = {}
    for item in messages(output, prefix[:-1]):
        names = {child.key.split(".")[2] for child in item.children if child.key.startswith(prefix)}
        found.setdefault("".join(names), []).append(item)
    return found


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("segment_size", [SEGMENT, 1])
@pytest.mark.parametrize("name", list(PROTOCOLS))
def test_messages_agree(
    name: str, segment_size: int, counted: bool, tmp_path: Path, script: Path, specimen_script: Path
) -> None:
    chosen = PROTOCOLS[name]
    every = {record: codec for record, codec in codecs(chosen).items() if counted or ends_itself(codec)}
    count = COUNT if counted else UNCOUNTED
    inputs = {record: chosen_inputs(codec, count, segment_size) for record, codec in every.items()}
    checked = {record: sent for record, sent in inputs.items() if sent}
    assert len(checked) > len(every) // 2
    lua = specimen_script if chosen is SPECIMENS else script
    for batch in batches(checked):
        seen = read_back(tmp_path / "messages.pcapng", lua, chosen, batch, segment_size, counted=counted)
        for record, sent in batch.items():
            items = seen[filter_part(record)]
            assert len(items) == len(sent), record
            for item, data in zip(items, sent, strict=True):
                wrong = disagreements(item, data, every[record], PARAMS, f"wf.{name}", before=4 * counted)
                assert wrong == [], (record, data.hex())


def batches(inputs: Mapping[str, list[bytes]]) -> Iterator[dict[str, list[bytes]]]:
    """The kinds in groups of about as many bytes as one run of tshark is given."""
    batch: dict[str, list[bytes]] = {}
    size = 0
    for record, sent in inputs.items():
        batch[record] = sent
        size += sum(map(len, sent))
        if size > AT_ONCE:
            yield batch
            batch, size = {}, 0
    if batch:
        yield batch


@pytest.mark.parametrize(
    ("words", "complaints"),
    [
        (("", "b", "c", "aa", "\x7f\x7f", "é"), []),
        (("b", "a"), ["order: the value does not stand above the one before"]),
        (("aa", "b"), ["order: the value does not stand above the one before"]),
        (("b", "b"), ["duplicate: the same value as before"]),
    ],
)
def test_values_that_do_not_ascend(
    words: tuple[str, ...], complaints: list[str], tmp_path: Path, specimen_script: Path
) -> None:
    data = encode_raw(specimens.Sorted(words=words), {})
    streams = {FIRST_PORT: [len(data).to_bytes(4, "big") + data]}
    file = capture(tmp_path / "order.pcapng", streams, SEGMENT)
    output = tshark(file, specimen_script, *ask(SPECIMENS, {FIRST_PORT: "Sorted"}, counted=True))
    assert b"wf.specimen.sorted.words" in output
    assert faults(output) == complaints


def faults(output: bytes) -> list[str]:
    """What our dissector complains of."""
    texts = [text.decode() for text in re.findall(rb'"_ws.expert.message": "([^"]*)"', output)]
    return [text for text in texts if text.partition(":")[0] in CATALOGUE]


@pytest.mark.parametrize(("version", "is_known"), [("1", False), ("2", True), ("10", True), ("", True)])
def test_arms_of_a_version(version: str, is_known: bool, tmp_path: Path, specimen_script: Path) -> None:
    data = specimens.Letter(body=specimens.Late(seq=0x1234))
    content = encode(data)
    file = capture(tmp_path / "arms.pcapng", {FIRST_PORT: [len(content).to_bytes(4, "big") + content]}, SEGMENT)
    options = ["-o", f"wf.message.version:{version}"]
    output = tshark(file, specimen_script, *ask(SPECIMENS, {FIRST_PORT: "Letter"}, counted=True), *options)
    assert (b'"wf.specimen.late.seq": "4660"' in output) == is_known
    assert (b'"wf.specimen.letter.body.unknown": "12:34"' in output) != is_known
    assert faults(output) == []


def ends_itself(codec: Codec) -> bool:
    """Whether messages of this kind can follow each other without anything between them."""
    return codec.is_self_delimiting and not codec.ends_announced


def chosen_inputs(codec: Codec, count: int, segment_size: int) -> list[bytes]:
    """Messages that have bytes; short ones where each byte is a packet."""
    if segment_size > 1:
        return list(filter(None, generated(codec, count)))
    short = [data for data in generated(codec, 10 * SINGLE_BYTES) if 0 < len(data) <= LONGEST_SINGLE]
    return short[:SINGLE_BYTES]
