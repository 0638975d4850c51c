"""A month of a busy world by the real floor and the research desk, kept as beat has it kept, each
day sealed as on a server of `deploy/install`: how much the database grows, and how long the audit
takes. Half an hour and more; DRILL_DAYS=10 is a shorter one, which says nothing of days 20 to 30.

Left out is what has a bound of its own: deliveries, of which each endpoint keeps 50, and answers
kept for repeated requests, which go after a day.
"""

from __future__ import annotations

import os
import random
import re
from math import inf
from pathlib import Path
from time import monotonic

import pytest
from django.conf import LazySettings
from django.db import connection

from market.engine.rules import Switches
from market.models import SealedDay
from news.research.runner import Runner
from wallstreetsim import tasks
from wallstreetsim.floor import shell
from wallstreetsim.floor.audit import audit
from wallstreetsim.lab.bench.ticks import fresh_floor, order_or_social, send_orders
from wallstreetsim.machine.rules import RULES

DAYS = int(os.environ.get("DRILL_DAYS", "30"))
HOUSE = 24
OUTSIDERS = 40
INPUTS = 10  # of outsiders in a tick: each acts every four
ENVIRONMENT = Path(__file__).parents[2] / "deploy/files/etc/wallstreetsim/environment"
LOOK_DAYS = 10  # between two audits, and two looks at the tables
MOST_BYTES = 1_000_000_000
MOST_GROWTH = 1.05  # from day 20 to 30
VACUUM_TICKS = 60  # of a second: autovacuum looks once a minute
DESK_TICKS = 10  # between two looks of the research desk
LISTED = 12  # tables


def days_until_sealed() -> int:
    """Return after how many days a server seals one, as it is installed."""
    found = re.search(r"^WSS_SEAL_AFTER_DAYS=(\d+)$", ENVIRONMENT.read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def vacuum_what_needs_it() -> None:
    """Vacuum what a server's autovacuum would, by its defaults: the tests' server has none, and
    here a minute of the world passes in seconds.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relid::regclass::text FROM pg_stat_all_tables"
            " WHERE schemaname IN ('public', 'pg_toast')"
            " AND (n_dead_tup > 50 + 0.2 * n_live_tup"
            "  OR n_ins_since_vacuum > 1000 + 0.2 * n_live_tup)"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"VACUUM {table}")


def sizes() -> dict[str, int]:
    """Return the bytes of each table with its indexes, once dead rows are gone."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables")
        return dict(cursor.fetchall())


def database_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def audit_seconds() -> float:
    began = monotonic()
    checks = audit().checks
    assert not any(check.differences for check in checks)
    return monotonic() - began


def note_growth(before: dict[str, int], after: dict[str, int]) -> None:
    """Print the tables that are largest or have grown most, those that grew most first."""
    grown = {name: size - before.get(name, 0) for name, size in after.items()}
    most = sorted(grown, key=lambda name: -grown[name])
    largest = sorted(after, key=lambda name: -after[name])[:LISTED]
    for name in most:
        if name in largest or name in most[:LISTED]:
            figures = f"{after[name] / 1e6:,.1f} MB, grown by {grown[name] / 1e6:,.2f} MB"
            print(f"    {name}: {figures}", flush=True)


def test_the_database_stops_growing(
    transactional_db: None,
    tmp_path: Path,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Checkpoints every so many ticks: by time a machine that does other work has more of them.
    monkeypatch.setattr(shell, "REPLAY_SECONDS", inf)
    kept = days_until_sealed()
    settings.SEAL_AFTER_DAYS, settings.EXPORT_DIRECTORY = kept, tmp_path
    floor = fresh_floor(agents=OUTSIDERS, switches=Switches(events=True, house=HOUSE))
    desk, draw = Runner(RULES.market), random.Random("a month")
    length = RULES.market.session.day_ticks
    bytes_after: list[int] = []
    tables: list[dict[str, int]] = [{}]
    for day in range(DAYS):
        began, trades = monotonic(), 0
        while floor.world is None or floor.world.tick < (day + 1) * length:
            send_orders(floor, INPUTS, draw, order_or_social)
            committed = floor.tick()
            assert committed is not None
            trades += len(committed.outcome.market.trades)
            floor.rest()
            if committed.outcome.tick % DESK_TICKS == 0:
                desk.catch_up()
            if committed.outcome.tick % VACUUM_TICKS == 0:
                vacuum_what_needs_it()
        ran = monotonic() - began
        tasks.prune_tape()
        tasks.prune_research()
        tasks.seal_old_days()
        assert SealedDay.objects.count() == max(0, day + 1 - kept)
        tables.append(sizes())
        bytes_after.append(database_bytes())
        figures = f"{trades:,} trades, {ran / length * 1000:.0f} ms a tick"
        figures += f", database {bytes_after[-1] / 1e6:,.1f} MB"
        looks = (day + 1) % LOOK_DAYS == 0 or day + 1 == DAYS
        if looks:
            figures += f", audit {audit_seconds():.1f} s"
        print(f"  after day {day + 1}: {figures}", flush=True)
        if looks:
            note_growth(tables[day // LOOK_DAYS * LOOK_DAYS], tables[-1])
    since = min(20, DAYS)
    growth = bytes_after[-1] / bytes_after[since - 1]
    print(f"  from day {since} to day {DAYS}: {100 * (growth - 1):+.2f} %")
    exported = sum(file.stat().st_size for file in tmp_path.rglob("*.gz"))
    print(f"  exports of {max(0, DAYS - kept)} days: {exported / 1e6:,.1f} MB")
    assert max(bytes_after) < MOST_BYTES
    assert growth < MOST_GROWTH
