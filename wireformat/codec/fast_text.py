"""Text in generated source: decoding, encoding, and the four ways of treating NUL.

Each function gives statements; a statement that refuses is one line. Text fields hold `str` and nothing else, and
bytes that are no text in the stated encoding raise `UnicodeDecodeError`, which is as good as refusing.
"""

from __future__ import annotations

from wireformat.codec.fast_source import UnsupportedError
from wireformat.schema import model

UTF_8 = frozenset({"utf-8", "utf8", "UTF-8"})


def decoding(node: model.Data, encoding: str, raw: str, target: str) -> list[str]:
    """Statements that turn the bytes `raw` into the text `target`."""
    convert = f"{target} = {raw}.decode({_argument(encoding)})"
    forbid = f"if 0 in {raw}: raise Refused"
    match node.nul:
        case "keep":
            return [convert]
        case "forbid":
            return [forbid, convert]
        case "pad":
            return [f"{raw} = {raw}.rstrip(b'\\0')", forbid, convert]
        case "end":
            misplaced = f"if not {raw} or {raw}.find(b'\\0') != len({raw}) - 1: raise Refused"
            return [misplaced, f"{raw} = {raw}[:-1]", convert]
    raise UnsupportedError(f"nul={node.nul!r}")


def encoding(node: model.Data, codec: str, text: str, target: str) -> list[str]:
    """Statements that turn `text` into the bytes `target`, without padding up to a fixed size."""
    check = f"if type({text}) is not str: texts({text})"
    convert = f"{target} = {text}.encode({_argument(codec)})"
    forbid = f"if '\\0' in {text}: raise Refused"
    match node.nul:
        case "keep":
            return [check, convert]
        case "forbid" | "pad":
            return [check, forbid, convert]
        case "end":
            return [check, forbid, f"{convert} + b'\\0'"]
    raise UnsupportedError(f"nul={node.nul!r}")


def _argument(encoding: str) -> str:
    """How an encoding is named in a call; UTF-8 is quickest when it is not."""
    return "" if encoding in UTF_8 else repr(encoding)
