"""Where a section ends that nobody describes: at its footer, or where something plausible begins."""

from __future__ import annotations

import pytest

from tests.protocols.vmstate.building import EOF, SIMPLE, command, description, full, join, package, part, start
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.border import MAX_ID_STEP, Context, find_end, plausible
from wireformat.protocols.vmstate.encoder import footer_bytes
from wireformat.protocols.vmstate.messages import CommandCode
from wireformat.protocols.vmstate.window import Window

FOOTERS = Context(footers=True, known_ids={1, 5}, package_end=None)
BARE = Context(footers=False, known_ids={1, 5}, package_end=None)


def growing(data: bytes) -> Window:
    """A window on bytes behind which others may come."""
    window = Window()
    window.feed(data)
    return window


FOLLOWERS = {
    "section": full(6, "dev", b""),
    "start": start(9, "ram", b""),
    "part": part(1, b""),
    "command": command(CommandCode.PING),
    "package": package(),
    "end": EOF,
    "description": EOF + description(SIMPLE),
    "fill": bytes(30),
}


@pytest.mark.requirement("VM-040")
@pytest.mark.parametrize("behind", FOLLOWERS.values(), ids=FOLLOWERS)
def test_a_footer_ends_a_body(behind: bytes) -> None:
    data = b"body" + footer_bytes(5) + behind
    assert find_end(Window(data), 0, 5, FOOTERS) == 4


@pytest.mark.requirement("VM-040")
def test_a_footer_inside_the_body_is_none() -> None:
    """Nothing plausible follows it; the search goes on."""
    body = b"bo" + footer_bytes(5) + b"\xffdy"
    assert find_end(Window(body + footer_bytes(5) + EOF), 0, 5, FOOTERS) == len(body)


@pytest.mark.requirement("VM-040")
def test_the_footer_of_another_section_is_none() -> None:
    body = b"bo" + footer_bytes(6) + EOF
    assert find_end(Window(body + footer_bytes(5) + EOF), 0, 5, FOOTERS) == len(body)


@pytest.mark.parametrize("behind", [FOLLOWERS["section"], FOLLOWERS["start"], EOF, FOLLOWERS["description"]])
def test_without_footers_the_next_element_ends_a_body(behind: bytes) -> None:
    assert find_end(Window(b"\xffbody" + behind), 0, 5, BARE) == 5


@pytest.mark.parametrize(
    "element",
    [full(4, "dev", b""), full(5, "dev", b""), full(6 + MAX_ID_STEP, "dev", b""), full(6, "d\1v", b"")],
    ids=["earlier id", "same id", "id far away", "unprintable name"],
)
def test_without_footers_ids_must_rise(element: bytes) -> None:
    body = b"body" + element + b"\xff"
    assert find_end(Window(body + full(6, "dev", b"")), 0, 5, BARE) == len(body)


def test_the_end_of_a_package() -> None:
    context = Context(footers=True, known_ids={5}, package_end=9)
    assert find_end(Window(b"body" + footer_bytes(5) + b"\xff\xff"), 0, 5, context) == 4
    assert plausible(Window(b"\xff" * 20), 9, context)


@pytest.mark.parametrize("context", [FOOTERS, BARE])
def test_no_end_in_sight(context: Context) -> None:
    with pytest.raises(DecodeError) as caught:
        find_end(Window(b"\xff" * 50), 0, 5, context)
    assert (caught.value.id, caught.value.offset) == ("truncated", 50)


@pytest.mark.parametrize("context", [FOOTERS, BARE])
def test_a_start_far_behind_the_input(context: Context) -> None:
    """A count in the stream may claim more bytes than there are numbers for positions."""
    with pytest.raises(DecodeError) as caught:
        find_end(Window(b"\xff" * 50), 1 << 70, 5, context)
    assert caught.value.id == "truncated"


@pytest.mark.parametrize("behind", [FOLLOWERS["section"], FOLLOWERS["part"], FOLLOWERS["command"]])
def test_every_cut_asks_for_more(behind: bytes) -> None:
    data = b"body" + footer_bytes(5) + behind[:18]
    sizes = [size for size in range(len(data)) if _asks(data[:size])]
    assert sizes == list(range(len(sizes)))
    assert len(sizes) > 10


def _asks(data: bytes) -> bool:
    try:
        return find_end(growing(data), 0, 5, FOOTERS) != 4
    except DecodeError as error:
        return error.need_more


IMPLAUSIBLE = {
    "nothing": b"",
    "unknown type": b"\x55" * 20,
    "footer": footer_bytes(5),
    "part of an unknown section": part(7, b""),
    "half a part": part(1, b"")[:4],
    "half a header": full(6, "device", b"")[:12],
    "version too high": full(6, "dev", b"", version_id=1 << 20),
    "command zero": b"\x08\0\0\0\0",
    "command too high": b"\x08\0\x0c\0\0",
    "command too long": b"\x08\0\2\0\5",
    "text behind the end": EOF + b"text",
    "description that is none": EOF + b"\6\0\0\0\5hello",
}


@pytest.mark.parametrize("data", IMPLAUSIBLE.values(), ids=IMPLAUSIBLE)
def test_what_is_not_plausible(data: bytes) -> None:
    assert not plausible(Window(data), 0, FOOTERS)


def test_each_follower_is_plausible() -> None:
    assert [name for name, data in FOLLOWERS.items() if not plausible(Window(data), 0, FOOTERS)] == []


def test_join_of_two_bodies_ends_at_the_first() -> None:
    data = join(b"one", footer_bytes(5), full(6, "dev", b"two"), EOF)
    assert find_end(Window(data), 0, 5, FOOTERS) == 3
