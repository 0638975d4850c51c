"""Maintenance, margin calls, liquidation in steps, bankruptcy: market-model, section 3, to the
cent.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.engine import margin
from market.engine.accounts import AccountKind
from market.engine.orders import Account, Company
from market.engine.outcome import Alert
from market.engine.rules import MarginRules, Switches
from tests.cast import Player, Stage, cents, listing
from tests.engine.brute_force import Record, audit
from wallstreetsim.machine.rules import RULES

RULE = MarginRules()
UNIT = 10_000  # the margin rate where the company's own is no higher
LEVERAGES = (1, 2, 3, 5, 10)
FREE = Switches(never_closes=True, maker=False, walk=False, halts=False)


def account_of(
    leverage: int, cash: int, *, long: int = 0, short: int = 0, holds: int = 0
) -> Account:
    account = Account(1_000, "bob", AccountKind.AGENT, leverage=leverage)
    account.cash, account.long_value, account.short_value = cash, long, short
    account.long_margin, account.short_margin = long * UNIT, short * UNIT
    return account


# The test vectors


@pytest.mark.parametrize(
    ("leverage", "least"),
    [
        # of a position on a loan of 10,000.00: loan / (1 - 1/2L), the next cent up
        (1, 2_000_000),
        (2, 1_333_334),
        (3, 1_200_000),
        (5, 1_111_112),
        (10, 1_052_632),
    ],
)
def test_a_long_position_on_a_loan_is_called_below_the_value_that_maintenance_needs(
    leverage: int, least: int
) -> None:
    assert not margin.is_breached(account_of(leverage, -1_000_000, long=least), RULE)
    assert margin.is_breached(account_of(leverage, -1_000_000, long=least - 1), RULE)


@pytest.mark.parametrize(
    ("leverage", "most"),
    [
        # of a short whose proceeds and deposit are 7,500.00 together: 7,500 / (1 + 6/10L)
        (1, 468_750),
        (2, 576_923),
        (3, 625_000),
        (5, 669_642),
        (10, 707_547),
    ],
)
def test_a_short_position_is_called_above_the_value_that_maintenance_allows(
    leverage: int, most: int
) -> None:
    assert not margin.is_breached(account_of(leverage, 750_000, short=most), RULE)
    assert margin.is_breached(account_of(leverage, 750_000, short=most + 1), RULE)


@pytest.mark.parametrize("leverage", LEVERAGES)
def test_the_requirements_of_a_long_and_a_short_add(leverage: int) -> None:
    both = account_of(leverage, 1_000_000, long=1_000_000, short=1_000_000)
    alone = [account_of(leverage, 0, long=1_000_000), account_of(leverage, 0, short=1_000_000)]
    assert margin.weighted(both, RULE) == sum(margin.weighted(one, RULE) for one in alone)
    required = Fraction(5 * 1_000_000 + 6 * 1_000_000, 10 * leverage)
    assert margin.maintenance(both, RULE) == -(-required.numerator // required.denominator)


def test_a_purchase_of_twenty_thousand_with_ten_is_called_below_13_333_33() -> None:
    """The book's example, through the whole machine: 200 shares at $100, bought by resting."""
    stage = leveraged("bob BUY 200 @ 100.00", "ann SELL 200 @ 100.00", cash="10,000.00")
    assert stage.account("bob").cash == -cents("10,000.00")
    assert alerts_at(stage, "66.67") == []
    assert alerts_at(stage, "66.66") == ["margin_call"]


def test_a_short_of_a_hundred_at_fifty_with_2_500_is_called_above_57_69() -> None:
    stage = leveraged(
        "bob SHORT 100 @ 50.00", "cid BUY 100 @ 50.00", cash="2,500.00", price="50.00"
    )
    assert alerts_at(stage, "57.69") == []
    assert alerts_at(stage, "57.70") == ["margin_call"]


def test_a_long_of_one_company_and_a_short_of_another_are_called_together() -> None:
    """Equity 10,000.00; 5·10,000 + 6·10,000 = 110,000 > 20·E when E falls below 5,500.00."""
    two = [listing("APEX", "100.00"), listing("NOVA", "100.00")]
    stage = Stage(
        Player("ann", holds={"APEX": 1_000}),
        Player("bob", "10,000.00", leverage=2),
        Player("cid", "10,000,000.00"),
        companies=two,
        switches=FREE,
    )
    stage.tick("bob BUY 100 APEX @ 100.00\nann SELL 100 APEX @ 100.00")
    stage.tick("bob SHORT 100 NOVA @ 100.00\ncid BUY 100 NOVA @ 100.00")
    bob = stage.account("bob")
    assert (bob.equity, bob.long_value, bob.short_value) == (1_000_000,) * 3
    assert margin.maintenance(bob, RULE) == cents("5,500.00")
    stage.reprice("64.00", "APEX")  # E = 6,400.00 of 6,200.00 required
    stage.submit()
    assert bob.call is None
    stage.reprice("120.00", "NOVA")  # E = 4,400.00 of 5,200.00
    stage.submit()
    assert bob.call is not None


@given(
    leverage=st.sampled_from(LEVERAGES),
    cash=st.integers(-(10**12), 10**12),
    long=st.integers(0, 10**12),
    short=st.integers(0, 10**12),
)
def test_the_integers_say_what_the_fractions_say(
    leverage: int, cash: int, long: int, short: int
) -> None:
    account = account_of(leverage, cash, long=long, short=short)
    initial = Fraction(1, leverage)
    required = long * initial / 2 + short * initial * 6 / 10
    assert margin.is_breached(account, RULE) is (account.equity < required)
    assert margin.is_urgent(account, RULE) is (account.equity < required * 8 / 10)
    assert margin.maintenance(account, RULE) - required < 1
    assert margin.shortfall(account, RULE) == max(
        0, margin.maintenance(account, RULE) - account.equity
    )
    account.cash += margin.shortfall(account, RULE)
    assert not margin.is_breached(account, RULE)


@given(
    leverage=st.sampled_from(LEVERAGES),
    equity=st.integers(-(10**6), 10**7),
    quantity=st.integers(-1_000, 1_000).filter(bool),
    price=st.integers(1, 10_000),
)
def test_so_many_shares_go_that_the_cushion_holds_and_not_one_more(
    leverage: int, equity: int, quantity: int, price: int
) -> None:
    def is_cushioned(left: int) -> bool:
        weight = RULE.long_weight if left > 0 else RULE.short_weight
        return 105 * weight * abs(left) * price <= 1_000 * leverage * equity

    value = abs(quantity) * price
    account = account_of(
        leverage,
        equity - quantity * price,
        long=value if quantity > 0 else 0,
        short=value if quantity < 0 else 0,
    )
    assert account.equity == equity
    company = Company(listing(), RULES.market)
    company.price = price
    closed = margin.shares_to_close(account, company, quantity, RULE)
    sign = 1 if quantity > 0 else -1
    assert closed == abs(quantity) or is_cushioned(quantity - sign * closed)
    assert closed == 0 or not is_cushioned(quantity - sign * (closed - 1))


@given(
    leverage=st.sampled_from(LEVERAGES),
    cash=st.integers(-(10**7), 10**7),
    quantity=st.integers(-1_000, 1_000).filter(bool),
    price=st.integers(1, 10_000),
)
def test_the_liquidation_price_is_the_last_that_holds(
    leverage: int, cash: int, quantity: int, price: int
) -> None:
    def is_breached_at(price: int) -> bool:
        value = abs(quantity) * price
        long, short = (value, 0) if quantity > 0 else (0, value)
        return margin.is_breached(account_of(leverage, cash, long=long, short=short), RULE)

    value = abs(quantity) * price
    long, short = (value, 0) if quantity > 0 else (0, value)
    account = account_of(leverage, cash, long=long, short=short)
    limit = margin.liquidation_price(account, quantity, price, UNIT, RULE)
    worse = -1 if quantity > 0 else 1
    if limit is None:
        assert not is_breached_at(1)
    elif limit == 0:
        assert is_breached_at(1)
    else:
        assert not is_breached_at(limit)
        assert is_breached_at(limit + worse)


# Calls


def leveraged(
    *lines: str, cash: str = "10,000.00", price: str = "100.00", leverage: int = 2, **more: str
) -> Stage:
    """Return a stage on which bob's order has rested and was filled, free of fees, five ticks ago;
    no bands.
    """
    stage = Stage(
        Player("ann", holds={"APEX": 100_000}),
        Player("bob", cash, leverage=leverage),
        Player("cid", "100,000,000.00"),
        companies=[listing(price=price)],
        switches=FREE,
    )
    stage.tick("\n".join(lines))
    assert stage.trades, lines
    stage.run_to(stage.world.tick + 5)
    return stage


def alerts_at(stage: Stage, price: str) -> list[str]:
    """Let the price be this one in the next tick, and return bob's alerts."""
    stage.reprice(price)
    stage.submit()
    return [alert.kind for alert in bobs(stage)]


def bobs(stage: Stage) -> list[Alert]:
    return [a for a in stage.outcome.market.alerts if a.account == stage.ids["bob"]]


def long_bob() -> Stage:
    return leveraged("bob BUY 200 @ 100.00", "ann SELL 200 @ 100.00")


def test_a_call_names_the_amount_and_a_deadline_ten_ticks_off() -> None:
    stage = long_bob()
    assert alerts_at(stage, "66.00") == ["margin_call"]
    [alert] = bobs(stage)
    # E = 13,200 - 10,000 = 3,200.00; maintenance 3,300.00
    assert alert.data == {"amount": 100.0, "deadline": stage.world.tick + 10}
    call = stage.account("bob").call
    assert call is not None
    assert call.positions == {"APEX": 200}
    assert stage.outcome.told == [stage.ids["bob"]]


def test_a_call_is_made_once_and_ends_when_the_price_recovers() -> None:
    stage = long_bob()
    assert alerts_at(stage, "66.00") == ["margin_call"]
    assert alerts_at(stage, "65.50") == []
    assert alerts_at(stage, "66.67") == ["system"]
    assert stage.account("bob").call is None
    assert alerts_at(stage, "66.66") == ["margin_call"]


def test_a_call_may_be_cured_by_selling() -> None:
    stage = long_bob()
    alerts_at(stage, "66.00")
    stage.tick("cid BUY 20 @ 66.00\nbob SELL 20 @ 66.00")
    assert [alert.kind for alert in bobs(stage)] == ["system"]
    assert stage.holding("bob") == 180


def test_what_is_not_cured_by_the_deadline_is_liquidated_and_not_before() -> None:
    stage = long_bob()
    alerts_at(stage, "66.00")
    stage.tick("cid BUY 1000 @ 66.00\nbob SELL 1 @ 99.00 #rests")
    for _ in range(8):
        stage.submit()
        assert bobs(stage) == []
        assert stage.trades == []
    stage.submit()
    assert stage.trades == ["cid bought 10 from bob @ 66.00"], "5 % of the position at the call"
    [alert] = bobs(stage)
    assert (alert.kind, alert.data) == ("liquidation", {"symbol": "APEX", "quantity": 10})
    assert stage.orders["rests"].status == "cancelled"
    assert stage.orders["rests"].reason_code == "LIQUIDATION"


def test_a_liquidation_goes_on_until_maintenance_holds_with_a_cushion() -> None:
    """After ten shares E = 3,200 and 190·66·¼ = 3,135 hold; with 5 % to spare 183 shares do."""
    stage = long_bob()
    alerts_at(stage, "66.00")
    stage.tick("cid BUY 1000 @ 66.00")
    while not stage.trades:
        stage.submit()
    assert not margin.is_breached(stage.account("bob"), RULE)
    assert stage.account("bob").call is not None
    stage.submit()
    assert stage.holding("bob") == 184
    assert stage.account("bob").call is None
    assert [alert.kind for alert in bobs(stage)] == ["liquidation", "system"]
    stage.submit()
    assert stage.trades == []


def test_a_deep_breach_is_liquidated_at_once() -> None:
    """Below four fifths of maintenance: 10,000 / (1 - 1/5) = 12,500.00, or 62.50 a share."""
    stage = long_bob()
    stage.tick("cid BUY 1000 @ 62.50")
    assert alerts_at(stage, "62.50") == ["margin_call"]
    stage = long_bob()
    stage.tick("cid BUY 1000 @ 62.49")
    assert alerts_at(stage, "62.49") == ["margin_call", "liquidation"]


def test_a_breach_that_deepens_does_not_wait_for_its_deadline() -> None:
    stage = long_bob()
    alerts_at(stage, "66.00")
    stage.tick("cid BUY 1000 @ 62.00")
    assert alerts_at(stage, "62.00") == ["liquidation"]


def test_a_short_is_liquidated_by_buying() -> None:
    stage = leveraged(
        "bob SHORT 100 @ 50.00", "cid BUY 100 @ 50.00", cash="2,500.00", price="50.00"
    )
    stage.tick("ann SELL 1000 @ 63.00")
    assert alerts_at(stage, "63.00") == ["margin_call", "liquidation"]
    assert stage.trades == ["bob bought 5 from ann @ 63.00"]
    assert stage.outcome.market.trades[0].aggressor == "BUY"


def test_a_tick_closes_a_fifth_of_the_last_five_ticks_volume_if_that_is_more() -> None:
    stage = long_bob()
    stage.tick("cid BUY 75 @ 99.00\nann SELL 75 @ 99.00")
    stage.run_to(stage.world.tick + 2)
    stage.tick("cid BUY 1000 @ 62.00\ncid BUY 25 @ 98.00\nann SELL 25 @ 98.00")
    alerts_at(stage, "62.00")
    assert stage.trades == ["cid bought 20 from bob @ 62.00"]


def test_at_least_one_share_is_closed_in_a_tick() -> None:
    stage = leveraged("bob BUY 19 @ 100.00", "ann SELL 19 @ 100.00", cash="950.00")
    stage.tick("cid BUY 100 @ 62.00")
    alerts_at(stage, "62.00")
    assert stage.trades == ["cid bought 1 from bob @ 62.00"]


def test_the_largest_relief_goes_first_and_the_next_only_if_need_be() -> None:
    stage = Stage(
        Player("ann", holds={"APEX": 1_000, "NOVA": 1_000}),
        Player("bob", "10,000.00", leverage=2),
        Player("cid", "10,000,000.00"),
        companies=[listing("APEX", "100.00"), listing("NOVA", "100.00")],
        switches=FREE,
    )
    stage.tick("""
        bob BUY 80 APEX @ 100.00
        bob BUY 120 NOVA @ 100.00
        ann SELL 80 APEX @ 100.00
        ann SELL 120 NOVA @ 100.00
    """)
    stage.tick("cid BUY 500 APEX @ 62.00\ncid BUY 500 NOVA @ 62.00")
    for symbol in ("APEX", "NOVA"):
        stage.reprice("62.00", symbol)
    stage.submit()
    closed = [(t.symbol, t.quantity) for t in stage.outcome.market.trades]
    assert closed == [("NOVA", 24), ("APEX", 16)], "a fifth of the volume of each"


def test_a_halted_company_is_not_liquidated_until_it_trades() -> None:
    stage = long_bob()
    stage.operate("HALT", symbol="APEX", ticks=3)
    company = stage.company()
    company.price = cents("62.00")
    company.pricing.value = 6_200.0
    stage.tick("cid BUY 1000 @ 62.00")
    assert stage.account("bob").call is not None
    assert stage.trades == []
    stage.submit()
    assert stage.trades == []
    stage.submit()
    assert [trade.split(" from")[0] for trade in stage.trades] == ["cid bought 10"]


def test_an_order_that_would_close_a_position_waits_for_the_auction_past_the_deadline() -> None:
    """While nothing trades, stops and liquidations wait: what the account asks for itself may."""
    stage = long_bob()
    stage.operate("HALT", symbol="APEX", ticks=20)
    company = stage.company()
    company.price = cents("62.00")
    company.pricing.value = 6_200.0
    stage.tick("cid BUY 1000 @ 62.00")
    call = stage.account("bob").call
    assert call is not None
    stage.run_to(call.deadline + 1)
    stage.tick("bob SELL 100 MARKET #cure")
    assert stage.orders["cure"].status == "pending"
    stage.submit()
    assert stage.orders["cure"].status == "pending"
    stage.operate("UNHALT", symbol="APEX")
    assert stage.trades == ["cid bought 100 from bob @ 62.00"]
    assert stage.account("bob").call is None


def test_what_would_add_to_a_position_is_cancelled_at_the_deadline_though_nothing_trades() -> None:
    stage = long_bob()
    stage.reprice("101.00")  # which leaves room for another share
    stage.submit()
    stage.tick("bob BUY 1 @ 10.00 #more\nbob SELL 1 @ 150.00 #less")
    stage.operate("HALT", symbol="APEX", ticks=20)
    company = stage.company()
    company.price = cents("62.00")
    company.pricing.value = 6_200.0
    stage.submit()
    call = stage.account("bob").call
    assert call is not None
    stage.run_to(call.deadline)
    assert stage.orders["more"].status == "cancelled"
    assert stage.orders["less"].status == "open"


def test_a_liquidation_takes_nothing_beyond_the_collar() -> None:
    stage = long_bob()
    stage.tick("cid BUY 1000 @ 58.89")
    alerts_at(stage, "62.00")
    assert stage.trades == []
    assert stage.account("bob").call is not None
    stage.tick("cid BUY 1000 @ 58.90")
    assert stage.trades == ["cid bought 10 from bob @ 58.90"]


def test_the_touch_that_is_published_is_what_liquidations_left() -> None:
    stage = long_bob()
    stage.tick("cid BUY 10 @ 62.00\ncid BUY 10 @ 61.00")
    alerts_at(stage, "62.00")
    [state] = stage.outcome.market.companies
    assert (state.bid, state.bids[0][0]) == (6_100, 6_100)
    audit(stage.world.market)


# Bankruptcy


def test_a_gap_through_zero_is_written_off_to_the_cent() -> None:
    stage = long_bob()
    peak = stage.account("bob").equity
    stage.tick("cid BUY 1000 @ 40.00")
    stage.reprice("40.00")
    stage.submit()
    [bankruptcy] = stage.outcome.market.bankruptcies
    bob = stage.account("bob")
    assert (bob.cash, bob.equity, bob.holdings, bob.orders) == (0, 0, {}, {})
    assert stage.trades == [], "its shares go to the public, at the price: no stranger gets them"
    assert bankruptcy.final == -cents("2,000.00"), "the loan less 200 shares at 40.00"
    closed_out = [e for e in stage.outcome.market.entries if e.kind == "close_out"]
    assert [(e.shares, e.cents) for e in closed_out] == [(200, 0), (0, cents("8,000.00"))]
    assert (bankruptcy.peak, bankruptcy.cause) == (peak, "margin")
    [entry] = [e for e in stage.outcome.market.entries if e.kind == "write_off"]
    assert (entry.debit, entry.cents) == (stage.ids["treasury"], -bankruptcy.final)
    statuses = {m.account: m.status for m in stage.outcome.agents.members}
    assert statuses[bob.id] == "bankrupt"
    assert sum(account.cash for account in stage.world.market.accounts.values()) == 0
    stage.tick("bob BUY 1 @ 1.00")
    assert stage.codes == ["AGENT_BANKRUPT"]


def test_nobody_sells_himself_out_below_zero() -> None:
    """However low a friend bids: the collar is the lowest, and less than it when equity is."""
    stage = leveraged("bob BUY 200 @ 100.00", "ann SELL 200 @ 100.00")
    stage.tick("cid BUY 200 @ 40.00\nbob SELL 200 @ 40.00")
    assert stage.trades == []
    stage.reprice("52.00")
    stage.tick("bob CANCEL ALL\ncid CANCEL ALL")
    assert stage.account("bob").equity == cents("400.00")
    stage.tick("cid BUY 200 @ 49.99\nbob SELL 200 @ 49.99 IOC")
    assert stage.trades == []
    stage.tick("cid BUY 200 @ 50.00\nbob SELL 200 @ 50.00")
    assert stage.trades == ["cid bought 200 from bob @ 50.00"], "two dollars a share he has"
    [bankruptcy] = stage.outcome.market.bankruptcies
    assert bankruptcy.final == -cents("1.00"), "his fee"


def test_the_public_takes_over_what_one_tick_may_make_insolvent() -> None:
    """20 σ0 of a stock of 2 % a day are 2.05 %, or 209.10 of 200 shares at 51.00: E is 200.00."""
    stage = long_bob()
    stage.reprice("51.06")
    stage.submit()
    assert stage.holding("bob") > 0, "212.00 bear a tick"
    stage = long_bob()
    stage.tick("cid BUY 1000 @ 51.00")
    stage.reprice("51.00")
    stage.submit()
    assert stage.trades == [], "its sale would have pressed the price further"
    entries = [e for e in stage.outcome.market.entries if e.kind == "close_out"]
    assert [(e.shares, e.cents) for e in entries] == [
        (200, 0),
        (0, cents("10,200.00")),
        (0, cents("100.00")),  # half of what was left, to the public for its risk
    ]
    assert stage.account("bob").equity == stage.account("bob").cash == cents("100.00")
    assert stage.outcome.market.bankruptcies == []
    stage.submit()
    assert stage.account("bob").call is None
    audit(stage.world.market)


def test_only_what_trades_is_taken_over_and_only_its_part_is_kept() -> None:
    stage = Stage(
        Player("ann", holds={"APEX": 1_000, "NOVA": 1_000}),
        Player("bob", "1,000.00", leverage=10),
        companies=[listing("APEX", "100.00"), listing("NOVA", "100.00")],
        switches=FREE,
    )
    stage.tick("bob BUY 40 APEX @ 100.00\nann SELL 40 APEX @ 100.00")
    stage.tick("bob BUY 40 NOVA @ 100.00\nann SELL 40 NOVA @ 100.00")
    stage.operate("HALT", symbol="NOVA", ticks=50)
    worth = stage.account("bob").cash + 40 * cents("78.00") + 40 * cents("100.00")
    assert 0 < worth < 40 * cents("178.00") * 205 // 10_000
    stage.reprice("78.00", "APEX")
    stage.submit()
    assert (stage.holding("bob", "APEX"), stage.holding("bob", "NOVA")) == (0, 40)
    assert stage.account("bob").equity == worth - worth // 2 * 78 // 178
    audit(stage.world.market)


def test_a_position_too_large_for_the_market_costs_the_treasury_nothing() -> None:
    """Its liquidation alone would press the price on until it owes, and its partner be paid."""
    stage = Stage(
        Player("ann", "1,000,000.00", leverage=10),
        Player("bob", "1,000,000.00", leverage=10),
        companies=[listing(price="100.00", shares=1_000_000)],
        switches=Switches(never_closes=True, maker=True, walk=False, halts=False),
        rules=RULES,
    )
    price = stage.company().price
    stage.tick(f"ann SHORT 95000 @ {price / 100}\nbob BUY 95000 @ {price / 100}")
    assert stage.holding("ann") == -95_000
    for percent in (102, 104, 106):
        stage.reprice(f"{percent}.00")
        stage.submit()
    assert stage.account("ann").call is not None
    treasury = stage.account("treasury").cash
    for _ in range(60):
        stage.submit()
        assert stage.outcome.market.bankruptcies == []
        assert stage.account("treasury").cash >= treasury
    assert stage.holding("ann") == 0


def test_an_open_order_that_equity_bears_no_longer_is_cancelled() -> None:
    """Filled at the collar and closed there it would owe: 20·E < X + 2·R when APEX is at 92.00."""
    stage = Stage(
        Player("ann", holds={"APEX": 1_000}),
        Player("bob", "1,000.00", leverage=10),
        companies=[listing("APEX", "100.00"), listing("NOVA", "100.00")],
        switches=FREE,
    )
    stage.tick("bob BUY 50 APEX @ 100.00\nann SELL 50 APEX @ 100.00\nbob BUY 40 NOVA @ 99.00 #b")
    stage.reprice("93.50", "APEX")  # E = 674.99, X = 4,675.00, R = 3,960.00
    stage.submit()
    assert stage.orders["b"].status == "open"
    stage.reprice("92.00", "APEX")  # E = 599.99, X = 4,600.00
    stage.submit()
    assert stage.orders["b"].status == "cancelled"
    assert stage.account("bob").reserved == 0
    assert stage.account("bob").call is None, "its position it may keep"


def test_a_short_is_closed_out_at_the_price_when_it_owes_more_than_there_is() -> None:
    stage = leveraged("bob SHORT 200 @ 100.00", "cid BUY 200 @ 100.00")
    stage.reprice("160.00")
    stage.submit()
    [bankruptcy] = stage.outcome.market.bankruptcies
    assert bankruptcy.final == -cents("2,000.00")
    assert stage.company().shorted == 0
    audit(stage.world.market)


def test_who_is_charged_more_than_he_has_is_bankrupt_by_his_losses() -> None:
    stage = leveraged("bob BUY 1 @ 100.00", "ann SELL 1 @ 100.00")
    stage.tick("cid BUY 1 @ 100.00\nbob SELL 1 @ 100.00")
    stage.world.market.pay(stage.ids["bob"], stage.ids["treasury"], cents("10,000.00"), kind="fine")
    stage.submit()
    [bankruptcy] = stage.outcome.market.bankruptcies
    assert (bankruptcy.cause, bankruptcy.final) == ("losses", -cents("0.01"))
    assert stage.account("bob").call is None


def test_an_account_with_nothing_owed_is_not_bankrupt() -> None:
    stage = leveraged("bob BUY 100 @ 100.00", "ann SELL 100 @ 100.00")
    alerts_at(stage, "1.00")
    assert stage.outcome.market.bankruptcies == []
    assert stage.account("bob").call is None


# A cascade


@pytest.mark.parametrize("halts", [True, False])
def test_a_cascade_of_a_hundred_accounts_ends_with_the_books_at_zero(halts: bool) -> None:
    """A hundred leveraged accounts hold one company; each sale depresses the next one's price."""
    names = [f"p{n}" for n in range(100)]
    players: Iterable[Player] = (
        Player(name, "1,000.00", leverage=LEVERAGES[1 + n % 4]) for n, name in enumerate(names)
    )
    stage = Stage(
        Player("ann", holds={"APEX": 200_000}),
        Player("cid", "3,000,000.00"),
        *players,
        companies=[listing(shares=1_000_000), listing("BIG", "400.00", shares=10**9)],
        switches=Switches(never_closes=True, maker=False, walk=False, halts=halts),
        rules=RULES,
    )
    record = Record()
    record.take(stage.founded.market)
    buys = [f"{n} BUY {stage.account(n).leverage * 95} @ 10.00" for n in names]
    stage.tick("ann SELL 100000 @ 10.00\n" + "\n".join(buys))
    owing = [n for n in names if stage.account(n).cash < 0]
    assert len(owing) == 100
    event = {"event": "CEO_SCANDAL", "symbol": "APEX", "impact": -0.45, "duration": 20}
    stage.submit(
        stage.input(None, "INJECT", event),
        *stage.inputs(
            "ann CANCEL ALL\n" + "".join(f"cid BUY 9000 @ {p}.00\n" for p in range(1, 10))
        ),
    )
    called: set[int] = set()
    bankrupt = 0
    while any(stage.account(name).call for name in names) or stage.world.tick < 10:
        stage.submit()
        audit(stage.world.market)
        called |= {a.account for a in stage.outcome.market.alerts if a.kind == "margin_call"}
        bankrupt += len(stage.outcome.market.bankruptcies)
        assert stage.world.tick < 2_000, "it ends"
        if stage.world.tick % 50 == 0:  # an auction, for which those wait that found nobody
            stage.operate("HALT", symbol="APEX", ticks=2)
            stage.tick("cid CANCEL ALL")
            price = stage.company().price
            stage.tick(f"cid BUY 50000 @ {price / 100:.2f}")
            bankrupt += len(stage.outcome.market.bankruptcies)
    assert len(called) > 70
    assert bankrupt > 10
    for name in names:
        account = stage.account(name)
        assert account.equity >= 0
        assert not margin.is_breached(account, RULE)


# Nobody to trade with


def alone() -> Stage:
    """Bob is to be liquidated, and nobody bids within the collar."""
    stage = long_bob()
    stage.tick("cid BUY 1000 @ 50.00")
    stage.reprice("62.00")
    return stage


def test_a_liquidation_that_finds_nobody_waits_for_the_next_auction() -> None:
    stage = alone()
    orders, told = 0, []
    for _ in range(30):
        stage.submit()
        orders += len(stage.outcome.market.orders)
        told += [a.message for a in stage.outcome.market.alerts if a.kind == "liquidation"]
    assert orders == RULE.liquidation_tries
    assert len(told) == 1
    assert "waits for the next auction" in told[0]
    stage.reload()
    stage.tick("cid BUY 1000 @ 62.00")
    assert stage.trades == [], "it waits"
    stage.operate("HALT", symbol="APEX", ticks=1)
    stage.submit()
    assert stage.trades == ["cid bought 10 from bob @ 62.00"]
    stage.submit()
    assert stage.trades == ["cid bought 10 from bob @ 62.00"], "and goes on"


def test_who_waits_to_be_liquidated_may_close_the_position_meanwhile() -> None:
    stage = alone()
    stage.run_to(stage.world.tick + 10)
    stage.tick("bob SELL 100 @ 60.00 #own")
    stage.submit()
    assert stage.orders["own"].status == "open"
    stage.tick("cid BUY 100 @ 60.00")
    assert stage.trades == ["cid bought 100 from bob @ 60.00"]
    assert stage.account("bob").call is None
