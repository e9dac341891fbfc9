"""`wireformat explain`: messages, fields, enumerations, errors, and help with names that are not quite right."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Call
from wireformat.cli.explain import names

FOOTER = """\
vmstate/footer: a section does not end with its footer

Behind each section stands 7e and the section's id, unless the machine type is older than 2.4.
Something else there means that the body is longer or shorter than its description. [qemu-stream
1.4]

An error of kind malformed; the command ends with exit code 1.
"""


def test_a_message(call: Call) -> None:
    answer = call("explain", "vmstate.SectionStart")
    assert (answer.code, answer.errors) == (0, "")
    assert answer.lines[:5] == [
        "SectionStart [qemu-stream 1.2]: Begin an iterative section: its setup data.",
        "Code 0x01. Sent by the source.",
        "",
        "Layout",
        "  field        type                           bytes  meaning",
    ]
    assert answer.lines[5].split() == "section_id u32 4 number of the section in this stream".split()


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("Hello", "Code 0x8001. Sent by the source. Answered by HelloReply, Reject."),
        ("Reject", "Code 0x800b. Sent by either side. Answers Hello, Inventory, Commit, Resume."),
        ("MigrateFlushMark", "Code 0x04. Sent by the client. Answers Migrate. Answered by ServerMigrateData."),
        ("vmstate.Ping", ""),
    ],
)
def test_what_a_message_answers(call: Call, name: str, facts: str) -> None:
    assert call("explain", name).lines[1] == facts


def test_a_name_needs_no_protocol(call: Call) -> None:
    assert call("explain", "Command").text == call("explain", "vmstate.Command").text


def test_what_a_union_may_be(call: Call) -> None:
    answer = call("explain", "Command")
    assert "What body may be" in answer.lines
    assert "    2  Ping                Ask for a PONG on the return path." in answer.lines


def test_a_field(call: Call) -> None:
    answer = call("explain", "RamBlock.page_size")
    assert answer.lines[0].startswith("RamBlock.page_size: page size of the block when it is not the usual one")
    assert answer.lines[4].split() == "page_size u64, if has_page_size 0 or 8".split()


def test_a_field_of_an_enumeration_lists_its_members(call: Call) -> None:
    answer = call("explain", "Command.command")
    assert "CommandCode: enumeration in u16, open: others are kept" in answer.lines
    assert any(line.split() == ["PING", "0x2"] for line in answer.lines)


def test_an_enumeration(call: Call) -> None:
    answer = call("explain", "RamFlag")
    assert answer.lines[0] == "RamFlag: flags in u64, open: others are kept"
    assert any(line.split() == ["MULTIFD_FLUSH", "0x200"] for line in answer.lines)


def test_an_error_of_the_protocol(call: Call) -> None:
    assert call("explain", "vmstate/footer").text == FOOTER


def test_an_error_of_every_codec(call: Call) -> None:
    answer = call("explain", "truncated")
    assert answer.lines[0] == "truncated: the input ends before the value does"
    assert answer.lines[-1] == "An error of kind truncated; the command ends with exit code 3."


def test_an_error_in_an_address(call: Call) -> None:
    answer = call("explain", "qapi/transport")
    assert answer.lines[0] == "qapi/transport: an address is of no known kind"
    assert answer.lines[-1] == "An error of kind usage; the command ends with exit code 2."


def test_a_protocol_lists_what_it_has(call: Call) -> None:
    words = {line.split()[0] for line in call("explain", "vmstate").lines if line.startswith("  ")}
    assert {"Command", "RamBlock", "vmstate/footer"} <= words


def test_what_a_protocol_lacks_is_not_announced(call: Call) -> None:
    assert call("explain", "handshake").text.count("\nErrors\n") == 1
    assert "Errors" not in call("explain", "channels").text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Comand", "nothing is called 'Comand'; close to it are Command"),
        ("command", "nothing is called 'command'; close to it are Command"),
        ("vmstate/foter", "nothing is called 'vmstate/foter'; close to it are vmstate/footer"),
        ("zzzzzzzz", "nothing is called 'zzzzzzzz'"),
        ("", "nothing is called ''"),
    ],
)
def test_unknown_names(call: Call, name: str, message: str) -> None:
    answer = call("explain", name)
    assert (answer.code, answer.text) == (2, "")
    assert answer.errors.startswith(f"wireformat explain: {message}")
    assert answer.errors.count("\n") == 1


@pytest.mark.slow
def test_everything_can_be_explained(call: Call) -> None:
    """Fails when a kind of node or name cannot be shown."""
    for name in names():
        assert call("explain", name).code == 0, name
