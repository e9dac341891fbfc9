"""Elements come out in their order; PARTs of one section are joined, and packages collected."""

from __future__ import annotations

from tests.protocols.vmstate.building import COMMANDS
from wireformat.protocols.vmstate.elements import BlockList, CommandElement, EndElement, RamBody, RamParts, Span
from wireformat.protocols.vmstate.messages import Command, CommandCode, Packaged
from wireformat.protocols.vmstate.outbox import COMMAND_SIZE, Outbox


def part(position: int, row: int, section_id: int = 2, complete: bool = True) -> RamParts:
    """A PART of ten bytes and one row, with a block list of its own."""
    body = RamBody(row, row + 1, (BlockList(row, 0, ()),))
    return RamParts(Span(position, 10), section_id, body, complete=complete)


def ping(position: int) -> CommandElement:
    """A command."""
    return CommandElement(Span(position, 9), Command(command=CommandCode.PING, body=COMMANDS[CommandCode.PING]))


def packaged(position: int, size: int) -> CommandElement:
    """A command that announces a package."""
    command = Command(command=CommandCode.PACKAGED, body=Packaged(size=size))
    return CommandElement(Span(position, COMMAND_SIZE), command)


def test_in_order() -> None:
    outbox = Outbox()
    assert not outbox
    outbox.put(ping(0))
    outbox.put(EndElement(Span(9, 1)))
    assert (bool(outbox), outbox.take()) == (True, ping(0))
    assert list(outbox.rest()) == [EndElement(Span(9, 1))]
    assert not outbox


def test_parts_are_joined_until_something_else_comes() -> None:
    outbox = Outbox()
    outbox.put(part(0, 0))
    outbox.put(part(10, 1))
    assert not outbox
    outbox.put(ping(20))
    joined, other = outbox.rest()
    lists = BlockList(0, 0, ()), BlockList(1, 0, ())
    assert joined == RamParts(Span(0, 20), 2, RamBody(0, 2, lists))
    assert other == ping(20)


def test_parts_of_two_sections_stay_apart() -> None:
    outbox = Outbox()
    for number, section_id in enumerate([1, 2, 2, 1]):
        outbox.put(part(10 * number, number, section_id))
    outbox.flush()
    parts = [element for element in outbox.rest() if isinstance(element, RamParts)]
    assert [(one.section_id, one.span) for one in parts] == [(1, Span(0, 10)), (2, Span(10, 20)), (1, Span(30, 10))]


def test_one_part_that_is_not_complete_spoils_all() -> None:
    outbox = Outbox()
    outbox.put(part(0, 0))
    outbox.put(part(10, 1, complete=False))
    outbox.flush()
    joined = outbox.take()
    assert isinstance(joined, RamParts)
    assert not joined.complete


def test_a_package() -> None:
    outbox = Outbox()
    assert outbox.package_end is None
    outbox.put(part(0, 0))
    outbox.open_package(packaged(10, 19))
    assert outbox.package_end == 10 + COMMAND_SIZE + 19
    outbox.put(ping(19))
    outbox.put(part(28, 1))
    outbox.close_package(38)
    before, carrier = outbox.rest()
    assert (before, outbox.package_end) == (part(0, 0), None)
    assert isinstance(carrier, CommandElement)
    assert (carrier.package, carrier.span, carrier.complete) == ((ping(19), part(28, 1)), Span(10, 28), True)


def test_a_package_that_does_not_end() -> None:
    outbox = Outbox()
    outbox.open_package(packaged(0, 100))
    outbox.close_package(COMMAND_SIZE, complete=False)
    carrier = outbox.take()
    assert isinstance(carrier, CommandElement)
    assert (carrier.package, carrier.complete) == ((), False)


def test_no_package_to_close() -> None:
    outbox = Outbox()
    outbox.close_package(7)
    assert not outbox
