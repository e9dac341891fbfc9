"""Where bytes go: files, standard output, never the input."""

from __future__ import annotations

from pathlib import Path

import pytest

from wireformat.cli.exits import UsageError
from wireformat.cli.output import open_output


def test_a_file_is_made_anew(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"something longer")
    with open_output(str(target)) as file:
        file.write(b"new")
    assert target.read_bytes() == b"new"


def test_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with open_output("-", "-") as file:
        file.write(b"data")
    assert capfdbinary.readouterr().out == b"data"


def test_the_input_is_refused_under_any_name(tmp_path: Path) -> None:
    source, link = tmp_path / "in", tmp_path / "link"
    source.write_bytes(b"precious")
    link.symlink_to(source)
    for name in (source, link, tmp_path / "." / "in"):
        with pytest.raises(UsageError, match="is the input"), open_output(str(name), "-", str(source)):
            pass
    assert source.read_bytes() == b"precious"
