"""The test vectors of what revision 2 of the handshake adds, in values of the same small migration."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from tests.derive.plain_bytes import entry, frame
from tests.derive.vectors_handshake import DIGEST, MACHINE, NET, NONCE, RAM, ROM, TIMER
from wireformat.codec import codec_for
from wireformat.protocols.handshake import messages, transfer_messages
from wireformat.protocols.handshake.frame import Frame
from wireformat.protocols.handshake.items import inventory as inventory
from wireformat.protocols.handshake.items import offer as offer

VERSION: str | None = "2"
PARAMS: Mapping[str, Mapping[str, Any]] = {}

SHA = messages.DigestKind.SHA256_128


def _digest(section: inventory.SectionItem) -> inventory.SectionDigest:
    data = sha256(codec_for(inventory.SectionItem).encode(section)).digest()
    return inventory.SectionDigest(idstr=section.idstr, instance_id=section.instance_id, digest=data[:16])


def _name(section: inventory.SectionItem) -> inventory.SectionName:
    return inventory.SectionName(idstr=section.idstr, instance_id=section.instance_id)


TIMER_DIGEST, NET_DIGEST = map(_digest, (TIMER, NET))
BLOCK = transfer_messages.PayloadBlock(data=b"QEVM\0\0\0\3")

VDA = offer.DiskItem(name="vda", flags=offer.DiskFlags.REQUIRED)
SCRATCH = offer.DiskItem(name="scratch", flags=offer.DiskFlags(0))
NBD_VDA = offer.ChannelName(type="nbd", index=0, entries=offer.ChannelNameEntries(target="vda"))
RESULT = messages.ResultEntries(version=2, payload="v1-framed", disks=("vda",))

VALUES: Mapping[str, tuple[tuple[Any, ...], ...]] = {
    "Frame": (("a block of the payload", Frame(sequence=4, message=BLOCK)),),
    "Inventory": (
        (
            "first: two sections by their digests",
            messages.Inventory(
                machine=MACHINE,
                page_sizes=(4096,),
                ram_blocks=(RAM, ROM),
                digest_kind=SHA,
                digests=(TIMER_DIGEST, NET_DIGEST),
            ),
        ),
        (
            "second: the section that was wanted",
            messages.Inventory(machine=MACHINE, page_sizes=(4096,), sections=(NET,), digest_kind=SHA),
        ),
    ),
    "InventoryReply": (("one section is wanted", messages.InventoryReply(wanted=(_name(NET),))),),
    "Hello": (
        (
            "two disks",
            messages.Hello(
                versions=(1, 2), nonce=NONCE, payloads=("v1-framed", "v1-raw"), budget=3, disks=(VDA, SCRATCH)
            ),
        ),
    ),
    "DiskItem": (("required", VDA), ("as well", SCRATCH)),
    "ResultEntries": (("a disk", RESULT),),
    "ChannelName": (("nbd/vda", NBD_VDA),),
    "ChannelNameEntries": (("vda", NBD_VDA.entries),),
    "ChannelAck": (("nbd/vda", messages.ChannelAck(name=NBD_VDA)),),
    "SectionDigest": (("timer", TIMER_DIGEST), ("with a subsection", NET_DIGEST)),
    "PayloadBlock": (("eight bytes", BLOCK),),
    "PayloadEnd": (("64 KiB", transfer_messages.PayloadEnd(size=0x10000, digest=DIGEST)),),
}

BROKEN: Mapping[str, tuple[tuple[str, bytes], ...]] = {
    "Frame": (("a block of more than 16 MiB", frame(0x8020, b"", size=(16 << 20) + 1)),),
    "PayloadBlock": (("no bytes entry", b""), ("more than 1 MiB", entry(0x8001, b"")[:4] + b"\x00\x10\x00\x01")),
}
