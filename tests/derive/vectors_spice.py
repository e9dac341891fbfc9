"""The test vectors of SPICE: the bytes that real programs sent where there are such, and bytes that must be refused.

Messages stand without their headers; `FullHeader` and `MiniHeader` have vectors of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import pack
from typing import Any

from wireformat.protocols.spice import channel_messages as channels
from wireformat.protocols.spice import codes, common_messages, headers, link
from wireformat.protocols.spice import main_messages as main
from wireformat.protocols.spice import migration_data as state

VERSION: str | None = None
PARAMS: Mapping[str, Mapping[str, Any]] = {}

HOST, SUBJECT = b"127.0.0.1\0", b"C=XX,O=Example,CN=target.example\0"
PLACE: dict[str, Any] = {"port": 15973, "sport": 15999, "host": HOST, "cert_subject": SUBJECT}
SESSION = 0xE0F8FF00
TO_TARGET = link.LinkMessage(
    connection_id=0x59E3E3C8, channel_type=codes.ChannelType.MAIN, channel_id=0, common=(0xB,), channel=(0xF,)
)
NEW_SESSION = link.LinkMessage(
    connection_id=0, channel_type=codes.ChannelType.MAIN, channel_id=0, common=(0xD,), channel=(0xF,)
)
CURSOR = link.LinkMessage(connection_id=SESSION, channel_type=codes.ChannelType.CURSOR, channel_id=0, common=(0xD,))
FILLED = link.LinkMessage(
    connection_id=0,
    channel_type=codes.ChannelType.MAIN,
    channel_id=0,
    offset=22,
    filler=b"fill",
    common=(0xD,),
    channel=(0xF,),
    rest=b"more",
)
KEY = link.SIGNATURE + bytes([0xAB] * (link.KEY_SIZE - len(link.SIGNATURE)))
REPLY = link.LinkReply(error=codes.LinkCode.OK, public_key=KEY, offset=178, common=(0xB,), channel=(0xF,))
BAD_MAGIC = link.LinkReply(error=codes.LinkCode.INVALID_MAGIC)
BOTH_MODES = codes.MouseMode.SERVER | codes.MouseMode.CLIENT
ALL_FLAGS = codes.MigrateFlags.NEED_FLUSH | codes.MigrateFlags.NEED_DATA_TRANSFER
IDLE = state.CharacterDevice(
    version=1, connected=0, client_tokens=0, send_tokens=0, write_size=0, write_tokens=0, write_offset=0
)
PORT = state.CharacterDevice(
    version=1,
    connected=1,
    client_tokens=0xFFFFFFFF,
    send_tokens=0xFFFFFFFF,
    write_size=0,
    write_tokens=0,
    write_offset=0,
)
INPUTS_STATE = b"ICMD\1\0\0\0\0\0"
LISTED = common_messages.SubMessage(type=4, body=bytes(12))

VALUES: Mapping[str, tuple[tuple[Any, ...], ...]] = {
    "ClientLink": (
        ("main, to a migration target", link.ClientLink(message=TO_TARGET)),
        ("main, new session, as spice-gtk", link.ClientLink(message=NEW_SESSION)),
        ("cursor, without words of its own", link.ClientLink(message=CURSOR)),
        ("filler before and bytes behind the words", link.ClientLink(message=FILLED)),
        ("minor version 99", link.ClientLink(minor=99, message=NEW_SESSION)),
        ("major version 1", link.ClientLink(major=1, message=NEW_SESSION)),
    ),
    "LinkMessage": (("main, to a migration target", TO_TARGET), ("cursor, without words of its own", CURSOR)),
    "ServerLink": (
        ("go on", link.ServerLink(reply=REPLY)),
        ("wrong magic", link.ServerLink(reply=BAD_MAGIC)),
    ),
    "LinkReply": (("go on", REPLY), ("wrong magic", BAD_MAGIC)),
    "MechanismChoice": (
        ("ticket", link.MechanismChoice(mechanism=codes.Mechanism.SPICE)),
        ("SASL", link.MechanismChoice(mechanism=codes.Mechanism.SASL)),
        ("unknown", link.MechanismChoice(mechanism=codes.Mechanism(9))),
    ),
    "Ticket": (("not a real one", link.Ticket(encrypted=bytes(range(128)))),),
    "LinkResult": (
        ("open", link.LinkResult(code=codes.LinkCode.OK)),
        ("wrong password", link.LinkResult(code=codes.LinkCode.PERMISSION_DENIED)),
        ("no such session", link.LinkResult(code=codes.LinkCode.BAD_CONNECTION_ID)),
        ("a code that is not known", link.LinkResult(code=codes.LinkCode(42))),
    ),
    "SaslMechanisms": (("one", link.SaslMechanisms(names=",DIGEST-MD5,")),),
    "FullHeader": (("of INIT", headers.FullHeader(serial=1, type=103, size=32)),),
    "MiniHeader": (
        ("of INIT", headers.MiniHeader(type=103, size=32)),
        ("of MIGRATE_CONNECTED", headers.MiniHeader(type=102, size=0)),
        ("of MIGRATE_CONNECT_ERROR", headers.MiniHeader(type=103, size=0)),
        ("of MIGRATE_CONNECTED_SEAMLESS", headers.MiniHeader(type=111, size=0)),
        ("of MIGRATE_END, source to client", headers.MiniHeader(type=112, size=0)),
        ("of MIGRATE_END, client to target", headers.MiniHeader(type=109, size=0)),
        ("of MIGRATE_FLUSH_MARK", headers.MiniHeader(type=4, size=0)),
    ),
    "Migrate": (
        ("flush, and data", common_messages.Migrate(flags=ALL_FLAGS)),
        ("cursor: neither", common_messages.Migrate(flags=codes.MigrateFlags(0))),
        ("flags that are not known", common_messages.Migrate(flags=codes.MigrateFlags(0x13))),
    ),
    "ServerMigrateData": (("inputs", common_messages.ServerMigrateData(data=INPUTS_STATE)),),
    "ClientMigrateData": (("inputs", common_messages.ClientMigrateData(data=INPUTS_STATE)),),
    "SetAck": (("window of 20", common_messages.SetAck(generation=1, window=20)),),
    "Ping": (
        ("short", common_messages.Ping(id=1, timestamp=0x922D0589)),
        ("with filler", common_messages.Ping(id=3, timestamp=0x922D0589, filler=bytes(4))),
    ),
    "AwaitedMessage": (
        (
            "of the display",
            common_messages.AwaitedMessage(channel_type=codes.ChannelType.DISPLAY, channel_id=0, serial=5),
        ),
    ),
    "WaitForChannels": (
        (
            "one",
            common_messages.WaitForChannels(
                messages=(
                    common_messages.AwaitedMessage(channel_type=codes.ChannelType.DISPLAY, channel_id=0, serial=5),
                )
            ),
        ),
        ("none", common_messages.WaitForChannels(messages=())),
    ),
    "ServerDisconnecting": (("no reason", common_messages.ServerDisconnecting(timestamp=1, reason=codes.LinkCode.OK)),),
    "ClientDisconnecting": (("no reason", common_messages.ClientDisconnecting(timestamp=1, reason=codes.LinkCode.OK)),),
    "Notify": (
        (
            "keyboard without encryption",
            common_messages.Notify(
                timestamp=0x228586C527A,
                severity=codes.Severity.WARN,
                visibility=codes.Visibility.HIGH,
                what=0,
                text="keyboard channel is insecure",
            ),
        ),
    ),
    "MessageList": (("one", common_messages.MessageList(offsets=(6,), messages=pack("<HI", 4, 12) + bytes(12))),),
    "SubMessage": (("PING", LISTED),),
    "AckSync": (("first", common_messages.AckSync(generation=1)),),
    "Pong": (("to the first PING", common_messages.Pong(id=1, timestamp=0x922D0589)),),
    "MigrateBegin": (
        ("plain", main.MigrateBegin(port=15933, sport=65535, host=HOST)),
        ("with TLS and subject", main.MigrateBegin(**PLACE)),
    ),
    "MigrateSwitchHost": (
        ("plain", main.MigrateSwitchHost(port=15933, sport=65535, host=HOST)),
        ("with TLS and subject", main.MigrateSwitchHost(**PLACE)),
        ("without a host", main.MigrateSwitchHost(port=15933, sport=65535, host=None)),
    ),
    "MigrateBeginSeamless": (
        ("plain", main.MigrateBeginSeamless(port=15933, sport=65535, host=HOST)),
        ("with TLS and subject", main.MigrateBeginSeamless(**PLACE, version=1)),
    ),
    "Init": (
        (
            "as a server sent it",
            main.Init(
                session_id=SESSION,
                display_channels_hint=1,
                supported_mouse_modes=codes.MouseMode.SERVER,
                current_mouse_mode=codes.MouseMode.SERVER,
                agent_connected=0,
                agent_tokens=10,
                multi_media_time=0x200919,
                ram_hint=0x2FFE000,
            ),
        ),
    ),
    "ChannelsList": (
        (
            "display, cursor, inputs",
            main.ChannelsList(
                channels=tuple(
                    main.ChannelItem(type=type, id=0)
                    for type in (codes.ChannelType.DISPLAY, codes.ChannelType.CURSOR, codes.ChannelType.INPUTS)
                )
            ),
        ),
        (
            "a type that is not known",
            main.ChannelsList(channels=(main.ChannelItem(type=codes.ChannelType(77), id=3),)),
        ),
    ),
    "ChannelItem": (("second display", main.ChannelItem(type=codes.ChannelType.DISPLAY, id=1)),),
    "MouseModeChange": (("client", main.MouseModeChange(supported=BOTH_MODES, current=codes.MouseMode.CLIENT)),),
    "MouseModeRequest": (("client", main.MouseModeRequest(mode=codes.MouseMode.CLIENT)),),
    "MultiMediaTime": (("2 s", main.MultiMediaTime(time=2000)),),
    "AgentDisconnected": (("no error", main.AgentDisconnected(code=codes.LinkCode.OK)),),
    "ServerAgentData": (("four bytes", main.ServerAgentData(data=b"\1\2\3\4")),),
    "ClientAgentData": (("four bytes", main.ClientAgentData(data=b"\1\2\3\4")),),
    "ServerAgentToken": (("one", main.ServerAgentToken(tokens=1)),),
    "ClientAgentToken": (("one", main.ClientAgentToken(tokens=1)),),
    "AgentConnectedTokens": (("ten", main.AgentConnectedTokens(tokens=10)),),
    "AgentStart": (("no flow control", main.AgentStart(tokens=0xFFFFFFFF)),),
    "Name": (("of a guest", main.Name(name="source")),),
    "Uuid": (("of a guest", main.Uuid(uuid=bytes.fromhex("5c9c2f8e41d04b0c9a7d1f3ab0c4d2e6"))),),
    "ClientInfo": (("1 MiB", main.ClientInfo(cache_size=1 << 20)),),
    "MigrateDstDoSeamless": (
        ("version 1", main.MigrateDstDoSeamless(version=1)),
        ("version 2, which no server knows", main.MigrateDstDoSeamless(version=2)),
    ),
    "QualityIndicator": (("four bytes", main.QualityIndicator(data=b"\1\2\3\4")),),
    "InputsInit": (("num lock", channels.InputsInit(locks=channels.Locks.NUM)),),
    "ServerKeyModifiers": (("none", channels.ServerKeyModifiers(locks=channels.Locks(0))),),
    "ClientKeyModifiers": (
        ("num and caps lock", channels.ClientKeyModifiers(locks=channels.Locks.NUM | channels.Locks.CAPS)),
    ),
    "CursorInit": (
        (
            "without an image",
            channels.CursorInit(x=-1, y=7, trail_length=0, trail_frequency=0, visible=1, flags=1),
        ),
    ),
    "PortInit": (("of a console", channels.PortInit(name=b"org.example.console.0\0", opened=1)),),
    "ServerDeviceData": (("four bytes", channels.ServerDeviceData(data=b"\1\2\3\4")),),
    "ClientDeviceData": (("four bytes", channels.ClientDeviceData(data=b"\1\2\3\4")),),
    "CharacterDevice": (("idle", IDLE), ("without flow control", PORT)),
    "MainState": (
        (
            "without an agent",
            state.MainState(
                device=IDLE,
                agent_started=0,
                chunk_header_size=0,
                chunk_port=0,
                chunk_size=0,
                header_done=0,
                partial_size=0,
                partial_offset=0,
                remaining=0,
                filter_result=0,
                client_remaining=0,
                client_filter_result=0,
            ),
        ),
    ),
    "InputsState": (("at rest", state.InputsState(motion_count=0)),),
    "DeviceState": (("of a port", state.DeviceState(device=PORT)),),
    "SmartcardState": (("no reader", state.SmartcardState(device=IDLE, reader_added=0, read_size=0, read_offset=0)),),
}

_BEHIND = pack("<HH", 1, 2)

BROKEN: Mapping[str, tuple[tuple[str, bytes], ...]] = {
    "ClientLink": (
        ("HTTP", b"GET / HTTP/1.1\r\n"),
        ("size above 4096", b"REDQ" + pack("<III", 2, 2, 4097)),
        ("1025 words", b"REDQ" + pack("<IIIIBBIII", 2, 2, 18, 0, 1, 0, 1025, 0, 18)),
        ("words behind the end", b"REDQ" + pack("<IIIIBBIII", 2, 2, 18, 0, 1, 0, 1, 0, 18)),
        ("words inside the fixed part", b"REDQ" + pack("<IIIIBBIII", 2, 2, 22, 0, 1, 0, 1, 1, 10) + bytes(4)),
    ),
    "MigrateBegin": (
        ("host behind the body", _BEHIND + pack("<IIII", 10, 100, 0, 0)),
        ("host longer than the body", _BEHIND + pack("<IIII", 11, 20, 0, 0) + HOST),
        ("host longer than 1024", _BEHIND + pack("<IIII", 70000, 20, 0, 0) + HOST),
        ("subject behind the body", _BEHIND + pack("<IIII", 10, 20, 5, 31) + HOST),
        ("only ports", _BEHIND),
    ),
    "MigrateBeginSeamless": (("without its version", _BEHIND + pack("<IIII", 0, 0, 0, 0)),),
    "MigrateSwitchHost": (
        ("host behind the body", _BEHIND + pack("<IIII", 10, 0xFFFFFFFF, 0, 0)),
        ("subject longer than the body", _BEHIND + pack("<IIII", 10, 20, 0xFFFFFFFF, 20) + HOST),
    ),
    "InputsState": (("magic of a device", b"SVMD\1\0\0\0\0\0"),),
    "Notify": (("without its zero byte", pack("<QIIII", 1, 1, 2, 0, 2) + b"hi"),),
}
