"""Benchmarks are run by name, and only as they were asked for."""

from __future__ import annotations

import pytest

from tests.bench.run import benchmarks, main


def test_all_are_found() -> None:
    assert benchmarks() == ["bench_handshake", "bench_messages", "bench_stream"]


@pytest.mark.parametrize(("words", "code"), [(["--help"], 0), (["nonsense"], 2), (["--gates"], 2)])
def test_nothing_is_run_for_other_words(capfd: pytest.CaptureFixture[str], words: list[str], code: int) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    told = capfd.readouterr()
    assert ended.value.code == code
    assert "usage: python -m tests.bench.run [-h] [--gate]" in told.out + told.err
    assert "== bench" not in told.out
