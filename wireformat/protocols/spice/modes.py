"""Which way a client migrates, from what each of the three can [spice-migration 6, 9].

The source offers the best way that it and the client have in common; the target can lower it. Headers are chosen for
each connection by itself and change nothing about the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from wireformat.protocols.spice.codes import CommonCapability, MainCapability
from wireformat.protocols.spice.main_messages import MIGRATION_VERSION

SEMI: Final = MainCapability.SEMI_SEAMLESS_MIGRATE
SEAMLESS: Final = MainCapability.SEAMLESS_MIGRATE
ALL_MAIN: Final = SEMI | SEAMLESS | MainCapability.NAME_AND_UUID | MainCapability.AGENT_CONNECTED_TOKENS


class Mode(Enum):
    """A way to migrate, by its name; the best is the last."""

    SWITCH_HOST = "switch-host"
    SEMI_SEAMLESS = "semi-seamless"
    SEAMLESS = "seamless"


@dataclass(frozen=True, slots=True)
class Abilities:
    """What one of the three can. `may_seamless` is a source's option, `is_single` and `version` are a target's.

    `is_single`: it serves one client at a time. `version`: of the state that it takes at most.
    """

    main: MainCapability = ALL_MAIN
    common: CommonCapability = CommonCapability.AUTH_SELECTION | CommonCapability.MINI_HEADER
    may_seamless: bool = True
    is_single: bool = True
    version: int = MIGRATION_VERSION


def offered_mode(client: Abilities, source: Abilities) -> Mode:
    """What the source announces; with `SWITCH_HOST` it announces nothing until the end."""
    if SEMI not in client.main or SEMI not in source.main:
        return Mode.SWITCH_HOST
    needs = SEAMLESS | MainCapability.AGENT_CONNECTED_TOKENS
    if needs in client.main and SEAMLESS in source.main and source.may_seamless:
        return Mode.SEAMLESS
    return Mode.SEMI_SEAMLESS


def can_be_asked(target: Abilities) -> bool:
    """Whether a client asks the target for a seamless migration."""
    return SEAMLESS in target.main


def takes_seamless(target: Abilities, version: int = MIGRATION_VERSION) -> bool:
    """Whether the target takes a seamless migration with state of a version."""
    return can_be_asked(target) and target.is_single and version <= target.version


def takes_over(target: Abilities) -> bool:
    """Whether the target knows sessions of others: without it a client gives up the link, and is sent there later."""
    return SEMI in target.main


def best_mode(client: Abilities, source: Abilities, target: Abilities) -> Mode:
    """The best way that all three have in common."""
    offered = offered_mode(client, source)
    if offered is Mode.SWITCH_HOST or not takes_over(target):
        return Mode.SWITCH_HOST
    return offered if takes_seamless(target) else Mode.SEMI_SEAMLESS


def has_mini_headers(client: Abilities, server: Abilities) -> bool:
    """Whether messages between the two have short headers."""
    return CommonCapability.MINI_HEADER in client.common & server.common
