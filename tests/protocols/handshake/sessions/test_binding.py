"""Slots: who fits, who does not, and what strangers learn."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from wireformat.protocols.channels.messages import ChannelHeader, ChannelKind, HeaderEntries, HeaderFlags
from wireformat.protocols.handshake.sessions import keys
from wireformat.protocols.handshake.sessions.binding import Binding
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.handshake.sessions.refusal import Violation
from wireformat.protocols.handshake.sessions.resume import Thread

THREAD = Thread(bytes(range(16)), bytes(range(32)), 2)
PLAN = (ChannelKey("multifd", 0), ChannelKey("multifd", 1), ChannelKey("device-state", 0))


def header(key: ChannelKey, thread: Thread = THREAD, **more: Any) -> ChannelHeader:
    """The header of a channel that belongs to a thread."""
    proof = keys.channel_proof(thread.secret, thread.migration_id, thread.epoch, key)
    entries = HeaderEntries(channel_type=key.type, index=key.index, proof=proof, epoch=thread.epoch)
    return ChannelHeader(
        kind=ChannelKind.DATA,
        flags=HeaderFlags.FROM_SOURCE,
        binding=thread.migration_id,
        entries=replace(entries, **more),
    )


def refused(binding: Binding, what: ChannelHeader) -> list[tuple[str, str]]:
    with pytest.raises(Violation) as caught:
        binding.admit(what)
    return [(found.code.name, found.path) for found in caught.value.items]


@pytest.mark.requirement("CH-054", "CH-061")
@pytest.mark.parametrize("order", list(permutations(PLAN)))
def test_the_order_of_arrival_means_nothing(order: tuple[ChannelKey, ...]) -> None:
    binding = Binding(THREAD, PLAN)
    for count, key in enumerate(order):
        assert len(binding.open) == len(PLAN) - count
        assert binding.admit(header(key)) == key
        binding.bound.add(key)
    assert binding.open == ()
    assert binding.bound == set(PLAN)


@pytest.mark.requirement("CH-058")
@pytest.mark.parametrize(
    "thread",
    [
        replace(THREAD, migration_id=bytes(16)),
        replace(THREAD, secret=bytes(32)),
        replace(THREAD, epoch=1),
        replace(THREAD, epoch=3),
    ],
)
def test_what_belongs_elsewhere(thread: Thread) -> None:
    assert refused(Binding(THREAD, PLAN), header(PLAN[0], thread)) == [("CHANNEL_BINDING", "/header")]


@pytest.mark.requirement("CH-058")
@pytest.mark.parametrize("epoch", [0, 1, 3, 2**32 - 1])
def test_an_epoch_that_only_the_proof_has_right(epoch: int) -> None:
    """The proof is that of the present epoch, the entry names another one."""
    more: dict[str, Any] = {"epoch": epoch}
    assert refused(Binding(THREAD, PLAN), header(PLAN[0], **more)) == [("CHANNEL_BINDING", "/header")]


@pytest.mark.requirement("CH-058")
@pytest.mark.parametrize("binding", [bytes(16), bytes(range(15)) + b"\x10", bytes(range(1, 17))], ids=bytes.hex)
def test_a_migration_that_only_the_proof_has_right(binding: bytes) -> None:
    """The proof is that of this migration, the header names another one."""
    elsewhere = replace(header(PLAN[0]), binding=binding)
    assert refused(Binding(THREAD, PLAN), elsewhere) == [("CHANNEL_BINDING", "/header")]


@pytest.mark.requirement("CH-058")
@pytest.mark.parametrize("proof", [bytes(16), b"", header(PLAN[1]).entries.proof], ids=bytes.hex)
def test_a_proof_that_is_not_that_of_the_channel(proof: bytes) -> None:
    more: dict[str, Any] = {"proof": proof}
    assert refused(Binding(THREAD, PLAN), header(PLAN[0], **more)) == [("CHANNEL_BINDING", "/header")]


@pytest.mark.requirement("CH-058")
def test_a_proof_is_looked_at_before_the_plan() -> None:
    stranger = header(ChannelKey("nbd", 0), replace(THREAD, secret=bytes(32)))
    assert refused(Binding(THREAD, PLAN), stranger) == [("CHANNEL_BINDING", "/header")]


@pytest.mark.requirement("CH-055")
@pytest.mark.parametrize("index", [2, 3, 65535])
def test_an_index_that_is_not_below_the_count(index: int) -> None:
    key = ChannelKey("multifd", index)
    assert refused(Binding(THREAD, PLAN), header(key)) == [("CHANNEL_INDEX", f"/channels/multifd/{index}")]


@pytest.mark.requirement("CH-043", "CH-057")
def test_types_that_are_not_planned() -> None:
    binding = Binding(THREAD, PLAN)
    assert refused(binding, header(ChannelKey("nbd", 0))) == [("CHANNEL_UNKNOWN_TYPE", "/channels/nbd")]
    assert refused(binding, header(ChannelKey("main", 0))) == [("CHANNEL_UNKNOWN_TYPE", "/channels/main")]


@pytest.mark.requirement("CH-056")
def test_a_slot_is_filled_once() -> None:
    binding = Binding(THREAD, PLAN)
    binding.bound.add(PLAN[0])
    binding.refused.add(PLAN[2])
    assert refused(binding, header(PLAN[0])) == [("CHANNEL_DUPLICATE", "/channels/multifd/0")]
    assert refused(binding, header(PLAN[2])) == [("UNEXPECTED", "/channels/device-state/0")]
    assert binding.admit(header(PLAN[1])) == PLAN[1]


@pytest.mark.requirement("CH-040", "CH-041")
@pytest.mark.parametrize("absent", ["channel_type", "index", "proof", "epoch"])
def test_a_channel_says_what_it_is(absent: str) -> None:
    without: dict[str, Any] = {absent: None}
    incomplete = header(PLAN[0], **without)
    assert refused(Binding(THREAD, PLAN), incomplete) == [("MISSING", "/header/entries")]


@pytest.mark.requirement("CH-044")
@pytest.mark.parametrize("label", ["", "multifd/1", "\u00e4"])
def test_nothing_follows_from_a_label(label: str) -> None:
    more: dict[str, Any] = {"label": label}
    assert Binding(THREAD, PLAN).admit(header(PLAN[0], **more)) == PLAN[0]


def test_what_has_not_come_is_done_without() -> None:
    binding = Binding(THREAD, PLAN)
    binding.bound.add(PLAN[1])
    binding.close()
    assert (binding.bound, binding.refused, binding.open) == ({PLAN[1]}, {PLAN[0], PLAN[2]}, ())
