"""What either side brings to its attempts, and what it says of itself first, in HELLO or its reply [handshake D.4]."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from wireformat.protocols.handshake.messages import ConfirmLevel, Context, Limits
from wireformat.protocols.handshake.negotiation.offers import Offer
from wireformat.protocols.handshake.sessions.dialect import TODAY, Dialect
from wireformat.protocols.handshake.sessions.offer_wire import OfferEntries, offer_entries
from wireformat.protocols.handshake.sessions.preconditions import NO_CONTEXT


class Introduction(OfferEntries):
    """The arguments that HELLO and its reply have in common."""

    nonce: bytes
    context: Context
    implementation: str
    confirm: ConfirmLevel
    limits: Limits


@dataclass(frozen=True, slots=True)
class Config:
    """What both sides bring. `psk` is the key they share where `confirm` needs one; `inventory_size` is how many bytes
    of inventory or verdicts a side takes; `grease` seeds nonsense."""

    offer: Offer
    _: KW_ONLY
    context: Context = NO_CONTEXT
    confirm: ConfirmLevel = ConfirmLevel.NONE
    psk: bytes = b""
    implementation: str = ""
    inventory_size: int = 4 << 20
    grease: int | None = None
    dialect: Dialect = TODAY

    def introduction(self, nonce: bytes) -> Introduction:
        """What a side says of itself, with its `nonce` of 32 bytes."""
        return Introduction(
            **offer_entries(self.offer),
            nonce=nonce,
            context=self.context,
            implementation=self.implementation,
            confirm=self.confirm,
            limits=Limits(inventory_size=self.inventory_size),
        )
