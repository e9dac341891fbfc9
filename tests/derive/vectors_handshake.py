"""The test vectors of the handshake: one small migration in values, and bytes that must be refused.

Digests, proofs and confirmations in them are not those of this migration, but easy to recognise; computed ones have
vectors of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.derive.plain_bytes import entry, frame
from wireformat.protocols.handshake import file_messages, messages, transfer_messages
from wireformat.protocols.handshake.error_codes import ErrorCode, Retry, Severity
from wireformat.protocols.handshake.frame import Frame, Piece
from wireformat.protocols.handshake.items import inventory as inventory
from wireformat.protocols.handshake.items import offer as offer
from wireformat.protocols.handshake.items import profile as profile
from wireformat.schema import Unknown

VERSION: str | None = "1"
PARAMS: Mapping[str, Mapping[str, Any]] = {}

NONCE = bytes(range(32))
OTHER_NONCE = bytes(range(32, 64))
ID = bytes(range(16))
SECRET = b"\x5e" * 32
DIGEST = b"\xd1" * 32
TRANSCRIPT = b"\x7a" * 32
MAC = b"\x3c" * 32
UUID = bytes.fromhex("5c9c2f8e41d04b0c9a7d1f3ab0c4d2e6")
MEANS_NOTHING = Unknown(0x0A0A, b"\x42")


CAPABILITIES = (
    offer.CapabilityItem(name="multifd", flags=offer.AbilityFlags.ABLE, wish=offer.WishKind.WANT),
    offer.CapabilityItem(name="zero-copy-send", flags=offer.AbilityFlags(0), wish=offer.WishKind.AVOID),
    offer.CapabilityItem(name="ownership-handover", flags=offer.AbilityFlags.ABLE, wish=offer.WishKind.AUTO),
)
PARAMETERS = (
    offer.ParameterItem(
        name="max-bandwidth",
        flags=offer.ParameterFlags(0),
        value=1 << 30,
        allowed=offer.Nothing(),
    ),
    offer.ParameterItem(
        name="multifd-compression",
        flags=offer.ParameterFlags.REQUIRE,
        value=offer.Nothing(),
        allowed=offer.Names(values=("zstd", "none")),
    ),
)
CHANNELS = (offer.ChannelItem(type="multifd", want=2, minimum=1, maximum=0),)
RESULT = messages.ResultEntries(
    version=1,
    payload="v1-striped",
    capabilities=("multifd", "ownership-handover"),
    parameters=(
        offer.SettingItem(name="max-bandwidth", value=1 << 30),
        offer.SettingItem(name="multifd-compression", value="none"),
    ),
    channels=(offer.ChannelCount(type="multifd", count=2),),
)
PLAN = (offer.ChannelName(type="multifd", index=0), offer.ChannelName(type="multifd", index=1))

LEAST_HELLO = messages.Hello(versions=(1,), nonce=NONCE, payloads=("v1-raw",))
HELLO = messages.Hello(
    versions=(1, 2, 0x1A1A),
    nonce=NONCE,
    context=messages.Context(label="guest 7", uuid=UUID),
    capabilities=CAPABILITIES,
    parameters=PARAMETERS,
    channels=CHANNELS,
    limits=messages.Limits(inventory_size=4 << 20),
    payloads=("v1-striped", "v1-raw"),
    implementation="example 1.0",
    budget=3,
    confirm=messages.ConfirmLevel.PSK,
    unknown=(MEANS_NOTHING,),
)
HELLO_REPLY = messages.HelloReply(
    versions=(1,),
    nonce=OTHER_NONCE,
    context=messages.Context(label="guest 7", uuid=UUID),
    capabilities=CAPABILITIES[::2],
    parameters=PARAMETERS[:1],
    channels=(offer.ChannelItem(type="multifd", want=0, minimum=0, maximum=16),),
    payloads=("v1-raw", "v1-striped"),
    implementation="example 0.9",
    budget=17,
    confirm=messages.ConfirmLevel.PSK,
    chosen_version=1,
    migration_id=ID,
    channel_secret=SECRET,
    result_digest=DIGEST,
)

MACHINE = inventory.MachineItem(type="pc-q35-7.2", architecture="x86_64", page_bits=12)
RAM = inventory.RamBlockItem(idstr="pc.ram", used_length=128 << 20, max_length=128 << 20, page_size=4096)
ROM = inventory.RamBlockItem(idstr="/rom@etc/acpi/tables", used_length=0x20000, max_length=0x200000, page_size=4096)
TIMER = inventory.SectionItem(idstr="timer", instance_id=0, version=2, oldest=2, flags=inventory.SectionFlags.REQUIRED)
RSS = inventory.SubsectionItem(
    name="virtio-net/rss",
    version=1,
    flags=inventory.SubsectionFlags.DROPPABLE | inventory.SubsectionFlags.PRESENT,
)
USO = inventory.FeatureItem(name="guest-uso4", value=b"\1")
NET = inventory.SectionItem(
    idstr="0000:00:03.0/virtio-net",
    instance_id=0,
    version=11,
    oldest=11,
    entries=inventory.SectionEntries(subsections=(RSS,), features=(USO,)),
)
OMITTED = inventory.OmittedItem(idstr=NET.idstr, instance_id=0, subsection=RSS.name)
LOWERED = inventory.VersionItem(idstr="timer", instance_id=0, version=1)
ACCEPTED = inventory.VerdictItem(idstr="timer", instance_id=0, verdict=inventory.VerdictKind.OK, version=2)
WITHOUT_RSS = inventory.VerdictItem(
    idstr=NET.idstr,
    instance_id=0,
    verdict=inventory.VerdictKind.OK,
    version=11,
    entries=inventory.VerdictEntries(unknown_subsections=("virtio-net/rss",), missing_features=("guest-uso4",)),
)
TX_WAITING = profile.LoadableSubsection(name="virtio-net/tx_waiting", newest=1, oldest=1)
LOADABLE = (
    profile.LoadableSection(idstr="timer", instance_id=0, newest=2, oldest=1, flags=profile.LoadableFlags.REQUIRED),
    profile.LoadableSection(
        idstr="virtio-net",
        instance_id=0,
        newest=11,
        oldest=11,
        flags=profile.LoadableFlags.ANYWHERE
        | profile.LoadableFlags.ALL_SUBSECTIONS
        | profile.LoadableFlags.ALL_FEATURES,
        entries=profile.LoadableEntries(
            subsections=(TX_WAITING,),
            features=(USO,),
        ),
    ),
)

ZERO_COPY = offer.ErrorEntries(
    code=ErrorCode.CAP_UNSUPPORTED,
    path="/capabilities/zero-copy-send",
    expected='"on"',
    actual='"unsupported"',
    text="destination lacks zero-copy-send",
)
SECTION = offer.ErrorEntries(
    code=ErrorCode.SECTION_VERSION,
    path="/sections/timer[0]",
    expected="1",
    actual="2",
    severity=Severity.WARNING,
    retry=Retry.AFTER_CHANGE_ON_DESTINATION,
)
UNKNOWN_CODE = offer.ErrorEntries(code=ErrorCode(0x04FE), path="/sections")

INVENTORY = messages.Inventory(
    machine=MACHINE, page_sizes=(4096, 2 << 20), ram_blocks=(RAM, ROM), sections=(TIMER, NET)
)
COMMIT = messages.Commit(
    result=RESULT,
    omitted=(OMITTED,),
    plan=PLAN,
    versions=(LOWERED,),
    transcript=TRANSCRIPT,
    confirmation=MAC,
)

VALUES: Mapping[str, tuple[tuple[Any, ...], ...]] = {
    "Frame": (
        ("HELLO, the first frame", Frame(sequence=0, message=LEAST_HELLO)),
        ("REJECT with one error", Frame(sequence=0, message=messages.Reject(errors=(ZERO_COPY,)))),
        ("LOADED, without entries", Frame(sequence=5, message=transfer_messages.Loaded())),
        ("message that means nothing", Frame(sequence=1, message=Unknown(0x1A1A, b"\x00\x42\xff"))),
    ),
    "Piece": (
        ("four bytes", Piece(offset=0x10000, data=b"QEVM")),
        ("the end of a stream of 64 KiB", Piece(offset=0x10000, data=b"")),
    ),
    "Hello": (("everything", HELLO), ("what is mandatory", LEAST_HELLO)),
    "HelloReply": (("everything", HELLO_REPLY),),
    "Profile": (
        (
            "oldest program of a cluster",
            file_messages.Profile(
                versions=(1,), capabilities=CAPABILITIES[:1], payloads=("v1-raw",), name="oldest program of a cluster"
            ),
        ),
        (
            "what a program can load",
            file_messages.Profile(
                versions=(1,), payloads=("v1-raw",), machine=MACHINE, ram_blocks=(RAM, ROM), sections=LOADABLE
            ),
        ),
    ),
    "Inventory": (
        ("two sections", INVENTORY),
        ("nothing but a machine", messages.Inventory(machine=MACHINE, page_sizes=(4096,))),
    ),
    "InventoryReply": (
        ("two verdicts", messages.InventoryReply(verdicts=(ACCEPTED, WITHOUT_RSS), warnings=(SECTION,))),
        (
            "something is missing",
            messages.InventoryReply(
                missing_on_source=(inventory.SectionName(idstr="0000:00:04.0/nvme", instance_id=0),)
            ),
        ),
    ),
    "Commit": (
        ("everything", COMMIT),
        (
            "what is mandatory",
            messages.Commit(result=messages.ResultEntries(version=1, payload="v1-raw"), transcript=TRANSCRIPT),
        ),
    ),
    "CommitAck": (
        ("transcript alone", messages.CommitAck(transcript=TRANSCRIPT)),
        ("confirmed", messages.CommitAck(transcript=TRANSCRIPT, confirmation=MAC)),
    ),
    "ChannelsReady": (
        ("one channel", messages.ChannelsReady()),
        ("one bound, one missing", messages.ChannelsReady(bound=PLAN[:1], missing=PLAN[1:])),
    ),
    "Start": (("v1-raw", messages.Start(payload="v1-raw")),),
    "Resume": (("second epoch", messages.Resume(epoch=1, nonce=NONCE, proof=MAC, sent=1 << 20)),),
    "ResumeReply": (
        (
            "half a mebibyte arrived",
            messages.ResumeReply(epoch=1, nonce=OTHER_NONCE, proof=MAC, received=1 << 19, digest=DIGEST),
        ),
    ),
    "Reject": (
        ("one error", messages.Reject(errors=(ZERO_COPY,))),
        ("two errors, one with a code of the future", messages.Reject(errors=(ZERO_COPY, UNKNOWN_CODE))),
    ),
    "Abort": (("one error", messages.Abort(errors=(ZERO_COPY,))),),
    "Progress": (("half", messages.Progress(text="loading tables", percent=50)), ("nothing", messages.Progress())),
    "ChannelAck": (("multifd/1", messages.ChannelAck(name=PLAN[1])),),
    "Handover": (("64 KiB", transfer_messages.Handover(size=0x10000, digest=DIGEST)),),
    "Loaded": (
        ("no entries", transfer_messages.Loaded()),
        ("an entry of the future", transfer_messages.Loaded(unknown=(MEANS_NOTHING,))),
    ),
    "Grant": (("no entries", transfer_messages.Grant()),),
    "Running": (("no entries", transfer_messages.Running()),),
    "Manifest": (
        (
            "everything",
            file_messages.Manifest(
                versions=(1,),
                result=messages.ResultEntries(version=1, payload="v1-raw"),
                machine=MACHINE,
                ram_blocks=(RAM, ROM),
                sections=(TIMER, NET),
                omitted=(OMITTED,),
                profile="oldest program of a cluster",
                header_size=4096,
            ),
        ),
    ),
    "ManifestEnd": (("digest", file_messages.ManifestEnd(digest=DIGEST)),),
    "Context": (("label and UUID", HELLO.context), ("nothing", messages.Context())),
    "Limits": (("8 MiB", messages.Limits(inventory_size=8 << 20)), ("as before", messages.Limits())),
    "ResultEntries": (("two channels", RESULT),),
    "CapabilityItem": tuple((each.name, each) for each in CAPABILITIES),
    "ParameterItem": (
        *((each.name, each) for each in PARAMETERS),
        (
            "range",
            offer.ParameterItem(
                name="multifd-zlib-level",
                flags=offer.ParameterFlags.EXACT,
                value=6,
                allowed=offer.Range(low=0, high=9),
            ),
        ),
        (
            "text, and numbers",
            offer.ParameterItem(
                name="mode",
                flags=offer.ParameterFlags(0),
                value="normal",
                allowed=offer.Numbers(values=(1, 2, 0xFFFFFFFFFFFFFFFF)),
            ),
        ),
    ),
    "Nothing": (("no bytes", offer.Nothing()),),
    "Range": (("0 to 9", offer.Range(low=0, high=9)),),
    "Numbers": (("two", offer.Numbers(values=(1, 2))), ("none", offer.Numbers(values=()))),
    "Names": (("two", offer.Names(values=("zstd", "none"))),),
    "ChannelItem": (
        ("source", CHANNELS[0]),
        ("destination", offer.ChannelItem(type="multifd", want=0, minimum=0, maximum=16)),
    ),
    "SettingItem": tuple((each.name, each) for each in RESULT.parameters),
    "ChannelCount": (("two", RESULT.channels[0]),),
    "ChannelName": (("multifd/1", PLAN[1]),),
    "ChannelNameEntries": (("none", offer.ChannelNameEntries()),),
    "ErrorEntries": (
        ("everything but severity and retry", ZERO_COPY),
        ("warning", SECTION),
        ("code of the future", UNKNOWN_CODE),
    ),
    "MachineItem": (("q35", MACHINE),),
    "RamBlockItem": (("memory", RAM), ("table that may grow", ROM)),
    "SubsectionItem": (("may be left out", RSS),),
    "FeatureItem": (("one byte", USO),),
    "SectionEntries": (("subsection and feature", NET.entries), ("none", inventory.SectionEntries())),
    "SectionItem": (("required", TIMER), ("with a subsection", NET)),
    "LoadableSubsection": (("one version", TX_WAITING),),
    "LoadableEntries": (
        ("subsection and feature", LOADABLE[1].entries),
        ("none", profile.LoadableEntries()),
    ),
    "LoadableSection": (("required", LOADABLE[0]), ("below any path", LOADABLE[1])),
    "SectionName": (("timer", inventory.SectionName(idstr="timer", instance_id=0)),),
    "VerdictEntries": (("both", WITHOUT_RSS.entries),),
    "VerdictItem": (
        ("OK", ACCEPTED),
        ("OK, without a subsection", WITHOUT_RSS),
        (
            "TOO_NEW",
            inventory.VerdictItem(idstr="timer", instance_id=0, verdict=inventory.VerdictKind.TOO_NEW, version=1),
        ),
    ),
    "OmittedItem": (("virtio-net/rss", OMITTED),),
    "VersionItem": (("timer", LOWERED),),
    "Extensions": (
        ("none", CAPABILITIES[0].more),
        ("an entry that means nothing", type(CAPABILITIES[0].more)(unknown=(MEANS_NOTHING,))),
    ),
}

VERSIONS = entry(0x8001, b"\0\1")
NONCE_ENTRY = entry(0x8002, NONCE)
PAYLOADS = entry(0x8008, b"\6v1-raw")
CAPABILITY = entry(0x8004, b"\1a\1\1")
OTHER_CAPABILITY = entry(0x8004, b"\1b\1\1")
CODE = entry(0x8001, b"\3\1")
PATH = entry(0x8002, b"/capabilities/zero-copy-send")

HELLO_OF_THE_DESIGN = bytes.fromhex(
    "80010000000000000000003fc1a1ea4e8001000000000006000100021a1a80020000000000200001020304050607"
    "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0a0a000000000001" + "42"
)
"""The illustration of a frame in the facts: a HELLO that lacks PAYLOADS."""

BROKEN: Mapping[str, tuple[tuple[str, bytes], ...]] = {
    "Frame": (
        ("HELLO without PAYLOADS", HELLO_OF_THE_DESIGN),
        ("wrong sum", frame(0x8011, b"")[:12] + bytes(4)),
        ("unknown critical entry", frame(0x8011, entry(0x8A0A, b""))),
        ("size above 16 MiB", frame(0x8011, b"", size=(16 << 20) + 1)),
        ("size behind the bytes", frame(0x8011, b"", size=1)),
    ),
    "Hello": (
        ("no entries", b""),
        ("no nonce", VERSIONS + PAYLOADS),
        ("versions of three bytes", entry(0x8001, b"\0\1\0") + NONCE_ENTRY + PAYLOADS),
        ("nonce of 31 bytes", VERSIONS + entry(0x8002, NONCE[1:]) + PAYLOADS),
        ("versions behind the nonce", NONCE_ENTRY + VERSIONS + PAYLOADS),
        ("versions twice", VERSIONS + VERSIONS + NONCE_ENTRY + PAYLOADS),
        ("versions without the critical bit", entry(0x0001, b"\0\1") + NONCE_ENTRY + PAYLOADS),
        ("unknown critical entry", VERSIONS + NONCE_ENTRY + PAYLOADS + entry(0x8A0A, b"")),
        ("capability cut short", VERSIONS + NONCE_ENTRY + entry(0x8004, b"\1a\1") + PAYLOADS),
        (
            "repeated entry with another one between",
            VERSIONS + NONCE_ENTRY + CAPABILITY + PAYLOADS + OTHER_CAPABILITY,
        ),
        ("capabilities out of order", VERSIONS + NONCE_ENTRY + OTHER_CAPABILITY + CAPABILITY + PAYLOADS),
        (
            "longer name before a shorter one",
            VERSIONS + NONCE_ENTRY + entry(0x8004, b"\2ab\1\1") + OTHER_CAPABILITY + PAYLOADS,
        ),
        ("capability twice", VERSIONS + NONCE_ENTRY + CAPABILITY + CAPABILITY + PAYLOADS),
        ("65 versions", entry(0x8001, b"\0\1" * 65) + NONCE_ENTRY + PAYLOADS),
        ("payload name cut short", VERSIONS + NONCE_ENTRY + entry(0x8008, b"\7v1-raw")),
        ("value that reaches behind the message", VERSIONS + NONCE_ENTRY + PAYLOADS[:-1]),
    ),
    "Reject": (
        ("error without a code", entry(0x8040, PATH)),
        ("unknown critical entry in an error", entry(0x8040, CODE + PATH + entry(0x8A0A, b""))),
        ("path before code", entry(0x8040, PATH + CODE)),
        ("65 errors", b"".join(entry(0x8040, CODE + entry(0x8002, b"/%02d" % each)) for each in range(65))),
        ("text of 513 bytes", entry(0x8040, CODE + entry(0x0005, b"x" * 513))),
    ),
    "Commit": (("no transcript", entry(0x8001, VERSIONS + entry(0x8002, b"v1-raw"))),),
    "Start": (("no payload", b""),),
    "Piece": (
        ("more than 1 MiB", bytes(8) + ((1 << 20) + 1).to_bytes(4, "big")),
        ("bytes that do not come", bytes(8) + bytes([0, 0, 0, 1])),
    ),
    "ParameterItem": (("value of an unknown kind", b"\4mode\0\5"),),
}
