"""`kill -9` of the floor at every statement of a busy tick: the tick is whole or absent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import count

import pytest
from django.conf import settings
from django.db import connection

from agents.models import Input
from market import models
from tests.floor.hall import Hall, Twin
from tests.stack.running import eventually
from wallstreetsim.machine.world import Outcome

BUSY = """
    ann BUY 100 MARKET
    bob BUY 300 NEXUS MARKET
    bob BUY 100 @ 1.00 #b{n}
    cid BUY 50 @ 9000.00
    ann SELL 10 MARKET
    ann CANCEL #a{before}
    ann BUY 7 @ 1.00 #a{n}
    cid BUY 100000000 MARKET
"""


class Doomed:
    """The process of `tests.floor.doomed`."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.floor.doomed", connection.settings_dict["NAME"]]
        self.process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def await_ready(self) -> None:
        while self._answer() != "ready":
            pass

    def run(self, number: int) -> bool:
        """Run a tick that is to die at its `number`-th statement; say whether it got that far."""
        assert self.process.stdin is not None
        print(number, file=self.process.stdin, flush=True)
        while (answer := self._answer()) not in {"killed", "ran"}:
            assert not answer.startswith("failed"), answer
        return answer == "killed"

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answer(self) -> str:
        assert self.process.stdout is not None
        line: str = self.process.stdout.readline()
        assert line, "it ended"
        return line.strip()


@pytest.fixture(scope="module")
def doomed(django_db_setup: None) -> Iterator[Doomed]:
    doomed = Doomed()
    try:
        doomed.await_ready()
        yield doomed
    finally:
        doomed.stop()


@pytest.fixture(autouse=True)
def each_tick_writes_all_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallstreetsim.floor.checkpoints.EVERY_TICKS", 1)
    monkeypatch.setattr("market.record.EQUITY_POINT_TICKS", 1)


def test_a_tick_killed_at_any_statement_is_whole_or_absent(doomed: Doomed, hall: Hall) -> None:
    hall.tick("ann BUY 500 MARKET\nann BUY 7 @ 1.00 #a0")
    twin = Twin()
    twin.follow(hall.row)
    wholes = []
    for number in count(1):
        before = hall.row
        sent = hall.send(BUSY.format(n=number, before=number - 1))
        if not doomed.run(number):
            break
        await_its_end()
        wholes.append(hall.row.tick > before.tick)
        if not wholes[-1]:
            assert hall.row.digest == before.digest
            assert set(_rows_of(before.tick + 1).values()) == {0}
            assert Input.objects.waiting().count() == len(sent)
            next_tick(hall)
        outcome = twin.next(hall.row)
        assert outcome.digest == hall.row.digest
        assert _rows_of(outcome.tick) == _rows_told_by(outcome)
        assert [result.id for result in outcome.results] == [str(row.public_id) for row in sent]
        assert hall.audit() == []
    absent = wholes.index(True)
    assert absent > 20, "that many statements make a tick"
    assert all(wholes[absent:]), "what comes after the commit undoes nothing"


def _rows_of(tick: int) -> dict[str, int]:
    return {
        "inputs": Input.objects.filter(verdict__tick=tick).count(),
        "orders": models.Order.objects.filter(tick_submitted=tick).count(),
        "trades": models.Trade.objects.filter(tick=tick).count(),
        "candles": models.Candle.objects.filter(tick=tick).count(),
        "points": models.EquityPoint.objects.filter(tick=tick).count(),
        "entries": models.TapeEntry.objects.filter(tick=tick).count(),
    }


def _rows_told_by(outcome: Outcome) -> dict[str, int]:
    return {
        "inputs": len(outcome.results),
        "orders": sum(order.tick_submitted == outcome.tick for order in outcome.market.orders),
        "trades": len(outcome.market.trades),
        "candles": len(outcome.market.candles) + len(outcome.market.index_candles),
        "points": len(outcome.market.accounts),
        "entries": 1 + len(outcome.told),
    }


def next_tick(hall: Hall) -> None:
    eventually(lambda: hall.floor.tick() is not None)


def await_its_end() -> None:
    """Wait until the server has noticed that the killed floor is gone."""
    with connection.cursor() as cursor:

        def is_gone() -> bool:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'doomed'"
            )
            return bool(cursor.fetchone() == (0,))

        eventually(is_gone, pause=0.005)
