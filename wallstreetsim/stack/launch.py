"""The story of `make run`: check, sweep, start the stores, migrate, found, open, wait, stop."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from urllib.request import ProxyHandler, Request, build_opener

from wallstreetsim import settings
from wallstreetsim.environment.limits import raise_open_files
from wallstreetsim.environment.places import Places
from wallstreetsim.stack import StackError, compiled, postgres, preflight, probes
from wallstreetsim.stack.children import die_with_parent, living_in, stop_leftovers
from wallstreetsim.stack.complaints import complaint_in_log
from wallstreetsim.stack.supervisor import GROUPS, Supervisor

START_SECONDS = 120
STORES = {"postgres": "PostgreSQL", "redis": "Redis"}  # as they are called

Probe = Callable[[Places], bool]


class Stopped(BaseException):
    """Someone asked us to stop: Ctrl-C, a closed terminal, a polite kill."""


def run() -> None:
    """Run the exchange until told to stop; raise StackError if it cannot be run."""
    places = settings.PLACES
    try:
        _stop_on_signals()
        _set_environment(places)
        preflight.make_directories(places)
        with preflight.sole_user(places):
            _prepare(places)
            with _supervisor(places) as supervisor:
                _open(places, supervisor)
                supervisor.wait()
        raise StackError(f"supervisord has ended by itself; its log is {places.log('supervisord')}")
    except Stopped:
        _say("Stopped.")


# --- signals ---


def _stop_on_signals() -> None:
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is under nohup
        signal.signal(signal.SIGHUP, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    _ignore_signals()
    raise Stopped


def _ignore_signals() -> None:
    """Let nothing interrupt the stopping: an impatient second Ctrl-C must not leave half of it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


# --- before anything runs ---


def _set_environment(places: Places) -> None:
    """Settle what every process of the stack inherits from us."""
    programs = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    os.environ["PATH"] = os.pathsep.join(programs)
    os.environ["WSS_DATA_DIR"] = str(places.data)
    os.environ.setdefault("WSS_WEBHOOK_ALLOW_PRIVATE", "loopback")  # where a laptop's agents listen
    raise_open_files()


def _prepare(places: Places) -> None:
    stop_leftovers(places.pids)
    preflight.check_port(settings.BIND, settings.PORT)
    preflight.check_space(places.data)
    preflight.make_keys(places)
    if settings.EMBEDDED_POSTGRES:
        _forget_dead_postgres(places)
        postgres.prepare(places)
    else:
        probes.check_database(settings.DATABASES["default"])
    if not settings.EMBEDDED_REDIS:
        probes.check_redis(settings.REDIS_URL)


def _forget_dead_postgres(places: Places) -> None:
    """Remove a killed PostgreSQL's lock files: the pid they name may be a stranger's by now."""
    busy = f"a PostgreSQL that we did not start is running on {places.postgres}: stop it"
    _wait_until(lambda: not living_in(places.postgres), busy, seconds=5)
    for file in (places.postgres / "postmaster.pid", *places.postgres_socket_dir.glob(".s.*")):
        file.unlink(missing_ok=True)


# --- running ---


@contextmanager
def _supervisor(places: Places) -> Iterator[Supervisor]:
    """Start supervisord; in the end stop it and everything under it, whatever happened."""
    supervisor = Supervisor(places, settings.BASE_DIR)
    try:
        silent = f"supervisord does not answer; its log is {places.log('supervisord')}"
        _wait_until(supervisor.answers, silent)
        yield supervisor
    finally:
        _ignore_signals()
        supervisor.stop()
        stop_leftovers(places.pids, patience=0.3)


def _open(places: Places, supervisor: Supervisor) -> None:
    _say(f"Starting in {places.data}")
    _start_stores(places, supervisor)
    _say("Preparing the database …")
    _manage(places, "migrate", "--no-input")
    _say("Founding the world, or finding it as it was …")
    _manage(places, "found")
    _say("Starting the exchange …")
    for name in GROUPS["exchange"]:
        supervisor.start(f"exchange:{name}")
    address = f"http://{_reachable(settings.BIND)}:{settings.PORT}"
    silent = f"{address}/health does not answer; the log of web is {places.log('web')}"
    _wait_until(lambda: _is_healthy(address), silent)
    if not compiled.IN_USE:  # the floor takes the compiled engines up when they are there
        if compiled.home() is not None:
            _say(
                "If there is a C compiler, the engines are compiled now, which takes some minutes;"
                " the market goes over to them between two ticks."
            )
        supervisor.start("once:compiler")
    _welcome(places, address)


def _welcome(places: Places, address: str) -> None:
    _say(f"WallStreetSim is open at {address} (Ctrl-C stops it). Logs: {places.logs}")
    if settings.BIND == "127.0.0.1":
        _say("Only this machine reaches it; WSS_BIND=0.0.0.0 and ALLOWED_HOSTS open it to others.")
    if os.environ["WSS_WEBHOOK_ALLOW_PRIVATE"] == "loopback":
        _say("Warning: webhooks may reach this machine; WSS_WEBHOOK_ALLOW_PRIVATE=off forbids it.")


def _start_stores(places: Places, supervisor: Supervisor) -> None:
    """Start the stores that are ours rather than at a URL, and wait until they answer."""
    ours: dict[str, Probe] = {}
    if settings.EMBEDDED_POSTGRES:
        ours["postgres"] = probes.postgres_answers
    if settings.EMBEDDED_REDIS:
        ours["redis"] = probes.redis_answers
    if ours:
        _say(f"Starting {' and '.join(STORES[name] for name in ours)} …")
    for name in ours:
        supervisor.start(f"stores:{name}")
    for name, answers in ours.items():
        ready = partial(_store_is_ready, name, answers, places, supervisor)
        _wait_until(ready, f"{name} does not answer; its log is {places.log(name)}")


def _store_is_ready(name: str, answers: Probe, places: Places, supervisor: Supervisor) -> bool:
    if supervisor.has_failed(f"stores:{name}"):
        raise StackError(f"{name} does not start: {complaint_in_log(places.log(name))}")
    return answers(places)


def _manage(places: Places, *words: str) -> None:
    """Run a management command to its end, its output in a log."""
    log = places.log(words[0])
    with log.open("w") as output:
        done = subprocess.run(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )
    if done.returncode:
        raise StackError(f"`manage.py {words[0]}` failed: {complaint_in_log(log)} (more in {log})")


# --- looking at it from outside ---


def _reachable(bind: str) -> str:
    """Return how a URL names the host that we bind to, or this one if we bind to all."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)
    return f"[{host}]" if ":" in host else host


def _is_healthy(address: str) -> bool:
    request = Request(f"{address}/health", headers={"Host": "localhost"})  # which is always allowed
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _wait_until(
    happened: Callable[[], bool], otherwise: str, *, seconds: float = START_SECONDS
) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise StackError(otherwise)
        time.sleep(0.05)


def _say(line: str) -> None:
    print(line, flush=True)
