"""The error codes: each explained, each in a class."""

from __future__ import annotations

import re

import pytest

from wireformat.protocols.handshake.error_codes import MEANINGS, ErrorClass, ErrorCode, error_class


def test_every_code_has_one_sentence() -> None:
    assert list(MEANINGS) == list(ErrorCode)
    assert [text for text in MEANINGS.values() if not re.fullmatch(r"[A-Z][^.]*\.", text)] == []
    assert len(set(MEANINGS.values())) == len(MEANINGS)


def test_every_code_is_of_a_known_class() -> None:
    assert {error_class(code) for code in ErrorCode} == set(ErrorClass)


@pytest.mark.requirement("HS-152")
@pytest.mark.parametrize(
    ("code", "found"),
    [
        (ErrorCode.CAP_UNSUPPORTED, ErrorClass.OFFER),
        (0x03FF, ErrorClass.OFFER),
        (0x0701, ErrorClass.RESUME),
        (0x7A01, 0x7A),
    ],
)
def test_unknown_codes_have_a_class_too(code: int, found: int) -> None:
    assert error_class(code) == found


def test_codes_that_the_printed_vectors_use() -> None:
    assert (ErrorCode.CAP_UNSUPPORTED, ErrorCode.NO_COMMON_VERSION) == (0x0301, 0x0201)
