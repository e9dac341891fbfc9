"""What compatibility speaks of: directions, rules, and changes of a schema with what they are expected to break.

A rule has a stable id and one sentence that says what it is about. A change is one use of a rule, at one place;
`breaks` says in which directions the reader is expected to fail, each with the *signs* by which such a failure is
known: error ids, or DIFFERS where the reader takes something for what it is not. No signs: any failure will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias


class Direction(StrEnum):
    """Backward: old writes, new reads. Forward: new writes, old reads."""

    BACKWARD = "backward"
    FORWARD = "forward"


Signs: TypeAlias = frozenset[str]
Breaks: TypeAlias = Mapping[Direction, Signs]

DIFFERS: Final = "differs"
"""The sign of bytes that are read, but not as they were meant."""
ANY: Final[Signs] = frozenset()
SAFE: Final[Breaks] = {}


def backward(*signs: str) -> Breaks:
    """What old wrote new cannot read."""
    return {Direction.BACKWARD: frozenset(signs)}


def forward(*signs: str) -> Breaks:
    """What new writes old cannot read."""
    return {Direction.FORWARD: frozenset(signs)}


def both(*signs: str) -> Breaks:
    """Neither reads the other."""
    return {**backward(*signs), **forward(*signs)}


def turned(breaks: Breaks) -> Breaks:
    """The same with old and new in each other's place."""
    other = {Direction.BACKWARD: Direction.FORWARD, Direction.FORWARD: Direction.BACKWARD}
    return {other[direction]: signs for direction, signs in breaks.items()}


@dataclass(frozen=True, slots=True)
class Delta:
    """A difference of two nodes: the rule, what is behind the field's path, a sentence, and what it breaks."""

    rule: str
    detail: str
    breaks: Breaks = field(default_factory=dict)
    below: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """The record and the field concerned, on either side; None where that side lacks it."""

    old_record: str | None = None
    old_field: str | None = None
    new_record: str | None = None
    new_field: str | None = None

    def of_writer(self, direction: Direction) -> tuple[str | None, str | None]:
        """Record and field as the writer of that direction knows them."""
        if direction is Direction.BACKWARD:
            return self.old_record, self.old_field
        return self.new_record, self.new_field

    def of_reader(self, direction: Direction) -> tuple[str | None, str | None]:
        """Record and field as the reader of that direction knows them."""
        if direction is Direction.BACKWARD:
            return self.new_record, self.new_field
        return self.old_record, self.old_field


@dataclass(frozen=True, slots=True)
class Change:
    """A difference of two schemas."""

    rule: str
    path: str
    detail: str
    breaks: Breaks = field(default_factory=dict)
    spot: Spot = Spot()


RULES: Final[Mapping[str, str]] = {
    "field-appended": "a field behind all others: a reader that lacks it finds bytes left, one that has it too few",
    "field-inserted": "a field between others: what follows is read from the wrong bytes",
    "field-removed": "a field is gone: what follows is read from the wrong bytes",
    "field-moved": "fields in another order are read for one another",
    "field-renamed": "a new name that says the old one (`renamed_from`): no byte changes",
    "field-replaced": "a field of another name in the same place: values are taken for something else",
    "field-widened": "a number with more bytes shifts all that follows",
    "field-narrowed": "a number with fewer bytes shifts all that follows",
    "sign-changed": "numbers with the top bit set change their value",
    "byte-order-changed": "numbers are read backwards",
    "type-changed": "another kind of value in the same place",
    "size-changed": "another number of bytes, or another way to tell it",
    "count-changed": "another number of items, or another way to tell it",
    "limit-lowered": "what is above the new limit is refused",
    "limit-raised": "what is above the old limit is refused by old readers",
    "encoding-changed": "text in another encoding",
    "nul-changed": "another rule for U+0000 in text",
    "padding-changed": "other padding behind the bytes",
    "constant-changed": "a value that always stands there is another",
    "became-constant": "a chosen value that now always is the same",
    "constant-freed": "a constant value that may now be chosen",
    "became-reserved": "a value that now must be zero",
    "reserved-used": "zeros that now mean something",
    "reserved-changed": "other zeros, or another policy for what is not zero",
    "member-added": "a name for a number: closed enumerations refuse it elsewhere, open ones keep it",
    "member-removed": "a number without its name: closed enumerations refuse it, open ones keep it",
    "member-renamed": "another name for the same number",
    "member-renumbered": "another number for the same name",
    "names-added": "a plain number got names",
    "names-removed": "a number lost its names",
    "enumeration-closed": "numbers without a name are now refused",
    "enumeration-opened": "numbers without a name are now kept",
    "marker-changed": "other bytes announce a part",
    "became-conditional": "a part that always was there may now be absent",
    "became-unconditional": "a part that could be absent is now always there",
    "condition-changed": "another relation decides whether a part is there",
    "choice-changed": "another relation decides between alternatives",
    "choice-added": "an alternative more",
    "choice-removed": "an alternative less",
    "choice-closed": "alternatives that are not known are now refused",
    "choice-opened": "alternatives that are not known are now kept",
    "became-computed": "a number that was chosen now follows from the rest",
    "computed-freed": "a number that followed from the rest may now be chosen",
    "rule-changed": "a number follows from the rest in another way",
    "layout-changed": "another layout of the whole record",
    "framing-changed": "entries with another kind of head",
    "entries-ordered": "repeated entries must now ascend, and be different",
    "entries-unordered": "repeated entries may now stand in any order",
    "word-changed": "bits in a word of another size",
    "bits-moved": "bits of a word mean something else",
    "bits-added": "bits that were zero mean something",
    "bits-removed": "bits that meant something must be zero",
    "tlv-added": "an entry that readers skip when they do not know it",
    "tlv-critical-added": "an entry that readers refuse when they do not know it",
    "tlv-mandatory-added": "an entry that must be there: old writers do not know it",
    "tlv-removed": "an entry less, which readers skip",
    "tlv-critical-removed": "an entry less, which readers now refuse",
    "tlv-mandatory-removed": "an entry less, which old readers insist on",
    "tlv-tag-changed": "an entry under another number",
    "tlv-critical-changed": "an entry whose number has another critical bit",
    "became-mandatory": "an entry that could be left out must be there",
    "became-optional": "an entry that had to be there may be left out",
    "became-repeatable": "an entry that stood once may stand more often",
    "became-single": "an entry that could repeat may stand once",
    "default-changed": "what is left out is read as something else",
    "message-added": "a message that old readers do not know",
    "message-removed": "a message that new readers do not know",
    "message-renamed": "a message with another name and the same number",
    "message-renumbered": "a message under another number",
    "message-moved": "a message that another party sends, or that travels elsewhere; no codec sees that",
    "unexplained": "readings differ, and no rule says why; please report it",
}
"""Every rule by its id."""
