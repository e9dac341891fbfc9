"""Declarations are data: no lambda beside a message; what answers what names messages; module names say something."""

from __future__ import annotations

import ast

import pytest

from tests.house.project import Module, modules
from wireformat.protocols import NAMES, protocol
from wireformat.schema import lift, model

EMPTY_NAMES = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}


def declares(module: Module) -> bool:
    """Whether a module of a protocol declares fields."""
    used = {name.rpartition(".")[2] for name in module.imports() if name.startswith("wireformat.schema")}
    return ".protocols." in module.name and not used.isdisjoint({"field", "tlv", "tlvs"})


def test_declarations_hold_no_lambda() -> None:
    declarations = [module for module in modules() if declares(module)]
    assert "wireformat.protocols.vmstate.messages" in {module.name for module in declarations}
    found = [
        f"{module.name}:{node.lineno}"
        for module in declarations
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Lambda)
    ]
    assert found == []


def test_module_names_say_something() -> None:
    assert [module.name for module in modules() if module.path.stem in EMPTY_NAMES] == []


def is_possible(reply: model.Record, request: model.Record) -> bool:
    """Whether two messages have senders that may be different sides, and channels that may be the same."""
    senders, channels = {reply.sender, request.sender}, {reply.channel, request.channel}
    return (
        None not in senders
        and (senders == {"either"} or len(senders) == 2)
        and (len(channels) == 1 or "any" in channels)
    )


@pytest.mark.parametrize("name", NAMES)
def test_messages_answer_messages_of_the_other_side(name: str) -> None:
    """Fails when a name is none of a message, or a reply could never meet its request on a connection."""
    declared = protocol(name)
    messages = {cls.__name__: lift(cls).record for cls in declared.messages}
    pairs = [(reply, request) for reply, requests in declared.replies.items() for request in requests]
    assert len(pairs) == len(set(pairs))
    assert [pair for pair in pairs if not is_possible(messages[pair[0]], messages[pair[1]])] == []


def test_only_the_stream_has_no_replies() -> None:
    assert [name for name in NAMES if not protocol(name).replies] == ["vmstate"]
