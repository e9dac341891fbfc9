"""Programs of others that tests drive: found, or the test skips with the command that installs them."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def require(name: str, package: str) -> str:
    """The path of a program; skips the test where it is absent, or fails it when WIREFORMAT_REQUIRE_PROGRAMS is set."""
    path = shutil.which(name)
    if path is None:
        missing(name, package)
    return path


def require_named(variable: str, command: str) -> str:
    """The path of the program that an environment variable names; as `require` where there is none."""
    path = shutil.which(os.environ.get(variable, ""))
    return path if path is not None else _absent(f"{variable} names no program: {command}")


def missing(name: str, package: str) -> NoReturn:
    """Skip the test, or fail it, for want of a program."""
    _absent(f"{name} is not installed: apt-get install {package}")


def _absent(reason: str) -> NoReturn:
    if os.environ.get("WIREFORMAT_REQUIRE_PROGRAMS"):
        pytest.fail(reason)
    pytest.skip(reason)
