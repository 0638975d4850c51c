"""Frames that belong together, made once for however many clients."""

from __future__ import annotations

from functools import cached_property

TEXT, FINAL = 0x1, 0x80


class Batch:
    """Frames to be sent in one go. The same batch goes to every client that is told the same.

    Where it ends what a stream said up to some point, it bears the seq of the public one, and the
    tick and the seq of the agent's own.
    """

    def __init__(
        self,
        *frames: str,
        public: int | None = None,
        private: int | None = None,
        agent: int | None = None,
    ) -> None:
        self.frames = frames
        self.public = public
        self.private = private
        self.agent = agent

    def is_within(self, public: int, agent: int | None) -> bool:
        """Say whether somebody who has the streams up to these seqs has all of it."""
        if self.agent is not None:
            return agent is not None and self.agent <= agent
        return self.public is not None and self.public <= public

    def __bool__(self) -> bool:
        return bool(self.frames)

    @cached_property
    def framed(self) -> bytes:
        """The batch as it goes over a WebSocket: a server's frames are the same for all."""
        return b"".join(_framed(frame.encode()) for frame in self.frames)


def _framed(payload: bytes) -> bytes:
    """Return a whole, unmasked text message in one frame. Source: RFC 6455, 5.2."""
    size = len(payload)
    if size < 126:
        head = bytes([FINAL | TEXT, size])
    elif size < 1 << 16:
        head = bytes([FINAL | TEXT, 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([FINAL | TEXT, 127]) + size.to_bytes(8, "big")
    return head + payload
