"""Bytes in, elements out: the sans-IO decoder of a VM-state stream.

Each step decodes one thing at the window's position and either consumes it or raises. `truncated` means that the step
is tried again when more bytes have come, so that the decoder can be fed in pieces of any size. A section's body is
read by the reader that knows its layout: `ram`, a declared record sequence, or a device description; where there is
none, or where it does not fit, the section's end is searched for and the body kept as bytes. Such faults are noted in
`findings` and decoding goes on; only what leaves no way on is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from wireformat.codec import NEED_DATA, NeedData, codec_for
from wireformat.errors import DecodeError
from wireformat.limits import MAX_BUFFERED
from wireformat.protocols.vmstate.block_list import BlockForm
from wireformat.protocols.vmstate.description import Description, parse
from wireformat.protocols.vmstate.elements import (
    CommandElement,
    ConfigurationElement,
    DescriptionElement,
    Element,
    EndElement,
    HeaderElement,
    Span,
    TrailingElement,
)
from wireformat.protocols.vmstate.machine import EVENTS, TRANSITIONS
from wireformat.protocols.vmstate.messages import (
    MAGIC,
    Command,
    Configuration,
    Header,
    Packaged,
    PostcopyAdvise,
    VmDescription,
)
from wireformat.protocols.vmstate.outbox import Outbox
from wireformat.protocols.vmstate.page_size import CANDIDATES
from wireformat.protocols.vmstate.ram_reader import RamIndex, RamReader
from wireformat.protocols.vmstate.sections import OpenSection, SectionReader
from wireformat.protocols.vmstate.window import Window
from wireformat.schema import Message

STRANGERS: Mapping[bytes, str] = {
    b"\x11\x22\x33\x44": ", as a multifd channel does",
    b"QCPR": ", as a cpr channel does",
    b"QFI\xfb": ", as a qcow2 image does",
    b"Libv": ", as a file of virsh save does: the stream follows its header",
    b"\xfd7zX": ", as what xz compressed does",
    b"\x28\xb5\x2f\xfd": ", as what zstd compressed does",
    b'{"ty': ", as the JSON of decode does: encode it first",
}
"""What else users come with, by its first four bytes."""


class StreamDecoder:
    """Decodes one stream.

    `description` is a VM description known beforehand, the stream's own or one learnt from another stream of the same
    machine; `page_size` the target page size in bytes where nothing in the stream tells. `window` is where the bytes
    are; by default one that `receive_data` fills.
    """

    def __init__(
        self, window: Window | None = None, *, description: Description | None = None, page_size: int | None = None
    ) -> None:
        self.window = Window() if window is None else window
        self.ram = RamIndex(page_size or (description.page_size if description else None))
        self.findings: list[DecodeError] = []
        self.description: Description | None = None
        self._ram_reader = RamReader(self.window, self.ram)
        self._sections = SectionReader(self.window, self._ram_reader, description, self.findings)
        self._outbox = Outbox()
        self._state = "start"
        self._open: OpenSection | None = None
        self._steps: dict[str, Callable[[], None]] = {
            "configuration": self._configuration,
            "section": self._section,
            "command": self._command,
            "eof": self._eof,
            "description": self._description,
        }

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Append bytes of the stream."""
        self.window.feed(data)

    def end_of_input(self) -> None:
        """Say that no bytes follow."""
        self.window.final = True

    def next_event(self) -> Element | NeedData | None:
        """The next element, `NEED_DATA`, or None when the stream is over.

        Raises `DecodeError` when the stream cannot be followed any further; what was read of open elements can be had
        from `unfinished`.
        """
        while not self._outbox:
            try:
                if not self._step():
                    return None
            except DecodeError as error:
                if not error.need_more or self.window.final:
                    raise
                self._check_held()
                return NEED_DATA
        return self._outbox.take()

    def _check_held(self) -> None:
        """Refuse to wait for the end of something that is too large to be held."""
        window = self.window
        if not window.whole and window.available > MAX_BUFFERED:
            raise DecodeError(
                "limit", f"more than {MAX_BUFFERED} bytes without an end in sight", offset=window.position
            )

    def unfinished(self) -> list[Element]:
        """What has been read of elements that have not ended; the decoder is of no use afterwards."""
        outbox = self._outbox
        if self._open is not None:
            outbox.put(self._sections.abandon(self._open))
        outbox.close_package(self.window.position, complete=False)
        return list(outbox.rest())

    def _step(self) -> bool:
        """Read one thing; false when nothing is left."""
        if self._open is not None:
            self._continue_section(self._open)
        elif self._at_package_end():
            self._outbox.close_package(self.window.position)
        elif self._state == "start":
            self._header()
        elif self._state in ("ended", "described") and not self._more_to_come():
            return False
        else:
            self._element()
        return True

    def _more_to_come(self) -> bool:
        """Whether a byte follows EOF. At the end of the input the last elements are handed out."""
        if self.window.available:
            return True
        if not self.window.final:
            raise DecodeError("truncated", "the stream may go on", offset=self.window.end)
        return False

    def _header(self) -> None:
        window = self.window
        head = window.peek(4)
        if head != MAGIC.to_bytes(4, "big")[: len(head)]:
            raise DecodeError(
                "vmstate/magic",
                f"no VM-state stream: begins with {head.hex()}{STRANGERS.get(head, '')}",
                path="header.magic",
                offset=0,
                expected="5145564d",
                actual=head.hex(),
                source="qemu-stream 1.1",
            )
        header = window.take(codec_for(Header), "header")
        if header.version != 3:
            older = " (the format before 2009, which nothing reads)" if header.version == 2 else ""
            raise DecodeError(
                "vmstate/version",
                f"version {header.version}{older} instead of 3",
                path="header.version",
                offset=4,
                expected=3,
                actual=header.version,
                source="qemu-stream 1.1",
            )
        self._state = "opened"
        self._outbox.put(HeaderElement(Span(0, window.position), header))

    def _element(self) -> None:
        """Read the type byte of an element and begin it."""
        if not self.window.available:
            raise DecodeError("truncated", "input ends where an element must follow", offset=self.window.end)
        byte = self.window.peek(1)[0]
        event = EVENTS.get(byte)
        inside = self._outbox.package_end is not None
        role, state = ("package", "elements") if inside else ("stream", self._state)
        following = TRANSITIONS[role][state].get(event or "")
        if event is None or following is None:
            if state in ("ended", "described"):
                self._trailing()
                return
            raise self._illegal(byte, event, state)
        self._steps[event]()
        if role == "stream":
            self._state = following

    def _illegal(self, byte: int, event: str | None, state: str) -> DecodeError:
        what = f"type {byte:#04x} is unknown" if event is None else f"{event} is not legal in state {state}"
        return DecodeError("vmstate/element", what, offset=self.window.position, actual=byte, source="qemu-stream 1.2")

    def _configuration(self) -> None:
        position = self.window.position
        configuration, end = self._after_type(Configuration, "configuration")
        self.window.position = end
        if configuration.target_page_bits is not None and self.ram.page_size is None:
            size = 1 << min(configuration.target_page_bits, 63)
            self.ram.page_size = _checked(size, "configuration.target_page_bits", position)
        names = configuration.capabilities.names if configuration.capabilities else ()
        self._ram_reader.form = BlockForm("x-ignore-shared" in names, "mapped-ram" in names)
        self._sections.footers = True
        self._outbox.put(ConfigurationElement(self._since(position), configuration))

    def _section(self) -> None:
        self._open = self._sections.open(self._outbox.package_end)

    def _continue_section(self, section: OpenSection) -> None:
        element = self._sections.step(section)
        if element is not None:
            self._open = None
            self._outbox.put(element)

    def _command(self) -> None:
        position = self.window.position
        command, self.window.position = self._after_type(Command, "command")
        element = CommandElement(self._since(position), command)
        if isinstance(command.body, PostcopyAdvise):
            self._advise(command.body, position)
        if not isinstance(command.body, Packaged):
            self._outbox.put(element)
        elif self._outbox.package_end is None:
            self._outbox.open_package(element)
        else:
            raise DecodeError("depth", "a package inside a package", offset=position, source="qemu-stream 5.1")

    def _advise(self, advise: PostcopyAdvise, position: int) -> None:
        """Learn the page sizes that both sides need for postcopy."""
        for sizes in advise.page_sizes:
            if self.ram.page_size is None:
                self.ram.page_size = _checked(sizes.target_page_size, "command.body", position)
            huge = sizes.block_page_sizes & (sizes.block_page_sizes - 1) != 0
            self._ram_reader.form = replace(self._ram_reader.form, maybe_page_size=huge)

    def _at_package_end(self) -> bool:
        """Whether the open package ends here. Raises `overrun` when its last element goes on behind its end."""
        end, position = self._outbox.package_end, self.window.position
        if end is not None and position > end:
            raise DecodeError("overrun", "an element crosses the end of its package", offset=end)
        return position == end

    def _eof(self) -> None:
        position = self.window.position
        self.window.skip(1)
        self._outbox.put(EndElement(self._since(position)))

    def _description(self) -> None:
        position = self.window.position
        message, self.window.position = self._after_type(VmDescription, "description")
        self._outbox.put(DescriptionElement(self._since(position), message.text))
        try:
            self.description = parse(message.text)
        except DecodeError as error:
            error.offset = position + 5
            self.findings.append(error)

    def _trailing(self) -> None:
        window = self.window
        if not window.final:
            raise DecodeError("truncated", "the stream may go on", offset=window.end)
        self._state = "described"
        self._outbox.put(TrailingElement(Span(window.position, window.available)))
        window.skip(window.available)

    def _since(self, position: int) -> Span:
        return Span(position, self.window.position - position)

    def _after_type(self, message: type[Message], path: str) -> tuple[Any, int]:
        """Decode a message behind its type byte."""
        return self.window.decode(codec_for(message), self.window.position + 1, path=path)


def _checked(page_size: int, path: str, position: int) -> int:
    if page_size not in CANDIDATES:
        detail = f"target pages of {page_size} bytes"
        raise DecodeError("vmstate/page-size", detail, path=path, offset=position, source="qemu-stream 1.3")
    return page_size
