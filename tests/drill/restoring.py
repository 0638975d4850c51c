"""A dump of 100 MB restored, beside what `pg_restore` alone takes for it: MB/s of the dump's."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from tests.processes import database_url
from wallstreetsim.floor import backups
from wallstreetsim.lab.bench.ticks import fresh_floor, order_or_social, send_orders
from wallstreetsim.stack.binaries import postgres_program

MEGABYTES = int(os.environ.get("DRILL_DUMP_MB", "100"))
ROUNDS = int(os.environ.get("DRILL_ROUNDS", "3"))
ORDERS = 10_000  # in a tick, of a thousand agents
TICKS_A_LOOK = 4
EMPTY = "wss_restoring"


@contextmanager
def empty_database() -> Iterator[str]:
    """Make an empty database beside the tests' own; yield its URL."""
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(EMPTY))
    with psycopg.connect(database_url(), autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(EMPTY)))
        try:
            yield database_url().rpartition("/")[0] + f"/{EMPTY}"
        finally:
            server.execute(drop)


def make_dump(directory: Path) -> Path:
    """Trade until a backup is as large as wanted, and return it."""
    floor, draw = fresh_floor(agents=1_000), random.Random("a large dump")
    while True:
        for _ in range(TICKS_A_LOOK):
            send_orders(floor, ORDERS, draw, order_or_social)
            assert floor.tick() is not None
            floor.rest()
        dump = backups.back_up(directory)
        if dump.stat().st_size >= MEGABYTES * 1_000_000:
            return dump
        dump.unlink()


def seconds_of(*words: str | Path, **variables: str) -> float:
    began = monotonic()
    done = subprocess.run(
        words,
        cwd=settings.BASE_DIR,
        env=os.environ | variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return monotonic() - began


def test_a_large_dump_is_restored(transactional_db: None, tmp_path: Path) -> None:
    dump = make_dump(tmp_path)
    megabytes = dump.stat().st_size / 1e6
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        print(
            f"\n  a dump of {megabytes:,.0f} MB, of a database of {cursor.fetchone()[0] / 1e6:,.0f}"
        )
    ours: list[float] = []
    plain: list[float] = []
    for _ in range(ROUNDS):
        with empty_database() as url:
            words = ("--exit-on-error", "--no-owner", f"--dbname={url}")
            plain.append(seconds_of(postgres_program("pg_restore"), *words, dump))
        with empty_database() as url:
            restore = (sys.executable, "manage.py", "restore", dump)
            ours.append(seconds_of(*restore, DATABASE_URL=url))
            with psycopg.connect(url) as restored:
                stands = restored.execute("SELECT epoch, tick FROM market_world").fetchone()
        assert stands == (2, int(dump.name.split("-")[1]))
    for name, took in (("pg_restore", plain), ("restore, audited", ours)):
        median = statistics.median(took)
        print(f"  {name}: {median:.1f} s, {megabytes / median:.1f} MB/s of {took}")
    print(f"  ×{statistics.median(ours) / statistics.median(plain):.2f}")
