"""Old days: exported, dropped, and the record as sound as before."""

from __future__ import annotations

import gzip
import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path

import orjson
import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection

from agents import selectors
from agents.ids import new_id
from agents.models import Input
from agents.services.keys import create_key
from market import models
from market.engine.candles import INDEX
from tests.api.desk import Desk
from tests.floor.hall import Hall
from wallstreetsim.floor import old_days, rollback
from wallstreetsim.machine.rules import RULES

DAY, OPEN = 12, 8
SHORT_DAYS = replace(
    RULES,
    market=replace(
        RULES.market,
        session=replace(RULES.market.session, open_ticks=OPEN, closed_ticks=DAY - OPEN),
    ),
)


@pytest.fixture
def hall(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Hall:
    monkeypatch.setattr("market.tape.KEPT_TICKS", 4)
    monkeypatch.setattr("market.record.EQUITY_POINT_TICKS", 3)
    monkeypatch.setattr("wallstreetsim.floor.checkpoints.KEPT", 1)
    hall = Hall("ann", "bob", rules=SHORT_DAYS)
    hall.tick("bob BUY 5 @ 1.00 #resting")  # open for days
    for tick in range(3, 3 * DAY):
        hall.tick("ann BUY 10 MARKET\nbob SHORT 4 MARKET" if tick % DAY in (2, 5) else "")
        if tick % DAY == DAY - 1:
            hall.floor.checkpoint()
    return hall


def test_a_day_is_exported_then_dropped_and_the_audit_still_holds(
    hall: Hall, tmp_path: Path
) -> None:
    assert hall.audit() == []
    before = {model: model._default_manager.count() for model in (models.Trade, models.Order)}
    open_before = selectors.open_orders(hall.agents["bob"])
    assert [order.client_id for order in open_before] == ["resting"]

    folder = old_days.export(0, tmp_path, rules=hall.rules)
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder)
    assert checked.returncode == 0
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    rows = {file["name"]: file["rows"] for file in manifest["files"]}
    trades = [
        orjson.loads(line)
        for line in gzip.decompress((folder / "trades.ndjson.gz").read_bytes()).splitlines()
    ]
    first_day = models.Trade.objects.filter(tick__lt=DAY)
    assert rows["trades.ndjson.gz"] == len(trades) == first_day.count() > 0
    assert set(trades[0]) == set(manifest["dictionary"]["trades"])
    name_of = partial(old_days.pseudonym, hall.row.seed, 1)
    names = {name_of(hall.agents[name].id) for name in ("ann", "bob")}
    assert names & {trade["buyer"] for trade in trades}
    assert str(hall.agents["ann"].id) not in {trade["buyer"] for trade in trades}

    ordered = Input.objects.filter(account=hall.agents["ann"].id, type="BUY")
    dropped = ordered.earliest("id").public_id
    done = old_days.seal(1, rules=hall.rules)

    assert done.last_tick == 2 * DAY - 1
    assert done.trades > 0
    assert done.inputs > 0
    assert models.Trade.objects.count() == before[models.Trade] - done.trades
    assert not models.Trade.objects.filter(tick__lt=2 * DAY).exists()
    fine = models.Candle.objects.filter(tick__lt=2 * DAY, interval__lt=60)
    sampled = [tick for tick in range(3, 2 * DAY, 3) if tick % DAY < OPEN]
    assert list(fine.order_by("tick").values_list("symbol", "interval", "tick")) == [
        (INDEX, 1, tick) for tick in sampled
    ]
    points = models.EquityPoint.objects.filter(tick__lt=2 * DAY).values_list("tick", flat=True)
    assert {tick for tick in points if tick % DAY < OPEN} == {*sampled}
    of_index = Desk.__new__(Desk).get("/market/index/history?interval=1&limit=1000").data
    assert of_index["gap"] is True
    assert min(candle["tick"] for candle in of_index["candles"]) >= 2 * DAY
    history = Desk.__new__(Desk).get("/market/stocks/APEX/history?interval=1&limit=100").data
    assert history["gap"] is True
    coarse = Desk.__new__(Desk).get("/market/stocks/APEX/history?interval=60&limit=100").data
    assert (len(coarse["candles"]), coarse["gap"]) == (3, False)  # of each day, cut at its end
    sales = Desk.__new__(Desk).get("/market/trades/APEX?limit=200").data
    assert sales["gap"] is True
    assert hall.audit() == []
    assert selectors.open_orders(hall.agents["bob"]) == open_before
    assert Input.objects.filter(type="REGISTER").count() == 2
    for _ in range(4):
        hall.tick("ann SELL 10 MARKET")
    assert hall.audit() == []
    hall.restart().tick()
    assert hall.audit() == []

    desk = Desk.__new__(Desk)
    _, key = create_key(hall.agents["ann"])
    for path in ("orders", "trades"):
        page = desk.get(f"/agents/me/{path}?pageSize=1", key).data
        assert (page["hasMore"], page["gap"]) == (True, False)
        everything = desk.get(f"/agents/me/{path}?pageSize=100", key).data
        assert (everything["hasMore"], everything["gap"]) == (False, True)
    for path in ("orders", "actions"):
        missing = desk.get(f"/agents/me/{path}/{dropped}", key)
        assert (missing.status, missing.body["gap"]) == (404, True)
        unknown = desk.get(f"/agents/me/{path}/{new_id()}", key)
        assert (unknown.status, "gap" in unknown.body) == (404, False)


def test_an_order_that_outlived_its_day_keeps_its_trades(hall: Hall) -> None:
    order = models.Order.objects.get(client_id="resting")
    hall.tick("bob CANCEL #resting")
    hall.floor.checkpoint()
    old_days.seal(1, rules=hall.rules)
    order.refresh_from_db()
    assert order.tick_closed
    page = models.BlotterPage.objects.get(account=order.account_id, tick=order.tick_submitted)
    assert (page.orders, page.trades) == ([order.number], [])
    assert hall.audit() == []


def test_what_is_needed_yet_or_not_over_is_not_dropped(hall: Hall, tmp_path: Path) -> None:
    with pytest.raises(old_days.CannotSeal, match="day 3 is not over"):
        old_days.seal(3, rules=hall.rules)
    with pytest.raises(old_days.CannotSeal, match="checkpoints go back to tick"):
        old_days.seal(2, rules=hall.rules)
    old_days.seal(1, rules=hall.rules)
    for day in (0, 1):
        with pytest.raises(old_days.CannotSeal, match="is sealed already"):
            old_days.seal(day, rules=hall.rules)
        with pytest.raises(old_days.CannotSeal, match="its rows are no more"):
            old_days.export(day, tmp_path, rules=hall.rules)
    with pytest.raises(CommandError, match="Nothing is changed: day 9 is not over"):
        call_command("seal", "--day", "9")


def files_of_indexes() -> set[str]:
    """Return the files of the indexes that are packed, the valid ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_relation_filepath(indexrelid) FROM pg_index"
            " WHERE indrelid = ANY(%s::regclass[]) AND indisvalid",
            [list(old_days.PACKED)],
        )
        return {file for (file,) in cursor.fetchall()}


def test_old_days_go_by_a_setting(hall: Hall, tmp_path: Path) -> None:
    before = files_of_indexes()
    done = old_days.seal_what_is_old(after_days=1, directory=tmp_path, rules=hall.rules)
    assert list(done) == [0]
    packed = files_of_indexes()
    assert packed.isdisjoint(before)  # written anew, all of them
    assert len(packed) == len(before)
    done = old_days.seal_what_is_old(after_days=0, directory=tmp_path, rules=hall.rules)
    assert list(done) == []
    assert files_of_indexes() == packed
    assert [folder.name for folder in tmp_path.iterdir()] == ["epoch-1-day-0"]
    assert hall.audit() == []


def test_owners_are_revealed_when_the_epoch_has_ended(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    folder = old_days.export(0, tmp_path, rules=hall.rules)
    settings.SECRET_KEY = "another, for the one before has leaked"
    with pytest.raises(old_days.CannotSeal, match="has not ended"):
        old_days.reveal_owners(1, tmp_path)
    monkeypatch.setattr(rollback, "REST_TICKS", 0)
    rollback.begin_anew(rules=hall.rules)
    file = old_days.reveal_owners(1, tmp_path)
    known = [orjson.loads(line) for line in file.read_text().splitlines()]
    ann = hall.agents["ann"]
    assert {
        "owner": old_days.pseudonym(hall.row.seed, 1, ann.id),
        "id": str(ann.public_id),
        "name": "ann",
    } in known
    orders = gzip.decompress((folder / "orders.ndjson.gz").read_bytes()).splitlines()
    owners = {orjson.loads(line)["account"] for line in orders}
    assert owners & {one["owner"] for one in known}
