"""Two floors and two beats, as processes with a tick a second, and what may befall them.

The tests share one exchange, and each leaves it running. A spectator watches them all.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from pytest_django import DjangoDbBlocker

from market.models import Checkpoint, TapeEntry
from tests import tables
from tests.floor.hall import Twin
from tests.ports import free_port
from tests.stack.exchange import Exchange, Listener
from tests.stack.running import eventually
from wallstreetsim.floor.shell import SHORTEST_INTERVAL

pytestmark = pytest.mark.django_db  # to look at what others commit


@pytest.fixture(scope="module")
def exchange(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Exchange]:
    with TemporaryDirectory(prefix="wss-floor-", dir="/tmp") as data, django_db_blocker.unblock():
        exchange = Exchange(Path(data), free_port())
        try:
            for name in ("redis", "floor", "floor", "beat", "beat", "web"):
                exchange.start(name)
            exchange.run_on()
            yield exchange
        finally:
            exchange.stop()
            tables.empty()


@pytest.fixture(scope="module")
def spectator(exchange: Exchange) -> Iterator[Listener]:
    spectator = Listener(exchange.port)
    yield spectator
    spectator.stop()


@pytest.fixture(autouse=True)
def ends_with_a_whole_record(exchange: Exchange, spectator: Listener) -> Iterator[None]:
    """No tick is missing, and the machine makes of the inputs what was recorded of them."""
    yield
    row = exchange.hall.row
    told = TapeEntry.objects.filter(stream=0, tick__lte=row.tick).order_by("seq")
    assert list(told.values_list("seq", flat=True)) == list(range(1, row.tick + 1))
    assert Twin().follow(row) == row.digest


def test_two_floors_and_two_beats_run_each_tick_once(exchange: Exchange) -> None:
    since = exchange.tick
    exchange.run_on(4)
    assert min(exchange.intervals(since)) >= SHORTEST_INTERVAL


def test_a_message_too_many_or_too_late_runs_no_tick(exchange: Exchange) -> None:
    since = exchange.tick
    for _ in range(10):
        exchange.send_tick()
        exchange.send_tick(expires=datetime(2020, 1, 1, tzinfo=UTC))
    exchange.run_on(3)
    assert min(exchange.intervals(since)) >= SHORTEST_INTERVAL


def test_a_slow_tick_is_waited_for_and_not_caught_up_with(exchange: Exchange) -> None:
    with exchange.tick_held_up():
        before = exchange.tick
        time.sleep(3)
        assert exchange.tick == before  # nor did the other floor run it
    exchange.run_on(4)
    assert min(exchange.intervals(before)) >= SHORTEST_INTERVAL


def test_floors_killed_in_the_middle_of_a_tick_leave_it_undone(exchange: Exchange) -> None:
    with exchange.tick_held_up():
        before = exchange.tick
        exchange.kill("floor")
    assert exchange.tick == before
    exchange.start("floor")
    exchange.run_on()


def test_ticks_go_on_when_redis_is_back(exchange: Exchange) -> None:
    exchange.kill("redis")
    time.sleep(1.5)
    exchange.start("redis")
    exchange.run_on(3)


def test_ticks_go_on_when_redis_was_emptied(exchange: Exchange) -> None:
    exchange.redis.flushall()
    exchange.run_on(3)


def test_beat_ends_in_the_midst_of_a_statement(exchange: Exchange) -> None:
    with exchange.held("django_celery_beat_periodictasks", "ACCESS EXCLUSIVE"):
        for pid in exchange.running("beat"):
            os.kill(pid, signal.SIGTERM)
            eventually(lambda pid=pid: not _has_pending(pid, signal.SIGTERM))  # type: ignore[misc]
    assert exchange.kill("beat", signal.SIGTERM) == [0, 0]
    for _ in range(2):
        exchange.start("beat")
    exchange.run_on()


def _has_pending(pid: int, number: signal.Signals) -> bool:
    """Say whether a process has yet to take notice of a signal that it was sent."""
    status = Path(f"/proc/{pid}/status").read_text()
    pending = [int(line.split()[1], 16) for line in status.splitlines() if "Pnd:" in line]
    return any(mask & 1 << number - 1 for mask in pending)


def test_a_floor_that_stops_writes_down_where_it_was(exchange: Exchange) -> None:
    exchange.kill("floor", signal.SIGTERM)
    tick = exchange.tick
    assert Checkpoint.objects.filter(tick=tick).exists()
    exchange.start("floor")
    exchange.run_on()


def test_a_floor_that_is_restarted_goes_on_until_the_next_is_ready(exchange: Exchange) -> None:
    exchange.kill("floor", signal.SIGTERM)
    exchange.start("floor")
    exchange.run_on()
    [relay] = exchange.running("floor")
    [first] = psutil.Process(relay).children()
    os.kill(relay, signal.SIGHUP)
    eventually(lambda: len(psutil.Process(relay).children()) == 2)
    since = exchange.tick
    eventually(lambda: not first.is_running() or exchange.tick > since + 30)
    [second] = psutil.Process(relay).children()
    assert second != first
    exchange.run_on()


def test_the_spectator_was_told_every_tick_once(exchange: Exchange, spectator: Listener) -> None:
    tick = exchange.tick
    eventually(lambda: spectator.seqs[-1:] >= [tick])
    assert spectator.seqs == list(range(spectator.seqs[0], spectator.seqs[-1] + 1))
    assert spectator.times_connected == 1
