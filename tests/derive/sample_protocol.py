"""A small protocol with everything a protocol can bring: messages, machine, requirements, a proposal's banner.

A lender and a borrower exchange books. It exists so that machine pictures, ledger and charts have something to show
before real protocols bring their own, and it records a run by driving its own machine.
"""

from __future__ import annotations

from wireformat.derive.charts import Run, Step, folded
from wireformat.errors import ErrorEntry
from wireformat.schema import Int8ub, Int16ub, Message, String8, const, field
from wireformat.schema.machine import Machine
from wireformat.schema.protocol import Protocol


class Ask(Message, code=1, sender="borrower", channel="desk", versions=("1", "2")):
    """Ask for a book."""

    magic: int = const(Int16ub, 0xB00C, "`BOOC`")
    title: str = field(String8, "what is on the cover")
    days: int = field(Int8ub, "how long", since="2", default=14)


class Lend(Message, code=2, sender="lender", channel="desk", since="2", versions=("1", "2")):
    """Hand it over."""

    copy: int = field(Int16ub, "number of the copy")


class Return(Message, code=3, sender="borrower", channel="desk", versions=("1", "2")):
    """Bring it back."""

    copy: int = field(Int16ub, "number of the copy")


PROTOCOL = Protocol(
    name="library",
    doc="Books go out and come back.",
    versions=("1", "2"),
    messages=(Ask, Lend, Return),
    roles=("borrower", "lender"),
    machine=Machine(
        {
            "borrower": {
                "idle": {"Ask": "waiting", "leave": "gone"},
                "waiting": {"Lend": "reading", "nudge": "waiting"},
                "reading": {"Return": "idle"},
                "gone": {},
            },
            "lender": {
                "open": {"Ask": "searching"},
                "searching": {"Lend": "lent", "nudge": "searching"},
                "lent": {"Return": "open"},
            },
        }
    ),
    replies={"Lend": ("Ask",)},
    errors={"library/overdue": ErrorEntry("malformed", "a book comes back too late", "Fourteen days are the rule.")},
    is_proposal=True,
)

PROSE = """# Library

LB-001 A borrower MUST ask before
taking a book.

| Id | Rule |
|---|---|
| LB-002 | A lender SHOULD search. |

- **LB-003** Nobody MAY read | write <script>alert(1)</script> in a book.
"""

TESTS = {
    "tests/test_library.py": """
import pytest

pytestmark = pytest.mark.requirement("LB-003")


@pytest.mark.requirement("LB-001", "LB-002")
def test_ask():
    assert True


class TestLender:
    @pytest.mark.requirement("LB-002")
    def test_search(self):
        assert True

    def helper(self):
        return None
""",
}


def record(events: tuple[str, ...]) -> Run:
    """The run of these events, as both roles' machines allow it. Raises `RemoteProtocolError` where they do not."""
    machine = PROTOCOL.machine
    assert machine is not None
    senders = {cls.__name__: cls._about.sender for cls in PROTOCOL.messages}
    states = {role: machine.start(role) for role in machine.roles}
    steps = []
    for event in events:
        sender = senders.get(event) or "borrower"
        for role in machine.roles:
            if event != "leave" or role == "borrower":
                states[role] = machine.step(role, states[role], event)
        receiver = "lender" if sender == "borrower" else "borrower"
        steps.append(Step(sender, sender if event == "leave" else receiver, event))
    return Run("Two books", "the machine of the sample protocol", ("borrower", "lender"), folded(steps))


EVENTS = ("Ask", "nudge", "nudge", "nudge", "Lend", "Return", "Ask", "Lend", "Return", "leave")
