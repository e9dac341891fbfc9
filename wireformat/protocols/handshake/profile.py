"""Target profiles: the offer of a destination, saved for migrating when none is there [handshake D.9].

A source negotiates against a profile exactly as against a live destination: the encoder of VM state sees a result,
never a peer. A profile is saved as the entries of an offer message, or as their JSON for people; either can be read
back, and the same offer gives the same bytes.
"""

from __future__ import annotations

import json
from typing import Final

from wireformat.codec import codec_for
from wireformat.codec.json_form import from_json, to_json
from wireformat.errors import DecodeError, EncodeError
from wireformat.protocols.handshake.messages import Profile
from wireformat.protocols.handshake.negotiate import negotiate
from wireformat.protocols.handshake.offer_wire import offer_entries, offer_of
from wireformat.protocols.handshake.offers import Offer, Refusal, Result
from wireformat.protocols.handshake.refusal import Violation

FORMAT: Final = {"format": "wireformat/handshake-profile", "format_version": 1}
MAX_SIZE: Final = 1 << 20
"""Bytes of a saved profile."""


def profile_of(offer: Offer, name: str = "") -> Profile:
    """The profile of a destination that makes this offer."""
    return Profile(**offer_entries(offer), name=name)


def negotiate_with(source: Offer, profile: Profile) -> Result | Refusal:
    """What a source may do for a destination of that profile. Raises `Violation` where it names something twice."""
    return negotiate(source, offer_of(profile))


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
