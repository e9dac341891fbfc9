"""Plain Python values as Lua source: dicts and lists become tables, everything else literals.

Integers that a double cannot hold are written as calls of the run time, `wf.number.of(high, low)`. Text is quoted byte
for byte, so a hostile name in a schema cannot write code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

EXACT = 1 << 53
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEYWORDS = frozenset(
    "and break do else elseif end false for function goto if in local nil not or repeat return then true until "
    "while".split()
)


def literal(value: Any, margin: str = "") -> str:
    """The Lua source of a value; entries of a dict that are None are left out."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str | bytes):
        return quoted(value)
    return _table(value, margin)


def quoted(text: str | bytes) -> str:
    """A Lua string of the bytes of a text; everything but printable ASCII is escaped."""
    data = text.encode() if isinstance(text, str) else text
    return '"' + "".join(_escaped(byte) for byte in data) + '"'


def _escaped(byte: int) -> str:
    return chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\{byte:03d}"


def _integer(value: int) -> str:
    if -EXACT < value < EXACT:
        return str(value)
    kind = "signed" if value < 0 else "of"
    return f"wf.number.{kind}({value >> 32 & 0xFFFFFFFF}, {value & 0xFFFFFFFF})"


def _table(value: Any, margin: str) -> str:
    inner = margin + "  "
    if isinstance(value, Mapping):
        entries = [f"{_key(key)} = {literal(each, inner)}" for key, each in value.items() if each is not None]
    else:
        entries = [literal(each, inner) for each in value]
    line = "{ " + ", ".join(entries) + " }" if entries else "{}"
    if len(line) + len(margin) <= 118 and "\n" not in line:
        return line
    return "{\n" + "".join(f"{inner}{entry},\n" for entry in entries) + margin + "}"


def _key(key: str) -> str:
    return key if _NAME.fullmatch(key) and key not in _KEYWORDS else f"[{quoted(key)}]"
