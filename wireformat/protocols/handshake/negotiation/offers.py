"""What the two sides of a migration say they can and want, and what comes of it.

An `Offer` is what one side states: everything that `negotiate` may look at, and nothing else (no program names, no
labels). A `Result` is what both sides then do; a `Refusal` says, item by item, why they cannot. All are hashable
values whose parts are sorted tuples, so that equal offers are equal bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from wireformat.protocols.handshake.error_codes import ErrorCode, Retry, Severity
from wireformat.schema.values import OpenEnum

Value: TypeAlias = int | str
"""The value of a parameter; switches are 0 and 1."""


class Wish(OpenEnum):
    """What a side wants of a capability; it avoids one that its offer does not name, or whose wish nobody knows."""

    REQUIRE = 1
    WANT = 2
    AUTO = 3
    AVOID = 4
    FORBID = 5


GREASE: Final = "grease-"
"""How names begin that mean nothing and never will."""


def is_grease_name(name: str) -> bool:
    """Whether the name of a capability, parameter, payload or channel type means nothing, so that nothing heeds it."""
    return name.startswith(GREASE)


@dataclass(frozen=True, slots=True)
class CapabilityOffer:
    """Whether a side is able to do something, and whether it wants it."""

    name: str
    able: bool = False
    wish: Wish = Wish.AVOID


@dataclass(frozen=True, slots=True)
class Span:
    """The integers from `low` to `high`, both included."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class ParameterOffer:
    """A parameter that a side knows.

    `value` is None where the registry's default applies. `allowed` is what the side accepts: a range, or values (at the
    source of an ordered parameter: best first, else sorted); empty where the registry's range applies. `exact`: the
    source takes no other value. `require`: the other side must know the parameter.
    """

    name: str
    value: Value | None = None
    allowed: Span | tuple[Value, ...] = ()
    exact: bool = False
    require: bool = False


@dataclass(frozen=True, slots=True)
class ChannelOffer:
    """Channels of one type: how many a source wants and needs, and how many a destination accepts."""

    type: str
    want: int = 0
    minimum: int = 0
    maximum: int = 0


@dataclass(frozen=True, slots=True)
class DiskOffer:
    """A disk that a source would write, `required` or not, or that a destination exports."""

    name: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """All that one side states.

    `payloads` are in order of preference; capabilities, parameters, channels and disks are sorted by name and name
    nothing twice. `budget` is the most connections this side allows, the main channel included.
    """

    versions: tuple[int, ...]
    payloads: tuple[str, ...]
    capabilities: tuple[CapabilityOffer, ...] = ()
    parameters: tuple[ParameterOffer, ...] = ()
    channels: tuple[ChannelOffer, ...] = ()
    budget: int = 1
    disks: tuple[DiskOffer, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What both sides do: names and pairs sorted by name; channel types with their number, where it is not 0.

    Each of `disks`, sorted, has a channel of type `nbd` besides.
    """

    version: int
    payload: str
    capabilities: tuple[str, ...] = ()
    parameters: tuple[tuple[str, Value], ...] = ()
    channels: tuple[tuple[str, int], ...] = ()
    disks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorItem:
    """One reason of a refusal.

    `path` is what it concerns (`/capabilities/zero-copy-send`); `expected` and `actual` are JSON texts and `text` is
    prose, all for people: programs act on `code`, `severity` and `retry`, which names the side that has to change.
    """

    code: ErrorCode
    path: str = ""
    expected: str | None = None
    actual: str | None = None
    text: str | None = None
    severity: Severity = Severity.FATAL
    retry: Retry = Retry.NEVER


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why two sides cannot migrate: every reason, sorted by code and path, at least one of them fatal."""

    items: tuple[ErrorItem, ...]
