"""Messages as wholes: added, gone, renamed, under another number, sent by another party."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.derive.proofs import (
    NEW_ONLY,
)
from tests.derive.sample_protocol import PROTOCOL, Return
from wireformat.derive.baseline import freeze, load, present
from wireformat.derive.compat import judge
from wireformat.derive.compat_verdict import MessageVerdict, Verdict
from wireformat.schema import (
    Int16ub,
    Message,
    field,
)


class TestMessages:
    """Messages as wholes, in the sample protocol."""

    def judged(self, old: Any, new: Any) -> dict[str, MessageVerdict]:
        return {message.name: message for message in judge(old, new).messages}

    def test_versions_of_the_sample(self) -> None:
        verdicts = judge(present(PROTOCOL, "1"), present(PROTOCOL, "2"))
        assert (verdicts.protocol, verdicts.old, verdicts.new, verdicts.is_broken) == ("library", "1", "2", True)
        found = {message.name: message for message in verdicts.messages}
        assert [finding.rule for finding in found["Ask"].findings] == ["field-appended"]
        assert found["Ask"].verdict is Verdict.BROKEN
        assert found["Return"].verdict is Verdict.COMPATIBLE
        lend = found["Lend"]
        assert ([finding.rule for finding in lend.findings], lend.verdict) == (["message-added"], Verdict.ONE_WAY)
        assert lend.forward.witness is not None
        assert lend.forward.witness.error == "tag"
        assert "has no number 0x2" in lend.forward.witness.text

    def test_a_version_with_itself(self) -> None:
        verdicts = judge(present(PROTOCOL, "1"), load(freeze(PROTOCOL, "1")))
        assert {message.verdict for message in verdicts.messages} == {Verdict.COMPATIBLE}
        assert all(message.backward.witness for message in verdicts.messages)

    def test_removed(self) -> None:
        found = self.judged(present(PROTOCOL), present(replace(PROTOCOL, messages=(Return,))))
        assert [finding.rule for finding in found["Ask"].findings] == ["message-removed"]
        assert (found["Ask"].backward.status, found["Ask"].forward.status) == NEW_ONLY

    @pytest.mark.parametrize(
        ("change", "rule", "verdict"),
        [
            ({"code": 9}, "message-renumbered", Verdict.BROKEN),
            ({"sender": "lender"}, "message-moved", Verdict.UNPROVEN),
            ({"channel": "yard"}, "message-moved", Verdict.UNPROVEN),
            ({"name": "Back"}, "message-renamed", Verdict.COMPATIBLE),
        ],
    )
    def test_what_is_said_of_it(self, change: dict[str, Any], rule: str, verdict: Verdict) -> None:
        document = freeze(PROTOCOL, "2")
        record = document["records"].pop("Return") | change
        document["records"][record["name"]] = record
        document["messages"][2] = record["name"]
        message = self.judged(present(PROTOCOL), load(document))[record["name"]]
        assert [(finding.rule, finding.verdict) for finding in message.findings] == [(rule, verdict)]

    def test_a_number_that_another_message_took(self) -> None:
        class Steal(Message, code=3, sender="borrower", channel="desk", versions=("1", "2")):
            """Do not bring it back."""

            copy: int = field(Int16ub, "number of the copy")

        found = self.judged(present(PROTOCOL, "1"), present(replace(PROTOCOL, messages=(Steal,)), "1"))
        assert [finding.rule for finding in found["Steal"].findings] == ["message-renamed"]

    def test_the_number_means_something_else_on_another_channel(self) -> None:
        class Sweep(Message, code=3, sender="borrower", channel="yard", versions=("1", "2")):
            """Clean the yard."""

            minutes: int = field(Int16ub, "how long")

        found = self.judged(present(PROTOCOL, "1"), present(replace(PROTOCOL, messages=(Return, Sweep)), "1"))
        forward = found["Sweep"].forward.witness
        assert [finding.rule for finding in found["Sweep"].findings] == ["message-added"]
        assert forward is not None
        assert forward.text == "version 1 has no number 0x3"
