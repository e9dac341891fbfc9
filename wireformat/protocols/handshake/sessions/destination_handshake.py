"""The destination's side of the main channel up to the commitment [handshake D.13].

One session is one attempt. The destination does nothing in it that could not be undone; a source that is refused may
simply try again. What can be found wrong with an offer is found all at once, so that one answer tells everything that
must be changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from wireformat.protocols.channels.messages import NO_BINDING, ChannelKind
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.frame import FRAME_HEADER
from wireformat.protocols.handshake.inventories.digests import DIGESTS_SINCE, Collector
from wireformat.protocols.handshake.items.inventory import SectionItem, VerdictItem, VerdictKind
from wireformat.protocols.handshake.messages import HelloReply, Inventory, InventoryReply
from wireformat.protocols.handshake.negotiation.negotiate import negotiate
from wireformat.protocols.handshake.negotiation.offers import ErrorItem, Refusal, Result
from wireformat.protocols.handshake.sessions import keys, opening
from wireformat.protocols.handshake.sessions.config import Config
from wireformat.protocols.handshake.sessions.events import ChannelKey, Negotiated
from wireformat.protocols.handshake.sessions.frames import FIRST_LIMIT, entries
from wireformat.protocols.handshake.sessions.offer_wire import offer_of, result_entries
from wireformat.protocols.handshake.sessions.payloads import impossible
from wireformat.protocols.handshake.sessions.preconditions import check_offer, confirming_key, context_items
from wireformat.protocols.handshake.sessions.refusal import Violation, item
from wireformat.protocols.handshake.sessions.session import Handler, Session
from wireformat.protocols.handshake.sessions.stream_end import Follower, StreamEnd, VmStateEnd

Judge: TypeAlias = Callable[[Inventory], InventoryReply | tuple[ErrorItem, ...]]
HELLO = 0x8001
VERSIONS = 0x8001


@dataclass(frozen=True, slots=True)
class Secrets:
    """Random bytes of one attempt: nonce and channel secret of 32 each, id of 16."""

    nonce: bytes
    migration_id: bytes
    channel_secret: bytes


def accept_all(inventory: Inventory) -> InventoryReply:
    """The answer of a destination that can load everything."""
    return InventoryReply(
        verdicts=tuple(
            VerdictItem(
                idstr=section.idstr, instance_id=section.instance_id, verdict=VerdictKind.OK, version=section.version
            )
            for section in inventory.sections
        )
    )


def admit_all(_: ChannelKey) -> None:
    """The answer of a destination that takes every channel of the plan."""


@dataclass(frozen=True, slots=True)
class DestinationConfig(Config):
    """Everything a destination brings to all of its attempts.

    `secrets` gives new random bytes for each; `judge` answers an inventory; `sections` are those that it would list
    itself: one that the source has in the very same form need not be sent; `admit` may refuse a planned channel;
    `window` is how many bytes are held for pieces that come early.
    """

    secrets: Callable[[], Secrets]
    judge: Judge = accept_all
    sections: tuple[SectionItem, ...] = ()
    admit: Callable[[ChannelKey], ErrorItem | None] = admit_all
    stream_end: Callable[[Follower], StreamEnd] = VmStateEnd
    window: int = 64 << 20


def unclaimed() -> None:
    """What a HELLO has to ask for where nobody else can be in its way."""


class DestinationHandshake(Session):
    """A destination until the source commits. `exporter` are the bytes of the connection's TLS exporter.

    `claim` is called for a whole HELLO, before it is answered, and may raise `Violation`.
    """

    role = "destination"
    peer = "source"
    rejecting = frozenset({"header", "deciding", "replied", "judging", "judged", "committing"})

    def __init__(self, config: DestinationConfig, exporter: bytes = b"") -> None:
        check_offer(config.offer)
        super().__init__(config.dialect, config.context, config.grease)
        self._config = config
        self._secrets = config.secrets()
        self._key = confirming_key(config.confirm, config.psk, exporter)
        self._needed: Mapping[str, int] = {}
        self._result_bytes = b""
        self._collector = Collector(config.sections, config.dialect)
        self.claim: Callable[[], None] = unclaimed
        self._step("accept")

    def opened(self, header: bytes) -> None:
        """The source's header, which is one for a new migration, has arrived."""
        answer = opening.header_bytes(self._dialect, ChannelKind.MAIN, NO_BINDING, from_source=False)
        self._outgoing.append(answer)
        self._transcript.headers(header, answer)

    def _fault(self, items: tuple[ErrorItem, ...]) -> None:
        """Whatever else is wrong with it, a HELLO of unknown versions is told which ones are known here."""
        if self.state == "header" and self._is_foreign(self._reader.latest):
            text = "no revision of the handshake is known to both sides"
            own = list(self._config.offer.versions)
            items = (item(ErrorCode.NO_COMMON_VERSION, "/versions", text, actual=own),)
        super()._fault(items)

    def _is_foreign(self, frame: bytes) -> bool:
        """Whether a frame is a HELLO of versions that are all unknown here."""
        if int.from_bytes(frame[:2], "big") != HELLO:
            return False
        for tag, start, end in entries(frame, FRAME_HEADER):
            if tag == VERSIONS:
                value = frame[start + 8 : end]
                said = {int.from_bytes(value[place : place + 2], "big") for place in range(0, len(value), 2)}
                return said.isdisjoint(self._config.offer.versions)
        return False

    def _hear_hello(self, hello: Any) -> None:
        """Compute the result, or say everything that stands against it."""
        self.claim()
        offer = offer_of(hello)
        result = negotiate(offer, self._config.offer)
        items = [*context_items(hello.context, self._config.context), *self._hello_items(hello)]
        items += result.items if isinstance(result, Refusal) else impossible(result)
        if items or isinstance(result, Refusal):
            raise Violation(items)
        self._needed = {channel.type: channel.minimum for channel in offer.channels}
        self._writer.large = max(FIRST_LIMIT, hello.limits.inventory_size)
        self._events.append(Negotiated(result, hello.implementation))
        self._reply(result)

    def _hello_items(self, hello: Any) -> Iterator[ErrorItem]:
        """What is wrong with a HELLO, beside offer and context."""
        if hello.confirm != self._config.confirm:
            levels = {"expected": int(self._config.confirm), "actual": int(hello.confirm)}
            yield item(ErrorCode.CONFIRM_MAC, "/confirm", "the peer confirms at another level", **levels)
        if not any(hello.nonce):
            yield item(ErrorCode.MALFORMED, "/nonce", "the nonce is zero")

    def _reply(self, result: Result) -> None:
        config, secrets = self._config, self._secrets
        self._result_bytes = self._dialect.part(result_entries(result))
        self._send(
            HelloReply(
                **config.introduction(secrets.nonce),
                chosen_version=result.version,
                migration_id=secrets.migration_id,
                channel_secret=secrets.channel_secret,
                result_digest=keys.result_digest(self._result_bytes),
            )
        )
        self.result = result
        self._reader.large = max(FIRST_LIMIT, config.inventory_size)
        self._reader.codec = self._writer.codec = self._dialect.frames(result.version)

    def _hear_inventory(self, inventory: Any) -> None:
        """Judge what the source will send, once all of it is known."""
        if self.agreed.version >= DIGESTS_SINCE:
            inventory = self._collector.take(inventory)
        if inventory is None:
            self._send(InventoryReply(wanted=self._collector.wanted))
            return
        answer = self._config.judge(inventory)
        if isinstance(answer, tuple):
            raise Violation(answer)
        self._send(answer)

    handlers: ClassVar[Mapping[str, Handler]] = {
        **Session.handlers,
        "Hello": _hear_hello,
        "Inventory": _hear_inventory,
    }
