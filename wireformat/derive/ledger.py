"""The ledger of requirements: what the prose demands, and the tests that check it.

Prose numbers its requirements (`VM-012`); the number stands at the start of a line, list item, table row or heading, in
bold or not. Tests name the numbers that they check with `@pytest.mark.requirement("VM-012")`, on a test, a class or, as
`pytestmark`, a module. Tests are read, not run: their sources are parsed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_REQUIREMENT = re.compile(
    r"^[\s>#|*+-]*(?:\[\]\([^)]*\)|<a [^>]*></a>)?[*_`]*([A-Z][A-Z0-9]*-\d+)[*_`]*[\s.:|*_`—-]+(.*)$"
)
_EMPHASIS = re.compile(r"(\*{1,2})(\S[^*]*?)\1")
_LEVEL = re.compile(r"\b(MUST NOT|MUST|SHOULD NOT|SHOULD|MAY)\b")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement of the prose; `level` is MUST, SHOULD or MAY, or empty."""

    id: str
    text: str
    level: str


def requirements(prose: str) -> list[Requirement]:
    """The requirements of a page of prose, in its order; the first mention at the start of a line counts."""
    found: dict[str, Requirement] = {}
    lines = prose.splitlines()
    for number, line in enumerate(lines):
        match = _REQUIREMENT.match(line)
        if match and match[1] not in found:
            text = _plain(" ".join(filter(None, (match[2].strip(" |"), *_rest(lines[number + 1 :])))))
            level = _LEVEL.search(text)
            found[match[1]] = Requirement(match[1], text, level[1] if level else "")
    return list(found.values())


def _plain(text: str) -> str:
    """A sentence without Markdown's emphasis and escapes; code between backticks stays."""
    return _EMPHASIS.sub(r"\2", text).replace("\\|", "|")


def _rest(lines: list[str]) -> Iterator[str]:
    """The further lines of a requirement: up to an empty line or one that begins something new."""
    for line in lines:
        if not line.strip() or _REQUIREMENT.match(line) or line.lstrip()[:1] in "#|-*":
            return
        yield line.strip()


def checked_by(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """By requirement, the tests that check it, as `file::test`. `sources` are texts of test modules by file name."""
    found: dict[str, list[str]] = {}
    for file, text in sources.items():
        tree = ast.parse(text, filename=file)
        for id, test in _marked(tree.body, _module_marks(tree)):
            found.setdefault(id, []).append(f"{file}::{test}")
    return found


def _marked(body: list[ast.stmt], outer: tuple[str, ...], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Requirement and test, for every test in a body."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _marked(node.body, (*outer, *_marks(node.decorator_list)), f"{prefix}{node.name}::")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            for id in dict.fromkeys((*outer, *_marks(node.decorator_list))):
                yield id, f"{prefix}{node.name}"


def _module_marks(tree: ast.Module) -> tuple[str, ...]:
    assigned = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and any(getattr(name, "id", "") == "pytestmark" for name in node.targets)
    ]
    marks = [mark for value in assigned for mark in (value.elts if isinstance(value, ast.List) else [value])]
    return tuple(_marks(marks))


def _marks(decorators: list[ast.expr]) -> Iterator[str]:
    """The ids in `pytest.mark.requirement("ID", …)`."""
    for node in decorators:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "requirement":
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))
