"""The source's side of the main channel up to the commitment [handshake D.13].

Every answer follows from what was offered, so the session gives it itself. The guest runs on through all of this:
nothing here touches it, so failing costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from wireformat.protocols.channels.messages import NO_BINDING, ChannelKind
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.inventories.digests import DIGESTS_SINCE, details, summary
from wireformat.protocols.handshake.inventories.resolution import Resolution, resolve
from wireformat.protocols.handshake.messages import DIGEST_SIZE, Commit, Hello, Inventory, InventoryReply
from wireformat.protocols.handshake.negotiation.negotiate import negotiate
from wireformat.protocols.handshake.negotiation.offers import ErrorItem, Offer, Refusal, Result
from wireformat.protocols.handshake.sessions import keys, opening
from wireformat.protocols.handshake.sessions.config import Config
from wireformat.protocols.handshake.sessions.events import Agreed, ChannelKey, Negotiated
from wireformat.protocols.handshake.sessions.frames import FIRST_LIMIT
from wireformat.protocols.handshake.sessions.offer_wire import channel_names, offer_of, planned, result_entries
from wireformat.protocols.handshake.sessions.payloads import impossible
from wireformat.protocols.handshake.sessions.preconditions import check_offer, confirming_key, context_items
from wireformat.protocols.handshake.sessions.refusal import Violation, error_item, item, violation
from wireformat.protocols.handshake.sessions.resume import Thread
from wireformat.protocols.handshake.sessions.session import Handler, Session

Resolver: TypeAlias = Callable[[Inventory, InventoryReply], Resolution | tuple[ErrorItem, ...]]


@dataclass(frozen=True, slots=True)
class SourceConfig(Config):
    """Everything a source brings. `nonce` is 32 random bytes, new for each attempt."""

    nonce: bytes
    inventory: Inventory
    resolve: Resolver = resolve


class SourceHandshake(Session):
    """A source until both have committed."""

    role = "source"
    peer = "destination"

    def __init__(self, config: SourceConfig) -> None:
        check_offer(config.offer)
        super().__init__(config.dialect, config.context, config.grease)
        self._config = config
        self._plan: tuple[ChannelKey, ...] = ()
        self._optional: frozenset[ChannelKey] = frozenset()
        self._has_detailed = False

    def _begin(self) -> None:
        super()._begin()
        self._header: bytes | None = None

    def connect(self) -> None:
        """The connection is being made."""
        self._step("connect")

    def connected(self, exporter: bytes = b"") -> None:
        """The connection is there, TLS included; `exporter` are the bytes of its exporter."""
        config = self._config
        self._key = confirming_key(config.confirm, config.psk, exporter)
        self._step("connected")
        self._own_header = opening.header_bytes(self._dialect, ChannelKind.MAIN, NO_BINDING, from_source=True)
        self._outgoing.append(self._own_header)
        self._guard(self._greet)

    def _greet(self) -> None:
        self._send(Hello(**self._config.introduction(self._config.nonce)))

    def unreachable(self, text: str) -> None:
        """The connection could not be made."""
        self._end("cut", (item(ErrorCode.LOCAL_IO, text=text),), is_usable=False)

    def _read(self) -> None:
        if self._header is None and not self._take_header():
            return
        super()._read()

    def _take_header(self) -> bool:
        """Read the destination's header; false while it is incomplete."""
        stranger = opening.stranger(self._inbox)
        if stranger is not None:
            code, text = stranger
            raise violation(ErrorCode.LEGACY_PEER if code == ErrorCode.MALFORMED else code, text=f"the peer is {text}")
        found = opening.take_header(self._inbox, self._dialect) if opening.is_possible(self._inbox) else None
        if found is None:
            return False
        header, self._header = found
        if self._thread is not None:
            opening.check_header(header, ChannelKind.RESUME, self._thread.migration_id, from_source=False)
        else:
            opening.check_header(header, ChannelKind.MAIN, NO_BINDING, from_source=False)
            self._transcript.headers(self._own_header, self._header)
        return True

    def _cut_item(self) -> ErrorItem:
        if self.state == "hello-sent":
            text = "the peer closed the connection during HELLO; does it support the handshake?"
            return item(ErrorCode.LEGACY_PEER_SUSPECTED, text=text)
        return super()._cut_item()

    def _hear_reply(self, reply: Any) -> None:
        """Compute the result from both offers, and compare it with the destination's."""
        config = self._config
        items = [*context_items(reply.context, config.context), *self._reply_items(reply)]
        result = negotiate(config.offer, offer_of(reply))
        if isinstance(result, Refusal):
            raise Violation((*items, *result.items, _disagreement("the destination accepts what cannot be")))
        digest = keys.result_digest(self._dialect.part(result_entries(result)))
        items += [*impossible(result), *_missing_disks(config.offer, result)]
        if reply.chosen_version != result.version or not keys.is_equal(reply.result_digest, digest):
            items.append(_disagreement("both sides computed different results from the same offers"))
        if items:
            raise Violation(items)
        self._adopt(result, reply)
        self._events.append(Negotiated(result, reply.implementation))
        has_digests = result.version >= DIGESTS_SINCE
        self._send(summary(config.inventory, self._dialect) if has_digests else config.inventory)

    def _reply_items(self, reply: Any) -> list[ErrorItem]:
        """What is wrong with a reply, beside offer and context."""
        config, items = self._config, []
        if reply.confirm != config.confirm:
            items.append(item(ErrorCode.CONFIRM_MAC, "/confirm", "the peer confirms at another level"))
        if reply.nonce == config.nonce:
            items.append(item(ErrorCode.REFLECTION, "/nonce", "the peer returns our nonce"))
        if not any(reply.nonce):
            items.append(item(ErrorCode.MALFORMED, "/nonce", "the nonce is zero"))
        if reply.migration_id == NO_BINDING:
            items.append(item(ErrorCode.MALFORMED, "/migration_id", "the migration has no id"))
        return items

    def _adopt(self, result: Result, reply: Any) -> None:
        """Let the result hold from here on."""
        self.result = result
        self._plan = planned(result)
        needed = {offer.type: offer.minimum for offer in self._config.offer.channels}
        self._optional = frozenset(
            key for key in self._plan if not key.is_storage and key.index >= needed.get(key.type, 0)
        )
        self._thread = Thread(reply.migration_id, reply.channel_secret, 0)
        self._writer.large = max(FIRST_LIMIT, reply.limits.inventory_size)
        self._reader.large = max(FIRST_LIMIT, self._config.inventory_size)
        self._reader.codec = self._writer.codec = self._dialect.frames(result.version)

    def _hear_verdicts(self, reply: Any) -> None:
        """Send sections whole where they are wanted; else decide what to leave out, and commit to it."""
        if getattr(reply, "wanted", ()):
            self._detail(reply)
        else:
            self._commit(reply)

    def _detail(self, reply: Any) -> None:
        """Send the sections that the destination does not know by their digests. It may ask once."""
        if self._has_detailed or reply.verdicts or reply.missing_on_source or reply.warnings:
            raise violation(ErrorCode.UNEXPECTED, "/wanted", "sections are asked for once, before any verdict")
        self._has_detailed = True
        self._send(details(self._config.inventory, reply.wanted))

    def _commit(self, reply: Any) -> None:
        agreed = self._config.resolve(self._config.inventory, reply)
        if not isinstance(agreed, Resolution):
            raise Violation(agreed)
        warnings = tuple(map(error_item, reply.warnings))
        self._events.append(Agreed(agreed.omitted, agreed.versions, warnings))
        self._send(
            Commit(
                result=result_entries(self.agreed),
                omitted=agreed.omitted,
                plan=channel_names(self._plan),
                versions=agreed.versions,
                transcript=bytes(DIGEST_SIZE),
                confirmation=bytes(DIGEST_SIZE) if self._key else None,
            )
        )

    handlers: ClassVar[Mapping[str, Handler]] = {
        **Session.handlers,
        "HelloReply": _hear_reply,
        "InventoryReply": _hear_verdicts,
    }


def _missing_disks(offer: Offer, result: Result) -> Iterator[ErrorItem]:
    """The disks that are required, and that the chosen revision has no words for."""
    for disk in offer.disks:
        if disk.required and disk.name not in result.disks:
            text = "the destination does not export this disk"
            yield item(ErrorCode.DISK_MISSING, f"/disks/{disk.name}", text)


def _disagreement(text: str) -> ErrorItem:
    return item(ErrorCode.RESULT_DIGEST_MISMATCH, "/result_digest", text)
