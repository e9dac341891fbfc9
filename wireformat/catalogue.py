"""Every error id that the engines raise: what it means, and which exit code it leads to.

Protocols have catalogues of their own, with ids of the form `protocol/name`. A test collects all ids that are raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wireformat.errors import ErrorEntry

CATALOGUE: Final[Mapping[str, ErrorEntry]] = {
    "truncated": ErrorEntry(
        "truncated",
        "the input ends before the value does",
        "More bytes may make the input valid: nothing is wrong with those that are there. `expected` is how many bytes "
        "are needed from `offset` on, at least. Inside a part of known size the same lack is `overrun`.",
    ),
    "trailing": ErrorEntry(
        "malformed",
        "bytes are left behind a value that should fill its place",
        "A region, an entry or the whole input must end exactly where the value in it ends.",
    ),
    "overrun": ErrorEntry(
        "malformed",
        "a value does not fit into the part that should hold it",
        "The part says how many bytes it has, and a field in it needs more. Waiting for more input cannot help.",
    ),
    "limit": ErrorEntry(
        "limit",
        "a size or count exceeds its limit",
        "Every size and count has a limit, which is checked before anything is read or kept. The value may be what the "
        "peer means; this schema refuses it all the same.",
    ),
    "depth": ErrorEntry(
        "limit",
        "records are nested too deeply",
        "A record that may contain itself is followed sixteen levels deep.",
    ),
    "constant": ErrorEntry(
        "malformed",
        "a field does not hold the value that it always holds",
        "Magic numbers, markers between the items of a chain, and flags that are 0 or 1.",
    ),
    "reserved": ErrorEntry(
        "malformed",
        "reserved bits or bytes are not zero",
        "Where a specification asks receivers to ignore reserved bytes the schema says so, and this cannot occur.",
    ),
    "mismatch": ErrorEntry(
        "malformed",
        "two fields that must agree do not",
        "A size, count or tag disagrees with what it describes; or a value is given for a part that other fields say "
        "is absent.",
    ),
    "member": ErrorEntry(
        "malformed",
        "a number is no member of a closed enumeration",
        "Open enumerations and flags keep numbers that they do not know; closed ones refuse them.",
    ),
    "tag": ErrorEntry(
        "malformed",
        "a tag names nothing that may stand here",
        "A union has no such arm, an unknown entry is critical, a known one has the wrong critical bit, or a value "
        "does not belong to the arm that is named.",
    ),
    "text": ErrorEntry(
        "malformed",
        "bytes are not the text that they should be",
        "The bytes break the encoding, hold U+0000 where that is not allowed, or lack the NUL at the end. `offset` is "
        "the first bad byte.",
    ),
    "padding": ErrorEntry(
        "malformed",
        "padding is not zero",
        "Bytes that only fill up must be zero, also those behind the end of text in a field of fixed size.",
    ),
    "order": ErrorEntry(
        "malformed",
        "entries are not in the order of their tags",
        "Tagged entries come in ascending order, so that a value has one encoding only.",
    ),
    "duplicate": ErrorEntry(
        "malformed",
        "an entry that may stand once stands twice",
        "Only entries that are declared as repeatable may repeat.",
    ),
    "missing": ErrorEntry(
        "malformed",
        "something mandatory is absent",
        "An entry without a default must be there; a value to encode must have all fields that have no default.",
    ),
    "checksum": ErrorEntry(
        "malformed",
        "the sum does not match the bytes",
        "The sum covers the whole record, with the bytes of the sum itself read as zero.",
    ),
    "pointer": ErrorEntry(
        "malformed",
        "a pointer leads outside its record",
        "Size and offset must stay inside the record, counted from its start.",
    ),
    "type": ErrorEntry(
        "usage",
        "a value has a type that the field does not take",
        "Integers are `int` but not `bool`, bytes are `bytes` and nothing merely like them, lists are tuples or lists, "
        "records are instances of their class, or dicts where they have none.",
    ),
    "range": ErrorEntry(
        "malformed",
        "a number does not fit into its field",
        "The field has fewer bits, or the mask fewer, than the number needs; or the number has the wrong sign.",
    ),
    "version": ErrorEntry(
        "usage",
        "the version is unknown, or lacks a field that is given",
        "A record lists its versions. A field that a version lacks can be encoded only with its default.",
    ),
    "expression": ErrorEntry(
        "usage",
        "a relation between fields cannot be evaluated",
        "A parameter was not given, a field that the expression reads is absent, or the arithmetic fails. In a "
        "declaration: something else than a `this` expression.",
    ),
    "illegal-event": ErrorEntry(
        "malformed",
        "an event is not legal in this state",
        "The machine of the protocol has no transition for it. The error is ours or the peer's, as its class says.",
    ),
    "machine": ErrorEntry(
        "usage",
        "a transition table is not closed",
        "Each state that a transition leads to needs a row; a row where nothing is legal is written as an empty one.",
    ),
    "path": ErrorEntry(
        "usage",
        "a path is malformed",
        'Names are joined by ".", items are written [n], other names ["…"] as JSON strings.',
    ),
    "opaque": ErrorEntry(
        "usage",
        "a part of the schema was not understood",
        "Construct classes outside the vocabulary are named, not interpreted; such a schema cannot decode bytes.",
    ),
    "end": ErrorEntry(
        "usage",
        "the bytes do not tell where the value ends",
        "Rest data, tagged entries and pointers reach to the end of what is given, so that must be known.",
    ),
    "vocabulary": ErrorEntry(
        "usage",
        "a declaration goes beyond the vocabulary",
        "Only parts that every derivation understands may appear, each with what it needs.",
    ),
    "unbounded": ErrorEntry(
        "usage",
        "a declaration leaves a length without a limit",
        "A size or count that the peer chooses needs a limit.",
    ),
    "undocumented": ErrorEntry(
        "usage",
        "a declaration lacks its sentence of documentation",
        "Every field says what it means, every record what it is for.",
    ),
    "default": ErrorEntry(
        "usage",
        "a field that some versions lack has no default",
        "The default is what the field reads as where a version lacks it.",
    ),
    "twice": ErrorEntry(
        "usage",
        "a name, tag or code is used twice",
        "Names, tags and message codes tell things apart.",
    ),
    "reference": ErrorEntry(
        "usage",
        "a rule or expression names something that is not there",
        "Expressions read fields that stand before them; computed numbers concern a field of the same record.",
    ),
}
