"""`python deploy/backup.py DIR` writes a dump of the database to DIR, and removes old ones.

Each `wss-YYYYMMDDTHHMMSSZ.dump`, for pg_restore, has its `.sha256` beside it, for `sha256sum -c`.
The newest dump of each of the last 7 days that have one is kept, and of each of the last 4 weeks.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from wallstreetsim.environment.addresses import database_address
from wallstreetsim.stack import StackError
from wallstreetsim.stack.binaries import postgres_program

DAYS, WEEKS = 7, 4
FORM = "wss-%Y%m%dT%H%M%SZ.dump"
NAME = re.compile(r"wss-\d{8}T\d{6}Z\.dump")


class BackupError(Exception):
    """No backup has been written, for the reason given."""


def back_up(database: dict[str, Any], directory: Path, now: datetime) -> Path:
    """Write a dump and its checksum; return the dump. Raises BackupError, leaving nothing behind.

    The password travels in the environment: whoever may list processes sees their arguments.
    """
    file = directory / now.strftime(FORM)
    unfinished = file.with_suffix(".unfinished")
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    given = {name: str(database[key]) for name, key in names.items() if database.get(key)}
    if mode := database.get("OPTIONS", {}).get("sslmode"):
        given["PGSSLMODE"] = mode
    refusals = []
    for program in programs():
        done = subprocess.run(
            [program, "--format=custom", "--file", unfinished, str(database["NAME"])],
            env={**os.environ, **given},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            break
        refusals.append(done.stderr.strip())
    else:
        unfinished.unlink(missing_ok=True)
        raise BackupError(refusals[-1])
    unfinished.chmod(0o600)
    with unfinished.open("rb") as dump:
        os.fsync(dump.fileno())
        digest = hashlib.file_digest(dump, "sha256").hexdigest()
    checksum_of(file).write_text(f"{digest}  {file.name}\n")
    unfinished.rename(file)
    return file


def programs() -> list[str]:
    """Return each pg_dump there is. The distribution's comes first: what a newer one writes, the
    distribution's pg_restore cannot read; but it may be too old for the server.
    """
    found = [shutil.which("pg_dump")]
    with suppress(StackError):
        found.append(str(postgres_program("pg_dump")))
    usable = [program for program in found if program]
    if not usable:
        raise BackupError("there is no pg_dump: install postgresql-client")
    return usable


def checksum_of(dump: Path) -> Path:
    return dump.with_name(f"{dump.name}.sha256")


def kept(names: Iterable[str]) -> set[str]:
    """Return which dumps stay: the newest of each of the last days and weeks that have one."""
    days: dict[str, str] = {}
    weeks: dict[tuple[int, int], str] = {}
    for name in sorted(names, reverse=True):
        at = datetime.strptime(name, FORM)
        days.setdefault(at.strftime("%Y%m%d"), name)
        weeks.setdefault(at.isocalendar()[:2], name)
    return {*list(days.values())[:DAYS], *list(weeks.values())[:WEEKS]}


def rotate(directory: Path) -> list[str]:
    """Remove the dumps that are not kept, with their checksums; return their names."""
    names = [file.name for file in directory.iterdir() if NAME.fullmatch(file.name)]
    old = sorted(set(names) - kept(names))
    for name in old:
        (directory / name).unlink()
        checksum_of(directory / name).unlink(missing_ok=True)
    return old


def main(words: list[str]) -> None:
    if len(words) != 1:
        raise BackupError("give the directory to write to")
    if not (url := os.environ.get("DATABASE_URL", "").strip()):
        raise BackupError("DATABASE_URL is not set")
    directory = Path(words[0])
    file = back_up(database_address(url), directory, datetime.now(UTC))
    print(f"Wrote {file}, {file.stat().st_size} bytes.")
    if old := rotate(directory):
        print(f"Removed {', '.join(old)}.")


if __name__ == "__main__":
    os.umask(0o077)
    try:
        main(sys.argv[1:])
    except Exception as error:  # one line for the unit's log, whatever it was
        sys.exit(f"backup: {error}")
