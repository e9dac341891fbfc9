"""The header as a protocol: complete, without fault, and marked as a proposal."""

from __future__ import annotations

from wireformat.protocols import protocol
from wireformat.protocols.channels.messages import ChannelHeader
from wireformat.protocols.channels.protocol import PROTOCOL
from wireformat.schema.lint import lint


def test_it_is_a_proposal_with_one_message() -> None:
    assert PROTOCOL.is_proposal
    assert PROTOCOL.messages == (ChannelHeader,)
    assert protocol("channels") is PROTOCOL


def test_lint_finds_nothing() -> None:
    assert lint(PROTOCOL) == []
