"""The dissector of all protocols, as a file for tshark."""

from __future__ import annotations

from pathlib import Path

import pytest

from wireformat.cli.dissector import lua_for
from wireformat.protocols import NAMES


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dissector of all protocols."""
    path = tmp_path_factory.mktemp("lua") / "wireformat.lua"
    path.write_text(lua_for(list(NAMES)), encoding="utf-8")
    return path
