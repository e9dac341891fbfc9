"""The skew matrix: its data is the whole product, and every cell that can be ends as the data says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations, pairwise, product
from pathlib import Path
from typing import Any

import pytest

from tests.house.project import ROOT
from tests.peer.talk import run
from wireformat.derive.baseline_store import shipped as baselines
from wireformat.peer.sink import Sink
from wireformat.peer.skew import AXES, ENDS, Cell, End, Insistence, Matrix, Transport, Way, absence, load, shipped
from wireformat.peer.skew_builds import BUILDS, FEATURES, NEW_FEATURE
from wireformat.peer.skew_guest import CLOCK, DRIFT, NEW_FORM, OLD_FORM, Form, abilities_of, inventory_of, stream_bytes
from wireformat.peer.skew_keys import Keys, make_keys
from wireformat.peer.skew_live import run_live
from wireformat.peer.skew_run import Tried, try_all, try_cell, variation
from wireformat.peer.skew_scene import VARIATIONS, Scene
from wireformat.peer.skew_seen import loading
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.inventories.resolution import Resolution, resolve
from wireformat.protocols.handshake.items.inventory import OmittedItem, VersionItem
from wireformat.protocols.handshake.messages import InventoryReply
from wireformat.protocols.handshake.negotiation.offers import Wish
from wireformat.protocols.handshake.negotiation.registry import Side
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.offer_wire import offer_of

PATH = ROOT / "spec" / "skew" / "handshake.json"
MATRIX = shipped()
TIME = 60.0
"""Seconds that all cells together may take."""

seconds: dict[str, float] = {}


def cells(*, live: bool) -> list[Any]:
    """The cells that can be tried; `make check` takes those that go over a connection in clear."""
    found = []
    for cell in MATRIX.runnable:
        if (cell.way is Way.LIVE) is live:
            is_quick = cell.way is Way.LIVE and cell.transport is Transport.CLEAR
            found.append(pytest.param(cell, id=cell.id, marks=() if is_quick else pytest.mark.slow))
    return found


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


def check(cell: Cell, folder: Path, keys: Keys) -> None:
    """A cell ends as the data says."""
    tried = try_cell(MATRIX, cell, folder, keys)
    seconds[cell.id] = tried.seconds
    assert tried.differences == (), "\n".join([*tried.differences, *tried.seen.events])


@pytest.mark.requirement(
    "HS-006", "HS-021", "HS-024", "HS-171", "HS-172", "HS-200", "HS-202", "HS-210", "HS-211", "HS-212", "HS-226"
)
@pytest.mark.parametrize("cell", cells(live=True))
def test_a_live_cell(cell: Cell, tmp_path: Path, keys: Keys) -> None:
    """Fails when peers of different age neither agree nor fail cleanly, or agree on something else."""
    check(cell, tmp_path, keys)


@pytest.mark.requirement("HS-022", "HS-023", "HS-180", "HS-183", "HS-184", "HS-186", "HS-187")
@pytest.mark.parametrize("cell", cells(live=False))
def test_a_cell_by_way_of_a_file(cell: Cell, tmp_path: Path, keys: Keys) -> None:
    """Fails when a file that a build can load is refused, or one that it cannot is not."""
    check(cell, tmp_path, keys)


def test_all_cells_together_are_quick() -> None:
    """Stands behind the cells, and sums up those that ran."""
    print(f"{len(seconds)} cells in {sum(seconds.values()):.1f} s")
    assert sum(seconds.values()) < TIME


def test_the_product_is_whole() -> None:
    assert [cell.place for cell in MATRIX.cells] == list(product(*AXES))
    assert len(MATRIX.cells) == 800
    assert len(MATRIX.runnable) == 285


def test_a_cell_is_absent_for_a_stated_reason_and_no_other() -> None:
    for cell in MATRIX.cells:
        reason = absence(*cell.place)
        assert cell.expected == (reason or cell.expected)
        assert (cell.expected in MATRIX.absences) is (reason is not None), str(cell)
    assert {cell.expected for cell in MATRIX.cells} == MATRIX.outcomes.keys() | MATRIX.absences.keys()


def test_what_cannot_be() -> None:
    reasons = [
        absence(Way.LIVE, Transport.TLS, Insistence.REQUIRE, ENDS[0], ENDS[3]),
        absence(Way.PLAIN_FILE, Transport.TLS, Insistence.WANT, ENDS[1], ENDS[1]),
        absence(Way.CONTAINER, Transport.CLEAR, Insistence.WANT, ENDS[0], ENDS[4]),
        absence(Way.LIVE, Transport.SOURCE_TLS, Insistence.REQUIRE, ENDS[0], ENDS[2]),
    ]
    assert reasons == ["nothing-to-require", "no-tls-in-files", "no-container", None]


def expected(*, wish: Insistence = Insistence.WANT, transport: Transport = Transport.CLEAR) -> list[list[str]]:
    """The table of live migrations, as E.5 prints it."""
    row = [cell for cell in MATRIX.cells if (cell.way, cell.wish, cell.transport) == (Way.LIVE, wish, transport)]
    return [[cell.expected for cell in row if cell.source == end] for end in ENDS]


def test_the_table_of_the_design() -> None:
    plain = ["v1-ok", "v1-ok", "legacy-source", "v1-ok", "legacy-source"]
    assert expected() == [
        plain,
        plain,
        ["legacy-destination", "legacy-hint", "revision-1", "legacy-hint", "revision-1"],
        plain,
        ["legacy-destination", "legacy-hint", "revision-1", "legacy-hint", "revision-2"],
    ]


def test_requiring_changes_nothing_but_agreements_across_revisions() -> None:
    wanted, required = expected(), expected(wish=Insistence.REQUIRE)
    changed = {
        (str(ENDS[row]), str(ENDS[column])): required[row][column]
        for row, column in product(range(len(ENDS)), repeat=2)
        if wanted[row][column] != required[row][column] and required[row][column] not in MATRIX.absences
    }
    across = "cap-unsupported"
    assert changed == {("H1/main-v2", "H2/main-v2"): across, ("H2/main-v2", "H1/main-v2"): across}


@pytest.mark.parametrize("wish", Insistence)
def test_tls_on_both_sides_changes_nothing(wish: Insistence) -> None:
    assert expected(wish=wish) == expected(wish=wish, transport=Transport.TLS)


def test_every_two_variations_meet() -> None:
    values = [tuple(bool(getattr(row, name)) for name in row.__slots__) for row in VARIATIONS]
    for first, second in combinations(range(len(values[0])), 2):
        assert {(row[first], row[second]) for row in values} == set(product((False, True), repeat=2))


def test_neighbours_are_varied_differently() -> None:
    rows = [variation(cell) for cell in MATRIX.runnable]
    assert all(first != second for first, second in pairwise(rows))
    assert set(rows) == set(VARIATIONS)


def altered(**change: Any) -> dict[str, Any]:
    """The document with something else in it."""
    document: dict[str, Any] = json.loads(PATH.read_text())
    return document | change


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (altered(format="other"), "not a skew matrix"),
        (altered(version=2), "not a skew matrix"),
        (altered(absences={}), "not declared: no-container, no-tls-in-files, nothing-to-require"),
        (altered(destinations=["L/main"]), "other destinations"),
    ],
)
def test_a_document_that_is_none(document: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        load(document)


def test_the_old_build_is_made_of_the_baselines_alone() -> None:
    """Fails when an old peer is today's code with a flag."""
    old, new = BUILDS["H1"], BUILDS["H2"]
    assert new.dialect is TODAY
    for name in ("Hello", "Inventory", "ChannelHeader", "Piece", "Manifest"):
        assert not old.dialect.cls(name).__module__.startswith("wireformat.protocols.handshake")
        assert old.dialect.cls(name) is not new.dialect.cls(name)
    frozen = baselines().baseline("handshake", "1").models["Frame"]
    assert old.dialect._frame.record == frozen.record
    with pytest.raises(KeyError):
        old.dialect.cls("PayloadBlock")


def test_what_the_builds_know() -> None:
    offers = {name: build.offer(Side.SOURCE, Wish.WANT, channels=0, has_tls=False) for name, build in BUILDS.items()}
    wanted = {name: [one.name for one in offer.capabilities if one.wish is Wish.WANT] for name, offer in offers.items()}
    assert wanted == {"L": [], "H1": [FEATURES[1]], "H2": list(FEATURES)}
    assert (offers["H1"].versions, offers["H2"].versions) == ((1,), (1, 2))
    assert (offers["H1"].payloads, offers["H2"].payloads) == (("v1-raw",), ("v1-framed", "v1-raw"))
    assert NEW_FEATURE not in [one.name for one in offers["H1"].capabilities]


def test_old_and_new_read_each_other_s_profiles() -> None:
    for writer, reader in product(BUILDS.values(), repeat=2):
        profile = reader.read_profile(writer.profile(Wish.REQUIRE))
        assert offer_of(profile) == writer.file_offer(Side.DESTINATION, Wish.REQUIRE)
        assert [(section.idstr, section.newest) for section in profile.sections] == [
            ("clock", writer.form.version),
            ("ballast", 1),
        ]


def test_a_later_guest_is_written_for_an_earlier_build() -> None:
    inventory = inventory_of(NEW_FORM)
    reply = judge(inventory, abilities_of(OLD_FORM))
    assert isinstance(reply, InventoryReply)
    kept = resolve(inventory, reply)
    assert kept == Resolution(
        (OmittedItem(idstr=CLOCK, instance_id=0, subsection=DRIFT),),
        (VersionItem(idstr=CLOCK, instance_id=0, version=1),),
    )
    assert NEW_FORM.kept(kept) == OLD_FORM


@pytest.mark.requirement("VM-034")
@pytest.mark.parametrize(
    ("form", "build", "found"),
    [
        (OLD_FORM, "L", "loaded"),
        (NEW_FORM, "H2", "loaded"),
        (NEW_FORM, "H1", "failed: SECTION_VERSION, SUBSECTION_UNKNOWN"),
        (Form(2), "L", "failed: SECTION_VERSION"),
        (Form(1, has_drift=True), "L", "failed: SUBSECTION_UNKNOWN"),
    ],
)
def test_loading(form: Form, build: str, found: str) -> None:
    assert loading(stream_bytes(form), BUILDS[build]) == found
    assert loading(stream_bytes(form)[:1000], BUILDS[build]) == "failed: truncated"


def one(way: Way, source: End, destination: End) -> Cell:
    """A cell of the matrix."""
    (found,) = [
        cell
        for cell in MATRIX.runnable
        if (cell.way, cell.source, cell.destination) == (way, source, destination)
        and (cell.transport, cell.wish) == (Transport.CLEAR, Insistence.WANT)
    ]
    return found


def told(cells: Iterable[Cell]) -> list[Tried]:
    return list(try_all(MATRIX, cells))


def test_another_outcome_than_expected_is_told_with_what_happened() -> None:
    """Fails when the matrix would be content with anything."""
    agreed, refused = one(Way.LIVE, ENDS[4], ENDS[4]), one(Way.LIVE, ENDS[0], ENDS[4])
    first, second = told([replace(agreed, expected="revision-1"), replace(refused, expected="v1-ok")])
    assert first.differences == (
        "revision: 2, not 1",
        "features: ('dirty-limit', 'release-ram'), not ('release-ram',)",
    )
    assert second.differences == ("source: cut, not sent", "destination: refused: LEGACY_PEER, not loaded")
    assert any("destination: Negotiated revision 2" in line for line in first.seen.events)
    assert any("destination: StrangerRefused LEGACY_PEER 5145564d00000003" in line for line in second.seen.events)


@pytest.mark.parametrize(("channels", "payload"), [(0, "v1-framed"), (3, "v1-striped")])
def test_the_newest_encoding_is_used_where_both_have_it(
    channels: int, payload: str, tmp_path: Path, keys: Keys
) -> None:
    row = next(row for row in VARIATIONS if row.channels == channels)
    seen = run(run_live(Scene(one(Way.LIVE, ENDS[4], ENDS[4]), row, tmp_path, keys)))
    assert seen.troubles == ()
    assert f"source: Negotiated revision 2, {payload}, dirty-limit, ownership-handover, release-ram" in seen.events


def test_a_destination_that_breaks_is_not_taken_for_an_outcome(
    tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Sink) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Sink, "begin", broken)
    with pytest.raises(ZeroDivisionError):
        run(run_live(Scene(one(Way.LIVE, ENDS[0], ENDS[0]), VARIATIONS[0], tmp_path, keys)))


def test_a_matrix_of_its_own() -> None:
    matrix = Matrix(MATRIX.builds, MATRIX.outcomes, MATRIX.absences, MATRIX.cells[:25])
    assert list(matrix.tables()) == ["live clear want"]
    assert [str(cell) for cell in matrix.tables()["live clear want"][ENDS[1]]][:2] == [
        "live clear want H1/main → L/main",
        "live clear want H1/main → H1/main",
    ]
    assert matrix.cells[1].id == "live-clear-want-L.main-to-H1.main"
