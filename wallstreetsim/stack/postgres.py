"""One PostgreSQL of our own: its command line, and making or checking its data directory."""

import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

from wallstreetsim.environment.places import Places
from wallstreetsim.stack import StackError
from wallstreetsim.stack.binaries import postgres_program
from wallstreetsim.stack.complaints import complaint_in
from wallstreetsim.stack.privileges import become_owner_of, give_to_postgres

NAME = "wallstreetsim"  # of the database and of its owner
VERSION = re.compile(r"\d+(\.\d+)?", re.ASCII)

SERVER_SETTINGS = {
    "listen_addresses": "",  # nothing but the socket, in a directory that only we may enter
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",  # a tick's joins fit in it; with less they spill to disk
    "wal_buffers": "64MB",  # what a busy tick logs, so that only its commit waits for the disk
    "max_wal_size": "2GB",  # fewer checkpoints, after each of which whole pages are logged
    "fsync": "on",
    "synchronous_commit": "on",
    "random_page_cost": "1.1",  # what a tick touches is in memory: a key finds it, not a scan
    "log_min_error_statement": "panic",  # statements bear secrets, and logs are shown around;
    "log_error_verbosity": "terse",  # so do the rows that a refusal describes
    "jit": "off",  # it compiles for longer than our statements run
}


def command(places: Places) -> list[str]:
    """Return the command line of the server."""
    settings = SERVER_SETTINGS | {"unix_socket_directories": f'"{places.postgres_socket_dir}"'}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return [str(postgres_program("postgres")), "-D", str(places.postgres), *options]


def prepare(places: Places, *initdb_options: str) -> None:
    """Make the cluster, if there is none, and its socket directory; raise StackError if broken."""
    if places.postgres.exists():
        _check(places.postgres)
    else:
        _initialise(places, *initdb_options)
    places.postgres_socket_dir.mkdir(mode=0o700, exist_ok=True)
    give_to_postgres(places.postgres_socket_dir, like=places.postgres)


def _initialise(places: Places, *initdb_options: str) -> None:
    """Make the cluster beside its place, then rename it: what lies there is always whole."""
    unfinished = places.postgres.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    give_to_postgres(unfinished, like=unfinished)
    _initdb(unfinished, *initdb_options)
    unfinished.rename(places.postgres)


def _initdb(directory: Path, *options: str) -> None:
    fixed = ["-U", NAME, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-instructions"]
    try:
        done = subprocess.run(
            [str(postgres_program("initdb")), "-D", str(directory), *fixed, *options],
            preexec_fn=partial(become_owner_of, directory),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    except subprocess.SubprocessError:  # it could not change user
        raise StackError(
            "PostgreSQL will not run as root, and here root may not change user: "
            "run as an ordinary user, or set DATABASE_URL"
        ) from None
    if done.returncode:
        raise StackError(f"PostgreSQL could not make {directory}: {complaint_in(done.stderr)}")


def _check(data: Path) -> None:
    try:
        made_by = (data / "PG_VERSION").read_text(errors="replace").strip()
    except OSError:
        raise StackError(
            f"{data} is not a PostgreSQL directory: restore it, or move it away to start anew"
        ) from None
    if not VERSION.fullmatch(made_by):
        raise _damaged(data, "no version in PG_VERSION")
    if not (data / "global" / "pg_control").is_file():
        raise _damaged(data, "no global/pg_control")
    if made_by != (ours := _major_version()):
        raise StackError(f"{data} was made by PostgreSQL {made_by} and this is PostgreSQL {ours}")


def _damaged(data: Path, how: str) -> StackError:
    return StackError(f"{data} is damaged ({how}): restore it, or move it away to start anew")


def _major_version() -> str:
    """Return what this server writes into PG_VERSION: "18" of "postgres (PostgreSQL) 18.4"."""
    words = subprocess.check_output(
        [str(postgres_program("postgres")), "--version"], text=True
    ).split()
    return words[2].split(".")[0]
