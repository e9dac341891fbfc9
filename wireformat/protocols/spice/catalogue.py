"""What can be wrong with a SPICE connection, beyond the errors that every codec knows."""

from __future__ import annotations

from collections.abc import Mapping

from wireformat.errors import ErrorEntry

CATALOGUE: Mapping[str, ErrorEntry] = {
    "spice/major": ErrorEntry(
        "malformed",
        "the other side speaks another major version",
        "Version 2 is from 2010. A server answers another one with VERSION_MISMATCH, and version 0 not at "
        "all. The minor version is not compared. [spice-migration 1.2]",
    ),
    "spice/protection": ErrorEntry(
        "malformed",
        "a channel must be carried by the other kind of connection",
        "A server can demand TLS for some channels and forbid it for others. The reply says which: NEED_SECURED or "
        "NEED_UNSECURED. [spice-migration 1.2, 1.6]",
    ),
    "spice/no-channel": ErrorEntry(
        "malformed",
        "the server has no such channel",
        "Such a link is closed without an answer. The main channel always exists. [spice-migration 1.2]",
    ),
    "spice/mechanism": ErrorEntry(
        "malformed",
        "the sides have no mechanism in common",
        "Only the ticket is spoken here, mechanism 1. A client that chooses SASL or anything else gets a second link "
        "reply with INVALID_DATA; a server that takes nothing but SASL is left alone. [spice-migration 1.4]",
    ),
    "spice/key": ErrorEntry(
        "malformed",
        "the key of the server is no RSA key of 1024 bits",
        "The link reply holds a public key in DER form, made for this connection. A server that wants SASL sends zeros "
        "in its place. [spice-migration 1.3]",
    ),
    "spice/ticket": ErrorEntry(
        "malformed",
        "the ticket is wrong",
        "It does not decrypt, or holds another password; or there is ticketing without a password. The link result is "
        "PERMISSION_DENIED. [spice-migration 1.4]",
    ),
    "spice/session": ErrorEntry(
        "malformed",
        "the client is not let in, although its ticket is right",
        "A channel other than main must name the session of a main channel that is connected now. The link result is "
        "BAD_CONNECTION_ID. [spice-migration 1.4]",
    ),
    "spice/refused": ErrorEntry(
        "malformed",
        "the other side has ended the link stage",
        "By a link reply with an error, by a link result, or by closing without a word. "
        "[spice-migration 1.2, 1.4, 7.1]",
    ),
    "spice/not-open": ErrorEntry(
        "usage",
        "a message is to be sent before the link is made, or after the end",
        "Messages can be sent from the event Linked on, until the connection is closed. [spice-migration 1]",
    ),
    "spice/misplaced": ErrorEntry(
        "usage",
        "a side cannot send this message on this channel",
        "Numbers mean something else on each channel and in each direction. A message that is not declared can be sent "
        "as an opaque one. [spice-migration 3, 4]",
    ),
    "spice/place": ErrorEntry(
        "malformed",
        "a target is announced without a host, or without a port",
        "The port is 65535 where there is none; a plain port or one for TLS must be there. A client that is told to "
        "switch to such a target has no server left. [spice-migration 5, 13]",
    ),
    "spice/capture": ErrorEntry(
        "malformed",
        "a file of a capture is not what it should be",
        "A capture is a folder of JSON lines: each line an object with time, direction and bytes, or with what "
        "happened. [spice-migration 14]",
    ),
}
