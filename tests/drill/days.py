"""A month of a busy world, each day sealed two days after it: how much the database grows, and how
long the audit takes. `pytest tests/drill/days.py -s`; hours on a slow machine.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import monotonic

import pytest
from django.db import connection

from market.engine.rules import Switches
from wallstreetsim.floor import old_days
from wallstreetsim.floor.audit import audit
from wallstreetsim.floor.founding import found_if_missing
from wallstreetsim.floor.shell import Floor
from wallstreetsim.machine.rules import RULES

DAYS = int(os.environ.get("DRILL_DAYS", "30"))
COMPANIES = int(os.environ.get("DRILL_COMPANIES", "100"))


def test_the_database_stops_growing(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    found_if_missing(seed="a month", companies=COMPANIES, switches=Switches(events=True, house=24))
    floor = Floor()
    length = RULES.market.session.day_ticks
    for day in range(DAYS):
        for _ in range(length):
            assert floor.tick() is not None
            floor.rest()
        sealed = list(old_days.seal_what_is_old(after_days=3, directory=tmp_path))
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("SELECT pg_database_size(current_database())")
            size = cursor.fetchone()[0]
        began = monotonic()
        _, checks = audit()
        assert not any(check.differences for check in checks)
        print(
            f"day {day}: {size / 1e6:,.1f} MB, audit {monotonic() - began:.1f} s, sealed {sealed}",
            flush=True,
        )
