"""An absent program skips a test with the install command, and fails it where programs are required."""

from __future__ import annotations

import pytest

from tests.interop.programs import require

ABSENT = "no-such-program-of-wireformat"


def test_present_program_is_found() -> None:
    assert require("sh", "dash").endswith("/sh")


def test_absent_program_skips_with_the_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WIREFORMAT_REQUIRE_PROGRAMS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install some-package"):
        require(ABSENT, "some-package")


def test_absent_program_fails_where_programs_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREFORMAT_REQUIRE_PROGRAMS", "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install some-package"):
        require(ABSENT, "some-package")
