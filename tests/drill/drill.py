"""Disasters, each brought about and overcome with the commands of docs/runbook: `make drill`.

Not part of `make test`: they take minutes. What one of them measures, it prints.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.conf import settings

from tests.drill.exchange import PATIENCE, Drilled, Spectator, Trader
from tests.ports import free_port
from tests.stack.running import eventually


@pytest.fixture
def directory() -> Iterator[Path]:
    with TemporaryDirectory(prefix="wss-drill-", dir="/tmp", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture
def exchange(directory: Path) -> Iterator[Drilled]:
    exchange = Drilled(directory / "data", free_port())
    try:
        exchange.start_stores()
        exchange.found()
        exchange.open()
        yield exchange
    finally:
        exchange.end_all()


def note(what: str, figure: object) -> None:
    print(f"\n  {what}: {figure}")


def check_audit(exchange: Drilled) -> None:
    done = exchange.manage("audit")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_lost_database(exchange: Drilled, directory: Path) -> None:
    """Backed up under load, destroyed, restored elsewhere: every client goes on."""
    keys = [exchange.register(f"trader-{number}") for number in range(4)]
    exchange.run_on(2)
    traders = [Trader(exchange, key) for key in keys]
    spectators = [Spectator(f"ws://127.0.0.1:{exchange.port}/ws") for _ in range(20)]
    exchange.run_on(5)
    began = time.monotonic()
    done = exchange.manage("backup", "--to", str(directory / "backups"))
    assert done.returncode == 0, done.stderr
    note("backup under load, s", round(time.monotonic() - began, 1))
    [dump] = (directory / "backups").glob("*.dump")
    kept_tick = int(dump.name.split("-")[1])
    exchange.run_on(3)

    exchange.lose_database()
    eventually(lambda: not exchange.is_healthy())
    exchange.end("floor", "beat", "courier", "web")
    exchange.end("redis")

    exchange.start_stores()
    began = time.monotonic()
    done = exchange.manage("restore", str(dump))
    assert done.returncode == 0, done.stdout + done.stderr
    seconds = time.monotonic() - began
    note("restore, s", round(seconds, 1))
    assert exchange.stands() == (2, kept_tick)
    seconds = exchange.open()
    note("from the start of everything to the next tick, s", round(seconds, 1))
    exchange.run_on(5)
    for trader in traders:
        trader.stop()
    for spectator in spectators:
        spectator.stop()

    check_audit(exchange)
    for spectator in spectators:
        for epoch in (1, 2):
            ticks = [tick for of, tick in spectator.told if of == epoch]
            assert ticks == list(range(ticks[0], ticks[-1] + 1))
        assert spectator.gaps == 1  # told once that what it knew is no more
    for key, trader in zip(keys, traders, strict=True):
        portfolio = exchange.ask("/agents/me/portfolio", key=key)
        assert portfolio.status == 200
        known = exchange.asked(
            "SELECT count(*) FROM agents_input WHERE public_id::text = ANY(%s)",
            trader.acknowledged,
        )
        # What was acknowledged after the dump is lost; what was before it, and since, is there.
        assert 0 < known[0][0] <= len(trader.acknowledged)


def test_a_lost_redis(exchange: Drilled) -> None:
    key = exchange.register("ann")
    exchange.run_on(2)
    exchange.end("redis", how=signal.SIGKILL)
    for file in exchange.places.data.rglob("*.rdb"):
        file.unlink()
    health = exchange.ask("/health")
    assert (health.status, health.body["data"]["status"]) == (200, "degraded")
    assert exchange.ask("/agents/me/portfolio", key=key).status == 200
    exchange.start("redis")
    exchange.run_on(3)
    assert exchange.ask("/health").body["data"]["status"] == "ok"
    check_audit(exchange)


def test_a_full_disk(directory: Path) -> None:
    """The record's disk is full: nothing is acknowledged, nothing lost, and all goes on."""
    data = directory / "data"
    data.mkdir()
    options = "size=260m,mode=0755"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(data)])
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    exchange = Drilled(data, free_port(), COMPANIES="5", HOUSE_AGENTS="4")
    try:
        exchange.start_stores()
        exchange.found()
        exchange.open()
        key = exchange.register("ann")
        exchange.run_on(2)
        trader = Trader(exchange, key)
        filler = data / "filler"
        free = shutil.disk_usage(data).free
        with filler.open("wb") as file:
            for _ in range(free // 1_000_000 + 2):
                try:
                    file.write(bytes(1_000_000))
                    file.flush()
                except OSError:
                    break
        time.sleep(10)
        stood = exchange.ask("/health").status, len(trader.acknowledged)
        note("while it was full: /health, orders acknowledged", stood)
        filler.unlink()
        if exchange.ask("/health").status != 200:  # PostgreSQL may have stopped itself
            exchange.end("postgres", how=signal.SIGKILL)
            time.sleep(1)
            exchange.start_stores()
        exchange.run_on(3)
        trader.stop()
        known = exchange.asked(
            "SELECT count(*) FROM agents_input WHERE public_id::text = ANY(%s)",
            trader.acknowledged,
        )
        assert known[0][0] == len(trader.acknowledged)
        check_audit(exchange)
    finally:
        exchange.end_all()
        subprocess.run(["umount", "-l", str(data)])


def test_a_bad_release(exchange: Drilled, directory: Path) -> None:
    """A new floor that cannot run leaves the place to the old one; the world is taken back."""
    exchange.run_on(3)
    (epoch, good) = exchange.stands()
    exchange.end("floor", how=signal.SIGKILL)
    # A release that cannot read the record: its floor says so and changes nothing.
    exchange.asked("UPDATE market_checkpoint SET engine_version = 999 RETURNING tick")
    exchange.start("floor")
    eventually(lambda: "refuses to run" in exchange.places.log("floor").read_text(), PATIENCE)
    assert exchange.stands()[1] <= good + 2
    exchange.end("floor")
    [(version,)] = exchange.asked("SELECT engine_version FROM market_world")
    exchange.asked("UPDATE market_checkpoint SET engine_version = %s RETURNING tick", version)
    verified = exchange.manage("checkpoint", "verify")
    assert verified.returncode == 0, verified.stderr
    exchange.end("beat")
    time.sleep(4)  # the command is refused while a tick was just run
    done = exchange.manage("checkpoint", "restore", str(good - 1))
    assert done.returncode == 0, done.stderr
    exchange.start("beat", "floor")
    eventually(lambda: exchange.stands() > (epoch + 1, good), PATIENCE)
    check_audit(exchange)


def test_leaked_secrets(exchange: Drilled) -> None:
    """Both keys are replaced, then every key of an agent."""
    key = exchange.register("ann")
    session = exchange.ask("/auth/session", {}, key)
    note("session before", session.status)
    exchange.run_on(1)
    old = exchange.places.webhook_key.read_text()
    [(before,)] = exchange.asked("SELECT webhook_secret FROM agents_agent WHERE name = 'ann'")
    exchange.end("web", "courier", "floor", "beat")
    exchange.environment |= {
        "SECRET_KEY": "a-new-key-of-many-characters-that-nobody-knows-1",
        "WSS_WEBHOOK_KEY": "a-new-key-of-many-characters-that-nobody-knows-2",
    }
    done = exchange.manage("reencrypt", WSS_WEBHOOK_KEY_PREVIOUS=old)
    assert done.returncode == 0, done.stderr
    [(after,)] = exchange.asked("SELECT webhook_secret FROM agents_agent WHERE name = 'ann'")
    assert before != after
    exchange.open()
    assert exchange.ask("/agents/me/portfolio", key=key).status == 200


def test_a_release_is_built_in_an_empty_directory(directory: Path) -> None:
    began = time.monotonic()
    target = directory / "release"
    done = subprocess.run(
        [settings.BASE_DIR / "deploy/build.sh", target], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    note("the build, s", round(time.monotonic() - began))
    assert (target / ".venv/bin/python").exists()
    assert list(target.glob("**/*.so"))
    checked = subprocess.run(
        [target / ".venv/bin/python", "manage.py", "check"],
        cwd=target,
        env={"PATH": "/usr/bin:/bin", "SECRET_KEY": "drill", "WSS_DATA_DIR": str(directory)},
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr
