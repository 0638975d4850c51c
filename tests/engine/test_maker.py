"""The market maker: five quotes a side around the price, skewed against what it holds."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from market.engine import maker
from market.engine.maker import Quote
from market.engine.rules import MakerRules, Switches
from market.engine.values import Side
from tests.cast import Player, Stage, cents, listing
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World

MAKER = Switches(never_closes=True, maker=True, walk=False)
WALKING = Switches(never_closes=True, maker=True, walk=True)


def quotes(
    price: str = "100.00",
    inventory: int = 300_000,
    shares: int = 1_000_000,
    volatility: float = 0.02,
    usual_volume: float = 1_000.0,
    volatility_multiple: float = 1.0,
) -> tuple[list[Quote], list[Quote]]:
    """Return the bids and the asks, best first."""
    made = maker.quotes(
        price=cents(price),
        volatility=volatility,
        usual_volume=usual_volume,
        inventory=inventory,
        shares=shares,
        rules=MakerRules(),
        volatility_multiple=volatility_multiple,
    )
    return [q for q in made if q.side is Side.BUY], [q for q in made if q.side is Side.SELL]


def test_it_quotes_five_levels_a_side_each_wider_and_larger_than_the_last() -> None:
    bids, asks = quotes()
    assert [bid.price for bid in bids] == [9_993, 9_982, 9_970, 9_957, 9_942]
    assert [ask.price for ask in asks] == [10_007, 10_018, 10_030, 10_043, 10_058]
    assert [q.quantity for q in bids] == [q.quantity for q in asks] == [480, 744, 1153, 1787, 2771]


def test_the_spread_widens_with_volatility() -> None:
    (calm, *_), _ = quotes(volatility=0.01)
    (wild, *_), _ = quotes(volatility=0.08)
    assert wild.price < calm.price


def test_the_spread_widens_in_proportion_to_volatility_and_calm_does_not_narrow_it() -> None:
    def spread(volatility_multiple: float) -> int:
        (bid, *_), (ask, *_) = quotes("10,000.00", volatility_multiple=volatility_multiple)
        return ask.price - bid.price

    assert spread(4.0) == 4 * spread(1.0)
    assert spread(0.2) == spread(1.0)


def test_a_surplus_of_an_hours_trading_leans_its_quotes_markedly_and_never_past_the_price() -> None:
    (bid, *_), (ask, *_) = quotes("1,000.00")
    half = (ask.price - bid.price) / 2
    (low, *_), (high, *_) = quotes("1,000.00", inventory=300_000 + 60_000, shares=1_000_000)
    lean = 100_000 - (low.price + high.price) / 2
    assert 0.5 * half < 4 * lean < half
    (low, *_), (high, *_) = quotes("1,000.00", inventory=1_000_000)
    assert 4 * abs(100_000 - (low.price + high.price) / 2) <= half + 4


def test_too_much_inventory_lowers_its_quotes_and_too_little_raises_them() -> None:
    (bid, *_), (ask, *_) = quotes()
    (long_bid, *_), (long_ask, *_) = quotes(inventory=500_000)
    (short_bid, *_), (short_ask, *_) = quotes(inventory=100_000)
    assert long_bid.price < bid.price < short_bid.price
    assert long_ask.price < ask.price < short_ask.price


def test_it_offers_what_it_holds_and_no_more() -> None:
    _, asks = quotes(inventory=2_500)
    assert [ask.quantity for ask in asks] == [480, 744, 1153, 123]
    bids, asks = quotes(inventory=0)
    assert (len(bids), asks) == (5, [])


def test_it_bids_for_what_its_cash_buys_and_no_more() -> None:
    made = maker.quotes(
        price=10_000,
        volatility=0.02,
        usual_volume=1_000.0,
        inventory=300_000,
        shares=1_000_000,
        rules=MakerRules(),
        cash=500 * 10_000,
    )
    bids = [quote for quote in made if quote.side is Side.BUY]
    assert [bid.quantity for bid in bids] == [480, 20]
    assert sum(bid.quantity * bid.price for bid in bids) <= 500 * 10_000


def test_all_its_bids_together_are_bounded_by_its_cash() -> None:
    stage = Stage("ann", companies=[listing("APEX"), listing("NOVA", shares=10**8)], switches=MAKER)
    market_maker = stage.account("market_maker")
    stage.world.market.pay(stage.ids["market_maker"], 1, market_maker.cash - 100_000, kind="test")
    stage.submit()
    bids = [
        order.unfilled * order.price
        for company in stage.world.market.companies.values()
        for order in company.book.bids.orders()
    ]
    assert 0 < sum(bids) <= market_maker.cash == 100_000


def test_it_bids_nothing_below_a_cent() -> None:
    bids, asks = quotes(price="0.02")
    assert [bid.price for bid in bids] == [1]
    assert len(asks) == 5


@given(
    price=st.integers(1, 1_000_000),
    inventory=st.integers(0, 10**7),
    shares=st.integers(1, 10**7),
    volatility=st.floats(0, 1),
    usual_volume=st.floats(1, 1e7),
)
def test_every_bid_lies_below_every_ask_and_the_levels_are_in_order(
    price: int, inventory: int, shares: int, volatility: float, usual_volume: float
) -> None:
    bids, asks = quotes(f"{price / 100:.2f}", inventory, shares, volatility, usual_volume)
    ladder = [quote.price for quote in (*reversed(bids), *asks)]
    assert all(lower < higher for lower, higher in pairwise(ladder))
    assert all(quote.price >= 1 and quote.quantity >= 1 for quote in (*bids, *asks))
    assert sum(ask.quantity for ask in asks) <= inventory


# In the market


def test_it_starts_with_its_part_of_every_company_and_its_cash() -> None:
    stage = Stage(companies=[listing("APEX"), listing("NOVA", shares=7)], switches=MAKER)
    assert stage.holding("market_maker", "APEX") == 300_000
    assert stage.holding("market_maker", "NOVA") == 2
    assert stage.holding("public", "NOVA") == 5
    assert stage.account("market_maker").cash == cents("10,000,000,000.00")
    assert stage.account("bank").cash == -cents("10,000,000,000.00")


def test_its_quotes_are_replaced_every_tick_and_never_pile_up() -> None:
    stage = Stage(switches=WALKING, rules=RULES)
    for _ in range(30):
        stage.submit()
        assert len(stage.resting()) == 10
        company = stage.company()
        assert company.best_bid is not None
        assert company.best_ask is not None
        spread = company.best_ask - company.best_bid
        assert abs(company.price - (company.best_bid + company.best_ask) / 2) <= spread


def test_its_quotes_are_no_rows_until_they_fill() -> None:
    stage = Stage("ann", switches=MAKER)
    stage.submit()
    assert stage.outcome.market.orders == []
    stage.tick("ann BUY 150 MARKET")
    mine = [o for o in stage.outcome.market.orders if stage.names[o.account] == "market_maker"]
    assert [(o.filled_now, o.status, o.is_new) for o in mine] == [
        (48, "filled", True),
        (74, "filled", True),
        (28, "cancelled", True),
    ]
    stage.submit()
    assert stage.outcome.market.orders == []


def test_a_quote_that_crosses_a_resting_order_trades_at_its_price_and_rests_what_is_left() -> None:
    stage = Stage(Player("ann", holds={"APEX": 100}), switches=MAKER)
    stage.tick("ann SELL 30 @ 10.00")
    stage.reprice("11.00")
    stage.submit()
    assert stage.trades == ["market_maker bought 30 from ann @ 10.45"], "moved to the collar"
    trade = stage.outcome.market.trades[0]
    assert (trade.aggressor, trade.fee) == ("BUY", 0)
    assert stage.account("ann").cash == cents("1,000,313.50")
    assert stage.orders[trade.buy_order].status == "partial"
    assert stage.resting()[0] == "market_maker BUY 18 @ 10.99"


def test_what_its_quotes_cannot_take_of_a_resting_order_stays_and_the_book_is_not_crossed() -> None:
    stage = Stage(Player("ann", holds={"APEX": 100_000}), switches=MAKER)
    stage.tick("ann SELL 1000 @ 10.00")
    stage.reprice("11.00")
    stage.submit()
    assert {trade.price for trade in stage.outcome.market.trades} == {1_045}
    assert stage.resting()[0] == "ann SELL 307 @ 10.45"


def test_it_sells_down_to_its_last_share_and_then_only_bids() -> None:
    small = listing(shares=1_000)
    stage = Stage("ann", companies=[small], switches=MAKER)
    for _ in range(5):
        stage.tick("ann BUY 900 MARKET")
    assert stage.holding("ann") == 300
    assert stage.holding("market_maker") == 0
    assert all("BUY" in line for line in stage.resting())


def test_a_founded_world_is_quoted_before_its_first_tick() -> None:
    world = World(RULES, "7")
    world.found(8)
    assert all(company.best_bid and company.best_ask for company in world.market.companies.values())
