"""Target profiles: what a destination offers and can load, saved for migrating when none is there [handshake D.9].

A source negotiates against a profile, and has its inventory judged by it, exactly as by a live destination: the encoder
of VM state sees a result and what to leave out, never a peer. A profile is saved as the entries of an offer message, or
as their JSON for people; either can be read back, and the same destination gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wireformat.codec import codec_for
from wireformat.codec.json_form import from_json, to_json
from wireformat.errors import DecodeError, EncodeError
from wireformat.protocols.handshake.file_messages import Profile
from wireformat.protocols.handshake.files.profile_abilities import abilities_of_profile, check_sections, state_entries
from wireformat.protocols.handshake.inventories.abilities import Abilities
from wireformat.protocols.handshake.inventories.inventory import Key
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.inventories.resolution import Resolution, resolve
from wireformat.protocols.handshake.messages import Inventory, InventoryReply
from wireformat.protocols.handshake.negotiation.negotiate import negotiate
from wireformat.protocols.handshake.negotiation.offers import ErrorItem, Offer, Refusal, Result
from wireformat.protocols.handshake.sessions.offer_wire import offer_entries, offer_of
from wireformat.protocols.handshake.sessions.refusal import Violation, error_item, ordered

FORMAT: Final = {"format": "wireformat/handshake-profile", "format_version": 1}
MAX_SIZE: Final = 4 << 20
"""Bytes of a saved profile."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a source does for a destination that is not there: the result, what it leaves out or lowers, warnings."""

    result: Result
    resolution: Resolution
    warnings: tuple[ErrorItem, ...]


def profile_of(offer: Offer, name: str = "", abilities: Abilities | None = None) -> Profile:
    """The profile of a destination that makes this offer, and can load this; anything, where nothing is said of it."""
    return Profile(**offer_entries(offer), **state_entries(abilities or Abilities()), name=name)


def negotiate_with(source: Offer, profile: Profile) -> Result | Refusal:
    """What a source may do for a destination of that profile. Raises `Violation` where it names something twice."""
    return negotiate(source, offer_of(profile))


def settle_with(
    source: Offer, profile: Profile, inventory: Inventory, lowerable: Mapping[Key, int] | None = None
) -> Settlement | tuple[ErrorItem, ...]:
    """All that a source settles with a destination of that profile, or every reason why it cannot migrate there.

    `lowerable` is as in `resolve`. Raises `Violation` as `negotiate_with` does.
    """
    result = negotiate_with(source, profile)
    reply = judge(inventory, abilities_of_profile(profile))
    resolution = resolve(inventory, reply, lowerable) if isinstance(reply, InventoryReply) else reply
    if isinstance(result, Result) and isinstance(resolution, Resolution):
        warnings = reply.warnings if isinstance(reply, InventoryReply) else ()
        return Settlement(result, resolution, tuple(map(error_item, warnings)))
    refused = result.items if isinstance(result, Refusal) else ()
    return ordered((*refused, *(resolution if isinstance(resolution, tuple) else ())))


def profile_bytes(profile: Profile) -> bytes:
    """A profile as entries."""
    return codec_for(Profile).encode(profile)


def profile_text(profile: Profile) -> str:
    """A profile as JSON."""
    document = FORMAT | {"profile": to_json(codec_for(Profile).schema, profile)}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def read_profile(data: bytes) -> Profile:
    """A profile, whichever way it was saved. Raises `DecodeError`."""
    if len(data) > MAX_SIZE:
        raise DecodeError("limit", f"profile of {len(data)} bytes", expected=MAX_SIZE, actual=len(data))
    profile: Profile = _from_text(data) if data[:1] == b"{" else codec_for(Profile).decode(data)
    try:
        offer_of(profile)
        check_sections(profile)
    except Violation as found:
        raise DecodeError("duplicate", found.detail, path="profile", source="handshake D.9") from None
    return profile


def _from_text(data: bytes) -> Profile:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _unreadable(str(error)) from None
    if not isinstance(document, dict) or any(document.get(key) != value for key, value in FORMAT.items()):
        raise _unreadable(f"not {FORMAT['format']}, version {FORMAT['format_version']}")
    codec = codec_for(Profile)
    try:
        read = from_json(codec.schema, document.get("profile"))
        return codec.decode(codec.encode(read))  # type: ignore[no-any-return]
    except EncodeError as error:
        raise _unreadable(str(error)) from None


def _unreadable(detail: str) -> DecodeError:
    return DecodeError("mismatch", detail, path="profile", source="handshake D.9")
