"""An inventory in two steps: digests of all sections first, and whole only those that differ [handshake D.1].

Two programs of one release have the same sections but for a few. From revision 2 on a source lists its sections by
digest; the destination compares them with those of its own, and asks for what it does not recognise. A destination
that has nothing to compare with asks for everything. In the end both have the same inventory in hand, and what is
decided about it does not depend on the way it came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.inventories.inventory import Key
from wireformat.protocols.handshake.inventories.state_reasons import section_path
from wireformat.protocols.handshake.items.inventory import SectionDigest, SectionItem, SectionName
from wireformat.protocols.handshake.messages import DigestKind, Inventory
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions.dialect import Dialect
from wireformat.protocols.handshake.sessions.refusal import Violation, item, violation

DIGESTS_SINCE: Final = 2
"""The revision from which inventories come in two steps."""

DIGEST_SIZE: Final = 16


def digest_of(section: Any, dialect: Dialect) -> bytes:
    """The digest of a section: the first 16 bytes of the SHA-256 of its item."""
    return sha256(dialect.part(section)).digest()[:DIGEST_SIZE]


def summary(inventory: Inventory, dialect: Dialect) -> Inventory:
    """The first step: everything, but sections by their digests."""
    digests = tuple(
        SectionDigest(idstr=section.idstr, instance_id=section.instance_id, digest=digest_of(section, dialect))
        for section in inventory.sections
    )
    return replace(inventory, sections=(), digest_kind=DigestKind.SHA256_128, digests=digests)


def details(inventory: Inventory, wanted: Iterable[Any]) -> Inventory:
    """The second step: the sections that the destination wants. Raises `Violation` for one that was not listed."""
    names = {_key(name) for name in wanted}
    sections = tuple(section for section in inventory.sections if _key(section) in names)
    _check(_unexpected(names - set(map(_key, sections)), "the destination wants a section that was not listed"))
    return replace(inventory, sections=sections, ram_blocks=(), digest_kind=DigestKind.SHA256_128)


class Collector:
    """A destination's way to a whole inventory. `own` are the sections that it would list itself."""

    def __init__(self, own: Iterable[SectionItem], dialect: Dialect) -> None:
        self.wanted: tuple[SectionName, ...] = ()
        self._dialect = dialect
        self._own = {_key(section): section for section in map(dialect.adopt, own)}
        self._first: Any = None

    def take(self, inventory: Any) -> Any:
        """The whole inventory; None where the sections in `wanted` are missing from it. Raises `Violation`."""
        if inventory.digest_kind is None:
            raise violation(ErrorCode.MISSING, "/digest_kind", "an inventory says how its digests are made")
        if self._first is not None:
            return self._completed(inventory)
        _check(_unexpected(map(_key, inventory.sections), "sections come by their digests first"))
        _check(_repeated(inventory.digests))
        self._first = inventory
        self.wanted = tuple(
            SectionName(idstr=listed.idstr, instance_id=listed.instance_id)
            for listed in inventory.digests
            if not self._is_known(listed)
        )
        return None if self.wanted else self._whole({})

    def _is_known(self, listed: Any) -> bool:
        section = self._own.get(_key(listed))
        is_comparable = self._first.digest_kind == DigestKind.SHA256_128 and section is not None
        return is_comparable and listed.digest == digest_of(section, self._dialect)

    def _completed(self, inventory: Any) -> Any:
        """The first inventory with what was asked for. Raises `Violation` unless that is what has come."""
        wanted, self.wanted = set(map(_key, self.wanted)), ()
        if not wanted:
            raise violation(ErrorCode.UNEXPECTED, text="an inventory that nobody asked for")
        sections = {_key(section): section for section in inventory.sections}
        _check([*_missing(wanted - sections.keys()), *_unexpected(sections.keys() - wanted, "nobody asked for it")])
        _check(self._differences(inventory))
        return self._whole(sections)

    def _differences(self, inventory: Any) -> Iterable[ErrorItem]:
        """What does not fit what was listed first."""
        first = self._first
        for name in ("machine", "page_sizes", "digest_kind"):
            if getattr(inventory, name) != getattr(first, name):
                yield item(ErrorCode.MALFORMED, f"/{name}", "not what the first inventory said")
        for name in ("ram_blocks", "digests"):
            if getattr(inventory, name):
                yield item(ErrorCode.UNEXPECTED, f"/{name}", "the first inventory said it")
        if first.digest_kind == DigestKind.SHA256_128:
            listed = {_key(one): one.digest for one in first.digests}
            for section in inventory.sections:
                if digest_of(section, self._dialect) != listed[_key(section)]:
                    yield item(ErrorCode.MALFORMED, section_path(*_key(section)), "not the section of that digest")

    def _whole(self, sections: dict[Key, Any]) -> Any:
        """Everything that was listed: from what has come, else from what is known here."""
        found = tuple(sections.get(_key(one)) or self._own[_key(one)] for one in self._first.digests)
        return replace(self._first, sections=found, digest_kind=None, digests=())


def _key(section: Any) -> Key:
    return section.idstr, section.instance_id


def _check(items: Iterable[ErrorItem]) -> None:
    """Refuse where there is anything to say."""
    if found := tuple(items):
        raise Violation(found)


def _unexpected(keys: Iterable[Key], text: str) -> Iterable[ErrorItem]:
    return [item(ErrorCode.UNEXPECTED, section_path(*key), text) for key in keys]


def _missing(keys: Iterable[Key]) -> Iterable[ErrorItem]:
    return [item(ErrorCode.MISSING, section_path(*key), "asked for, and not sent") for key in keys]


def _repeated(digests: Iterable[Any]) -> Iterable[ErrorItem]:
    """The sections that are listed with two digests."""
    seen: set[Key] = set()
    for listed in digests:
        if _key(listed) in seen:
            yield item(ErrorCode.DUPLICATE, section_path(*_key(listed)), "a section with two digests")
        seen.add(_key(listed))
