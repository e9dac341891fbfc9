"""Places and channels, as parties tell of them."""

from __future__ import annotations

from wireformat.protocols.spice.codes import ChannelType
from wireformat.protocols.spice.main_messages import MigrateBegin, MigrateSwitchHost
from wireformat.protocols.spice.party_events import MAIN, ChannelKey, Place


def test_a_place_as_it_is_announced() -> None:
    message = MigrateBegin(port=5930, sport=0xFFFF, host=b"there\0", cert_subject=b"CN=there\0")
    assert Place.announced(message) == Place("there", 5930, None, "CN=there")
    assert Place.announced(message).is_usable


def test_a_place_that_cannot_be_dialled() -> None:
    nowhere = Place.announced(MigrateSwitchHost(port=0xFFFF, sport=0, host=b"there\0", cert_subject=b"\0"))
    assert nowhere == Place("there", None, None, None)
    assert not nowhere.is_usable
    assert not Place.announced(MigrateSwitchHost(port=5930, sport=0xFFFF, host=None)).is_usable
    assert Place("there", None, 5931).is_usable


def test_text_of_hosts() -> None:
    message = MigrateBegin(port=1, sport=0xFFFF, host=b"there\0behind", cert_subject=None)
    assert Place.announced(message).host == "there"
    broken = MigrateBegin(port=1, sport=0xFFFF, host=b"\xff", cert_subject=None)
    assert Place.announced(broken).host == "\ufffd"


def test_names_of_channels() -> None:
    assert str(MAIN) == "main-0"
    assert str(ChannelKey(ChannelType.USBREDIR, 2)) == "usbredir-2"
