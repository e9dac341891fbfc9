"""The bytes of the skeleton, as real streams have them; each message there and back."""

from __future__ import annotations

import pytest

from tests.protocols.vmstate.building import COMMANDS
from wireformat.codec import codec_for, decode, encode
from wireformat.errors import DecodeError, EncodeError
from wireformat.protocols.vmstate.messages import (
    Capabilities,
    Command,
    CommandCode,
    Configuration,
    DiscardRange,
    Header,
    Packaged,
    PageSizes,
    Ping,
    PostcopyAdvise,
    PostcopyRamDiscard,
    SectionFooter,
    SectionPart,
    SectionStart,
    VmDescription,
    subsection_marker,
)
from wireformat.schema import Message

WIRE: dict[str, Message] = {
    "5145564d 00000003": Header(version=3),
    "0000000d 70632d6934343066782d372e32": Configuration(name="pc-i440fx-7.2"),
    "00000002 03 72616d 00000000 00000004": SectionStart(section_id=2, idstr="ram", instance_id=0, version_id=4),
    "00000002": SectionPart(section_id=2),
    "00000003 7b7d20": VmDescription(text=b"{} "),
    "000b 0000": Command(command=CommandCode.SWITCHOVER_START, body=COMMANDS[CommandCode.SWITCHOVER_START]),
    "0002 0004 00000042": Command(command=CommandCode.PING, body=Ping(value=0x42)),
    "0003 0000": Command(command=CommandCode.POSTCOPY_ADVISE, body=PostcopyAdvise(page_sizes=())),
    "0003 0010 0000000000201000 0000000000001000": Command(
        command=CommandCode.POSTCOPY_ADVISE,
        body=PostcopyAdvise(page_sizes=(PageSizes(block_page_sizes=0x201000, target_page_size=0x1000),)),
    ),
    "0006 0014 00 01 61 00 0000000000001000 0000000000002000": Command(
        command=CommandCode.POSTCOPY_RAM_DISCARD,
        body=PostcopyRamDiscard(block="a", ranges=(DiscardRange(start=0x1000, length=0x2000),)),
    ),
    "0007 0004 01020304": Command(command=CommandCode.PACKAGED, body=Packaged(size=0x01020304)),
    "000a 0007 06 70632e72616d": Command(command=CommandCode.RECV_BITMAP, body=COMMANDS[CommandCode.RECV_BITMAP]),
}
"""Bytes of [qemu-stream 14], and what they mean."""


@pytest.mark.requirement("VM-001", "VM-002", "VM-003")
@pytest.mark.parametrize(("wire", "message"), WIRE.items(), ids=WIRE)
def test_bytes(wire: str, message: Message) -> None:
    data = bytes.fromhex(wire)
    assert decode(type(message), data) == message
    assert encode(message) == data


def test_type_bytes() -> None:
    codes = {
        message.__name__: codec_for(message).schema.record.code for message in (SectionPart, SectionFooter, Command)
    }
    assert codes == {"SectionPart": 0x02, "SectionFooter": 0x7E, "Command": 0x08}


@pytest.mark.requirement("VM-003", "VM-096")
def test_a_subsection_marker() -> None:
    assert subsection_marker("cpu/x", 1) == b"\5\5cpu/x\0\0\0\1"


CAPABILITIES = Capabilities(names=("x-ignore-shared", "mapped-ram"))


@pytest.mark.requirement("VM-022")
@pytest.mark.parametrize("bits", [None, 12])
@pytest.mark.parametrize("capabilities", [None, CAPABILITIES])
@pytest.mark.parametrize("uuid", [None, bytes(range(16))])
def test_every_set_of_subsections(bits: int | None, capabilities: Capabilities | None, uuid: bytes | None) -> None:
    value = Configuration(name="pc", target_page_bits=bits, capabilities=capabilities, uuid=uuid)
    parts = [
        b"\0\0\0\2pc",
        b"" if bits is None else b"\5\x1econfiguration/target-page-bits\0\0\0\1\0\0\0\x0c",
        b""
        if capabilities is None
        else b"\5\x1aconfiguration/capabilities\0\0\0\1\0\0\0\2\x0fx-ignore-shared\x0amapped-ram",
        b"" if uuid is None else b"\5\x12configuration/uuid\0\0\0\1" + uuid,
    ]
    assert encode(value) == b"".join(parts)
    assert decode(Configuration, b"".join(parts)) == value


def test_subsections_out_of_order_are_not_taken() -> None:
    uuid, bits = Configuration(name="", uuid=bytes(16)), Configuration(name="", target_page_bits=12)
    with pytest.raises(DecodeError):
        decode(Configuration, encode(uuid) + encode(bits)[4:])


@pytest.mark.parametrize(
    ("data", "id"),
    [
        (b"\0\0\x10\1", "limit"),
        (b"\0\0\0\1\xff", "text"),
        (b"\0\0\0\0\5\x1aconfiguration/capabilities\0\0\0\1\0\0\0\x41", "limit"),
    ],
)
def test_limits_of_the_configuration(data: bytes, id: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(Configuration, data)
    assert caught.value.id == id


def test_a_description_may_not_be_enormous() -> None:
    with pytest.raises(DecodeError) as caught:
        decode(VmDescription, b"\xff\xff\xff\xff")
    assert caught.value.id == "limit"


@pytest.mark.parametrize("code", COMMANDS)
def test_a_command_of_another_code_is_not_encoded(code: CommandCode) -> None:
    other = CommandCode.PACKAGED
    with pytest.raises(EncodeError):
        encode(Command(command=other, body=COMMANDS[code]))


@pytest.mark.requirement("VM-003", "VM-031")
@pytest.mark.parametrize("name", ["n" * 255, "ü" * 127])
def test_the_longest_names(name: str) -> None:
    message = SectionStart(section_id=0, idstr=name, instance_id=0xFFFFFFFF, version_id=0)
    assert decode(SectionStart, encode(message)) == message
    with pytest.raises(EncodeError):
        encode(SectionStart(section_id=0, idstr=name + "ü", instance_id=0, version_id=0))
