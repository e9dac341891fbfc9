"""What two offers lead to: one result, or every reason why there is none [handshake D.7].

`negotiate` is a pure function of the two offers and the registry. Both sides compute it and compare digests, so nothing
else may enter: no clock, no chance, no text, no order of arrival. Names that one side does not know are simply not
supported there; they are an error only where the other side requires them.

Capabilities are settled closure first: what is required, with all that it needs, is fixed before anything optional is
looked at, and an optional capability is added only with all that it needs and only if nothing that is on conflicts.
That makes the function monotone: a side that gains an ability never turns success into failure.
"""

from __future__ import annotations

from wireformat.protocols.channels.framing import is_grease
from wireformat.protocols.handshake.error_codes import ErrorCode, Retry
from wireformat.protocols.handshake.negotiation.negotiate_capabilities import settle_capabilities
from wireformat.protocols.handshake.negotiation.negotiate_channels import settle_channels
from wireformat.protocols.handshake.negotiation.negotiate_parameters import settle_parameters
from wireformat.protocols.handshake.negotiation.negotiate_reasons import Reasons
from wireformat.protocols.handshake.negotiation.offers import Offer, Refusal, Result, is_grease_name
from wireformat.protocols.handshake.negotiation.registry import Registry
from wireformat.protocols.handshake.negotiation.registry import registry as own_registry
from wireformat.protocols.handshake.sessions.payloads import SINCE


def negotiate(source: Offer, destination: Offer, registry: Registry | None = None) -> Result | Refusal:
    """What both sides will do, or every reason why they cannot; the registry is this project's own unless given."""
    known = own_registry() if registry is None else registry
    reasons = Reasons()
    version = _version(source, destination, reasons)
    channels, disks = settle_channels(source, destination, version, reasons)
    result = Result(
        version=version,
        payload=_payload(source, destination, version, reasons),
        capabilities=settle_capabilities(source, destination, known, reasons),
        parameters=settle_parameters(source, destination, known, reasons),
        channels=channels,
        disks=disks,
    )
    return reasons.refusal() or result


def _version(source: Offer, destination: Offer, reasons: Reasons) -> int:
    """The newest revision that both know; 0 with a reason when there is none."""
    wanted = [version for version in source.versions if not is_grease(version)]
    known = [version for version in destination.versions if not is_grease(version)]
    common = set(wanted) & set(known)
    if not common:
        text = "no revision of the handshake is known to both sides"
        reasons.add(ErrorCode.NO_COMMON_VERSION, "/versions", wanted, known, text, _lacking(wanted))
    return max(common, default=0)


def _payload(source: Offer, destination: Offer, version: int, reasons: Reasons) -> str:
    """The first of the source's encodings that the destination knows; empty with a reason when there is none."""
    wanted = [name for name in source.payloads if _counts(name, version)]
    known = [name for name in destination.payloads if _counts(name, version)]
    common = [name for name in wanted if name in known]
    if not common:
        text = "no encoding of the VM state is known to both sides"
        reasons.add(ErrorCode.NO_COMMON_PAYLOAD, "/payloads", wanted, known, text, _lacking(wanted))
    return common[0] if common else ""


def _lacking(wanted: object) -> Retry:
    """The side that has to learn something: the destination, unless the source names nothing."""
    return Retry.AFTER_CHANGE_ON_DESTINATION if wanted else Retry.AFTER_CHANGE_ON_SOURCE


def _counts(name: str, version: int) -> bool:
    """Whether an encoding means something, in the revision that was chosen."""
    return not is_grease_name(name) and (not version or version >= SINCE.get(name, 0))
