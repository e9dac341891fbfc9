"""SPICE peers and taps in processes of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

LIMIT = 60
"""Seconds that a process may take."""


@dataclass
class Running:
    """A process that tells what it does; `events` is what was read of that, and all of it once it has ended."""

    process: subprocess.Popen[str]
    addresses: list[str]
    events: list[dict[str, Any]]

    @property
    def address(self) -> str:
        """Host and port of the first address."""
        return self.addresses[0].removeprefix("tcp:")

    def until(self, kind: str, times: int = 1) -> dict[str, Any]:
        """Read on until it has told so many events of a kind; the last of them."""
        assert self.process.stderr is not None
        while len(found := self.told(kind)) < times:
            self.events.append(json.loads(self.process.stderr.readline()))
        return found[-1]

    def end(self, *, interrupt: bool = False) -> int:
        """Wait for its end; the exit code."""
        if interrupt:
            self.process.send_signal(signal.SIGINT)
        assert self.process.stderr is not None
        self.events += [json.loads(line) for line in self.process.stderr]
        return self.process.wait(LIMIT)

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind."""
        return [event for event in self.events if event.get("event") == kind]


@contextmanager
def running(*words: object, data: str = "") -> Iterator[Running]:
    """A verb with `--json`, once it has told its first event; it is killed where it still runs in the end."""
    command = [sys.executable, "-m", "wireformat", *map(str, words), "--json"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stderr is not None
    with process:
        process.stdin.write(data)
        process.stdin.close()
        first = json.loads(process.stderr.readline())
        try:
            yield Running(process, first.get("addresses", []), [first])
        finally:
            if process.poll() is None:
                process.kill()
