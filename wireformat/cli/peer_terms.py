"""What management says a migration is to be like, and the offer that a side makes of it.

Both sides take the same words: what the migration is called, what is wished of it, what confirms its handshake, and
its disks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from wireformat import __version__
from wireformat.cli import peer_options as options
from wireformat.cli.exits import UsageError
from wireformat.cli.peer_credentials import confirmation_of
from wireformat.errors import WireError
from wireformat.protocols.handshake.messages import ConfirmLevel, Context
from wireformat.protocols.handshake.negotiation.offering import FILE, LIVE, Setting, offer
from wireformat.protocols.handshake.negotiation.offers import ChannelOffer, DiskOffer, Offer, Wish
from wireformat.protocols.handshake.negotiation.registry import Side
from wireformat.protocols.handshake.sessions.payloads import FRAMED, KNOWN, RAW, STRIPED

CHANNEL_TYPE = "multifd"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a side wishes of a migration, however it travels. No `payloads`: the usual ones."""

    release: str
    capabilities: Mapping[str, Wish]
    settings: Mapping[str, Setting]
    payloads: Sequence[str]

    def live_offer(self, side: Side, channels: int, *, has_tls: bool) -> Offer:
        """What a side offers with so many channels: a source opens them, and would rather send in stripes; a
        destination accepts them. Raises `UsageError`."""
        facilities = LIVE | {"tls"} if has_tls else LIVE
        if not channels:
            return self._offer(side, (FRAMED, RAW), (), 1, facilities)
        if side is Side.SOURCE:
            own = ChannelOffer(CHANNEL_TYPE, want=channels, minimum=1)
            return self._offer(side, (STRIPED, FRAMED, RAW), (own,), channels + 1, facilities)
        own = ChannelOffer(CHANNEL_TYPE, maximum=channels)
        return self._offer(side, (FRAMED, RAW, STRIPED), (own,), channels + 1, facilities)

    def file_offer(self) -> Offer:
        """What a source offers that writes a file: the plain stream, in the revision that every loader knows. Raises
        `UsageError`."""
        offered = self._offer(Side.SOURCE, (RAW,), (), 1, FILE)
        return replace(offered, versions=offered.versions[:1])

    def _offer(
        self,
        side: Side,
        usual: tuple[str, ...],
        channels: tuple[ChannelOffer, ...],
        budget: int,
        facilities: frozenset[str],
    ) -> Offer:
        for payload in self.payloads:
            if payload not in KNOWN:
                raise UsageError(f"--payload {payload}: not known; there are {', '.join(KNOWN)}")
        try:
            return offer(
                options.release_of(self.release),
                side,
                self.capabilities,
                self.settings,
                facilities=facilities,
                payloads=tuple(self.payloads) or usual,
                channels=channels,
                budget=budget,
            )
        except WireError as error:
            raise UsageError(f"{error.path}: {error.detail}") from None


@dataclass(frozen=True, slots=True)
class Terms:
    """Options: what the migration is called, and what is wished of it."""

    label: options.Label = ""
    uuid: options.Uuid = None
    require: options.Require = None
    want: options.Want = None
    avoid: options.Avoid = None
    forbid: options.Forbid = None
    parameter: options.Parameter = None
    release: options.ReleaseName = "qemu-10.2"
    payload: options.Payloads = None
    handover: options.Handover = None

    def wishes(self, *, resume: bool = False) -> Wishes:
        """What is wished; `resume`: also to go on after a lost connection. Raises `UsageError`."""
        named = (self.require, self.want, self.avoid, self.forbid)
        capabilities = options.wishes_of(*named, handover=self.handover, resume=resume)
        return Wishes(self.release, capabilities, options.settings_of(self.parameter), self.payload or ())


class Shared(TypedDict):
    """The parts that the configurations of both sides have."""

    offer: Offer
    context: Context
    confirm: ConfirmLevel
    psk: bytes
    implementation: str
    grease: int | None


@dataclass(frozen=True, slots=True)
class Extras:
    """Options: a key that confirms the handshake, disks that move beside it, things that mean nothing."""

    psk_file: options.PskFile = None
    disk: options.Disk = None
    grease: options.Grease = None

    def configured(self, offered: Offer, terms: Terms, disks: Collection[str], *, has_tls: bool) -> Shared:
        """The configuration of a side that makes this offer, and moves these disks. Raises `UsageError`."""
        confirm, psk = confirmation_of(self.psk_file, has_tls=has_tls)
        return Shared(
            offer=with_disks(offered, disks),
            context=options.context_of(terms.label, terms.uuid),
            confirm=confirm,
            psk=psk,
            implementation=f"wireformat {__version__}",
            grease=self.grease,
        )


def with_disks(offered: Offer, disks: Collection[str]) -> Offer:
    """The offer with disks, all of them required, and a connection for each."""
    named = tuple(DiskOffer(name, required=True) for name in sorted(disks))
    return replace(offered, disks=named, budget=offered.budget + len(named))
