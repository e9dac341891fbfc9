"""Declarations are typed: a checker finds what is wrong with a declaration or with the use of a record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.interop.programs import require_module

SOURCE = """
from __future__ import annotations
from wireformat.schema import *

class Part(Record):
    a: int = field(Int8ub, "a")
    b: str | None = field(RestText(4), "b", default=None)

class Whole(Tagged):
    k: int = const(Int8ub, 3, "k")
    z: int = computed(Int8ub, size_of("t"), "z")
    t: tuple[Part, ...] = tlvs(3, Nested(Part), "t", default=())
    w: int = bit_field(3, "w")

class Said(TaggedMessage, code=1, sender="source"):
    n: int = tlv(1, Int8ub, "n")
    m: str = tlv(2, RestText(4), "m", default="")

class Wrong(Record):
    a: str = field(Int8ub, "a")  # wrong
    c: int = field(Int8ub, "c", default=None)  # wrong
    d: int = field(XdrOptional(Int8ub), "d")  # wrong
    e: tuple[str, ...] = field(List(Int8ub, count=1), "e")  # wrong

Part(a=1)
Part(a=1, b="x")
Whole(w=1)
Said(n=1, unknown=(Unknown(9, b""),))
message: Message = Said(n=1)
entries: Tagged = Said(n=1)
Said(m="")  # wrong
Said(n=1, unknown=(b"",))  # wrong
Part(1)  # wrong
Part(a="x")  # wrong
Part()  # wrong
Part(a=1, zz=1)  # wrong
Whole(w=1, k=3)  # wrong
Whole(w=1, z=3)  # wrong
Part(a=1).a = 4  # wrong
text: str = Part(a=1).a  # wrong
"""


@pytest.mark.slow
def test_a_checker_finds_every_mistake(tmp_path: Path) -> None:
    api = require_module("mypy.api", "dev")
    path = tmp_path / "declarations.py"
    path.write_text(SOURCE)
    output, _, _ = api.run(["--strict", "--cache-dir", str(tmp_path / "cache"), str(path)])
    found = {int(line) for line in re.findall(r"declarations\.py:(\d+): error", output)}
    wrong = {number for number, line in enumerate(SOURCE.splitlines(), 1) if line.endswith("# wrong")}
    assert found == wrong
