"""`manage.py checkpoint`: the world taken back to an earlier tick, as if no other had followed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from agents.models import Agent, ApiKey, Input
from agents.services.keys import create_key
from market import models, tape
from tests.floor.hall import Hall, Twin, elsewhere
from tests.processes import database_url
from wallstreetsim.floor import database_dump, rollback
from wallstreetsim.floor.shell import TICK_LOCK
from wallstreetsim.stack.binaries import postgres_program

BUSY = """
    ann BUY 10 MARKET
    bob BUY 5 @ 1.00 #b{0}
    cid BUY 3000 NEXUS MARKET
    bob CANCEL #b{1}
    ann SELL 4 MARKET
    cid SELL 100 NEXUS @ 9000.00 #c{0}
"""

# Every model of ours, by what restoring does to it. A new one belongs into one of these.
WRITTEN_ANEW = {
    "market.World",
    "market.Company",
    "market.Account",
    "market.Holding",
    "market.Order",
    "agents.Agent",
}
GOES_WITH_ITS_TICK = {
    "market.Trade",
    "market.BlotterPage",
    "market.SalesPage",
    "market.LedgerEntry",
    "market.Candle",
    "market.EquityPoint",
    "market.Halt",
    "market.Split",
    "market.MarketEvent",
    "market.Bankruptcy",
    "sec.Suspicion",
    "sec.Penalty",
    "market.TapeEntry",
    "market.Checkpoint",
    "agents.Verdict",
    "agents.Manipulation",
    "agents.Message",
    "agents.Payout",
    "webhooks.Delivery",
    "webhooks.DueBriefing",
    "webhooks.SavedAlert",
    "news.Article",
    "news.Rumor",
    "news.Prose",
    "news.ResearchAlert",
    "news.ResearchSignal",
    "news.ResearchState",
    "news.Insight",
    "news.Narrative",
    "news.NarrativeProse",
    "news.InsightProse",
}
# Rows of later ticks go, and those that stand are written anew.
BOTH = {
    *("agents.Alliance", "agents.Block", "sec.Investigation", "sec.Violation"),
    *("sec.Bribe", "sec.Tip"),
}
WAITS_AGAIN = {"agents.Input", "agents.Waiting"}
GOES_WITH_ITS_TIME = {"agents.KeptAnswer"}
FOLLOWS = {"news.ResearchAggregate"}  # when the research desk reads the tape next
STAYS = {
    *("agents.ApiKey", "agents.Session", "webhooks.Endpoint"),
    *("agents.SiteState", "agents.Invitation", "agents.FrozenAddress"),
    *("market.SealedDay", "market.SealedBalance"),
}


@pytest.fixture(autouse=True)
def floor_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollback, "REST_TICKS", 0)


def run_to(hall: Hall, tick: int) -> None:
    for n in range(hall.row.tick + 1, tick + 1):
        hall.tick(BUSY.format(n, max(0, n - 3)))


def photograph() -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of the world, whatever its number."""
    unseen = {"id", "claimed_at", "epoch", "written_at"}
    taken = {}
    for name in (WRITTEN_ANEW | GOES_WITH_ITS_TICK | BOTH) - {"market.Checkpoint"}:
        model = apps.get_model(name)
        columns = [f.attname for f in model._meta.fields if f.attname not in unseen]
        if name in ("market.Order", "agents.Agent", "market.Account"):
            columns.append("id")
        if name == "market.Holding":  # one that is gone may keep a row of zero, or none
            rows = model._default_manager.exclude(quantity=0).values_list(*columns)
        else:
            rows = model._default_manager.values_list(*columns)
        taken[name] = sorted(map(tuple, rows), key=repr)
    return taken


def command(*words: str) -> str:
    out = StringIO()
    call_command("checkpoint", *words, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("tick", [0, 5, 8, 13])
def test_the_record_is_as_it_was(hall: Hall, tmp_path: Path, tick: int) -> None:
    if tick:
        run_to(hall, tick)
        before = photograph()
    run_to(hall, 17)
    done = rollback.roll_back(tick, dumps=tmp_path)
    assert (done.epoch, hall.row.epoch, hall.row.tick) == (2, 2, tick)
    if tick:
        assert photograph() == before
        assert done.readmitted == []
        assert hall.audit() == []
    else:
        assert done.readmitted == ["ann", "bob", "cid"]
    hall.restart()
    run_to(hall, tick + 6)
    assert hall.audit() == []
    assert Twin().follow(hall.row) == hall.row.digest


def test_who_registered_later_is_endowed_again_and_keeps_its_keys(
    hall: Hall, tmp_path: Path
) -> None:
    run_to(hall, 6)
    hall.agents["dee"] = Agent.objects.create(name="dee", role="quant", webhook_secret="")
    create_key(hall.agents["dee"])
    hall.submit(hall.registration("dee"))
    hall.tick("dee BUY 100 MARKET")
    run_to(hall, 9)
    hall.agents["eve"] = Agent.objects.create(name="eve", role="quant", webhook_secret="")
    hall.submit(hall.registration("eve"))  # and no tick has taken it yet
    hall.send("ann BUY 1 MARKET")
    done = rollback.roll_back(6, dumps=tmp_path)
    assert done.readmitted == ["dee", "eve"]
    assert [row.type for row in Input.objects.waiting()] == ["REGISTER", "REGISTER"]
    assert not models.Account.objects.filter(name__in=["dee", "eve"]).exists()
    hall.restart().tick()
    endowed = models.Account.objects.filter(name__in=["dee", "eve"])
    assert [account.cash for account in endowed] == [5_000_000_000] * 2
    assert ApiKey.objects.filter(agent=hall.agents["dee"]).count() == 1
    assert hall.audit() == []


def test_a_quote_that_had_not_traded_yet_has_no_row(hall: Hall, tmp_path: Path) -> None:
    run_to(hall, 5)
    before = models.Order.objects.count()
    hall.tick("ann BUY 1 MARKET")
    rollback.roll_back(5, dumps=tmp_path)
    assert models.Order.objects.count() == before
    hall.restart().tick()
    hall.tick("ann BUY 1 MARKET")
    assert hall.audit() == []


def test_the_tape_goes_on_where_it_was(hall: Hall, tmp_path: Path) -> None:
    run_to(hall, 9)
    rollback.roll_back(7, dumps=tmp_path)
    hall.restart()
    run_to(hall, 10)
    entries = tape.read(epoch=2, stream=tape.PUBLIC_STREAM, since=0, limit=100)
    assert [(entry.seq, entry.tick) for entry in entries] == [(n, n) for n in range(1, 11)]
    assert not models.TapeEntry.objects.exclude(epoch=2).exists()


def test_a_dump_of_what_is_replaced_comes_first(hall: Hall, tmp_path: Path) -> None:
    run_to(hall, 8)
    done = rollback.roll_back(5, dumps=tmp_path)
    assert done.dump
    pg_restore = [str(postgres_program("pg_restore")), "--data-only", "--file=-"]
    listing = subprocess.run(
        [*pg_restore, "--table=market_trade", str(done.dump)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert [line for line in listing.splitlines() if "\t8\t" in line]
    assert done.dump.stat().st_mode & 0o077 == 0


def test_without_a_dump_nothing_is_touched(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_to(hall, 8)
    before = photograph()
    monkeypatch.setattr(database_dump, "_programs", lambda name: ["/bin/false"])
    with pytest.raises(CommandError, match="Nothing is changed: no dump could be written"):
        command("restore", "5", "--dumps", str(tmp_path))
    assert photograph() == before
    assert hall.row.epoch == 1


def refused(match: str) -> None:
    with pytest.raises(CommandError, match=match):
        command("restore", "5")


def test_it_is_refused_while_the_floor_runs(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    run_to(hall, 8)
    before = photograph()
    monkeypatch.setattr(rollback, "REST_TICKS", 3)
    refused("the floor has just run a tick")
    models.World.objects.update(claimed_at=timezone.now() - timedelta(hours=1))

    def restore_beside_a_tick() -> None:
        with pytest.raises(CommandError, match="a tick is running"):
            command("restore", "5")

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [TICK_LOCK])
        with elsewhere(restore_beside_a_tick) as done:
            done.result()
        cursor.execute("SELECT pg_advisory_unlock(%s)", [TICK_LOCK])
    assert photograph() == before


@pytest.mark.parametrize("tick", ["8", "9", "-1"])
def test_it_only_goes_back(hall: Hall, tick: str) -> None:
    run_to(hall, 8)
    with pytest.raises(CommandError, match="give an earlier one"):
        command("restore", tick)


def damage(tick: int) -> None:
    state = bytearray(models.Checkpoint.objects.get(tick=tick).state)
    state[len(state) // 2] ^= 1
    models.Checkpoint.objects.filter(tick=tick).update(state=bytes(state))


def test_a_damaged_checkpoint_is_named_and_the_one_before_serves(
    hall: Hall, tmp_path: Path
) -> None:
    run_to(hall, 10)
    before = photograph()
    run_to(hall, 12)
    damage(10)
    with pytest.raises(CommandError, match="1 cannot be used; those before serve instead"):
        command("verify")
    assert [line.split()[-1] for line in command("list").splitlines()] == [
        "damaged",
        "sound",
        "sound",
    ]
    rollback.roll_back(10, dumps=tmp_path)
    assert photograph() == before
    assert command("verify").endswith("make tick 10 of epoch 2.\n")


def test_a_journal_that_no_longer_gives_that_tick_is_refused(hall: Hall) -> None:
    run_to(hall, 9)
    Input.objects.filter(verdict__tick=7, type="BUY").update(type="SELL")
    with pytest.raises(CommandError, match="the machine at tick 8 has the digest"):
        command("restore", "8")


def test_every_model_is_thought_of() -> None:
    ours = {
        model._meta.label
        for label in settings.EXCHANGE_APPS
        for model in apps.get_app_config(label).get_models()
    }
    others = BOTH | WAITS_AGAIN | GOES_WITH_ITS_TIME | FOLLOWS | STAYS
    assert ours == WRITTEN_ANEW | GOES_WITH_ITS_TICK | others
    automatic = {model._meta.label for model in rollback.later_models()}
    by_hand = {"market.TapeEntry", "market.Checkpoint"}
    assert automatic == GOES_WITH_ITS_TICK - by_hand | BOTH


def test_a_floor_that_waits_for_its_beat_is_found(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_to(hall, 8)
    worker = [sys.executable, "-m", "celery", "--app", "wallstreetsim", "--quiet", "worker"]
    options = ["--queues", "floor", "--pool", "solo", "--hostname", "floor@here"]
    with (tmp_path / "floor.log").open("w") as log:
        floor = subprocess.Popen(
            [*worker, *options],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATABASE_URL": database_url()},
            stdout=log,
            stderr=log,
        )
    try:
        while not rollback.running_floors():
            assert floor.poll() is None, (tmp_path / "floor.log").read_text()
        refused(r"the floor runs \(floor@here\): stop it first")
    finally:
        floor.terminate()
        floor.wait()
    rollback.roll_back(5, dumps=tmp_path)
