"""A protocol: its messages, versions, roles, machine and errors in one value.

Engines know no protocol by name. They are given one of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wireformat.errors import ErrorEntry
from wireformat.schema import model
from wireformat.schema.lift import lift
from wireformat.schema.machine import Machine
from wireformat.schema.record import Message, Record


@dataclass(frozen=True, slots=True)
class Protocol:
    """`versions` are in order, oldest first. `records` are declared parts that no message refers to by itself.

    `events` tells, by name of a message, what it is called in the machine, where that is not the message's own name.
    `replies` tells, by name of a message, which ones of the other side it answers, on the same connection.
    `is_proposal`: this project proposes the protocol, and nobody upstream assigns its numbers.
    """

    name: str
    doc: str
    versions: tuple[str, ...]
    messages: tuple[type[Message], ...]
    roles: tuple[str, ...] = ()
    machine: Machine | None = None
    errors: Mapping[str, ErrorEntry] = field(default_factory=dict)
    records: tuple[type[Record], ...] = ()
    events: Mapping[str, str] = field(default_factory=dict)
    replies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_proposal: bool = False

    def schemas(self) -> Mapping[str, model.Schema]:
        """The lifted schema of every message and further record, by class name."""
        return {cls.__name__: lift(cls) for cls in (*self.messages, *self.records)}

    def message(self, name: str) -> type[Message]:
        """The message of that name. Raises `KeyError`."""
        for cls in self.messages:
            if cls.__name__ == name:
                return cls
        raise KeyError(name)

    def by_code(self, code: int, sender: str | None = None) -> tuple[type[Message], ...]:
        """The messages with a code; codes may be used again by another sender."""
        return tuple(
            cls for cls in self.messages if lift(cls).record.code == code and sender in (None, lift(cls).record.sender)
        )


def answers_to(name: str, replies: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The messages that may answer one; `replies` are those of its protocol."""
    return tuple(answer for answer, requests in replies.items() if name in requests)
