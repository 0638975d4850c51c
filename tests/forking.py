"""Web processes that begin with everything imported: forks of one that has imported it.

What a web process does before it listens is importing, for two seconds of a processor, and where
each test has its own, that is most of what the test costs. A fork has the modules and nothing else
of the process it comes from: no connection, no thread, no event loop.

`python -m tests.forking` is that process. Each line that it is sent is a `Wanted`, as JSON; it
answers with the fork's pid.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import django

MODULES = (  # all that `wallstreetsim.asgi` imports, which itself begins to watch the database
    "daphne.cli",
    "wallstreetsim.api.server.api_asgi",
    "wallstreetsim.api.server.daphne_server",
    "wallstreetsim.api.server.transport",
    "wallstreetsim.feed.routing",
    "wallstreetsim.urls",
)


class Wanted(NamedTuple):
    """A web process: Daphne's options, where its log goes, and the constants that are to be others
    in it, by their full names.
    """

    options: Sequence[str]
    log: str
    constants: dict[str, float]


class Process(Protocol):
    """What is asked of a process, forked or not."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def kill(self) -> None: ...
    def terminate(self) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...


class Fork:
    """A process that is no child of ours. How it ended nobody knows: it is said to be well."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._file: int | None = None
        with suppress(ProcessLookupError):  # it has ended already
            self._file = os.pidfd_open(pid)

    def poll(self) -> int | None:
        return self._ended_within(0)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def wait(self, timeout: float | None = None) -> int:
        ended = self._ended_within(timeout)
        if ended is None:
            raise subprocess.TimeoutExpired("a fork", timeout or 0)
        return ended

    def _send(self, number: signal.Signals) -> None:
        if self._file is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._file, number)

    def _ended_within(self, seconds: float | None) -> int | None:
        if self._file is not None:
            if not select.select([self._file], [], [], seconds)[0]:
                return None
            os.close(self._file)
            self._file = None
        return 0


class Forking:
    """The process whose forks are web processes over a database."""

    def __init__(self, database_url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking"],
            cwd=Path(__file__).parents[1],
            env=os.environ | {"DATABASE_URL": database_url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(self, wanted: Wanted) -> Fork:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(wanted), file=self._process.stdin, flush=True)
        return Fork(int(self._process.stdout.readline()))


@cache
def forking(database_url: str) -> Forking:
    """Return the one for a database, which lives as long as this process."""
    return Forking(database_url)


def set_constants(constants: dict[str, float]) -> None:
    for name, value in constants.items():
        module, _, constant = name.rpartition(".")
        assert hasattr(import_module(module), constant), name
        setattr(import_module(module), constant, value)


def main() -> None:
    from wallstreetsim.stack.children import die_with_parent

    die_with_parent(signal.SIGKILL)
    django.setup()
    for module in MODULES:
        import_module(module)
    from wallstreetsim.api.middleware import own_match
    from wallstreetsim.machine import gc_control

    own_match("/")  # reads every path, view and model
    gc_control.settle()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks for their exit codes
    for line in sys.stdin:
        wanted = Wanted(*json.loads(line))
        pid = os.fork()
        if pid == 0:
            die_with_parent(signal.SIGKILL)
            serve(wanted)
        print(pid, flush=True)


def serve(wanted: Wanted) -> None:
    """Be that web process, in a fork, until it ends."""
    from daphne.cli import CommandLineInterface  # type: ignore[import-untyped]

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open(wanted.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for file, number in ((null, 0), (log, 1), (log, 2)):
        os.dup2(file, number)
    random.seed()
    _have_an_event_loop_of_ones_own()
    set_constants(wanted.constants)
    _import_the_application()
    run: Callable[[Sequence[str]], Any] = CommandLineInterface().run
    try:
        run([*wanted.options, "wallstreetsim.asgi:application"])
    except BaseException:  # it must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _import_the_application() -> None:
    """Import it without settling what its parent has settled, which would copy all of it."""
    from wallstreetsim.machine import gc_control

    settle = gc_control.settle
    gc_control.settle = gc_control.set_apart
    import_module("wallstreetsim.asgi")
    gc_control.settle = settle


def _have_an_event_loop_of_ones_own() -> None:
    """Begin Twisted's reactor anew: a fork has its parent's epoll, which it would share with all
    other forks.
    """
    from twisted.internet import reactor

    own: Any = type(reactor)
    own.__init__(reactor, asyncio.new_event_loop())


if __name__ == "__main__":
    main()
