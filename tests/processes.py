"""What a process of ours has to know in order to work on the test database."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.forking import Process, Wanted, forking
from tests.stack.running import eventually


def database_url() -> str:
    """Return the URL of the test database, which other processes cannot guess."""
    database = connection.settings_dict
    password = f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else ""
    port = f":{database['PORT']}" if database["PORT"] else ""
    host = quote(database["HOST"], safe="")
    return f"postgresql://{quote(database['USER'])}{password}@{host}{port}/{database['NAME']}"


def start_web(
    port: int, log: Path, *options: str, waits: dict[str, float] | None = None, **environment: str
) -> Process:
    """Start a web process over the test database, and wait until it listens.

    `waits` are constants of the code, by their full names, and what they are to be in this process,
    in seconds: so that a test need not wait as long as a client may. With an environment of its own
    it is started as in earnest, with that of the tests it is forked.
    """
    options = ("--port", str(port), *options)
    process: Process
    if environment:
        process = _start_daphne(options, log, waits or {}, environment)
    else:
        process = forking(database_url()).fork(Wanted(options, str(log), waits or {}))

    def is_there() -> bool:
        assert process.poll() is None, log.read_text()
        return listens(port)

    try:
        eventually(is_there)
    except AssertionError:
        process.kill()
        raise
    return process


def _start_daphne(
    options: Sequence[str], log: Path, waits: dict[str, float], environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    daphne = [sys.executable, "-m", "daphne"]
    if waits:
        daphne = [sys.executable, "-m", "tests.impatient"]
        daphne += [f"{name}={seconds:g}" for name, seconds in waits.items()]
    with log.open("a") as output:
        return subprocess.Popen(
            [*daphne, *options, "wallstreetsim.asgi:application"],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATABASE_URL": database_url()} | environment,
            stdout=output,
            stderr=output,
        )


def listens(port: int) -> bool:
    """Say whether anybody takes connections at this port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
