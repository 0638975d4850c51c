"""Floors that are killed in the middle of a tick: `python -m tests.floor.doomed DATABASE`.

For every NUMBER on standard input, a floor is forked that runs a tick and kills itself at its
NUMBER-th exchange with PostgreSQL (a statement, a piece of a COPY, the COMMIT): it has been sent,
and its answer is not read. What comes back is a line: "killed", or "ran" when the tick took fewer.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator
from typing import Any

import django
import psycopg
from django.conf import settings


def main(database: str) -> None:
    _set_up(database)
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _die_at(int(line))
            _tick()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print({signal.SIGKILL: "killed", 0: "ran"}.get(status, f"failed: {status}"), flush=True)


def _set_up(database: str) -> None:
    settings.DATABASES["default"]["NAME"] = database
    options = settings.DATABASES["default"]["OPTIONS"]
    options["application_name"] = "doomed"
    del options["pool"]  # one connection is enough for a short life
    django.setup()
    from market import record
    from wallstreetsim.floor import checkpoints, shell
    from wallstreetsim.machine import gc_control

    shell.SHORTEST_INTERVAL = 0.0
    checkpoints.EVERY_TICKS = record.EQUITY_POINT_TICKS = 1  # each tick writes all there is
    gc_control.settle = lambda: None  # nor is there time for cleaning up


def _tick() -> None:
    from wallstreetsim.floor.shell import Floor

    floor = Floor()
    floor.tick()
    floor.rest()


def _die_at(number: int) -> None:
    """Have this process kill itself at its `number`-th exchange with the server."""
    wait = psycopg.Connection.wait
    exchanges = 0

    def counted(
        self: psycopg.Connection[Any], exchange: Generator[Any, Any, Any], **options: Any
    ) -> Any:
        nonlocal exchanges
        exchanges += 1
        if exchanges == number:
            next(exchange, None)
            os.kill(os.getpid(), signal.SIGKILL)
        return wait(self, exchange, **options)

    psycopg.Connection.wait = counted  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    main(sys.argv[1])
