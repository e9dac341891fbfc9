"""How much faster than stock construct messages are decoded and encoded: `python -m tests.bench.bench_messages`.

Both sides handle the same bytes. Stock construct is written the natural way; our side goes through `Codec` and gives
typed, immutable values with limits, padding and order checked. Times are process time, the two sides take turns, and
the best of several rounds counts, since other work on the machine can only slow a round down.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import construct

from wireformat.codec import Codec, fast
from wireformat.schema import (
    Bytes,
    Int8ub,
    Int16ub,
    Int32ub,
    Int64ub,
    Message,
    Nested,
    Record,
    RestText,
    Tagged,
    XdrOpaque,
    XdrString,
    field,
    model,
    tlv,
    tlvs,
)

ROUNDS = 9
SECONDS = 0.02
GATE = 0.7
"""A row fails below this part of its target: machines differ, regressions are larger."""


class Row(NamedTuple):
    """One measurement: how many times better than what it is held against, and how many times it should be."""

    name: str
    ratio: float
    target: float


class Header(Message, code=1):
    """Nine fields in fifty bytes."""

    magic: int = field(Int32ub, "magic")
    version: int = field(Int16ub, "version")
    flags: int = field(Int16ub, "flags")
    sequence: int = field(Int64ub, "sequence")
    offset: int = field(Int64ub, "offset")
    length: int = field(Int32ub, "length")
    kind: int = field(Int8ub, "kind")
    level: int = field(Int8ub, "level")
    digest: bytes = field(Bytes(20), "digest")


class Call(Record):
    """Five fields, three of them padded."""

    name: str = field(XdrString(64), "name")
    serial: int = field(Int32ub, "serial")
    cookie: bytes = field(XdrOpaque(64), "cookie")
    flags: int = field(Int32ub, "flags")
    uri: str = field(XdrString(64), "uri")


class Cause(Record):
    """One cause."""

    code: int = field(Int16ub, "code")
    offset: int = field(Int32ub, "offset")


class Report(Tagged, tlv=model.Tlv(model.Int(2), model.Int(2))):
    """Twenty entries, most of them repeated."""

    code: int = tlv(1, Int16ub, "code")
    text: str = tlv(2, RestText(64), "text")
    where: tuple[str, ...] = tlvs(5, RestText(64), "places")
    causes: tuple[Cause, ...] = tlvs(7, Nested(Cause), "causes")


def stock_header() -> Any:
    """The header in stock construct."""
    c = construct
    return c.Struct(
        "magic" / c.Int32ub,
        "version" / c.Int16ub,
        "flags" / c.Int16ub,
        "sequence" / c.Int64ub,
        "offset" / c.Int64ub,
        "length" / c.Int32ub,
        "kind" / c.Int8ub,
        "level" / c.Int8ub,
        "digest" / c.Bytes(20),
    )


def stock_call() -> Any:
    """The call in stock construct."""
    c = construct
    opaque = c.Aligned(4, c.Prefixed(c.Int32ub, c.GreedyBytes))
    text = c.Aligned(4, c.PascalString(c.Int32ub, "utf8"))
    return c.Struct("name" / text, "serial" / c.Int32ub, "cookie" / opaque, "flags" / c.Int32ub, "uri" / text)


def stock_report() -> Any:
    """The report in stock construct: a list of entries."""
    c = construct
    values = {
        1: c.Int16ub,
        2: c.GreedyString("utf8"),
        5: c.GreedyString("utf8"),
        7: c.Struct("code" / c.Int16ub, "offset" / c.Int32ub),
    }
    entry = c.Struct("tag" / c.Int16ub, "value" / c.Prefixed(c.Int16ub, c.Switch(c.this.tag, values, c.GreedyBytes)))
    return c.GreedyRange(entry)


HEADER = Header(
    magic=0x51455646, version=3, flags=1, sequence=9, offset=1 << 40, length=4096, kind=2, level=1, digest=bytes(20)
)
CALL = Call(name="qemu-instance", serial=7, cookie=b"0123456789abcde", flags=3, uri="tcp:host")
REPORT = Report(
    code=3,
    text="device state is from a newer version",
    where=tuple(f"devices[{index}]" for index in range(9)),
    causes=tuple(Cause(code=index, offset=1 << index) for index in range(9)),
)
MESSAGES: Sequence[tuple[str, Any, Callable[[], Any], float, float]] = (
    ("fixed, 9 fields", HEADER, stock_header, 20, 20),
    ("XDR, 5 fields, 3 paddings", CALL, stock_call, 13, 20),
    ("20 TLV entries", REPORT, stock_report, 30, 20),
)


def duration(function: Callable[[Any], Any], argument: Any, count: int) -> float:
    """Seconds of process time for one call, over `count` calls."""
    start = time.process_time()
    for _ in range(count):
        function(argument)
    return (time.process_time() - start) / count


def ratio(slow: Callable[[Any], Any], slow_argument: Any, fast: Callable[[Any], Any], fast_argument: Any) -> float:
    """How many times as long `slow` takes; the two take turns, each keeps its best round."""
    slow_count = max(1, int(SECONDS / duration(slow, slow_argument, 20)))
    fast_count = max(1, int(SECONDS / duration(fast, fast_argument, 200)))
    rounds = [
        (duration(slow, slow_argument, slow_count), duration(fast, fast_argument, fast_count)) for _ in range(ROUNDS)
    ]
    return min(each for each, _ in rounds) / min(each for _, each in rounds)


def message_rows() -> list[Row]:
    """Decoding and encoding of each message."""
    rows = []
    for name, value, make_stock, decode_target, encode_target in MESSAGES:
        codec, stock = Codec(type(value)), make_stock()
        data = codec.encode(value)
        parsed = stock.parse(data)
        if stock.build(parsed) != data or codec.decode(data) != value:
            raise AssertionError(f"{name}: the two sides do not speak of the same message")
        rows.append(Row(f"decode {name}", ratio(stock.parse, data, codec.decode, data), decode_target))
        rows.append(Row(f"encode {name}", ratio(stock.build, parsed, codec.encode, value), encode_target))
    return rows


def import_row(count: int = 300, fields: int = 8) -> Row:
    """Importing many declared messages, beyond what importing their vocabulary takes; the budget is 100 ms."""
    lines = [
        "import time",
        "from wireformat.schema import Int16ul, Int32ub, Message, field",
        "start = time.process_time()",
    ]
    for number in range(count):
        lines.append(f"class M{number}(Message, code={number}):")
        lines += [f"    f{index}: int = field(Int32ub, 'a field')" for index in range(fields)]
    lines.append("print(time.process_time() - start)")
    source = "\n".join(lines)
    runs = [
        subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True) for _ in range(3)
    ]
    return Row(f"import of {count} messages, against 100 ms", 0.1 / min(float(run.stdout) for run in runs), 1)


def devices(count: int = 30, leaves: int = 100) -> list[model.Schema]:
    """Schemas as a VM description gives them at run time: dicts, arbitrary names, numbers and lists of numbers."""
    sizes = (1, 2, 4, 8)
    schemas = []
    for number in range(count):
        fields = [model.Field(f"env.cr[{leaf}]", model.Int(sizes[leaf % 4])) for leaf in range(leaves - 20)]
        fields.append(model.Field("msrs", model.List(model.Int(8), 16, 16)))
        fields.append(model.Field("queue", model.Ref("queue")))
        queue = model.Record("queue", tuple(model.Field(f"q{leaf}", model.Int(4)) for leaf in range(4)))
        name = f"device {number}"
        schemas.append(model.Schema(name, {name: model.Record(name, tuple(fields)), "queue": queue}))
    return schemas


def device_rows() -> list[Row]:
    """Three thousand leaves known only at run time: making their decoders against 40 ms, using them against 1 ms."""
    data, schemas = b"\1" * 4096, devices()
    making, using = [], []
    for _ in range(ROUNDS):
        start = time.process_time()
        decoders = [fast.decoder(schema) for schema in schemas]
        making.append(time.process_time() - start)
        start = time.process_time()
        for decode in decoders:
            decode(data, 0, len(data), {})
        using.append(time.process_time() - start)
    return [
        Row("30 run-time decoders, against 40 ms", 0.04 / min(making), 1),
        Row("3,000 run-time leaves, against 1 ms", 0.001 / min(using), 1),
    ]


def run() -> list[Row]:
    """All measurements."""
    return [*message_rows(), *device_rows(), import_row()]


def main(words: Sequence[str]) -> int:
    """Print the table; with `--gate`, 1 when a row falls short."""
    rows = run()
    for row in rows:
        print(f"{row.name:<44} {row.ratio:6.1f}x   target {row.target:g}x")
    is_short = any(row.ratio < GATE * row.target for row in rows)
    return int("--gate" in words and is_short)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
