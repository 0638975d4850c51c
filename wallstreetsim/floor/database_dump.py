"""Dumps of the whole database, by PostgreSQL's own programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from django.db import connection

from wallstreetsim.stack import StackError
from wallstreetsim.stack.binaries import postgres_program


class DumpFailed(Exception):
    """PostgreSQL's program could not do it, for the reason that it gave."""


def write(file: Path, *, snapshot: str = "") -> None:
    """Write the whole database to a file that pg_restore reads: as an exported snapshot shows it,
    if one is given. Raises DumpFailed, and leaves nothing behind.
    """
    options = [f"--snapshot={snapshot}"] if snapshot else []
    try:
        _run("pg_dump", "--format=custom", *options, f"--file={file}", _name())
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    file.chmod(0o600)


def load(file: Path) -> None:
    """Fill the empty database from a dump: all of it, or nothing. Raises DumpFailed."""
    whole = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run("pg_restore", *whole, f"--dbname={_name()}", str(file))


def _run(name: str, *words: str) -> None:
    """Run each program of this name that there is, until one does it."""
    refusals = []
    for program in _programs(name):
        done = subprocess.run(
            [program, *words],
            env=os.environ | _variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            return
        refusals.append(done.stderr.strip().partition("\n")[0])
    raise DumpFailed("; ".join(refusals))


def _programs(name: str) -> list[str]:
    """Return each program of this name. The distribution's comes first: what a newer pg_dump
    writes, its pg_restore cannot read; but it may be too old for the server.
    """
    found = [shutil.which(name)]
    with suppress(StackError):
        found.append(str(postgres_program(name)))
    usable = [program for program in found if program]
    if not usable:
        raise DumpFailed(f"there is no {name}: install postgresql-client")
    return usable


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _variables() -> dict[str, str]:
    """Return how the programs find the database. The password travels in the environment: whoever
    may list processes sees their arguments.
    """
    database = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    given = {name: str(database[key]) for name, key in names.items() if database.get(key)}
    options = {"PGSSLMODE": "sslmode", "PGSSLROOTCERT": "sslrootcert"}
    known = database.get("OPTIONS", {})
    return given | {name: str(known[key]) for name, key in options.items() if known.get(key)}
