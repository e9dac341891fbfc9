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


def missing(name: str, package: str) -> NoReturn:
    """Skip the test, or fail it, for want of a program."""
    reason = f"{name} is not installed: apt-get install {package}"
    if os.environ.get("WIREFORMAT_REQUIRE_PROGRAMS"):
        pytest.fail(reason)
    pytest.skip(reason)
