"""The generator's idea of where a decoding function stands.

The position in the source is the variable `p` plus a constant that only the generator knows. Fields of known width are
not read when they are met: they join a run, and what must happen to them afterwards (checks, conversions) waits beside
it. `flush` writes the one `unpack_from` and the statements that waited; `settle` also brings `p` up to date, which is
needed before anything of unknown length, and before and after every branch.

Padding of unknown size joins the run behind it: one struct exists for each number of padding bytes, and the number
chooses among them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from struct import Struct

from wireformat.codec.fast_source import Writer, zeros

LONG_RUN = 8
"""From so many keys on, a run into a dict is one `update`; compiling an assignment costs time for each target."""


@dataclass(slots=True)
class Run:
    """Fields that one `unpack_from` reads: struct letters, targets, and the statements that follow."""

    letters: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    size: int = 0
    order: str = ""
    after: list[str] = field(default_factory=list)


class Cursor:
    """A writer that knows its position in the bytes."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._run = Run()
        self._offset = 0
        self._keys: dict[str, tuple[str, str]] = {}
        self._padding: tuple[str, int] | None = None

    def here(self) -> str:
        """The source of the present position; the run must be flushed."""
        return f"p + {self._offset}" if self._offset else "p"

    def slot(self, mapping: str, key: str) -> str:
        """The target for one key of a dict, known to be one so that long runs can be zipped."""
        target = f"{mapping}[{key!r}]"
        self._keys[target] = (mapping, key)
        return target

    def join(self, letter: str, size: int, little: bool | None, target: str | None) -> None:
        """Let a field of `size` bytes join the run; `little` None has no byte order, no target skips the bytes."""
        order = "" if little is None or size == 1 else "<" if little else ">"
        if order and self._run.order and order != self._run.order:
            self.flush()
        run = self._run
        run.order = run.order or order
        run.letters.append(letter)
        run.size += size
        if target is not None:
            run.targets.append(target)

    def then(self, statement: str) -> None:
        """Do this once the run so far has been read."""
        if self._run.letters:
            self._run.after.append(statement)
        else:
            self.writer.line(statement)

    def refuse(self, condition: str) -> None:
        """Give up where `condition` holds, once the run so far has been read."""
        self.then(f"if {condition}: raise Refused")

    def skip(self, size: int) -> None:
        """Move on by a known number of bytes that were read by other means."""
        self._offset += size

    def pad(self, size: str, below: int) -> None:
        """Zero bytes follow: as many as the variable `size` says, which is less than `below`. `p` stands on them."""
        self._padding = size, below

    def flush(self) -> None:
        """Write the run."""
        run, self._run = self._run, Run()
        if self._padding:
            self._write_padding(run, *self._padding)
            self._padding = None
        elif run.letters == ["B"] and run.targets:
            self.writer.line(f"{run.targets[0]} = b[{self.here()}]")
            self._offset += 1
        elif run.letters:
            self._write(run, f"{self._getter(run)}(b, {self.here()})")
            self._offset += run.size
        for statement in run.after:
            self.writer.line(statement)

    def settle(self) -> None:
        """Write the run and bring `p` up to date."""
        self.flush()
        if self._offset:
            self.writer.line(f"p += {self._offset}")
            self._offset = 0

    def _getter(self, run: Run) -> str:
        return self.writer.program.unpacker((run.order or ">") + "".join(run.letters))

    def _write_padding(self, run: Run, size: str, below: int) -> None:
        """A run behind padding; the padding becomes its first target."""
        program = self.writer.program
        padding = self.writer.local("z")
        if run.letters:
            formats = tuple(f"{run.order or '>'}{count}s{''.join(run.letters)}" for count in range(below))
            getters = program.name("gets", formats, lambda: tuple(Struct(each).unpack_from for each in formats))
            run.targets.insert(0, padding)
            self._write(run, f"{getters}[{size}](b, p)")
            self.writer.line(f"p += {size} + {run.size}")
        else:
            self.writer.line(f"{padding} = b[p:p + {size}]")
            self.writer.line(f"p += {size}")
        self.writer.line(f"if {padding} != {zeros(program, below)}[{size}]: raise Refused")

    def _write(self, run: Run, read: str) -> None:
        if not run.targets:
            self.writer.line(read)
        elif len(run.targets) < LONG_RUN:
            self.writer.line(f"{', '.join(run.targets)}, = {read}")
        else:
            self._write_long(run.targets, read)

    def _write_long(self, targets: list[str], read: str) -> None:
        """Spread a long run: keys of one dict by `update(zip(…))`, other targets by assignment."""
        groups = [(key, list(group)) for key, group in groupby(targets, self._mapping)]
        if all(mapping is None or len(group) < LONG_RUN for mapping, group in groups):
            self.writer.line(f"{', '.join(targets)}, = {read}")
            return
        if len(groups) == 1:
            self.writer.line(self._update(targets, read))
            return
        values = self.writer.local("t")
        self.writer.line(f"{values} = {read}")
        start = 0
        for mapping, group in groups:
            piece = f"{values}[{start}:{start + len(group)}]"
            start += len(group)
            self.writer.line(f"{', '.join(group)}, = {piece}" if mapping is None else self._update(group, piece))

    def _mapping(self, target: str) -> str | None:
        mapping, _ = self._keys.get(target, (None, ""))
        return mapping

    def _update(self, targets: list[str], values: str) -> str:
        mapping = self._mapping(targets[0])
        names = self.writer.program.shared("names", tuple(self._keys[target][1] for target in targets))
        return f"{mapping}.update(zip({names}, {values}))"
