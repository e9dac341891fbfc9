"""What each side checks of its own settings before anything is sent, and of what management told the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wireformat.errors import LocalProtocolError
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.messages import ConfirmLevel, Context
from wireformat.protocols.handshake.negotiation.offers import ErrorItem, Offer
from wireformat.protocols.handshake.negotiation.registry import Rule, registry
from wireformat.protocols.handshake.sessions import keys
from wireformat.protocols.handshake.sessions.payloads import KNOWN
from wireformat.protocols.handshake.sessions.refusal import item

NO_CONTEXT: Final = Context()
"""What management said where it said nothing."""


def confirming_key(level: ConfirmLevel, psk: bytes, exporter: bytes) -> bytes:
    """What transcripts are confirmed with at a level. Raises `LocalProtocolError` where the key is not there."""
    key = {ConfirmLevel.EXPORTER: exporter, ConfirmLevel.PSK: psk}.get(level, b"")
    if level != ConfirmLevel.NONE and len(key) < keys.KEY_SIZE:
        raise LocalProtocolError(
            "handshake/usage", f"no key of {keys.KEY_SIZE} bytes for level {level.name}", path="confirm"
        )
    return key


def check_offer(offer: Offer) -> None:
    """Refuse to offer what concerns this side alone, or cannot be done. Raises `LocalProtocolError`."""
    for payload in offer.payloads:
        if payload not in KNOWN:
            raise LocalProtocolError("handshake/usage", f"{payload} is not known", path="/payloads")
    for parameter in offer.parameters:
        known = registry().parameter(parameter.name)
        if known is not None and known.rule is Rule.LOCAL:
            raise LocalProtocolError(
                "handshake/usage", f"{parameter.name} never travels", path=f"/parameters/{parameter.name}"
            )


def context_items(told: Context, own: Context) -> Iterator[ErrorItem]:
    """Where what management told the peer differs from what it told this side."""
    pairs = {"label": (own.label, told.label), "uuid": (own.uuid, told.uuid)}
    for name, (expected, actual) in pairs.items():
        if expected != actual:
            text = f"management told this side another {name}"
            shown = [value.hex() if isinstance(value, bytes) else value for value in (expected, actual)]
            yield item(ErrorCode.CONTEXT_MISMATCH, f"/context/{name}", text, expected=shown[0], actual=shown[1])
