"""Pictures and tables show every state and every transition, once, where nothing covers anything."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tests.derive.sample_protocol import PROTOCOL
from wireformat.derive.machines import Edge, edges, legal_in, order, svg_machine, transition_table
from wireformat.protocols.vmstate.machine import TRANSITIONS
from wireformat.schema.machine import Table, transitions

assert PROTOCOL.machine is not None
BORROWER = PROTOCOL.machine.table["borrower"]
TABLES: tuple[Table, ...] = (PROTOCOL.machine.table, TRANSITIONS)


def test_states_come_in_the_order_in_which_they_are_reached() -> None:
    assert order(BORROWER) == ["idle", "waiting", "gone", "reading"]
    assert order({"a": {"x": "b"}, "z": {}, "b": {}}) == ["a", "b", "z"]


def test_events_between_the_same_states_share_a_line() -> None:
    assert edges(TRANSITIONS["package"]) == [Edge("elements", "elements", "section, command")]


def test_the_picture_shows_all_states_and_events() -> None:
    for table in TABLES:
        for role, states in table.items():
            svg = svg_machine(role, states)
            texts = [node.text for node in ElementTree.fromstring(svg).iter("text")]
            assert sorted(texts) == sorted([*states, *(edge.label for edge in edges(states))])


def test_lines_do_not_share_lanes_and_labels_do_not_share_places() -> None:
    svg = svg_machine("borrower", BORROWER)
    lanes = re.findall(r'd="M\d+ [\d.]+H([\d.]+)V', svg)
    assert len(lanes) == len(set(lanes)) == 4
    places = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"', svg)
    assert len(places) == len(set(places)) == 9


def test_the_table_has_every_transition() -> None:
    text = transition_table(BORROWER)
    assert "| <code>waiting</code> | <code>Lend</code> → <code>reading</code><br><code>nudge</code> →" in text
    assert "| <code>gone</code> | nothing: the end |" in text
    assert text.count("→ <code>") == len(list(transitions(BORROWER)))


def test_where_an_event_is_legal() -> None:
    assert legal_in("Lend", TABLES[0]) == [("borrower", "waiting", "reading"), ("lender", "searching", "lent")]
    assert legal_in("fly", TABLES[0]) == []


def test_hostile_names_stay_text() -> None:
    svg = svg_machine('"><script>', {"<b>&": {"</svg>": "<b>&"}})
    assert [node.tag for node in ElementTree.fromstring(svg).iter() if node.tag in ("script", "b")] == []
