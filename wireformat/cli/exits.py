"""Exit codes, and which error leads to which."""

from __future__ import annotations

from enum import IntEnum

from wireformat.catalogue import CATALOGUE
from wireformat.errors import EncodeError, WireError
from wireformat.protocols.handshake.catalogue import CATALOGUE as HANDSHAKE_CATALOGUE
from wireformat.protocols.qapi.catalogue import CATALOGUE as QAPI_CATALOGUE
from wireformat.protocols.spice.catalogue import CATALOGUE as SPICE_CATALOGUE
from wireformat.protocols.vmstate.catalogue import CATALOGUE as VMSTATE_CATALOGUE


class Exit(IntEnum):
    """What the exit code of every verb means."""

    FINE = 0
    FINDING = 1
    USAGE = 2
    TRUNCATED = 3
    LIMIT = 4
    UNREACHABLE = 5
    INTERNAL = 70
    INTERRUPTED = 130


_BY_KIND = {
    "malformed": Exit.FINDING,
    "truncated": Exit.TRUNCATED,
    "limit": Exit.LIMIT,
    "usage": Exit.USAGE,
}


_ENTRIES = {**CATALOGUE, **VMSTATE_CATALOGUE, **HANDSHAKE_CATALOGUE, **QAPI_CATALOGUE, **SPICE_CATALOGUE}
"""Every error id that a verb may meet."""


def exit_for(error: WireError) -> Exit:
    """The exit code for an error, by the kind that the catalogue gives its id; what cannot be encoded came from the
    user."""
    if isinstance(error, EncodeError):
        return Exit.USAGE
    entry = _ENTRIES.get(error.id)
    return _BY_KIND[entry.kind] if entry else Exit.FINDING


class UsageError(Exception):
    """A file or an argument that the verb cannot work with: one line for the user, exit code 2."""
