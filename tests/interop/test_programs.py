"""An absent program or module skips a test with the install command, and fails it where these are required."""

from __future__ import annotations

import pytest

from tests.interop.programs import require, require_module

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


def test_present_module_is_found() -> None:
    assert require_module("pytest", "dev") is pytest


def test_absent_module_skips_with_the_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WIREFORMAT_REQUIRE_PROGRAMS", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"pip install 'wireformat\[some\]'"):
        require_module("no_such_module_of_wireformat", "some")


def test_absent_module_fails_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREFORMAT_REQUIRE_PROGRAMS", "1")
    with pytest.raises(pytest.fail.Exception, match=r"pip install 'wireformat\[some\]'"):
        require_module("no_such_module_of_wireformat", "some")
