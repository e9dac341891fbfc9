"""What can be wrong with an address or a list of channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wireformat.errors import ErrorEntry

CATALOGUE: Final[Mapping[str, ErrorEntry]] = {
    "qapi/transport": ErrorEntry(
        "usage",
        "an address is of no known kind",
        "An address begins with tcp:, unix:, vsock:, fd:, exec:, rdma: or file:; an object names its transport, and a "
        "socket its type. [handshake B.2]",
    ),
    "qapi/address": ErrorEntry(
        "usage",
        "a part of an address is missing or malformed",
        "tcp: and rdma: have a host, which may be empty, and a port; a host with colons stands in brackets. What names "
        "something must not be empty. [handshake B.2]",
    ),
    "qapi/option": ErrorEntry(
        "usage",
        "an option behind an address is unknown, repeated or malformed",
        "Options follow a port as KEY=VALUE, separated by commas; a switch may stand alone, which turns it on. "
        "[handshake B.2]",
    ),
    "qapi/size": ErrorEntry(
        "usage",
        "the offset in a file is no size",
        "A size is a decimal number, which may end in one of the letters k, M, G, T, P and E, or a hexadecimal number "
        "behind 0x; it is below 2^64. [handshake B.2]",
    ),
    "qapi/member": ErrorEntry(
        "usage",
        "a member of an object is missing, foreign or of a wrong type",
        "Transport and type choose which members an address has, side by side in one object; all others are refused. "
        "Ports are strings. [handshake B.1]",
    ),
    "qapi/unwritable": ErrorEntry(
        "usage",
        "an address has no URI",
        "Abstract socket names, commands that are not run by a shell, and file names with “,offset=” exist only as "
        "objects. [handshake B.2]",
    ),
    "qapi/channels": ErrorEntry(
        "usage",
        "a command's channels contradict its rules",
        "Exactly one of uri and channels is given; the list holds one entry of type main or main-v2, no type twice, "
        "and for migrate-incoming nothing else. [handshake B.3]",
    ),
    "qapi/one-way": ErrorEntry(
        "usage",
        "the handshake was asked for on a transport that carries bytes one way",
        "main-v2 needs an answer from the other side, which no file gives. [handshake A.1]",
    ),
}
