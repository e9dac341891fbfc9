"""A line: what was sent before a close arrives, what a cut may lose, and nothing follows the end."""

from __future__ import annotations

from wireformat.protocols.spice.world_line import END, NO_LINE, Line


def test_messages_arrive_in_order_and_the_end_behind_them() -> None:
    line = Line().said_by_server("a").said_by_server("b").said_by_client("c").closed_by_server()
    assert line == Line(("a", "b", END), (), False)
    assert Line().said_by_client("c").closed_by_client() == Line((), ("c", END), False)


def test_nothing_is_said_on_a_closed_line() -> None:
    closed = Line().closed_by_client()
    assert closed.said_by_client("a") == closed.said_by_server("a") == closed
    assert closed.closed_by_server() == NO_LINE


def test_a_cut_ends_both_sides_and_may_lose_what_is_under_way() -> None:
    assert list(Line().cut()) == [("", Line((END,), (END,), False))]
    words = [(note, line.to_client) for note, line in Line().said_by_server("a").cut()]
    assert words == [("", ("a", END)), ("what was under way is lost", (END,))]
    assert list(NO_LINE.cut()) == []
