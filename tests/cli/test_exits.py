"""Each error leads to its exit code, by the catalogue."""

from __future__ import annotations

import pytest

from wireformat.catalogue import CATALOGUE
from wireformat.cli.exits import Exit, exit_for
from wireformat.errors import DecodeError, EncodeError, WireError
from wireformat.protocols.handshake.catalogue import CATALOGUE as HANDSHAKE_CATALOGUE
from wireformat.protocols.qapi.catalogue import CATALOGUE as QAPI_CATALOGUE
from wireformat.protocols.vmstate.catalogue import CATALOGUE as VMSTATE_CATALOGUE


@pytest.mark.parametrize(
    ("id", "code"),
    [
        ("truncated", Exit.TRUNCATED),
        ("limit", Exit.LIMIT),
        ("depth", Exit.LIMIT),
        ("constant", Exit.FINDING),
        ("vmstate/magic", Exit.FINDING),
        ("vmstate/footer", Exit.FINDING),
        ("handshake/sequence", Exit.FINDING),
        ("qapi/address", Exit.USAGE),
        ("qapi/one-way", Exit.USAGE),
        ("an id of another protocol", Exit.FINDING),
    ],
)
def test_decoding(id: str, code: Exit) -> None:
    assert exit_for(DecodeError(id, "")) == code


@pytest.mark.parametrize("id", ["type", "range", "missing", "tag", "limit", "vmstate/description"])
def test_what_cannot_be_encoded_came_from_the_user(id: str) -> None:
    assert exit_for(EncodeError(id, "")) == Exit.USAGE


@pytest.mark.parametrize("id", sorted([*CATALOGUE, *VMSTATE_CATALOGUE, *HANDSHAKE_CATALOGUE, *QAPI_CATALOGUE]))
def test_no_error_is_fine(id: str) -> None:
    assert exit_for(WireError(id, "")) in (Exit.FINDING, Exit.USAGE, Exit.TRUNCATED, Exit.LIMIT)


def test_the_codes_are_what_scripts_rely_on() -> None:
    assert {member.name: int(member) for member in Exit} == {
        "FINE": 0,
        "FINDING": 1,
        "USAGE": 2,
        "TRUNCATED": 3,
        "LIMIT": 4,
        "UNREACHABLE": 5,
        "INTERNAL": 70,
        "INTERRUPTED": 130,
    }
