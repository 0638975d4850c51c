"""House agents: what each strategy does with what it sees, and what the crooks own up to."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from agents.engine.facts import Manipulation, StatusChanged
from agents.engine.house import FIRST_HOUSE_ACCOUNT, Act, HouseRules, Worked, crooks, traders
from agents.engine.house.house import STRATEGIES
from agents.engine.house.view import Doing, Memory, Scene, Stock, Strategy, View
from market.engine.accounts import MARKET_MAKER, PUBLIC, AccountKind
from market.engine.events import Brewing, MarketEvent
from market.engine.orders import Account, Company
from market.engine.random_source import RandomSource
from market.engine.rules import Switches
from tests.cast import Stage, listing
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World

RULE = HouseRules()
LIVELY = Switches(never_closes=True, events=True, house=24)
STREAMS = RandomSource("a seed")
APEX = Stock("APEX", 10_000, 9_995, 10_005, 100.0, 10_000.0, 0.001, 0.0, 0.0, 1.0, True)


def view(
    stock: Stock = APEX, tick: int = 1, *, account: int = FIRST_HOUSE_ACCOUNT, **scene: Any
) -> View:
    """Return the view of one who holds 10,000 APEX and as much in cash."""
    me = Account(account, "house", AccountKind.AGENT)
    me.cash = 10_000 * 10_000
    company = Company(listing(price="100.00"), RULES.market)
    me.receive(company, 10_000, 0)
    seen = Scene(tick, 1.0, 300, {stock.symbol: stock}, [], [], 1, RULE, [stock.symbol])
    partner = FIRST_HOUSE_ACCOUNT + (account == FIRST_HOUSE_ACCOUNT)
    return View(seen._replace(**scene), me, [stock.symbol], partner, {"APEX": 10_000})


def act(
    strategy: Strategy,
    ticks: int,
    stock: Stock = APEX,
    memory: Memory | None = None,
    **scene: Any,
) -> list[Doing]:
    """Return all that a strategy does over some ticks in which the market stands still."""
    memory = {} if memory is None else memory
    doings: list[Doing] = []
    for tick in range(1, ticks + 1):
        doings += strategy(view(stock, tick, **scene), memory, _stream(tick))
    return doings


def _stream(tick: int) -> partial[tuple[float, float, float, float]]:
    return partial(STREAMS.uniforms, tick, "house-test")


def sides(doings: list[Doing]) -> Counter[str]:
    return Counter(doing.type for doing in doings if isinstance(doing, Act))


# The honest


def test_a_noise_trader_trades_often_and_in_both_directions_alike() -> None:
    seen = sides(act(traders.noise, 2_000))
    assert sum(seen.values()) == pytest.approx(2_000 * RULE.noise_rate, rel=0.1)
    assert seen["BUY"] == pytest.approx(seen["SELL"], rel=0.15)


def test_a_noise_trader_rather_buys_when_quotes_lie_below_the_price() -> None:
    cheap = APEX._replace(bid=9_985, ask=9_999)
    assert traders.buying_chance(view(cheap), cheap) > 0.7
    assert traders.buying_chance(view(), APEX) == 0.5


def test_a_noise_trader_rather_buys_what_it_has_sold() -> None:
    poor = view()._replace(founded_with={"APEX": 20_000})
    assert traders.buying_chance(poor, APEX) > 0.55


def test_a_metaorder_is_worked_in_pieces_of_one_side_with_a_long_tail_of_lengths() -> None:
    doings = act(traders.metaorder, 6_000)
    done = [doing for doing in doings if isinstance(doing, Worked)]
    lengths = sorted(worked.last_tick - worked.first_tick for worked in done)
    assert len(done) > 100
    assert lengths[-1] > 15 * lengths[len(lengths) // 2]
    assert {worked.side for worked in done} == {1, -1}
    pieces = [doing.parameters["quantity"] for doing in doings if isinstance(doing, Act)]
    assert sum(pieces) >= sum(worked.shares for worked in done) > 0.9 * sum(pieces)


def test_a_value_trader_buys_what_is_cheap_and_sells_what_is_dear() -> None:
    cheap, dear = APEX._replace(fundamental=11_500.0), APEX._replace(fundamental=8_500.0)
    assert set(sides(act(traders.value, 200, cheap))) == {"BUY"}
    assert set(sides(act(traders.value, 200, dear))) == {"SELL"}
    assert sides(act(traders.value, 200))["BUY"] < 10


def test_a_momentum_trader_follows_a_large_trend_only() -> None:
    up, flat = APEX._replace(slow=0.02), APEX._replace(slow=0.0001)
    assert set(sides(act(traders.momentum, 100, up))) == {"BUY"}
    assert not act(traders.momentum, 100, flat)


def test_a_mean_reverting_trader_rests_orders_against_the_move_and_takes_them_back() -> None:
    doings = act(traders.mean_reverting, 100, APEX._replace(fast=0.01))
    placed = [d for d in doings if isinstance(d, Act) and d.type == "SELL"]
    assert placed
    assert all(d.parameters["limit"] > APEX.ask for d in placed)
    taken_back = {d.parameters["client_id"] for d in doings if isinstance(d, Act)} & {
        d.parameters["client_id"] for d in doings if isinstance(d, Act) and d.type == "CANCEL_ORDER"
    }
    assert len(taken_back) > 5
    assert sides(doings)["BUY"] == 0


def test_a_news_reader_chases_the_headline_once_the_company_trades() -> None:
    event = MarketEvent(1, 1, "EARNINGS_MISS", "APEX", None, -0.05, 10, 10)
    memory: Memory = {}
    halted = APEX._replace(is_tradable=False)
    assert not traders.news(view(halted, 2, news=[event]), memory, _stream(2))
    for tick in (3, 4, 5):
        assert sides(traders.news(view(APEX, tick), memory, _stream(tick)))["SELL"] >= 1
    assert memory["chased"] == []


@pytest.mark.parametrize("name", STRATEGIES)
def test_nobody_orders_what_does_not_trade_or_more_than_it_has(name: str) -> None:
    assert not [
        doing
        for doing in act(STRATEGIES[name], 50, APEX._replace(is_tradable=False))
        if isinstance(doing, Act) and doing.type in ("BUY", "SELL")
    ]
    huge = APEX._replace(unit=1e9)
    for doing in act(STRATEGIES[name], 50, huge):
        if isinstance(doing, Act) and doing.type == "SELL":
            assert doing.parameters["quantity"] <= 10_000
        if isinstance(doing, Act) and doing.type == "BUY":
            assert doing.parameters["quantity"] * 10_000 <= 10_000 * 10_000


# The crooks


def tempted(strategy: Strategy, ticks: int, **scene: Any) -> tuple[list[Doing], Memory]:
    memory: Memory = {}
    rules = replace(RULE, crime_rate=1.0, noise_rate=0.0)
    return act(strategy, ticks, memory=memory, rules=rules, **scene), memory


def manipulations(doings: list[Doing]) -> list[Manipulation]:
    return [doing for doing in doings if isinstance(doing, Manipulation)]


def test_a_crook_owns_up_to_what_it_did_and_when() -> None:
    scheme = manipulations(tempted(crooks.spoof, 50)[0])[0]
    assert (scheme.crime, scheme.accounts, scheme.symbol) == (
        "spoofing",
        (FIRST_HOUSE_ACCOUNT,),
        "APEX",
    )
    assert scheme.first_tick == 1
    assert 10 < scheme.last_tick < 50


def test_a_crook_is_mostly_an_honest_noise_trader() -> None:
    doings = act(crooks.pump, 300)
    assert not manipulations(doings)
    assert sum(sides(doings).values()) > 50


def test_nobody_begins_a_scheme_shortly_before_the_close() -> None:
    assert not manipulations(tempted(crooks.spoof, 100, ticks_until_close=30)[0])


def test_a_spoofer_takes_back_all_that_it_showed() -> None:
    doings, memory = tempted(crooks.spoof, 48)
    acts = [doing for doing in doings if isinstance(doing, Act)]
    shown = [a.parameters["client_id"] for a in acts if a.type in ("BUY", "SELL")]
    cancelled = [a.parameters["client_id"] for a in acts if a.type == "CANCEL_ORDER"]
    assert shown
    assert sorted(shown) == sorted(cancelled)
    assert "shown" not in memory
    assert all(a.parameters["limit"] <= APEX.bid for a in acts if a.type == "BUY")
    assert all(APEX.bid < a.parameters["limit"] < APEX.ask for a in acts if a.type == "SELL")


def scheme_of(
    strategy: Strategy, me: Account, ticks: int, price_at: Callable[[int], int], **scene: Any
) -> tuple[list[tuple[int, Act]], list[Manipulation]]:
    """Play a crook's scheme from tick 1 on in a market that fills a usual order of each of its own
    at the end of the tick: those at market and the bids and offers within the spread.
    """
    memory: Memory = {}
    rules = replace(RULE, crime_rate=1.0, insider_rate=1.0, noise_rate=0.0)
    acts: list[tuple[int, Act]] = []
    company = Company(listing(price="100.00"), RULES.market)
    for tick in range(1, ticks + 1):
        price = price_at(tick)
        stock = APEX._replace(price=price, bid=price - 5, ask=price + 5)
        seen = view(stock, tick, rules=rules, **scene)._replace(me=me)
        doings = strategy(seen, memory, _stream(tick))
        for doing in doings:
            if isinstance(doing, Act):
                acts.append((tick, doing))
                side = {"BUY": 1, "SELL": -1}.get(doing.type, 0)
                shares = side * min(round(APEX.unit), doing.parameters.get("quantity", 0))
                if shares:
                    paid = doing.parameters.get("limit", price + 5 * side)
                    me.receive(company, shares, shares * paid)
                    me.cash -= shares * paid
        if done := manipulations(doings):
            return acts, done
    return acts, []


def penniless() -> Account:
    """Return an account that has cash and no shares."""
    me = Account(FIRST_HOUSE_ACCOUNT, "house", AccountKind.AGENT)
    me.cash = 10_000 * 10_000
    return me


def test_a_pump_gathers_small_lots_then_talks_and_sells_at_a_profit() -> None:
    me = penniless()
    before = me.cash
    acts, done = scheme_of(crooks.pump, me, 200, lambda tick: 10_000 if tick < 15 else 10_030)
    types = [act.type for _, act in acts if act.type != "CANCEL_ORDER"]
    assert types == sorted(types)  # BUY, RUMOR, SELL
    assert types.count("RUMOR") == 1
    bids = [act.parameters["limit"] for _, act in acts if act.type == "BUY"]
    assert len(bids) == 8  # a usual order's size of each
    assert max(bids) < APEX.ask
    assert me.quantity_of("APEX") == 0
    assert me.cash > before
    assert [(one.crime, one.symbol, one.first_tick) for one in done] == [
        ("pump_and_dump", "APEX", 1)
    ]


def test_a_pump_that_nobody_follows_is_sold_in_the_end_at_a_loss() -> None:
    me = penniless()
    before = me.cash
    acts, done = scheme_of(crooks.pump, me, 200, lambda tick: 10_000 if tick < 9 else 9_900)
    first_sale = next(tick for tick, act in acts if act.type == "SELL")
    talk = next(tick for tick, act in acts if act.type == "RUMOR")
    assert first_sale > talk + 50
    assert me.quantity_of("APEX") == 0
    assert me.cash < before
    assert done


def test_a_pump_that_gets_nothing_is_given_up_in_silence() -> None:
    """None of its bids is filled: it talks of nothing that it has not."""
    me = penniless()
    memory: Memory = {}
    rules = replace(RULE, crime_rate=1.0, noise_rate=0.0)
    types = set()
    for tick in range(1, 62):
        seen = view(APEX, tick, rules=rules)._replace(me=me)
        types |= {d.type for d in crooks.pump(seen, memory, _stream(tick)) if isinstance(d, Act)}
        if tick > 1 and "plot" not in memory:
            break
    assert "plot" not in memory
    assert types == {"BUY", "CANCEL_ORDER"}


def test_a_pump_is_of_a_company_that_it_has_none_of() -> None:
    memory: Memory = {}
    other = APEX._replace(symbol="NOVA")
    rules = replace(RULE, crime_rate=1.0)
    stocks, symbols = {"APEX": APEX, "NOVA": other}, ["APEX", "NOVA"]
    crooks.pump(view(stocks=stocks, symbols=symbols, rules=rules), memory, _stream(1))
    assert memory["plot"]["symbol"] == "NOVA"


def test_a_wash_pair_trades_with_itself_inside_the_spread() -> None:
    memory: Memory = {}
    rules = replace(RULE, crime_rate=1.0, noise_rate=0.0)
    seller = crooks.wash(view(rules=rules), memory, _stream(1))
    buyer = crooks.wash(view(rules=rules, account=FIRST_HOUSE_ACCOUNT + 1), memory, _stream(1))
    (sell,), (buy,) = seller, buyer
    assert isinstance(sell, Act)
    assert isinstance(buy, Act)
    assert (sell.type, buy.type) == ("SELL", "BUY")
    assert sell.parameters["limit"] == buy.parameters["limit"]
    assert sell.parameters["quantity"] == buy.parameters["quantity"]
    assert APEX.bid < sell.parameters["limit"] < APEX.ask


def test_a_wash_pair_changes_sides_and_ends_where_it_began() -> None:
    memory: Memory = {}
    rules = replace(RULE, crime_rate=1.0, noise_rate=0.0)
    sizes = Counter[int]()
    for tick in range(1, 13):
        for account in (FIRST_HOUSE_ACCOUNT, FIRST_HOUSE_ACCOUNT + 1):
            seen = view(APEX, tick, rules=rules, account=account)
            for doing in crooks.wash(seen, memory, _stream(tick)):
                if isinstance(doing, Act) and doing.type != "CANCEL_ORDER":
                    side = 1 if doing.type == "BUY" else -1
                    sizes[account] += side * doing.parameters["quantity"]
    assert sizes[FIRST_HOUSE_ACCOUNT] == -sizes[FIRST_HOUSE_ACCOUNT + 1]
    assert abs(sizes[FIRST_HOUSE_ACCOUNT]) <= 3.0 * APEX.unit


def test_an_insider_buys_before_good_news_and_sells_after_it() -> None:
    me = penniless()
    known = [Brewing(5, "EARNINGS_BEAT", "APEX", 0.1, 10)]
    acts, done = scheme_of(
        crooks.insider, me, 60, lambda tick: 10_000 if tick <= 5 else 11_000, brewing=known
    )
    bought = [tick for tick, act in acts if act.type == "BUY"]
    sold = [tick for tick, act in acts if act.type == "SELL"]
    assert bought == [1, 2, 3, 4, 5]
    assert sold[0] == 6
    assert len(acts) == len(bought) + len(sold)
    assert me.quantity_of("APEX") == 0
    assert me.cash > 10_000 * 10_000
    assert done == [
        Manipulation("insider_trading", (FIRST_HOUSE_ACCOUNT,), "APEX", 1, sold[-1] + 1)
    ]


def test_an_insider_sells_what_it_has_before_bad_news_and_buys_it_back() -> None:
    me = view().me
    known = [Brewing(3, "EARNINGS_MISS", "APEX", -0.1, 10)]
    acts, done = scheme_of(
        crooks.insider, me, 60, lambda tick: 10_000 if tick <= 3 else 9_000, brewing=known
    )
    assert [act.type for _, act in acts[:4]] == ["SELL", "SELL", "SELL", "BUY"]
    assert me.quantity_of("APEX") == 10_000
    assert done


def test_an_insider_without_shares_has_no_use_for_bad_news() -> None:
    known = [Brewing(3, "EARNINGS_MISS", "APEX", -0.1, 10)]
    acts, done = scheme_of(crooks.insider, penniless(), 20, lambda tick: 10_000, brewing=known)
    assert not acts
    assert not done


# In the world


def lively(ticks: int, switches: Switches = LIVELY, seed: str = "a seed") -> World:
    world = World(RULES, seed, switches)
    world.found(8)
    for _ in range(ticks):
        world.advance([])
    return world


def test_the_house_trades_and_the_books_stay_straight() -> None:
    world = World(RULES, "a seed", LIVELY)
    world.found(8)
    trades = sum(len(world.advance([]).market.trades) for _ in range(60))
    assert trades > 300
    market = world.market
    assert sum(account.cash for account in market.accounts.values()) == 0
    for company in market.companies.values():
        held = sum(a.quantity_of(company.symbol) for a in market.accounts.values())
        assert held == company.shares


def test_house_agents_are_members_and_marked_as_such() -> None:
    world = lively(1)
    members = list(world.registry.members.values())
    assert len(members) == 24
    assert all(member.is_house for member in members)
    assert len({member.id for member in members}) == len({m.name for m in members}) == 24


def test_no_house_no_trades() -> None:
    world = lively(20, replace(LIVELY, house=0))
    assert world.market.trades_numbered == 0


def test_the_house_rests_while_the_market_is_closed() -> None:
    world = lively(0, replace(LIVELY, never_closes=False))
    world.tick = 399
    outcome = world.advance([])
    assert not outcome.moment.is_open
    assert not outcome.market.orders


def test_an_agent_that_does_nothing_changes_no_price() -> None:
    alone = Stage(companies=8, switches=LIVELY, rules=RULES)
    watched = Stage("ann", companies=8, switches=LIVELY, rules=RULES)
    for _ in range(50):
        alone.submit()
        watched.submit()
    assert _prices(alone.world) == _prices(watched.world)


def test_paired_runs_differ_only_by_what_one_order_did() -> None:
    plain = Stage("ann", companies=8, switches=LIVELY, rules=RULES)
    paired = Stage("ann", companies=8, switches=LIVELY, rules=RULES)
    for _ in range(10):
        plain.submit()
        paired.submit()
    paired.tick("ann BUY 2000 MARKET")
    plain.submit()
    before, after = _prices(plain.world), _prices(paired.world)
    assert after["APEX"] > before["APEX"]
    del before["APEX"], after["APEX"]
    assert after == before


def test_outside_orders_come_before_the_houses() -> None:
    stage = Stage("ann", companies=8, switches=LIVELY, rules=RULES)
    outcome = stage.tick("ann BUY 1 MARKET")
    assert stage.names[outcome.market.orders[0].account] == "ann"


def test_a_wash_pair_really_trades_with_itself() -> None:
    eager = replace(RULES, house=replace(RULE, crime_rate=1.0, roster=("wash", "wash")))
    world = World(eager, "a seed", replace(LIVELY, house=2, events=False))
    world.found(3)
    trades = [trade for _ in range(30) for trade in world.advance([]).market.trades]
    pair = {FIRST_HOUSE_ACCOUNT, FIRST_HOUSE_ACCOUNT + 1}
    assert sum({trade.buyer, trade.seller} == pair for trade in trades) >= 5


def test_a_house_survives_being_kept_in_the_midst_of_everything() -> None:
    eager = replace(RULES, house=replace(RULE, crime_rate=0.05))
    world = World(eager, "a seed", LIVELY)
    world.found(8)
    for _ in range(40):
        world.advance([])
    other = World.load(eager, json.loads(json.dumps(world.dump())))
    for _ in range(25):
        assert other.advance([]).digest == world.advance([]).digest
    assert any(one.memory for one in world.house.inhabitants)
    assert json.dumps(other.dump()) == json.dumps(world.dump())


def test_a_scheme_that_prison_cuts_short_is_owned_up_to() -> None:
    world = lively(1)
    crook = next(one for one in world.house.inhabitants if one.strategy == "pump")
    crook.memory["plot"] = {"symbol": "APEX", "first": 1, "left": 90}
    world.facts.add(StatusChanged(1, crook.account, "active", "imprisoned", ""))
    world.house.hear()
    assert list(world.facts.of(Manipulation)) == [
        Manipulation("pump_and_dump", (crook.account,), "APEX", 1, world.tick)
    ]
    assert crook.strategy == "noise"
    assert "plot" not in crook.memory


def test_the_house_follows_a_split() -> None:
    world = lively(5)
    house, before = world.house, world.house.trackers["APEX"].slow
    crook = next(one for one in house.inhabitants if one.strategy == "insider")
    plot = crook.memory["plot"] = {"symbol": "APEX", "held": 50, "cost": 1_000.0}
    held = house.inhabitants[0].founded_with["APEX"]
    house.rescale("APEX", 0.1)
    assert house.trackers["APEX"].slow == pytest.approx(before + math.log(0.1))
    assert house.inhabitants[0].founded_with["APEX"] == pytest.approx(10 * held, abs=10)
    assert (plot["held"], plot["cost"]) == (500, 100.0)


def _prices(world: World) -> dict[str, int]:
    return {symbol: company.price for symbol, company in world.market.companies.items()}


def test_the_market_makers_inventory_comes_back_after_being_pushed() -> None:
    world = World(RULES, "a seed", replace(LIVELY, house=12, events=False))
    world.found(2)
    market = world.market
    company, maker = market.companies["APEX"], market.accounts[MARKET_MAKER]
    push = round(200 * company.pricing.usual_volume)  # half a day's volume
    target = maker.quantity_of("APEX")
    market.give_shares(PUBLIC, MARKET_MAKER, company, push, kind="endowment")
    for _ in range(1_000):
        world.advance([])
    assert abs(maker.quantity_of("APEX") - target) < push / 2
