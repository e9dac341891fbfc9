"""The builds of the skew matrix: programs of different age, each with what it speaks, knows and writes.

L knows nothing of handshakes. H1 is the first release that has one: its codecs are made from the frozen baselines of
revision 1 and from nothing else, it offers that revision, and knows the capabilities of its time. H2 is what we have
today. A profile and the front of a container are written and read by the codecs of the build that does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

from wireformat.derive.baseline_store import shipped
from wireformat.peer.skew_guest import NEW_FORM, OLD_FORM, Form, abilities_of
from wireformat.protocols.handshake.files.profile import profile_bytes, profile_of, read_profile
from wireformat.protocols.handshake.negotiation.offering import LIVE, offer
from wireformat.protocols.handshake.negotiation.offers import ChannelOffer, Offer, Wish
from wireformat.protocols.handshake.negotiation.registry import Side
from wireformat.protocols.handshake.negotiation.releases import release
from wireformat.protocols.handshake.protocol import PROTOCOL
from wireformat.protocols.handshake.sessions.dialect import TODAY, Dialect
from wireformat.protocols.handshake.sessions.payloads import FRAMED, RAW, STRIPED

OLD_FEATURE: Final = "release-ram"
"""A capability that every build has."""

NEW_FEATURE: Final = "dirty-limit"
"""A capability that came later [handshake D.7]."""

FEATURES: Final = (NEW_FEATURE, OLD_FEATURE)
FILE: Final = frozenset({"one-way", "seekable-file"})
HOST: Final = frozenset({"dirty-ring"})
"""What the hosts of the matrix have beside what a transport brings."""

FROZEN: Final = "1"


@dataclass(frozen=True)
class Build:
    """A program: the release of QEMU that its offers are those of, and how it writes a guest that may be new."""

    name: str
    release: str
    features: tuple[str, ...]
    form: Form
    is_old: bool
    is_aware: bool = True
    """Whether it knows what a handshake looks like, also where it was not told to use it."""

    @cached_property
    def dialect(self) -> Dialect:
        """Its codecs."""
        return _frozen_dialects()[0] if self.is_old else TODAY

    @property
    def versions(self) -> tuple[int, ...]:
        """The revisions of the handshake that it knows."""
        return (int(FROZEN),) if self.is_old else tuple(map(int, PROTOCOL.versions))

    @property
    def _payloads(self) -> tuple[str, ...]:
        """The encodings of the stream that it knows, best first."""
        return (STRIPED, RAW) if self.is_old else (STRIPED, FRAMED, RAW)

    def offer(self, side: Side, wish: Wish, *, channels: int, has_tls: bool) -> Offer:
        """What it offers for a live migration, its features being wished so."""
        if side is Side.SOURCE:
            payloads = self._payloads if channels else self._payloads[1:]
            want = ChannelOffer("multifd", want=channels, minimum=min(channels, 1))
        else:
            payloads = self._payloads
            want = ChannelOffer("multifd", maximum=16)
        return offer(
            release(self.release),
            side,
            dict.fromkeys(self.features, wish),
            facilities=LIVE | HOST | ({"tls"} if has_tls else frozenset()),
            versions=self.versions,
            payloads=payloads,
            channels=(want,) if want.want or want.maximum else (),
            budget=17,
        )

    def file_offer(self, side: Side, wish: Wish) -> Offer:
        """What it offers for a file."""
        wishes = dict.fromkeys(self.features, wish)
        return offer(release(self.release), side, wishes, facilities=FILE | HOST, versions=self.versions)

    def profile(self, wish: Wish) -> bytes:
        """What it offers as the destination of a file, and can load, saved."""
        profile = profile_of(self.file_offer(Side.DESTINATION, wish), self.name, abilities_of(self.form))
        if not self.is_old:
            return profile_bytes(profile)
        dialect = _frozen_dialects()[1]
        return dialect.pieces.encode(dialect.adopt(profile))

    def read_profile(self, data: bytes) -> Any:
        """A saved profile, of its own classes. Raises `DecodeError` where this build cannot read it."""
        return _frozen_dialects()[1].pieces.decode(data) if self.is_old else read_profile(data)


@cache
def _frozen_dialects() -> tuple[Dialect, Dialect]:
    """The codecs of the frozen revision: for connections and containers, and for profiles."""
    store = shipped()
    models: Mapping[str, Any] = store.baseline("handshake", FROZEN).models
    header = store.baseline("channels", FROZEN).models["ChannelHeader"]
    return Dialect(models["Frame"], header, models["Piece"]), Dialect(models["Frame"], header, models["Profile"])


BUILDS: Final = {
    build.name: build
    for build in (
        Build("L", "7.2", (), OLD_FORM, is_old=True, is_aware=False),
        Build("H1", "7.2", (OLD_FEATURE,), OLD_FORM, is_old=True),
        Build("H2", "10.2", FEATURES, NEW_FORM, is_old=False),
    )
}
"""The builds by their names."""
