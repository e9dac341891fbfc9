"""Programs and modules of others that tests need: found, or the test skips with the command that installs them.

With WIREFORMAT_REQUIRE_PROGRAMS in the environment what would skip fails.
"""

from __future__ import annotations

import os
import shutil
from importlib import import_module
from types import ModuleType
from typing import NoReturn

import pytest


def require(name: str, package: str) -> str:
    """The path of a program."""
    path = shutil.which(name)
    if path is None:
        missing(name, package)
    return path


def require_named(variable: str, command: str) -> str:
    """The path of the program that an environment variable names; as `require` where there is none."""
    path = shutil.which(os.environ.get(variable, ""))
    return path if path is not None else absent(f"{variable} names no program: {command}")


def require_module(name: str, extra: str) -> ModuleType:
    """A Python module that an extra of this package brings."""
    try:
        return import_module(name)
    except ImportError:
        absent(f"{name} is not installed: pip install 'wireformat[{extra}]'")


def missing(name: str, package: str) -> NoReturn:
    """Skip the test, or fail it, for want of a program."""
    absent(f"{name} is not installed: apt-get install {package}")


def absent(reason: str) -> NoReturn:
    """Skip the test or the whole module, or fail it, for want of something."""
    if os.environ.get("WIREFORMAT_REQUIRE_PROGRAMS"):
        pytest.fail(reason)
    pytest.skip(reason, allow_module_level=True)
