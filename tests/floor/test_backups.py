"""Backups: what is written, which dumps stay, and a world taken up from one elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql

from market import models
from tests.floor.hall import Hall
from tests.processes import database_url
from wallstreetsim.floor import backups

NOW = datetime(2026, 11, 30, 3, 30, tzinfo=UTC)
EMPTY = "wss_restored"


def written(*, days: int, per_day: int = 1) -> list[backups.Written]:
    """Return the dumps of the last days, newest first."""
    times = [
        NOW - timedelta(days=day, hours=hour) for day in range(days) for hour in range(per_day)
    ]
    return [backups.Written(at, f"wss-{at:%Y%m%d%H}-0123abcd.dump") for at in times]


def test_seven_days_and_four_weeks_stay() -> None:
    kept = backups.kept(written(days=60))
    days = sorted((NOW - at).days for at, name in written(days=60) if name in kept)
    # Monday the 30th: of the weeks before, the Sundays 29th, 22nd and 15th.
    assert days == [0, 1, 2, 3, 4, 5, 6, 8, 15]


def test_of_a_day_the_newest_stays() -> None:
    assert backups.kept(written(days=1, per_day=3)) == {written(days=1)[0].name}


def test_what_stays_today_does_not_hang_on_when_it_was_cleared() -> None:
    """Clearing every day keeps what clearing once would have."""
    by_name = {one.name: one for one in written(days=60)}
    daily: set[str] = set()
    for name in reversed(by_name):
        daily = backups.kept(by_name[one] for one in {*daily, name})
    assert daily == backups.kept(by_name.values())


def test_clearing_removes_dumps_with_their_checksums_and_nothing_else(tmp_path: Path) -> None:
    for at, name in written(days=10):
        for file in (tmp_path / name, tmp_path / f"{name}.sha256"):
            file.touch()
            os.utime(file, (at.timestamp(), at.timestamp()))
    (tmp_path / "notes.txt").touch()
    removed = backups.rotate(tmp_path)
    assert removed
    assert {file.name for file in tmp_path.iterdir()} == {"notes.txt"} | {
        file for name in backups.kept(written(days=10)) for file in (name, f"{name}.sha256")
    }


@pytest.fixture
def empty_database() -> Iterator[str]:
    """An empty database beside the tests' own, by its URL."""
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(EMPTY))
    with psycopg.connect(database_url(), autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(EMPTY)))
        yield database_url().rpartition("/")[0] + f"/{EMPTY}"
        server.execute(drop)


def manage(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a management command upon another database."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
    )


def test_a_world_is_taken_up_from_a_backup_under_a_new_epoch(
    hall: Hall, tmp_path: Path, empty_database: str
) -> None:
    hall.tick("ann BUY 10 MARKET")
    hall.send("bob BUY 5 MARKET")  # nobody has taken it when the dump is made
    file = backups.back_up(tmp_path)
    row = hall.row
    assert file.name == f"wss-{row.tick}-{row.digest[:8]}.dump"
    assert file.stat().st_mode & 0o077 == 0
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", f"{file.name}.sha256"], cwd=tmp_path
    )
    assert checked.returncode == 0
    with pytest.raises(CommandError, match="the database is not empty"):
        call_command("restore", str(file))

    done = manage(empty_database, "restore", str(file))
    assert done.returncode == 0, done.stderr
    assert f"The world is at tick {row.tick} of epoch 2." in done.stdout
    with psycopg.connect(empty_database) as restored:
        stands = restored.execute("SELECT epoch, tick, digest FROM market_world").fetchone()
        waits = restored.execute("SELECT count(*) FROM agents_waiting").fetchone()
    assert stands == (2, row.tick, row.digest)
    assert waits == (0,)


KEPT = Path(__file__).parent / "kept" / "wss-8-cf9e927b.dump"  # of engine 3, cleanly stopped


def test_a_dump_of_an_older_release_is_upgraded_and_its_world_goes_on(
    db: None, empty_database: str
) -> None:
    """Its schema is migrated, its machine lifted, and what it owned is what it owns."""
    done = manage(empty_database, "restore", str(KEPT))
    assert done.returncode == 0, done.stderr
    assert "The world is at tick 8 of epoch 2." in done.stdout
    tick = "from wallstreetsim.floor.shell import Floor; assert Floor().tick()"
    went_on = manage(empty_database, "shell", "--no-imports", "--command", tick)
    assert went_on.returncode == 0, went_on.stderr
    with psycopg.connect(empty_database) as restored:
        [(now,)] = restored.execute("SELECT tick FROM market_world").fetchall()
        held = restored.execute(
            "SELECT name, symbol, quantity FROM market_holding JOIN market_account AS account"
            " ON account.id = account_id WHERE name IN ('ann', 'bob') AND quantity <> 0"
            " ORDER BY 1"
        ).fetchall()
    assert now == 9
    assert [(name, symbol) for name, symbol, _ in held] == [("ann", "APEX"), ("bob", "NEXUS")]


def test_what_differs_in_a_dump_is_found_before_it_is_written_anew(hall: Hall) -> None:
    hall.tick("ann BUY 10 MARKET")
    models.Account.objects.filter(name="ann").update(cash=1)
    with pytest.raises(backups.BackupError, match="its audit finds 3 differences: account"):
        backups._sound_machine(hall.rules)


def test_a_damaged_dump_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "wss-7-0123abcd.dump"
    file.write_bytes(b"half of it")
    with pytest.raises(backups.BackupError, match="its checksum cannot be read"):
        backups.restore(file)
    backups.checksum_of(file).write_text("0" * 64 + f"  {file.name}\n")
    with pytest.raises(backups.BackupError, match="is damaged"):
        backups.restore(file)


def test_a_backup_that_fails_leaves_nothing_and_names_no_password(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "geheim")
    monkeypatch.setitem(connection.settings_dict, "HOST", str(tmp_path / "nowhere"))
    with pytest.raises(CommandError, match="There is no backup") as raised:
        call_command("backup", "--to", str(tmp_path / "backups"))
    assert "geheim" not in str(raised.value)
    assert list((tmp_path / "backups").iterdir()) == []


def test_without_a_world_there_is_no_backup(transactional_db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no world to back up"):
        call_command("backup", "--to", str(tmp_path))
