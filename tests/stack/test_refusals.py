"""What keeps a run from starting is one clear line and an exit code."""

import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.stack.running import refusal
from wallstreetsim.environment.places import Places
from wallstreetsim.stack import StackError, postgres, preflight


def test_a_port_in_use(data: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"port {port}" in refusal(data, port)


def test_a_data_directory_that_is_a_file(data: Path, free_port: int) -> None:
    data.write_text("not a directory")
    assert f"cannot use {data}" in refusal(data, free_port)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_data_directory_that_cannot_be_written(data: Path, free_port: int) -> None:
    data.mkdir(mode=0o500)
    assert f"cannot use {data}" in refusal(data, free_port)


def test_a_postgresql_directory_that_is_none(data: Path, free_port: int) -> None:
    (data / "postgres").mkdir(parents=True)
    assert "is not a PostgreSQL directory" in refusal(data, free_port)


@pytest.mark.parametrize(
    ("version", "complaint"),
    [
        (b"9.6\n", "was made by PostgreSQL 9.6"),
        (b"", "is damaged"),
        (b"\xff\xfe\0abc", "is damaged"),
    ],
)
def test_a_postgresql_directory_of_another_version_or_of_none(
    data: Path, version: bytes, complaint: str
) -> None:
    (data / "postgres" / "global").mkdir(parents=True)
    (data / "postgres" / "global" / "pg_control").touch()
    (data / "postgres" / "PG_VERSION").write_bytes(version)
    with pytest.raises(StackError, match=complaint):
        postgres.prepare(Places(data))


def test_a_postgresql_directory_with_a_ruined_control_file(data: Path, free_port: int) -> None:
    places = Places(data)
    preflight.make_directories(places)
    postgres.prepare(places, "--no-sync")
    (places.postgres / "global" / "pg_control").write_bytes(b"\0" * 8192)
    assert "postgres does not start" in refusal(data, free_port)


@pytest.mark.parametrize(
    ("lost", "complaint"), [("base", "does not exist"), ("global/1260", "could not open file")]
)
def test_a_postgresql_directory_that_has_lost_something(
    data: Path, free_port: int, lost: str, complaint: str
) -> None:
    places = Places(data)
    preflight.make_directories(places)
    postgres.prepare(places, "--no-sync")
    (places.postgres / lost).rename(data / "lost")
    line = refusal(data, free_port)
    assert "refuses us: " in line
    assert complaint in line


@pytest.mark.parametrize("name", ["logs", "pids", "run"])
def test_a_file_where_there_should_be_a_directory(data: Path, name: str) -> None:
    data.mkdir()
    (data / name).touch()
    with pytest.raises(StackError, match=f"cannot use .*/{name} as a directory"):
        preflight.make_directories(Places(data))


@pytest.mark.parametrize("name", ["lock", "pids/floor", "postgres/postmaster.pid", "secret_key"])
def test_a_directory_where_there_should_be_a_file(data: Path, free_port: int, name: str) -> None:
    (data / "postgres").mkdir(parents=True)
    (data / name).mkdir(parents=True)
    assert f"cannot use {data / name}: " in refusal(data, free_port)


def test_a_secret_key_that_is_none(data: Path, free_port: int) -> None:
    data.mkdir()
    (data / "secret_key").write_bytes(b"\xff\xfe\x80")
    assert f"cannot use {data}/secret_key" in refusal(data, free_port)


@pytest.mark.parametrize("words", [["audit"], ["checkpoint", "list"], ["replay", "--from=1"]])
def test_a_command_on_a_record_while_nothing_runs(
    data: Path, settings: Any, words: list[str]
) -> None:
    settings.EMBEDDED_POSTGRES, settings.PLACES = True, Places(data)
    with pytest.raises(CommandError, match=f"is not running on {data}: start it with `make run`"):
        call_command(*words)


@pytest.mark.parametrize("name", ["PORT", "TICK_SECONDS", "COMPANIES"])
def test_a_setting_that_is_no_number(data: Path, free_port: int, name: str) -> None:
    line = refusal(data, free_port, **{name: "many"})
    assert f"{name} must be a whole number" in line


def test_a_port_that_no_machine_has(data: Path) -> None:
    assert "PORT must be at most 65535" in refusal(data, 70_000)


def test_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="nearly full"):
        preflight.check_space(tmp_path, least_megabytes=10**9)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_is_tiny(data: Path, free_port: int) -> None:
    data.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(data)]).returncode:
        pytest.skip("this container may not mount")
    try:
        assert "nearly full" in refusal(data, free_port)
    finally:
        subprocess.run(["umount", str(data)], check=True)
