"""What comes in over a socket, looked at frame by frame before anything is gathered of it."""

from __future__ import annotations

from collections.abc import Callable

from asgiref.typing import ASGISendCallable

from wallstreetsim.api.server.protocol import protocol_under
from wallstreetsim.feed.allowance import Allowance
from wallstreetsim.feed.codes import Close
from wallstreetsim.feed.messages import MOST_BYTES

MOST_FRAGMENTS = 64  # of one message
FRAMES_PER_SECOND = 50  # of every kind: pings, and fragments, are frames too
BURST = 200

CONTINUATION, CONTROL = 0x0, 0x8  # opcodes, RFC 6455, 5.2; all from CONTROL on are such


class FrameGuard:
    """Has a socket closed whose frames are too many or too long, however little each of them says.

    A message of endless fragments never becomes one, and a ping never reaches the application: only
    the protocol under Daphne's `send` sees either. There it counts frames and reads their headers.
    Once it has had enough, nothing that still comes is looked at.
    """

    def __init__(self, send: ASGISendCallable) -> None:
        self.close: Callable[[Close], None] = self._close_unheard
        self._protocol = protocol_under(send)
        self._allowance = Allowance(per_second=FRAMES_PER_SECOND, burst=BURST)
        self._fragments = self._bytes = 0
        if self._protocol is not None:
            self._protocol.failByDrop = False  # but by a close frame that says why
            self._begin = self._protocol.onFrameBegin
            self._protocol.onFrameBegin = self._look_at

    def release(self) -> None:
        """Let go of the protocol, which else would be kept as long as we are."""
        if self._protocol is not None:
            self._protocol.__dict__.pop("onFrameBegin", None)
            self._protocol = None

    def _look_at(self) -> None:
        """Look at a frame of which the header is all that was read yet."""
        assert self._protocol is not None
        frame = self._protocol.current_frame
        if fault := self._fault_of(frame.opcode, frame.fin, frame.length):
            self._stop_reading()
            self.close(fault)
        else:
            self._begin()

    def _fault_of(self, opcode: int, is_final: bool, length: int) -> Close | None:
        if not self._allowance.take():
            return Close.TOO_FAST
        if opcode >= CONTROL:
            return None
        if opcode != CONTINUATION:
            self._fragments = self._bytes = 0
        self._fragments += 1
        self._bytes += length
        if self._fragments > MOST_FRAGMENTS or self._bytes > MOST_BYTES:
            return Close.TOO_BIG
        return None

    def _stop_reading(self) -> None:
        """Have the protocol drop what it has gathered and what else comes, without reading it."""
        protocol = self._protocol
        protocol.data, protocol.message_data = b"", []
        protocol.onFrameData = _end_reading
        protocol.dataReceived = _drop

    def _close_unheard(self, code: Close) -> None:
        """Close while there is no client yet to be closed."""
        self._protocol.sendCloseFrame(code=int(code))


def _end_reading(payload: bytes) -> bool:
    return False


def _drop(data: bytes) -> None:
    pass
