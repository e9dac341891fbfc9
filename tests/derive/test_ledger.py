"""The ledger finds what prose demands and which tests check it."""

from __future__ import annotations

from tests.derive.sample_protocol import PROSE, PROTOCOL, TESTS
from tests.house.project import ROOT
from wireformat.derive.ledger import Requirement, checked_by, requirements
from wireformat.derive.pages_protocol import protocol_page
from wireformat.derive.subject import subject_of


def test_requirements_stand_at_the_start_of_lines_items_and_rows() -> None:
    assert requirements(PROSE) == [
        Requirement("LB-001", "A borrower MUST ask before taking a book.", "MUST"),
        Requirement("LB-002", "A lender SHOULD search.", "SHOULD"),
        Requirement("LB-003", "Nobody MAY read | write <script>alert(1)</script> in a book.", "MAY"),
    ]


def test_headings_and_mentions_are_told_apart() -> None:
    prose = "### VM-007: Order\nas VM-008 says\n\n> VM-009 — Footers MUST NOT be absent.\nVM-007 again\n"
    assert requirements(prose) == [
        Requirement("VM-007", "Order as VM-008 says", ""),
        Requirement("VM-009", "Footers MUST NOT be absent.", "MUST NOT"),
    ]


def test_emphasis_and_escapes_of_markdown_go() -> None:
    (found,) = requirements(r"| VM-001 | Integers **MUST** be *big*: `a \| b`, 2 * 3. [x 1] |")
    assert found == Requirement("VM-001", "Integers MUST be big: `a | b`, 2 * 3. [x 1]", "MUST")


def test_marks_are_found_on_tests_classes_and_modules() -> None:
    assert checked_by(TESTS) == {
        "LB-003": ["tests/test_library.py::test_ask", "tests/test_library.py::TestLender::test_search"],
        "LB-001": ["tests/test_library.py::test_ask"],
        "LB-002": ["tests/test_library.py::test_ask", "tests/test_library.py::TestLender::test_search"],
    }


def test_the_page_counts_and_escapes() -> None:
    partly = {"LB-001": ["tests/x.py::test_y"]}
    page = protocol_page(subject_of(PROTOCOL, prose=PROSE, tests=partly))
    assert "1 of 3 requirements have tests." in page
    assert '<a id="requirement-LB-002"></a><code>LB-002</code> | SHOULD | A lender SHOULD search. | none yet |' in page
    assert "<script>" not in page


def test_tests_name_requirements_that_exist() -> None:
    sources = {str(path): path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py"))}
    known = {each.id for path in (ROOT / "spec").rglob("*.md") for each in requirements(path.read_text())}
    assert set(checked_by(sources)) - known == set()
