"""`python -m wallstreetsim.stack.relay COMMAND…` runs a process of the exchange and its successors.

On SIGHUP a successor is started; when it says that it is ready, the process before it is asked to
stop, and does between two ticks. So the floor is restarted without a pause: by hand, or when it
asks for it itself because its engines have been compiled. Any other end of the process is the
relay's end as well, for whoever keeps us alive to see.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from types import FrameType

from wallstreetsim.stack.children import die_with_parent

READY_FD = "WSS_READY_FD"  # where a process under a relay says that it is ready
IS_SUCCESSOR = "WSS_IS_SUCCESSOR"  # it follows one that goes on if it is not
UNDER_RELAY = "WSS_UNDER_RELAY"  # it has said so
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
PREPARATION_SECONDS = 120.0  # that a successor may take until it is ready


class Runner:
    """One process, and the pipe through which it says that it is ready."""

    def __init__(self, command: list[str], *, is_successor: bool = False) -> None:
        self._ready, writing = os.pipe()
        self.process = subprocess.Popen(
            command,
            env=os.environ | {READY_FD: str(writing), IS_SUCCESSOR: "1" if is_successor else ""},
            pass_fds=[writing],
            preexec_fn=partial(die_with_parent, signal.SIGKILL),
        )
        os.close(writing)

    @property
    def ready_fd(self) -> int:
        return self._ready

    def says_it_is_ready(self) -> bool:
        """Read what came through the pipe; an end without a word is no yes."""
        return os.read(self._ready, 1) != b""

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def close(self) -> None:
        os.close(self._ready)


class Relay:
    """The process that runs, one that is to follow it, and those that are stopping."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.stopping_with: int | None = None  # the signal by which we are stopped
        self.is_asked = False  # for a successor
        self.successor: Runner | None = None
        self.retired: list[Runner] = []
        self._wake_reading, self._wake_writing = os.pipe()
        os.set_blocking(self._wake_writing, False)
        signal.set_wakeup_fd(self._wake_writing, warn_on_full_buffer=False)
        for number in STOPPING:
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._ask)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # it wakes us
        self.runner = Runner(command)

    def run(self) -> int:
        """Run until the process has ended, or we are stopped; return its exit status."""
        waited = 0.0
        while True:
            if self.stopping_with is not None:
                return self._stop_all(self.stopping_with)
            if self.runner.has_ended():
                return self._end_of_runner()
            self._reap(self.retired)
            if self.is_asked and self.successor is None:
                self.is_asked, waited = False, 0.0
                self.successor = Runner(self.command, is_successor=True)
            if self.successor is not None:
                waited = self._attend(self.successor, waited)
            else:
                self._sleep([], 5.0)

    def _attend(self, successor: Runner, waited: float) -> float:
        """Wait for a successor a while; let it take over when it is ready."""
        step = 0.5
        if successor.has_ended() or waited > PREPARATION_SECONDS:
            _say("the successor did not come; the process before it goes on")
            self._drop(successor)
        elif successor.ready_fd in self._sleep([successor.ready_fd], step):
            if successor.says_it_is_ready():
                self.runner.process.send_signal(signal.SIGTERM)
                self.retired.append(self.runner)
                self.runner, self.successor = successor, None
            else:
                self._drop(successor)
        return waited + step

    def _drop(self, successor: Runner) -> None:
        with suppress(ProcessLookupError):
            successor.process.kill()
        self.retired.append(successor)
        self.successor = None

    def _end_of_runner(self) -> int:
        """Return the status of a process that has ended by itself, its successor ended too."""
        others = [*self.retired, *([self.successor] if self.successor else [])]
        for other in others:
            with suppress(ProcessLookupError):
                other.process.terminate()
        for other in others:
            other.process.wait()
        return _status_of(self.runner)

    def _stop_all(self, number: int) -> int:
        """Pass on the signal that stops us, and wait for all to end."""
        everybody = [self.runner, *self.retired, *([self.successor] if self.successor else [])]
        for one in everybody:
            with suppress(ProcessLookupError):
                one.process.send_signal(number)
        for one in everybody:
            one.process.wait()
        return _status_of(self.runner)

    def _reap(self, retired: list[Runner]) -> None:
        for one in [one for one in retired if one.has_ended()]:
            one.close()
            retired.remove(one)

    def _sleep(self, more: Iterable[int], seconds: float) -> list[int]:
        """Wait for a signal or one of the pipes; return the pipes that have something."""
        readable, _, _ = select.select([self._wake_reading, *more], [], [], seconds)
        if self._wake_reading in readable:
            os.read(self._wake_reading, 1_024)
        return readable

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping_with = number

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.is_asked = True


def say_ready() -> None:
    """Tell the relay, if there is one, that this process is ready; once."""
    fd = os.environ.pop(READY_FD, None)
    if fd is not None:
        os.environ[UNDER_RELAY] = "1"
        with suppress(OSError):
            os.write(int(fd), b"1")
            os.close(int(fd))


def is_to_come() -> bool:
    """Say whether this process has a relay that waits for it to be ready."""
    return READY_FD in os.environ


def is_successor() -> bool:
    """Say whether another process goes on if this one ends before it is ready."""
    return bool(os.environ.get(IS_SUCCESSOR))


def ask_for_successor() -> bool:
    """Ask the relay for a successor to this process; say whether there is one to ask."""
    if UNDER_RELAY not in os.environ:
        return False
    os.kill(os.getppid(), signal.SIGHUP)
    return True


def _status_of(runner: Runner) -> int:
    status = runner.process.wait()
    return status if status >= 0 else 128 - status


def _say(line: str) -> None:
    print(f"relay: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(Relay(sys.argv[1:]).run())
