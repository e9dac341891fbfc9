"""Why a handshake ends, as numbers that programs act on.

The high byte of a code is its class: a receiver that does not know a code acts on the class, so that codes may be
added without harm. Text is for people and decides nothing. Numbers are assigned once and never change their meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wireformat.schema.values import OpenEnum


class ErrorClass(OpenEnum):
    """The high byte of an error code: what kind of thing went wrong."""

    SYNTAX = 0x01
    SESSION = 0x02
    OFFER = 0x03
    INVENTORY = 0x04
    CHANNEL = 0x05
    LOCAL = 0x06
    RESUME = 0x07


class ErrorCode(OpenEnum):
    """What went wrong. `MEANINGS` has one sentence on each."""

    MALFORMED = 0x0101
    CRC = 0x0102
    SEQUENCE = 0x0103
    UNEXPECTED = 0x0104
    UNKNOWN_CRITICAL = 0x0105
    NON_CANONICAL = 0x0106
    LIMIT = 0x0107
    DUPLICATE = 0x0108
    MISSING = 0x0109
    REFLECTION = 0x010A

    NO_COMMON_VERSION = 0x0201
    NO_COMMON_PAYLOAD = 0x0202
    TRANSCRIPT_MISMATCH = 0x0203
    RESULT_DIGEST_MISMATCH = 0x0204
    CONFIRM_MAC = 0x0205
    CONTEXT_MISMATCH = 0x0206
    LEGACY_PEER = 0x0207
    TLS_REQUIRED = 0x0208
    BUSY = 0x0209
    TLS_UNEXPECTED = 0x020A
    LEGACY_PEER_SUSPECTED = 0x020B

    CAP_UNSUPPORTED = 0x0301
    CAP_FORBIDDEN = 0x0302
    CAP_CONFLICT = 0x0303
    CAP_DEPENDENCY = 0x0304
    PARAM_RANGE = 0x0310
    PARAM_UNKNOWN_REQUIRED = 0x0311
    PARAM_LOCAL = 0x0312

    MACHINE_TYPE = 0x0401
    SECTION_UNKNOWN = 0x0402
    SECTION_VERSION = 0x0403
    SUBSECTION_UNKNOWN = 0x0404
    SECTION_MISSING_ON_SRC = 0x0405
    RAMBLOCK = 0x0406
    BACKEND_FEATURE = 0x0407

    CHANNEL_UNKNOWN_TYPE = 0x0501
    CHANNEL_INDEX = 0x0502
    CHANNEL_BINDING = 0x0503
    CHANNEL_MISSING = 0x0504
    CHANNEL_DUPLICATE = 0x0505
    CHANNEL_COUNT = 0x0506
    CHANNEL_BUDGET = 0x0507
    DISK_MISSING = 0x0508

    CANCELLED = 0x0601
    LOCAL_IO = 0x0602
    INTERNAL = 0x0603
    PEER_CLOSED = 0x0604
    PEER_SILENT = 0x0605

    RESUME_UNKNOWN = 0x0701
    RESUME_STATE = 0x0702
    RESUME_EPOCH = 0x0703


class Severity(OpenEnum):
    """How bad an item is; an item that does not say is fatal."""

    FATAL = 1
    WARNING = 2


class Retry(OpenEnum):
    """What must change before trying again can help; an item that does not say means never."""

    NEVER = 0
    AFTER_CHANGE_ON_SOURCE = 1
    AFTER_CHANGE_ON_DESTINATION = 2
    LATER = 3


MEANINGS: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.MALFORMED: "The bytes do not form a message: a size, a constant or a text is wrong.",
    ErrorCode.CRC: "The checksum of a header or frame does not match its bytes.",
    ErrorCode.SEQUENCE: "The number of a frame is not one more than that of the frame before it.",
    ErrorCode.UNEXPECTED: "The message is well formed but not legal in this state.",
    ErrorCode.UNKNOWN_CRITICAL: "An entry or message is marked critical and the receiver does not know it.",
    ErrorCode.NON_CANONICAL: "The bytes mean something, but are not the one way in which it is written.",
    ErrorCode.LIMIT: "A size or count exceeds what was agreed, or what holds before anything is agreed.",
    ErrorCode.DUPLICATE: "An entry that may stand once stands twice.",
    ErrorCode.MISSING: "A mandatory entry is absent.",
    ErrorCode.REFLECTION: "A side received its own direction's header: the transport echoes what it is sent.",
    ErrorCode.NO_COMMON_VERSION: "No version of the handshake is known to both sides.",
    ErrorCode.NO_COMMON_PAYLOAD: "No encoding of the VM state is known to both sides.",
    ErrorCode.TRANSCRIPT_MISMATCH: "The sides saw different bytes: something between them changed the handshake.",
    ErrorCode.RESULT_DIGEST_MISMATCH: "The sides computed different results from the same offers: one is faulty.",
    ErrorCode.CONFIRM_MAC: "The confirmation does not prove knowledge of the key that binds this connection.",
    ErrorCode.CONTEXT_MISMATCH: "The label or the VM's UUID is not the one that management announced to this side.",
    ErrorCode.LEGACY_PEER: "The peer sent a version 3 stream without a handshake.",
    ErrorCode.TLS_REQUIRED: "The connection is in clear, and this side is configured for TLS.",
    ErrorCode.BUSY: "The destination is held by another migration.",
    ErrorCode.TLS_UNEXPECTED: "The connection begins with TLS, and this side is configured without it.",
    ErrorCode.LEGACY_PEER_SUSPECTED: "The peer closed the connection during HELLO, as one without the handshake does.",
    ErrorCode.CAP_UNSUPPORTED: "A capability is required and one side is not able to do it.",
    ErrorCode.CAP_FORBIDDEN: "A capability is required and one side forbids it.",
    ErrorCode.CAP_CONFLICT: "Two capabilities are required that cannot be on together.",
    ErrorCode.CAP_DEPENDENCY: "A required capability needs another one, which one side lacks or forbids.",
    ErrorCode.PARAM_RANGE: "No value of a parameter is acceptable to both sides.",
    ErrorCode.PARAM_UNKNOWN_REQUIRED: "A parameter is required and one side does not know it.",
    ErrorCode.PARAM_LOCAL: "A parameter was offered that concerns one side alone and never travels.",
    ErrorCode.MACHINE_TYPE: "The machine types of the two sides differ.",
    ErrorCode.SECTION_UNKNOWN: "The destination has no device for a section of the source.",
    ErrorCode.SECTION_VERSION: "A section's version is too new or too old for the destination.",
    ErrorCode.SUBSECTION_UNKNOWN: "The destination does not know a subsection that the source may not leave out.",
    ErrorCode.SECTION_MISSING_ON_SRC: "The destination must load a section that the source does not have.",
    ErrorCode.RAMBLOCK: "A RAM block differs in name, size or page size.",
    ErrorCode.BACKEND_FEATURE: "A feature that the guest uses is missing from the destination's backend.",
    ErrorCode.CHANNEL_UNKNOWN_TYPE: "The type of a channel is unknown to the receiver, or not in the plan.",
    ErrorCode.CHANNEL_INDEX: "The index of a channel is not below the planned number of its type.",
    ErrorCode.CHANNEL_BINDING: "A channel belongs to another migration or epoch, or its proof is wrong.",
    ErrorCode.CHANNEL_MISSING: "A planned channel did not arrive.",
    ErrorCode.CHANNEL_DUPLICATE: "A channel of that name is bound already.",
    ErrorCode.CHANNEL_COUNT: "The destination accepts fewer channels of a type than the source needs.",
    ErrorCode.CHANNEL_BUDGET: "The channels that the source needs are more connections than one side allows.",
    ErrorCode.DISK_MISSING: "The source must write a disk that the destination does not export.",
    ErrorCode.CANCELLED: "The migration was cancelled by its side's management.",
    ErrorCode.LOCAL_IO: "Reading or writing failed on one side.",
    ErrorCode.INTERNAL: "A fault in the implementation of one side.",
    ErrorCode.PEER_CLOSED: "The peer closed the connection, or it was cut.",
    ErrorCode.PEER_SILENT: "Nothing came from the peer for longer than this side waits.",
    ErrorCode.RESUME_UNKNOWN: "The destination knows no migration of that id: it cannot be resumed.",
    ErrorCode.RESUME_STATE: "The migration exists, but is not paused in postcopy.",
    ErrorCode.RESUME_EPOCH: "The epoch is not one more than that of the connection before.",
}


def error_class(code: int) -> ErrorClass:
    """The class of a code, known or not."""
    return ErrorClass(code >> 8)
