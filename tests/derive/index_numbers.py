"""The numbers that this project assigns: `python -m tests.derive.index_numbers` adds new ones to the published index.

`spec/requirements/numbers.json` lists, by protocol: messages, entries by the record that they stand in, members of
enumerations, and the register of capabilities and parameters. An entry of the index never changes and never goes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from tests.house.project import ROOT
from wireformat.protocols import NAMES, protocol
from wireformat.protocols.handshake.negotiation.registry import registry
from wireformat.schema import model
from wireformat.schema.protocol import Protocol
from wireformat.schema.traverse import walk

INDEX = ROOT / "spec" / "requirements" / "numbers.json"

Groups: TypeAlias = dict[str, dict[str, int]]
"""Numbers by name, by group: `{"entries of Hello": {"versions": 32769}}`."""


def present() -> dict[str, Groups]:
    """Every number of the protocols that are this project's proposals."""
    proposals = [found for found in map(protocol, NAMES) if found.is_proposal]
    found = {each.name: _declared(each) for each in proposals}
    if "handshake" in found:
        found["handshake"]["capabilities"] = {each.name: each.number for each in registry().capabilities}
        found["handshake"]["parameters"] = {each.name: each.number for each in registry().parameters}
    return found


def _declared(source: Protocol) -> Groups:
    found: Groups = {}
    for schema in source.schemas().values():
        for record in schema.records.values():
            if record.code is not None:
                found.setdefault("messages", {})[record.name] = record.code
            for field in record.fields:
                if field.tag is not None:
                    found.setdefault(f"entries of {record.name}", {})[field.name] = field.tag
                for node in walk(field.of):
                    if isinstance(node, model.Enum | model.Flags):
                        found.setdefault(node.name, {}).update(node.members)
    return found


def published() -> dict[str, Groups]:
    """The index as it stands."""
    if not INDEX.exists():
        return {}
    found: dict[str, Groups] = json.loads(INDEX.read_text(encoding="utf-8"))
    return found


def changed(before: Mapping[str, Groups], now: Mapping[str, Groups]) -> list[str]:
    """What is published and has another number now, or none."""
    return [
        f"{name}: {group}: {key}"
        for name, groups in before.items()
        for group, numbers in groups.items()
        for key, number in numbers.items()
        if now.get(name, {}).get(group, {}).get(key) != number
    ]


def merged(before: Mapping[str, Groups], now: Mapping[str, Groups]) -> dict[str, Groups]:
    """The index with what is new."""
    return {
        name: {
            group: _by_number({**now[name].get(group, {}), **before.get(name, {}).get(group, {})})
            for group in sorted({*now[name], *before.get(name, {})})
        }
        for name in now
    }


def _by_number(numbers: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(numbers.items(), key=_number))


def _number(item: tuple[str, int]) -> tuple[int, str]:
    return item[1], item[0]


def main() -> None:
    """Add what is new."""
    document: Any = merged(published(), present())
    INDEX.parent.mkdir(exist_ok=True)
    INDEX.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
