"""The audit finds every kind of tampering, and names whose account it is."""

from __future__ import annotations

from io import StringIO
from threading import Event, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from agents.models import Agent
from market import models, tape
from market.engine.accounts import BANK, TREASURY
from tests.floor.hall import Hall

BUSY = "ann BUY 10 MARKET\nbob BUY 5 @ 1.00 #b{0}\ncid BUY 3 NEXUS MARKET\nann SELL 2 MARKET"


@pytest.fixture
def busy(hall: Hall) -> Hall:
    """A hall in which everybody has traded, and bob has open orders."""
    for n in range(4):
        hall.tick(BUSY.format(n))
    return hall


def audit() -> str:
    """Return what `manage.py audit` prints when it finds nothing wrong."""
    printed = StringIO()
    call_command("audit", stdout=printed)
    return printed.getvalue()


def findings() -> str:
    """Return what `manage.py audit` prints when it exits with 1."""
    printed = StringIO()
    with pytest.raises(CommandError) as ended:
        call_command("audit", stdout=printed)
    assert ended.value.returncode == 1
    return printed.getvalue()


def test_sound_books_are_reported_in_a_few_lines(busy: Hall) -> None:
    report = audit()
    assert "WRONG" not in report
    assert len(report.splitlines()) < 40
    assert report.startswith("The record at tick 5 of epoch 1:")


def test_a_newly_founded_world_is_sound(transactional_db: None) -> None:
    Hall()
    audit()


def test_without_a_world_it_says_so(transactional_db: None) -> None:
    with pytest.raises(CommandError, match="no world"):
        audit()


def test_cash_from_nowhere(busy: Hall) -> None:
    ann = busy.agents["ann"].id
    models.Account.objects.filter(id=ann).update(cash=F("cash") + 1)
    report = findings()
    assert f"account {ann} (ann): cash is" in report
    assert "all accounts together have 1 cents" in report


def test_cash_moved_without_an_entry(busy: Hall) -> None:
    ann, bob = busy.agents["ann"].id, busy.agents["bob"].id
    models.Account.objects.filter(id=ann).update(cash=F("cash") + 500)
    models.Account.objects.filter(id=bob).update(cash=F("cash") - 500)
    report = findings()
    assert f"account {ann} (ann)" in report
    assert f"account {bob} (bob)" in report
    assert "all accounts together" not in report


@pytest.mark.parametrize("field", ["price", "quantity", "fee"])
def test_a_trade_altered(busy: Hall, field: str) -> None:
    trade = models.Trade.objects.filter(buyer=busy.agents["ann"].id).first()
    assert trade is not None
    models.Trade.objects.filter(number=trade.number).update(**{field: F(field) + 1})
    report = findings()
    assert f"account {trade.buyer_id} (ann): cash is" in report
    assert (f"account {trade.buyer_id} (ann), APEX: holds" in report) == (field == "quantity")
    assert (f"account {TREASURY} (treasury)" in report) == (field == "fee")
    assert (f"order {trade.buy_order}" in report) == (field != "fee")


def test_a_trade_deleted_or_given_to_another(busy: Hall) -> None:
    cid = busy.agents["cid"].id
    trade = models.Trade.objects.filter(buyer=cid).first()
    assert trade is not None
    models.Trade.objects.filter(number=trade.number).update(buyer=busy.agents["bob"].id)
    report = findings()
    assert f"account {cid} (cid), NEXUS: holds" in report
    assert f"account {busy.agents['bob'].id} (bob), NEXUS: holds 0" in report
    models.Trade.objects.filter(number=trade.number).delete()
    assert f"order {trade.buy_order} of account {cid} (cid), NEXUS: filled" in findings()


def test_an_order_or_a_trade_that_nobody_finds(busy: Hall) -> None:
    ann = busy.agents["ann"].id
    page = models.BlotterPage.objects.get(account=ann, tick=3)
    bought, sold = page.trades[::-1]
    models.BlotterPage.objects.filter(pk=page.pk).update(trades=[bought], orders=[])
    report = findings()
    assert f"the page of {ann} at 3: trade {sold} is missing" in report
    assert f"the page of {ann} at 3: trade {bought}" not in report
    assert all(f"the page of {ann}: order {number} is missing" in report for number in page.orders)
    sales = models.SalesPage.objects.get(symbol="APEX", tick=3)
    models.SalesPage.objects.filter(pk=sales.pk).update(trades=[*sales.trades, 999_999])
    assert "the page of APEX at 3: trade 999999 is too much" in findings()


def test_an_entry_altered_or_without_a_debit(busy: Hall) -> None:
    ann = busy.agents["ann"].id
    entry = models.LedgerEntry.objects.get(credit=ann)
    models.LedgerEntry.objects.filter(id=entry.id).update(cents=F("cents") - 1)
    report = findings()
    assert f"account {ann} (ann): cash is" in report
    assert f"account {BANK} (bank): cash is" in report
    models.LedgerEntry.objects.filter(id=entry.id).update(cents=entry.cents, debit=None)
    assert f"account {BANK} (bank): cash is" in findings()


def test_an_account_made_up_or_deleted(busy: Hall) -> None:
    models.Account.objects.create(
        id=999, name="nobody", kind="agent", leverage=1, fee_bps=0, cash=5
    )
    assert "account 999 (nobody): cash is 5 cents" in findings()
    models.Account.objects.filter(id=999).delete()
    ann = busy.agents["ann"].id
    models.Account.objects.filter(id=ann).delete()
    assert f"account {ann} (None): cash is None" in findings()


def test_a_holding_altered_deleted_or_made_up(busy: Hall) -> None:
    ann, bob = busy.agents["ann"].id, busy.agents["bob"].id
    held = models.Holding.objects.get(account=ann, symbol="APEX")
    models.Holding.objects.filter(id=held.id).update(quantity=F("quantity") + 1)
    report = findings()
    assert f"account {ann} (ann), APEX: holds {held.quantity + 1}" in report
    assert "APEX: " in report.split("all shares issued")[1]
    models.Holding.objects.filter(id=held.id).delete()
    assert f"account {ann} (ann), APEX: holds 0" in findings()
    held.save(force_insert=True)
    models.Holding.objects.create(account_id=bob, symbol="NOSUCH", quantity=7, cost=0)
    report = findings()
    assert f"account {bob} (bob), NOSUCH: holds 7" in report
    assert "NOSUCH: 0 shares are issued, 7 held" in report


def test_the_cost_of_a_holding_altered(busy: Hall) -> None:
    ann = busy.agents["ann"].id
    models.Holding.objects.filter(account=ann, symbol="APEX").update(cost=F("cost") + 1)
    assert f"holding of account {ann}, APEX: the rows have" in findings()


def test_shares_issued_altered(busy: Hall) -> None:
    models.Company.objects.filter(symbol="NOVA").update(shares_issued=F("shares_issued") + 1)
    assert "NOVA: " in findings()


@pytest.mark.parametrize("change", [{"filled": 3}, {"value": 1}, {"status": "open"}])
def test_an_order_altered(busy: Hall, change: dict[str, object]) -> None:
    order = models.Order.objects.filter(account=busy.agents["ann"].id, filled=10).first()
    assert order is not None
    models.Order.objects.filter(number=order.number).update(**change)
    assert f"order {order.id} of account {order.account_id} (ann), APEX" in findings()


def test_an_order_filled_beyond_its_quantity(busy: Hall) -> None:
    order = models.Order.objects.filter(account=busy.agents["ann"].id, filled=10).first()
    assert order is not None
    rule = "filled_within_quantity"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE market_order DROP CONSTRAINT {rule}")
        models.Order.objects.filter(number=order.number).update(quantity=9)
        try:
            assert f"order {order.id} of account {order.account_id} (ann), APEX" in findings()
        finally:
            models.Order.objects.filter(number=order.number).update(quantity=10)
            cursor.execute(
                f"ALTER TABLE market_order ADD CONSTRAINT {rule}"
                " CHECK (filled >= 0 AND filled <= quantity)"
            )


def test_an_open_order_altered_or_deleted(busy: Hall) -> None:
    order = models.Order.objects.not_final().filter(account=busy.agents["bob"].id).first()
    assert order is not None
    models.Order.objects.filter(number=order.number).update(quantity=6)
    assert f"open order {order.id} of account {order.account_id}: the rows have" in findings()
    models.Order.objects.filter(number=order.number).delete()
    assert f"open order {order.id} of account {order.account_id}: the rows have None" in findings()


def test_a_gap_in_a_stream(busy: Hall) -> None:
    ann = busy.agents["ann"].id
    models.TapeEntry.objects.filter(stream=ann, seq=3).delete()
    assert f"stream {ann} of epoch 1 has 4 entries from 1 to 5" in findings()


def test_the_end_of_a_stream_cut_off(busy: Hall) -> None:
    ann = busy.agents["ann"].id
    models.TapeEntry.objects.filter(stream=ann, seq=5).delete()
    assert f"end of stream {ann}: the rows have 4, the machine 5" in findings()


@pytest.mark.parametrize("seq", [1, 5])
def test_the_public_stream_cut_off(busy: Hall, seq: int) -> None:
    models.TapeEntry.objects.filter(stream=tape.PUBLIC_STREAM, seq=seq).delete()
    assert "the public stream" in findings()


def test_a_pruned_tape_is_sound(busy: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape, "KEPT_TICKS", 2)
    tape.prune(epoch=1, tick=5)
    assert models.TapeEntry.objects.filter(stream=tape.PUBLIC_STREAM).count() == 2
    audit()


def test_a_journal_altered(busy: Hall) -> None:
    from agents.models import Input

    Input.objects.filter(verdict__tick=2, account=busy.agents["cid"].id).update(type="SELL")
    assert "it cannot be restored: the machine stands at tick 5 with digest" in findings()


def test_many_differences_are_counted_not_listed(busy: Hall) -> None:
    models.Holding.objects.update(quantity=F("quantity") + 1)
    assert len(findings().splitlines()) < 60


def test_it_sees_one_snapshot_beside_a_floor_that_trades(busy: Hall) -> None:
    done = Event()

    def trade() -> None:
        try:
            n = 100
            while not done.is_set():
                n += 1
                busy.tick(BUSY.format(n))
        finally:
            connection.close()

    floor = Thread(target=trade)
    floor.start()
    try:
        for _ in range(10):
            audit()
    finally:
        done.set()
        floor.join()
    audit()


# The exchange in full


@pytest.fixture
def eventful(hall: Hall) -> Hall:
    """A hall after shorts, stops, a halt and its auction, a split and a bankruptcy, with orders of
    every kind still open.
    """
    hall.agents["poor"] = Agent.objects.create(name="poor", role="retail_trader", webhook_secret="")
    hall.submit(hall.registration("poor"))
    hall.tick("ann BUY 500 MARKET\nbob SHORT 300 NEXUS MARKET")
    hall.tick("poor BUY 125 MARKET\nann SELL 50 STOP 135.00\nbob COVER 10 NEXUS @ 60.00 DAY")
    hall.operate("HALT", symbol="NOVA", ticks=2)
    hall.tick("cid BUY 10 NOVA MARKET\nann BUY 40 NOVA @ 1.00")
    hall.tick("bob SHORT 5 OMEGA @ 900.00\ncid BUY 7 OMEGA STOP 900.00 @ 905.00")
    hall.operate("INJECT", event="CEO_SCANDAL", symbol="APEX", impact=-0.7, duration=5)
    hall.operate("INJECT", event="MEME_PUMP", symbol="MEME", impact=50.0, duration=5)
    hall.tick("ann BUY 33 MEME MARKET")
    while not (models.Bankruptcy.objects.exists() and models.Split.objects.exists()):
        hall.tick()
        assert hall.row.tick < 150
    hall.tick("ann SHORT 9 PULSE @ 900.00\ncid BUY 5 TITAN MARKET")
    return hall


def test_a_day_of_everything_is_sound(eventful: Hall) -> None:
    audit()
    auctioned = models.Trade.objects.filter(aggressor=None)
    assert auctioned.exists() and not auctioned.exclude(fee=0).exists()
    assert models.Order.objects.exclude(triggered_by="").exists()
    assert models.Holding.objects.filter(quantity__lt=0).exists()
    assert models.Order.objects.filter(status="pending", tick_closed=None).exists()
    eventful.restart()
    eventful.tick()
    audit()


def test_shares_lent_that_nobody_is_short_of(eventful: Hall) -> None:
    models.Company.objects.filter(symbol="NEXUS").update(shorted=F("shorted") + 1)
    report = findings()
    assert "NEXUS: 301 shares are lent and 0 asked for; 300 are short" in report
    assert "company NEXUS: the rows have" in report


def test_a_bankruptcy_that_nobody_has_borne(eventful: Hall) -> None:
    models.LedgerEntry.objects.filter(kind="write_off").update(cents=F("cents") - 1)
    assert "(poor): bankrupt at tick" in findings()


def test_a_halt_that_never_was(eventful: Hall) -> None:
    models.Company.objects.filter(symbol="OMEGA").update(reopens_tick=9)
    assert "company OMEGA: the rows have" in findings()


def test_a_stop_that_was_moved(eventful: Hall) -> None:
    models.Order.objects.filter(symbol="OMEGA", intent="BUY").update(stop=1)
    assert "open order" in findings()


def test_an_order_that_a_split_found_partly_filled(hall: Hall) -> None:
    price = models.Company.objects.get(symbol="MEME").price / 100
    hall.operate("INJECT", event="MEME_PUMP", symbol="MEME", impact=50.0, duration=5)
    bid = f"ann BUY 40 MEME @ {price:.2f} #bid"
    hall.tick(f"cid BUY 15 MEME MARKET\n{bid}\ncid SELL 15 MEME MARKET")
    while not models.Split.objects.exists():
        hall.tick()
        assert hall.row.tick < 150
    order = models.Order.objects.get(client_id="bid")
    assert (order.quantity, order.filled, order.status) == (400, 150, "partial")
    last = hall.told("ann", type="order:accepted")[-1]
    assert (last["quantity"], last["filledQuantity"]) == (400, 150)
    audit()
    hall.restart()
    hall.tick("ann CANCEL #bid")
    audit()
    models.Order.objects.filter(client_id="bid").update(filled=F("filled") - 1)
    assert "150 of 400" not in findings()
    assert "its trades and splits do not make that" in findings()
