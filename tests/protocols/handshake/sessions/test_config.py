"""What a side brings: said of itself entry by entry, and the defaults say nothing."""

from __future__ import annotations

from dataclasses import replace

from wireformat.protocols.handshake.messages import ConfirmLevel, Context, Hello, HelloReply, Limits
from wireformat.protocols.handshake.negotiation.offers import ChannelOffer, Offer
from wireformat.protocols.handshake.sessions.config import Config
from wireformat.protocols.handshake.sessions.offer_wire import offer_of
from wireformat.protocols.handshake.sessions.preconditions import NO_CONTEXT

NONCE = bytes(range(32))
OFFER = Offer(versions=(1, 2), payloads=("raw",), channels=(ChannelOffer("multifd", want=2, minimum=1),), budget=3)
CONFIG = Config(
    OFFER,
    context=Context(label="move"),
    confirm=ConfirmLevel.PSK,
    psk=b"k" * 32,
    implementation="wireformat",
    inventory_size=5 << 20,
)


def test_a_side_says_what_it_brings() -> None:
    hello = Hello(**CONFIG.introduction(NONCE))
    assert offer_of(hello) == OFFER
    assert (hello.nonce, hello.context.label, hello.implementation) == (NONCE, "move", "wireformat")
    assert (hello.confirm, hello.limits) == (ConfirmLevel.PSK, Limits(inventory_size=5 << 20))


def test_the_key_is_never_said() -> None:
    assert CONFIG.introduction(NONCE) == replace(CONFIG, psk=b"").introduction(NONCE)


def test_both_sides_say_the_same() -> None:
    said = CONFIG.introduction(NONCE)
    rest = {"migration_id": bytes(16), "channel_secret": bytes(32), "result_digest": bytes(32)}
    reply = HelloReply(**said, chosen_version=1, **rest)
    assert {name: getattr(reply, name) for name in said} == said


def test_defaults() -> None:
    hello = Hello(**Config(OFFER).introduction(NONCE))
    assert (hello.context, hello.implementation, hello.confirm) == (NO_CONTEXT, "", ConfirmLevel.NONE)
    assert hello.limits.inventory_size == 4 << 20
