"""The daily dump: what is written, and which dumps stay."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from deploy import backup
from market.models import World
from wallstreetsim.stack.binaries import postgres_program

NOW = datetime(2026, 11, 30, 3, 30, tzinfo=UTC)


def names(*, days: int, per_day: int = 1) -> list[str]:
    """Return the names of the dumps of the last days, newest first."""
    return [
        (NOW - timedelta(days=day, hours=hour)).strftime(backup.FORM)
        for day in range(days)
        for hour in range(per_day)
    ]


@pytest.mark.django_db
def test_a_dump_is_whole_and_has_a_checksum(tmp_path: Path) -> None:
    file = backup.back_up(connection.settings_dict, tmp_path, NOW)
    assert file.name == "wss-20261130T033000Z.dump"
    assert file.stat().st_mode & 0o077 == 0
    checked = subprocess.run(["sha256sum", "-c", f"{file.name}.sha256"], cwd=tmp_path)
    assert checked.returncode == 0
    listed = subprocess.run(
        [postgres_program("pg_restore"), "--list", file], capture_output=True, text=True
    )
    assert f"TABLE DATA public {World._meta.db_table}" in listed.stdout


@pytest.mark.django_db
def test_a_dump_that_fails_leaves_nothing_and_names_no_password(tmp_path: Path) -> None:
    wrong = {**connection.settings_dict, "NAME": "nowhere", "PASSWORD": "geheim"}
    with pytest.raises(backup.BackupError, match="nowhere") as raised:
        backup.back_up(wrong, tmp_path, NOW)
    assert "geheim" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_seven_days_and_four_weeks_stay() -> None:
    kept = backup.kept(names(days=60))
    days = sorted((NOW.date() - datetime.strptime(name, backup.FORM).date()).days for name in kept)
    # Monday the 30th: of the weeks before, the Sundays 29th, 22nd and 15th.
    assert days == [0, 1, 2, 3, 4, 5, 6, 8, 15]


def test_of_a_day_the_newest_stays() -> None:
    assert backup.kept(names(days=1, per_day=3)) == {NOW.strftime(backup.FORM)}


def test_what_stays_today_does_not_hang_on_when_it_was_cleared() -> None:
    """Clearing every day keeps what clearing once would have."""
    daily: set[str] = set()
    for name in reversed(names(days=60)):
        daily = backup.kept({*daily, name})
    assert daily == backup.kept(names(days=60))


def test_clearing_removes_dumps_with_their_checksums_and_nothing_else(tmp_path: Path) -> None:
    for name in names(days=10):
        (tmp_path / name).touch()
        (tmp_path / f"{name}.sha256").touch()
    (tmp_path / "notes.txt").touch()
    removed = backup.rotate(tmp_path)
    left = {file.name for file in tmp_path.iterdir()}
    assert removed
    assert "notes.txt" in left
    assert not left & set(removed)
    assert left == {"notes.txt"} | {
        name for dump in backup.kept(names(days=10)) for name in (dump, f"{dump}.sha256")
    }
