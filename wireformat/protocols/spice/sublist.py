"""Messages inside messages [spice-migration 2].

A list of offsets, counted from the start of the body, each to a number, a size and a body. It stands behind a message
with a full header, or is the whole of a LIST. Its members come before the message that carries them. They may not
overlap, so what is taken apart is never more than what has arrived.
"""

from __future__ import annotations

from wireformat.codec import codec_for
from wireformat.codec.pair import moved
from wireformat.errors import DecodeError
from wireformat.protocols.spice.common_messages import MessageList, SubMessage

SOURCE = "spice-migration 2"
OFFSET_SIZE = 4
COUNT_SIZE = 2


def read_list(body: bytes, start: int) -> tuple[tuple[int, SubMessage], ...]:
    """The members of the list at `start` in a body, each with the offset of its own body, in order of the list.

    Raises `DecodeError`, its offset counted from the start of the body.
    """
    try:
        listed, _ = codec_for(MessageList).decode_from(body[start:])
    except DecodeError as error:
        raise moved(_inside(error), start) from None
    members, left = [], len(body) - start - COUNT_SIZE - OFFSET_SIZE * listed.count
    for offset in listed.offsets:
        member, end = _member(body, offset)
        left -= end - offset
        if left < 0:
            raise DecodeError("overrun", "the messages of a list overlap", path="list", offset=offset, source=SOURCE)
        members.append((end - member.size, member))
    return tuple(members)


def _member(body: bytes, offset: int) -> tuple[SubMessage, int]:
    try:
        found: tuple[SubMessage, int] = codec_for(SubMessage).decode_from(body, offset)
    except DecodeError as error:
        raise _inside(error) from None
    return found


def _inside(error: DecodeError) -> DecodeError:
    """The same error: more bytes cannot help, since the body is complete."""
    id = "overrun" if error.need_more else error.id
    return DecodeError(id, error.detail, path=f"list.{error.path}", offset=error.offset, source=SOURCE)
