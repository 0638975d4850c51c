"""Frames that belong together, made once for however many clients."""

from __future__ import annotations

import zlib
from functools import cached_property

TEXT, FINAL, COMPRESSED = 0x1, 0x80, 0x40
WINDOW_BITS = 15  # of what is deflated: a client that can only do with less is sent it plain
SMALLEST_COMPRESSED = 256  # bytes: below that it is hardly worth inflating
LEVEL = 9  # once a tick for all, so that it may take its time
_TRAILER = b"\x00\x00\xff\xff"  # which permessage-deflate leaves out


class Frame:
    """One text message, encoded at most once plain and once deflated."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def plain(self) -> bytes:
        """The frame as it goes over a WebSocket: a server's frames are the same for all."""
        return _framed(FINAL | TEXT, self._payload)

    @cached_property
    def deflated(self) -> bytes:
        """The frame for who takes permessage-deflate. No context is taken over from one message to
        the next, so that this too is the same for all. Source: RFC 7692, 7.2.1.
        """
        payload = self._payload
        if len(payload) < SMALLEST_COMPRESSED:
            return self.plain
        deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, -WINDOW_BITS, zlib.DEF_MEM_LEVEL + 1)
        packed = deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH)
        return _framed(FINAL | COMPRESSED | TEXT, packed.removesuffix(_TRAILER))

    @property
    def _payload(self) -> bytes:
        return self.text.encode()


class Batch:
    """Frames to be sent in one go. The same batch goes to every client that is told the same.

    Where it ends what a stream said up to some point, it bears the seq of the public one, the tick
    and the seq of the agent's own, and the seq of the research desk's.
    """

    def __init__(
        self,
        *frames: str | Frame,
        public: int | None = None,
        private: int | None = None,
        agent: int | None = None,
        research: int | None = None,
    ) -> None:
        self.frames = [frame if isinstance(frame, Frame) else Frame(frame) for frame in frames]
        self.public = public
        self.private = private
        self.agent = agent
        self.research = research

    def is_within(self, public: int, agent: int | None, research: int | None) -> bool:
        """Say whether somebody who has the streams up to these seqs has all of it."""
        if self.research is not None:
            return research is not None and self.research <= research
        if self.agent is not None:
            return agent is not None and self.agent <= agent
        return self.public is not None and self.public <= public

    def __bool__(self) -> bool:
        return bool(self.frames)

    @cached_property
    def framed(self) -> bytes:
        """The batch as it goes over a WebSocket."""
        return b"".join(frame.plain for frame in self.frames)

    @cached_property
    def deflated(self) -> bytes:
        """The batch as it goes over a WebSocket with permessage-deflate."""
        return b"".join(frame.deflated for frame in self.frames)


def _framed(opcode: int, payload: bytes) -> bytes:
    """Return a whole, unmasked message in one frame. Source: RFC 6455, 5.2."""
    size = len(payload)
    if size < 126:
        head = bytes([opcode, size])
    elif size < 1 << 16:
        head = bytes([opcode, 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([opcode, 127]) + size.to_bytes(8, "big")
    return head + payload
