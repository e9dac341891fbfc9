"""What both sides of the main channel have in common: a machine, bytes in, events out, and how an attempt ends.

`receive_data` takes bytes of any number, `next_event` gives what they meant, `data_to_send` what must leave. Nothing
here reads a clock or draws a random number, and nothing a peer sends leaves as an exception: a broken rule ends the
attempt with an ABORT or REJECT, a final event, and `wants_close`. What is legal stands in the tables of `machine`, and
only there; whose turn it is follows from them, since a side that may send its message has the turn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final, Literal

from wireformat.errors import LocalProtocolError, RemoteProtocolError, WireError
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.machine import TRANSITIONS
from wireformat.protocols.handshake.messages import Abort, Context, Progress, Reject
from wireformat.protocols.handshake.negotiation.offers import ErrorItem, Result
from wireformat.protocols.handshake.sessions.dialect import Dialect
from wireformat.protocols.handshake.sessions.events import (
    Cancelled,
    Completed,
    Event,
    Failed,
    Held,
    Paused,
    ProgressReported,
    Uncertain,
)
from wireformat.protocols.handshake.sessions.frames import (
    FrameReader,
    FrameWriter,
    Received,
)
from wireformat.protocols.handshake.sessions.greasing import Greasing
from wireformat.protocols.handshake.sessions.payloads import RESUME
from wireformat.protocols.handshake.sessions.refusal import errors_of, item, items_of, refusing
from wireformat.protocols.handshake.sessions.resume import Thread
from wireformat.protocols.handshake.sessions.transcript import Transcript, check_seal, sealed
from wireformat.schema.machine import Machine
from wireformat.schema.record import Record
from wireformat.schema.values import Unknown

MACHINE: Final = Machine(TRANSITIONS)
CONFIRMING: Final = frozenset({"Commit", "CommitAck"})
UNCOVERED: Final = frozenset({"PayloadBlock"})
"""Messages that come when no transcript is compared any more, too large to be digested for nothing."""
Side = Literal["us", "peer"]
Handler = Callable[[Any, Any], None]


class Session:
    """One side of a main channel. `state` is one of its machine's, `result` what was negotiated.

    `connection_count` is how many connections there were so far, one after another.
    """

    role: ClassVar[str]
    peer: ClassVar[str]
    rejecting: ClassVar[frozenset[str]] = frozenset()
    """States in which this side answers a fault with REJECT instead of ABORT."""

    def __init__(self, dialect: Dialect, context: Context, grease: int | None) -> None:
        self.state = MACHINE.start(self.role)
        self.result: Result | None = None
        self.wants_close = False
        self.connection_count = 0
        self._thread: Thread | None = None
        self._dialect = dialect
        self._greasing = None if grease is None else Greasing(grease)
        self._events: deque[Event] = deque()
        self._transcript = Transcript(dialect.part(context))
        self._key = b""
        self._begin()

    def _begin(self) -> None:
        """Begin a connection: nothing has been sent or received on it."""
        self.connection_count += 1
        self.wants_close = False
        self._inbox = bytearray()
        self._outgoing: list[bytes] = []
        codec = self._dialect.frames(self.result.version if self.result else None)
        self._reader = FrameReader(codec)
        self._writer = FrameWriter(self._dialect, codec)

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen any more."""
        return MACHINE.is_final(self.role, self.state)

    @property
    def thread(self) -> Thread | None:
        """What the migration can be picked up by after a cut, None before anything is agreed."""
        return self._thread

    @property
    def agreed(self) -> Result:
        """The result. Raises `LocalProtocolError` while there is none."""
        if self.result is None:
            raise LocalProtocolError("illegal-event", f"nothing is negotiated in state {self.state} of {self.role}")
        return self.result

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the peer."""
        if not self.wants_close:
            self._inbox += data
            self._guard(self._read)

    def receive_eof(self) -> None:
        """The peer will send nothing more, or the connection is gone."""
        self._lose((self._cut_item(),))

    def _lose(self, items: tuple[ErrorItem, ...]) -> None:
        """The connection is of no use any more. A payload may go on over another one, if that was agreed."""
        self._end("pause" if self._is_resumable() else "cut", items, is_usable=False)

    def _is_resumable(self) -> bool:
        """Whether another connection may do. What a disk's own protocol has done cannot be taken up again."""
        return self.state == "payload" and RESUME in self.agreed.capabilities and not self.agreed.disks

    def give_up(self) -> None:
        """The lost connection will not be replaced."""
        self._end("give-up", (item(ErrorCode.PEER_CLOSED, text="the connection was lost, and not replaced"),))

    def silence(self) -> None:
        """The peer has said nothing for too long."""
        self._end("silence", (item(ErrorCode.PEER_SILENT, text="nothing came from the peer"),))

    def fail(self, text: str) -> None:
        """This side cannot read or write what it must. The peer is told, unless it has nothing to lose any more."""
        self._fault((item(ErrorCode.LOCAL_IO, text=text),))

    def cancel(self) -> None:
        """This side's management gives up. Raises `LocalProtocolError` when it is too late."""
        self._check_legal("cancel")
        self._end("cancel", (item(ErrorCode.CANCELLED, text=f"cancelled at the {self.role}"),))

    def progress(self, text: str, percent: int | None = None) -> None:
        """Tell the peer that the answer takes time. Raises `LocalProtocolError` when it is not our turn."""
        if not self._has_turn(self.role):
            raise LocalProtocolError("illegal-event", f"Progress is not legal in state {self.state} of {self.role}")
        self._send(Progress(text=text, percent=percent))

    def next_event(self) -> Event | None:
        """What happened next, None when nothing has."""
        return self._events.popleft() if self._events else None

    def events(self) -> Iterator[Event]:
        """Everything that happened and was not asked for yet."""
        while self._events:
            yield self._events.popleft()

    def data_to_send(self) -> bytes:
        """What must be sent to the peer, once."""
        pieces, self._outgoing = self._outgoing, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read(self) -> None:
        """Take everything out of the inbox that is complete."""
        while not self.wants_close:
            received = self._reader.take(self._inbox)
            if received is None:
                return
            self._receive(received)

    def _receive(self, received: Received) -> None:
        message = received.message
        if message is None:
            self._check_turn("a message of a reserved number")
            self._transcript.add(received.raw)
            return
        name = type(message).__name__
        after = self._after(name)
        self._check_message(name, message, received.raw)
        if name not in UNCOVERED:
            self._transcript.add(received.raw)
        self.state = after
        self.handlers[name](self, message)

    def _after(self, name: str) -> str:
        """The state after a message of the peer. Raises `RemoteProtocolError`."""
        sender = self._dialect.senders[name]
        if sender == self.role:
            detail = f"{name} comes from the wrong side"
            raise RemoteProtocolError("illegal-event", detail, expected=self.peer, actual=sender)
        if name == "Progress":
            self._check_turn(name)
        return MACHINE.step(self.role, self.state, name)

    def _check_turn(self, name: str) -> None:
        if not self._has_turn(self.peer):
            raise RemoteProtocolError("illegal-event", f"{name} out of turn, in state {self.state} of {self.role}")

    def _has_turn(self, side: str) -> bool:
        """Whether a side's own message is what comes next."""
        row = MACHINE.events(self.role, self.state)
        return any(self._dialect.senders.get(event) == side for event in row)

    def _check_legal(self, event: str) -> str:
        return MACHINE.step(self.role, self.state, event, is_ours=True)

    def _step(self, event: str) -> None:
        """Let something happen that is not a message of the peer."""
        self.state = self._check_legal(event)

    def _send(self, message: Record) -> None:
        """Send a message, with nonsense around it where that is wanted."""
        name = type(message).__name__
        after = self._check_legal(name)
        if self._greasing is not None:
            for nonsense in self._greasing.frames():
                self._put(self._writer.encode(nonsense))
            message = self._greasing.dressed(message)
        self._put(self._encoded(name, message))
        self.state = after

    def _encoded(self, name: str, message: Record | Unknown) -> bytes:
        raw = self._writer.encode(message)
        return sealed(raw, self._transcript, self._key, self.role) if name in CONFIRMING else raw

    def _put(self, raw: bytes) -> None:
        self._transcript.add(raw)
        self._outgoing.append(raw)

    def _check_message(self, name: str, message: Any, raw: bytes) -> None:
        """Refuse a message that is legal now, but not what it should be. The state is still the one before it."""
        if name in CONFIRMING:
            check_seal(message, raw, self._transcript, self._key, self.peer)

    def _report_progress(self, message: Any) -> None:
        self._events.append(ProgressReported(message.text, message.percent))

    def _accept_refusal(self, message: Any) -> None:
        """The peer ended it, and the state says so already."""
        self._settle(errors_of(message), "peer")

    def _guard(self, action: Callable[[], None]) -> None:
        """Do something that may find a fault, and end the attempt if it does."""
        try:
            action()
        except WireError as error:
            self._fault(items_of(error))

    def _fault(self, items: tuple[ErrorItem, ...]) -> None:
        self._end("fault", items)

    def _end(self, event: str, items: tuple[ErrorItem, ...], *, is_usable: bool = True) -> None:
        """End the attempt by an event, telling the peer if it still listens. A state that cannot be left so stays."""
        if event not in MACHINE.events(self.role, self.state):
            self.wants_close = True
            return
        is_refusal = event == "fault" and self.state in self.rejecting
        if is_usable and self._is_usable():
            message = Reject if is_refusal else Abort
            self._outgoing.append(self._writer.encode(message(errors=refusing(items, self._dialect))))
        self._step("Reject" if is_refusal else event)
        self._settle(items, "us")

    def _is_usable(self) -> bool:
        """Whether a frame sent now would be understood."""
        return self.state != "paused"

    def _cut_item(self) -> ErrorItem:
        return item(ErrorCode.PEER_CLOSED, text=f"the connection ended in state {self.state} of the {self.role}")

    def _settle(self, items: tuple[ErrorItem, ...], by: Side) -> None:
        """Say how it ended, and close."""
        self.wants_close = True
        match self.state:
            case "cancelled":
                self._events.append(Cancelled())
            case "held":
                self._events.append(Held())
            case "unknown":
                self._events.append(Uncertain())
            case "complete":
                self._events.append(Completed())
            case "paused":
                self._events.append(Paused(self._offset(), items))
            case _:
                self._events.append(Failed(items, by))

    def _offset(self) -> int:
        """Bytes of the payload so far."""
        return 0

    handlers: ClassVar[Mapping[str, Handler]] = {
        "Progress": _report_progress,
        "Reject": _accept_refusal,
        "Abort": _accept_refusal,
    }
