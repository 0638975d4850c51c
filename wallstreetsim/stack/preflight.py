"""What must hold before anything starts. Each check raises StackError with one line, or returns."""

import fcntl
import os
import secrets
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wallstreetsim.environment.places import Places
from wallstreetsim.stack import StackError

# An empty PostgreSQL takes 60, and the write-ahead log of some busy minutes twice that.
LEAST_FREE_MEGABYTES = 256


def make_directories(places: Places) -> None:
    """Make the data directory and what belongs in it, open to nobody else."""
    _private(places.data)
    try:
        with tempfile.TemporaryFile(dir=places.data):
            pass
    except OSError as error:
        raise StackError(f"cannot use {places.data} as data directory: {error.strerror}") from None
    for directory in (places.logs, places.pids):
        _private(directory)
    _make_run_directory(places)


def _make_run_directory(places: Places) -> None:
    """Make the directory of sockets; under /tmp a stranger may have been there first."""
    _private(places.run)
    found = places.run.lstat()
    is_ours = found.st_uid in {os.geteuid(), places.data.stat().st_uid}
    if not (is_ours and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077):
        raise StackError(f"{places.run} is not a directory of ours, closed to others: remove it")


def _private(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise StackError(f"cannot use {directory} as a directory: it is something else") from None
    except OSError as error:
        raise StackError(f"cannot use {directory} as a directory: {error.strerror}") from None


@contextmanager
def sole_user(places: Places) -> Iterator[None]:
    """Hold the data directory's lock."""
    with places.lock.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            other = f"another run, pid {lock.read().strip()}, is using {places.data}"
            raise StackError(f"{other}: stop it, or set WSS_DATA_DIR") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def check_space(directory: Path, least_megabytes: int = LEAST_FREE_MEGABYTES) -> None:
    free = shutil.disk_usage(directory).free // 1_000_000
    if free < least_megabytes:
        raise StackError(
            f"the disk of {directory} is nearly full: {free} MB free, {least_megabytes} MB needed"
        )


def check_port(host: str, port: int) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        refusal = f"cannot listen on port {port} of {host}: {error.strerror}; choose another PORT"
        raise StackError(refusal) from None


def free_port() -> int:
    """Return a port of this machine's own address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_keys(places: Places) -> None:
    """Make the key that signs sessions and the one that seals webhooks' secrets, each once."""
    for file in (places.secret_key, places.webhook_key):
        _make_key(file)


def _make_key(file: Path) -> None:
    """Make a key for our eyes only, and never half of it."""
    if _has_text(file):
        return
    unfinished = file.with_suffix(".new")
    unfinished.touch(mode=0o600)
    with unfinished.open("w") as output:
        output.write(secrets.token_urlsafe(50))
        output.flush()
        os.fsync(output.fileno())
    unfinished.rename(file)


def _has_text(file: Path) -> bool:
    """Tell whether a file is there and not empty; raise StackError if it is none of ours."""
    try:
        return bool(file.read_text().strip())
    except FileNotFoundError:
        return False
    except UnicodeDecodeError:
        raise StackError(
            f"cannot use {file}: it is no text; remove it, and a new one is made"
        ) from None
