"""PostgreSQL and Redis for as long as a block lasts: those of the tests and of the bench.

They run as they do under `make run`, but without supervisor, and die with the process that uses
them. Where the environment names servers at a URL, those are used instead.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings

from wallstreetsim.environment.places import Places
from wallstreetsim.stack import StackError, postgres, preflight, probes
from wallstreetsim.stack.children import stop_signal
from wallstreetsim.stack.complaints import complaint_in_log

START_SECONDS = 30
# For data that nobody will want to see again.
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@contextmanager
def servers(places: Places) -> Iterator[None]:
    """Run both as carefully as in earnest."""
    with redis_server(places), postgres_server(places):
        yield


@contextmanager
def redis_server(places: Places) -> Iterator[None]:
    if not settings.EMBEDDED_REDIS:
        yield
        return
    preflight.make_directories(places)
    with _server("redis", places, probes.redis_answers):
        yield


@contextmanager
def postgres_server(places: Places, *server_settings: str) -> Iterator[None]:
    """Run PostgreSQL, with these settings ("name=value") beside our own."""
    if not settings.EMBEDDED_POSTGRES:
        yield
        return
    preflight.make_directories(places)
    postgres.prepare(places, "--no-sync")
    options = [word for setting in server_settings for word in ("-c", setting)]
    with _server("postgres", places, probes.postgres_answers, *options):
        yield


@contextmanager
def _server(
    name: str, places: Places, answers: Callable[[Places], bool], *options: str
) -> Iterator[None]:
    command = [sys.executable, "-m", "wallstreetsim.stack.child", name, *options]
    with places.log(name).open("w") as log:
        server = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=log, stderr=log)
    try:
        _wait(server, lambda: answers(places))
        if server.returncode is not None:
            raise StackError(f"{name} does not start: {complaint_in_log(places.log(name))}")
        yield
    finally:
        server.send_signal(stop_signal(name))
        server.wait()


def _wait(server: subprocess.Popen[bytes], answers: Callable[[], bool]) -> None:
    """Wait until the server answers or has ended."""
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and not answers():
        if time.monotonic() > deadline:
            raise StackError(f"{server.args!r} does not answer")
        time.sleep(0.05)
