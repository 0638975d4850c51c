"""Backups: a consistent dump that bears its tick and digest, and the world taken up from one."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.core.management import call_command
from django.db import connection, transaction

from market.models import World as WorldRow
from wallstreetsim.floor import checkpoints, database_dump
from wallstreetsim.floor.audit import audit
from wallstreetsim.floor.database_dump import DumpFailed
from wallstreetsim.floor.rollback import Restoration, begin_anew
from wallstreetsim.machine.gc_control import collection_paused
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import World

DAYS, WEEKS = 7, 4
SHOWN_DIGITS = 8  # of the digest, in a dump's name
NAME = re.compile(r"wss-(?P<tick>\d+)-(?P<digest>[0-9a-f]{8})\.dump")


class BackupError(Exception):
    """There is no backup, or nothing is restored, for the reason given."""


class Written(NamedTuple):
    """When a dump was written, and its name."""

    at: datetime
    name: str


# Writing


def back_up(directory: Path) -> Path:
    """Write a dump of the database and its checksum, while the floor may go on; return the dump.

    Raises BackupError, leaving nothing behind, and World.DoesNotExist when nothing is founded.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = str(cursor.fetchone()[0])
        row = WorldRow.objects.get()
        file = directory / f"wss-{row.tick}-{row.digest[:SHOWN_DIGITS]}.dump"
        unfinished = file.with_suffix(".unfinished")
        try:
            database_dump.write(unfinished, snapshot=snapshot)
        except (DumpFailed, OSError) as error:
            raise BackupError(f"no dump could be written: {error}") from None
    try:
        checksum_of(file).write_text(f"{_digest_of(unfinished)}  {file.name}\n")
        unfinished.rename(file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        checksum_of(file).unlink(missing_ok=True)
        raise BackupError(f"no dump could be written: {error}") from None
    return file


def checksum_of(dump: Path) -> Path:
    return dump.with_name(f"{dump.name}.sha256")


def _digest_of(file: Path) -> str:
    """Return a file's checksum, once it is on the disk."""
    with file.open("rb") as dump:
        os.fsync(dump.fileno())
        return hashlib.file_digest(dump, "sha256").hexdigest()


# Which stay


def kept(written: Iterable[Written]) -> set[str]:
    """Return which dumps stay: the newest of each of the last days and weeks that have one."""
    days: dict[str, str] = {}
    weeks: dict[tuple[int, int], str] = {}
    for at, name in sorted(written, reverse=True):
        days.setdefault(at.strftime("%Y%m%d"), name)
        weeks.setdefault(at.isocalendar()[:2], name)
    return {*list(days.values())[:DAYS], *list(weeks.values())[:WEEKS]}


def rotate(directory: Path) -> list[str]:
    """Remove the dumps that are not kept, with their checksums; return their names. When a dump
    was written is what its file says.
    """
    written = [
        Written(datetime.fromtimestamp(file.stat().st_mtime, UTC), file.name)
        for file in directory.iterdir()
        if NAME.fullmatch(file.name)
    ]
    stay = kept(written)
    old = sorted(one.name for one in written if one.name not in stay)
    for name in old:
        (directory / name).unlink()
        checksum_of(directory / name).unlink(missing_ok=True)
    return old


# Restoring


def restore(file: Path, *, epoch: int | None = None, rules: Rules = RULES) -> Restoration:
    """Fill the empty database from a dump, and begin a new epoch there: `epoch`, else the next one.

    Raises BackupError. What it says before the dump is loaded has changed nothing.
    """
    _check_file(file)
    if tables := connection.introspection.table_names():
        raise BackupError(f"the database is not empty: it has {len(tables)} tables; create it anew")
    try:
        database_dump.load(file)
    except DumpFailed as error:
        raise BackupError(f"the dump cannot be loaded: {error}") from None
    try:
        _check_tick(file)
        call_command("migrate", interactive=False, verbosity=0)
        with collection_paused():
            return begin_anew(epoch=epoch, rules=rules, machine=_sound_machine(rules))
    except checkpoints.CannotRestore as refusal:
        raise BackupError(f"the dump is loaded, and cannot be used: {refusal}") from None


def _check_file(file: Path) -> None:
    """Raise BackupError unless a dump is as it was written."""
    try:
        recorded = checksum_of(file).read_text().split()[0]
        with file.open("rb") as dump:
            found = hashlib.file_digest(dump, "sha256").hexdigest()
    except (OSError, IndexError) as error:
        raise BackupError(f"{file} and its checksum cannot be read: {error}") from None
    if recorded != found:
        raise BackupError(f"{file} is damaged: its checksum is not that of {checksum_of(file)}")


def _check_tick(file: Path) -> None:
    """Raise BackupError if a dump is of another tick than its name says."""
    # Of an older release it may lack columns yet.
    tick, digest = WorldRow.objects.values_list("tick", "digest").get()
    named = NAME.fullmatch(file.name)
    if named and (int(named["tick"]), named["digest"]) != (tick, digest[:SHOWN_DIGITS]):
        raise BackupError(f"{file.name} holds tick {tick} with digest {digest[:16]}")


def _sound_machine(rules: Rules) -> World | None:
    """Return the machine of what was loaded. Raise BackupError if the audit finds a difference:
    what comes next writes the rows that say how things stand from the machine, and would hide it.
    """
    audited = audit(rules)
    if wrong := [difference for check in audited.checks for difference in check.differences]:
        raise BackupError(
            f"the dump is loaded, and its audit finds {len(wrong)} differences: {wrong[0]}"
        )
    return audited.machine
