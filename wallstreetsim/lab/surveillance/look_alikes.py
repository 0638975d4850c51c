"""What is no crime but looks like one: honest conduct in twenty-five kinds, twice over.

One half may be used to tune detectors, the other is held out. Nobody in here is guilty of anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from market.engine.operator_acts import UNHALT
from wallstreetsim.lab.surveillance.newsletter_readers import newsletter_readers
from wallstreetsim.lab.surveillance.stage import Actor, Play, Script, Stage, odd_lot, uneven, wait

MILLION = 100_000_000  # cents

# Those who make markets


def market_maker(stage: Stage, symbol: str, levels: int = 2, skews: bool = False) -> Script:
    """Quote both sides every tick and cancel nearly all of it, leaning against the inventory."""
    r = stage.random
    ann = stage.actor("quant", holdings={symbol: 100})
    yield from wait(20)
    start = ann.held(symbol)
    open_orders: list[str] = []
    while True:
        ann.cancel(*open_orders)
        open_orders = []
        if stage.is_trading(symbol):
            half = stage.half_spread(symbol)
            lean = 0
            if skews:
                excess = (ann.held(symbol) - start) / (20 * stage.unit(symbol))
                lean = -round(half * max(-1.0, min(1.0, excess)))
            for k in range(levels):
                size = uneven(r, (1 + k) * stage.unit(symbol), 0.2)
                away = half * 2 + k * half
                middle = stage.price(symbol) + lean
                open_orders += [
                    ann.buy(symbol, size, middle - away, post_only=True),
                    ann.sell(symbol, size, middle + away, post_only=True),
                ]
        yield


def mended_quotes(stage: Stage, symbol: str, patience: int = 3) -> Script:
    """A market maker takes its quotes back at a halt, and quotes widely and anew after it."""
    r = stage.random
    ann = stage.actor("quant", holdings={symbol: 100})
    yield from wait(30)
    halts = sorted(r.sample(range(80, 330), 3))
    quotes: list[str] = []
    while True:
        if stage.tick in halts:
            stage.halt(symbol, r.randint(6, 12))
            ann.cancel(*quotes)
            quotes = []
        elif stage.is_trading(symbol) and stage.tick % patience == 0:
            ann.cancel(*quotes)
            half = stage.half_spread(symbol)
            size = 2 * stage.unit(symbol)
            quotes = [
                ann.buy(symbol, size, stage.bid(symbol) - r.randint(0, half), post_only=True),
                ann.sell(
                    symbol, size, stage.ask_price(symbol) + r.randint(0, half), post_only=True
                ),
            ]
        yield


def two_makers(stage: Stage, symbol: str, linked: bool = False) -> Script:
    """Two market makers on opposite inventories trade a great deal with each other."""
    r = stage.random
    pair = [stage.actor("quant", holdings={symbol: n}) for n in (120, 60)]
    if linked:
        stage.link(pair[0], pair[1], "messages", tick=10)
    yield from wait(20)
    starts = [one.held(symbol) for one in pair]
    quotes: list[list[str]] = [[], []]
    while True:
        for n, one in enumerate(pair):
            one.cancel(*quotes[n])
            quotes[n] = []
            if not stage.is_trading(symbol) or r.random() < 0.15:
                continue
            half = max(2, stage.half_spread(symbol))
            excess = (one.held(symbol) - starts[n]) / (6 * stage.unit(symbol))
            own = r.gauss(0.0, 0.7)  # each has an opinion of its own
            middle = stage.price(symbol) + round(half * max(-1.2, min(1.2, own - excess)))
            away = max(1, half * 2 // 3)
            quotes[n] = [
                one.buy(symbol, uneven(r, stage.unit(symbol)), middle - away),
                one.sell(symbol, uneven(r, stage.unit(symbol)), middle + away),
            ]
        yield


# Orders that move or go


def moved_stop(stage: Stage, symbol: str, every: int = 4) -> Script:
    """A holder's stop trails the price, cancelled and placed anew."""
    r = stage.random
    ann = stage.actor()
    yield from wait(r.randint(20, 60))
    ann.buy(symbol, 10 * stage.unit(symbol))
    yield from wait(2)
    placed, highest = "", 0
    while ann.held(symbol):
        highest = max(highest, stage.price(symbol))
        at = round(highest * (1 - 6 * stage.sigma(symbol) * r.uniform(0.9, 1.1)))
        if stage.tick % every == 0 and at < stage.price(symbol):
            ann.cancel(placed)
            yield
            placed = ann.stop(symbol, ann.held(symbol), at)
        yield


def pulled_on_news(stage: Stage, symbol: str, sells: bool = True) -> Script:
    """A large bid rests; bad news comes, it is pulled, and some shares are sold."""
    r = stage.random
    ann = stage.actor(holdings={symbol: 40})
    for _ in range(3):
        yield from wait(r.randint(25, 60))
        bid = stage.bid(symbol) - r.randint(0, stage.half_spread(symbol))
        order = ann.buy(symbol, uneven(r, 10 * stage.unit(symbol)), bid)
        yield from wait(r.randint(8, 25))
        stage.inject(symbol, -r.uniform(0.03, 0.06))
        yield from wait(1)
        yield
        ann.cancel(order)
        if sells:
            ann.sell(symbol, 2 * stage.unit(symbol))


def fat_finger(stage: Stage, symbol: str, times: int = 1) -> Script:
    """An order a hundred times too large, cancelled at once; the right one follows."""
    r = stage.random
    ann = stage.actor(cash=500 * MILLION)
    for _ in range(times):
        yield from wait(r.randint(50, 300 // times))
        side, size = r.choice((-1, 1)), uneven(r, 0.5 * stage.unit(symbol))
        at = stage.touch(side, symbol) - side * r.randint(0, stage.half_spread(symbol))
        wrong = ann.trade(side, symbol, 40 * size, at)
        yield
        ann.cancel(wrong)
        yield
        ann.trade(side, symbol, size, at)


def self_cross_stopped(stage: Stage, symbol: str, mode: str = "cancel_newest") -> Script:
    """Orders of one's own meet, and the mode for that keeps them from trading."""
    r = stage.random
    ann = stage.actor("quant", holdings={symbol: 60})
    yield from wait(20)
    while True:
        yield from wait(r.randint(4, 12))
        price = stage.mid(symbol)
        resting = ann.sell(symbol, uneven(r, stage.unit(symbol)), price, self_trade=mode)
        yield
        ann.buy(symbol, uneven(r, stage.unit(symbol)), price, self_trade=mode, time_in_force="IOC")
        yield
        ann.cancel(resting)
        if r.random() < 0.5:
            ann.trade(r.choice((-1, 1)), symbol, 0.5 * stage.unit(symbol))


# Those who trade by a plan of their own


def slow_accumulation(stage: Stage, symbol: str, pieces: int = 90, rests: bool = False) -> Script:
    """Buy a large position in small pieces over hours, and keep it."""
    r = stage.random
    ann = stage.actor()
    yield from wait(r.randint(10, 30))
    for _ in range(pieces):
        at = stage.bid(symbol) if rests else None
        order = ann.buy(symbol, uneven(r, 0.5 * stage.unit(symbol)), at)
        yield from wait(r.randint(2, 5))
        ann.cancel(order)


def pair_trader(stage: Stage, symbol: str, window: int = 30) -> Script:
    """Sell what has risen against another company, buy what has fallen, close when it is over."""
    r = stage.random
    other = next(s for s in stage.symbols if s != symbol)
    ann = stage.actor()
    yield from wait(window + 10)
    while True:
        gap = stage.change(symbol, window) / stage.sigma(symbol)
        gap -= stage.change(other, window) / stage.sigma(other)
        limit = 0.8 * window**0.5
        if not ann.held(symbol) and abs(gap) > limit:
            side = -1 if gap > 0 else 1
            value = 4 * stage.unit(symbol) * stage.price(symbol)
            ann.trade(side, symbol, 4 * stage.unit(symbol))
            ann.trade(-side, other, value / stage.price(other))
        elif ann.held(symbol) and abs(gap) < 0.3 * limit:
            ann.close(symbol)
            ann.close(other)
        yield from wait(r.randint(1, 3))


def day_traders(stage: Stage, symbol: str, count: int = 4, linked: bool = False) -> Script:
    """Several buy and sell all day on their own, with whom it may be, and end flat."""
    r = stage.random
    crowd = [stage.actor() for _ in range(count)]
    if linked:
        stage.link(crowd[0], crowd[1], "alliance")
    yield from wait(15)
    while True:
        for one in crowd:
            if r.random() < 0.2:
                side = -1 if one.held(symbol) > 0 else 1
                at = stage.touch(side, symbol) if r.random() < 0.5 else None
                size = abs(one.held(symbol)) or uneven(r, stage.unit(symbol), 0.6)
                one.trade(side, symbol, size, at)
            elif one.account.orders and r.random() < 0.3:
                one.cancel_all()
        yield


def lucky_dip_buyer(stage: Stage, symbol: str, sells: bool = True) -> Script:
    """Buy a dip, once; good news happens to follow."""
    r = stage.random
    ann = stage.actor()
    yield from wait(r.randint(60, 150))
    for _ in range(100):
        if stage.change(symbol, 15) < -2 * stage.sigma(symbol):
            break
        yield
    ann.buy(symbol, 3 * stage.unit(symbol))
    yield
    ann.buy(symbol, 2 * stage.unit(symbol))
    yield from wait(r.randint(4, 20))
    stage.inject(symbol, r.uniform(0.03, 0.07))
    yield from wait(r.randint(5, 30))
    if sells:
        yield from close_slowly(stage, symbol, ann, 5)


def habitual_buyer(stage: Stage, symbol: str, every: int = 12, linked: bool = False) -> Script:
    """Buy every so many ticks whatever happens, before news as well, and sell some now and then."""
    r = stage.random
    ann = stage.actor()
    if linked:
        other = stage.actor("ceo", company=symbol)
        stage.link(ann, other, "messages", tick=6)
    yield from wait(r.randint(5, 20))
    news = sorted(r.sample(range(100, 380), 3))
    bought = 0
    while True:
        if stage.tick % every == 0:
            ann.buy(symbol, uneven(r, 1.2 * stage.unit(symbol), 0.15))
            bought += 1
            if bought % 10 == 0:
                ann.sell(symbol, 0.5 * ann.held(symbol))
        if stage.tick in news:
            stage.inject(symbol, r.uniform(0.03, 0.06))
        yield


# Those who act on what everyone knows


def index_rebalance(stage: Stage, symbol: str, funds: int = 8, sells: bool = False) -> Script:
    """Many funds buy all companies in proportion in the same ticks, a few times a day."""
    r = stage.random
    holdings = dict.fromkeys(stage.symbols, 15.0) if sells else {}
    crowd = [stage.actor(holdings=holdings) for _ in range(funds)]
    yield from wait(r.randint(40, 70))
    for _ in range(6):
        side = r.choice((-1, 1)) if sells else 1
        for one in crowd:
            for s in stage.symbols:
                one.trade(side, s, uneven(r, 0.5 * stage.unit(s), 0.2))
        yield from wait(r.randint(35, 55))


def news_reaction(stage: Stage, symbol: str, count: int = 6, linked: bool = False) -> Script:
    """Several buy on good news and sell on bad, each within a few ticks."""
    r = stage.random
    crowd = [stage.actor(holdings={symbol: 40}) for _ in range(count)]
    if linked:
        for n, one in enumerate(crowd[1:4]):
            stage.link(crowd[0], one, "alliance", tick=3 + 3 * n)
    yield from wait(r.randint(40, 60))
    for _ in range(5):
        side = r.choice((-1, 1))
        stage.inject(symbol, side * r.uniform(0.02, 0.05))
        yield
        yield
        lags = {one.id: r.randint(0, 5) for one in crowd}
        for lag in range(6):
            for one in crowd:
                if lags[one.id] == lag:
                    one.trade(side, symbol, uneven(r, stage.unit(symbol)))
            yield
        yield from wait(r.randint(35, 50))


def momentum_herd(stage: Stage, symbol: str, count: int = 6, window: int = 12) -> Script:
    """Several follow the same public price, each with its own threshold."""
    r = stage.random
    crowd = [stage.actor() for _ in range(count)]
    limits = {one.id: r.uniform(0.9, 1.8) for one in crowd}
    yield from wait(window + 10)
    while True:
        z = stage.change(symbol, window) / (stage.sigma(symbol) * window**0.5)
        for one in crowd:
            if r.random() < 0.35:
                held = one.held(symbol)
                if abs(z) > limits[one.id] and held * z <= 0:
                    one.trade(
                        1 if z > 0 else -1, symbol, abs(held) or uneven(r, stage.unit(symbol))
                    )
                elif held and abs(z) < 0.3:
                    one.close(symbol)
        yield


def public_strategy(stage: Stage, symbol: str, count: int = 5, linked: bool = False) -> Script:
    """Five run one public strategy (buy below the average of the last prices, sell above it), each
    with its own noise.
    """
    r = stage.random
    crowd = [stage.actor("quant", holdings={symbol: 40}) for _ in range(count)]
    if linked:
        stage.link(crowd[0], crowd[1], "alliance")
        stage.link(crowd[1], crowd[2], "messages", tick=8)
    yield from wait(30)
    while True:
        average = sum(stage.prices[symbol][-25:]) / 25
        z = (stage.price(symbol) / average - 1) / (stage.sigma(symbol) * 1.5)
        for one in crowd:
            own = z + r.gauss(0.0, 0.3)
            if abs(own) > 1.1 and r.random() < 0.25:
                one.trade(-1 if own > 0 else 1, symbol, uneven(r, 0.6 * stage.unit(symbol)))
        yield


def signal_followers(stage: Stage, symbol: str, count: int = 2, window: int = 30) -> Script:
    """Allies each follow one published signal (a new high or low of the last prices), some ticks
    later and in sizes of their own.
    """
    r = stage.random
    crowd = [stage.actor(holdings={symbol: 60}) for _ in range(count)]
    for n, one in enumerate(crowd[1:]):
        stage.link(crowd[n], one, "alliance", tick=3 + 3 * n)
    yield from wait(window + 10)
    last = 0
    while True:
        seen = stage.prices[symbol][-window:-1]
        now = stage.price(symbol)
        side = 1 if now > max(seen) else -1 if now < min(seen) else 0
        if side and side != last:
            last = side
            for one in crowd:
                if r.random() < 0.8:
                    act = partial(one.trade, side, symbol, uneven(r, stage.unit(symbol), 0.5))
                    stage.at(stage.tick - stage.setting.shift + r.randint(0, 4), act)
        yield


def allies_on_their_own(stage: Stage, symbol: str, how: str = "alliance", count: int = 3) -> Script:
    """Allies trade the same company, each for reasons of its own."""
    r = stage.random
    crowd = [stage.actor(holdings={symbol: 50}) for _ in range(count)]
    for n, one in enumerate(crowd):
        if count > 2 or n == 0:
            stage.link(one, crowd[(n + 1) % count], how, tick=3 + 3 * n)
    yield from wait(20)
    rates = {one.id: r.uniform(0.08, 0.25) for one in crowd}
    tilts = {one.id: 0.5 for one in crowd}
    while True:
        for one in crowd:
            if r.random() < 0.02:
                tilts[one.id] = r.uniform(0.15, 0.85)
            if r.random() < rates[one.id]:
                side = 1 if r.random() < tilts[one.id] else -1
                at = stage.touch(side, symbol) if r.random() < 0.3 else None
                one.trade(side, symbol, uneven(r, 0.8 * stage.unit(symbol), 0.6), at)
            if one.account.orders and r.random() < 0.2:
                one.cancel_all()
        yield


# Those who talk


def true_rumor(stage: Stage, symbol: str, sells: bool = False) -> Script:
    """A holder spreads a rumor that comes true; it keeps its shares, or sells after the news."""
    r = stage.random
    ann = stage.actor("influencer", cash=50 * MILLION)
    yield from wait(r.randint(30, 80))
    for _ in range(6):
        ann.buy(symbol, 0.5 * stage.unit(symbol))
        yield from wait(r.randint(3, 9))
    yield from wait(r.randint(40, 90))
    ann.rumor(symbol, 1)
    yield from wait(r.randint(10, 50))
    stage.inject(symbol, r.uniform(0.03, 0.06))
    yield from wait(r.randint(5, 20))
    if sells:
        yield from close_slowly(stage, symbol, ann, 6)


def author_without_position(stage: Stage, symbol: str, trades: bool = False) -> Script:
    """Spread rumors of a company, hold none of it; trade others, perhaps."""
    r = stage.random
    ann = stage.actor("influencer", cash=50 * MILLION)
    others = [s for s in stage.symbols if s != symbol]
    yield from wait(r.randint(30, 100))
    for _ in range(2):
        ann.rumor(symbol, r.choice((-1, 1)))
        for _ in range(r.randint(40, 110)):
            if trades and r.random() < 0.1:
                other = r.choice(others)
                ann.trade(r.choice((-1, 1)), other, uneven(r, 0.3 * stage.unit(other)))
            yield


def profit_taking(stage: Stage, symbol: str, ahead: int = 60, count: int = 1) -> Script:
    """Hold for a long time, and sell after news that everyone has read."""
    r = stage.random
    crowd = [stage.actor() for _ in range(count)]
    yield from wait(r.randint(20, 50))
    for _ in range(5):
        for one in crowd:
            one.buy(symbol, uneven(r, stage.unit(symbol)))
        yield from wait(r.randint(5, 12))
    yield from wait(ahead + r.randint(0, 40))
    stage.inject(symbol, r.uniform(0.03, 0.06))
    yield from wait(r.randint(2, 10))
    for one in crowd:
        yield from close_slowly(stage, symbol, one, 6)


# Those who must trade


def margin_cascade(stage: Stage, symbol: str, count: int = 5) -> Script:
    """Several hold on borrowed money; bad news brings margin calls, and the exchange sells."""
    r = stage.random
    cash = max(1_000_000, round(1.2 * stage.unit(symbol) * stage.price(symbol)))
    crowd = [stage.actor(cash=round(uneven(r, cash, 0.2)), leverage=10) for _ in range(count)]
    yield from wait(r.randint(20, 50))
    for _ in range(8):
        for one in crowd:
            if (shares := 0.5 * stage.affordable(one, symbol)) > 1:
                one.buy(symbol, shares)
        yield from wait(2)
    yield from wait(r.randint(20, 60))
    for _ in range(2):
        stage.inject(symbol, -r.uniform(0.04, 0.06))
        yield from wait(r.randint(15, 30))


def bankruptcies(stage: Stage, symbol: str, count: int = 2) -> Script:
    """Some hold all they can on borrowed money; a crash of the price liquidates them for good."""
    r = stage.random
    cash = max(1_000_000, round(stage.unit(symbol) * stage.price(symbol)))
    crowd = [stage.actor(cash=cash, leverage=20) for _ in range(count)]
    yield from wait(r.randint(20, 60))
    for _ in range(8):
        for one in crowd:
            if (shares := 0.6 * stage.affordable(one, symbol)) > 1:
                one.buy(symbol, shares)
        yield
    yield from wait(r.randint(20, 80))
    for _ in range(3):
        stage.inject(symbol, -r.uniform(0.06, 0.09))
        yield from wait(r.randint(3, 12))


def auction_rush(stage: Stage, symbol: str, count: int = 8, linked: bool = False) -> Script:
    """A halt: many queue orders of the same side for the auction that ends it, and pull some."""
    r = stage.random
    crowd = [stage.actor(holdings={symbol: 30}) for _ in range(count)]
    if linked:
        stage.link(crowd[0], crowd[1], "messages")
    for _ in range(4):
        yield from wait(r.randint(50, 70))
        side, ticks = r.choice((-1, 1)), r.randint(5, 8)
        stage.halt(symbol, ticks)
        yield
        queued = []
        for one in crowd:
            at = stage.price(symbol) + side * r.randint(0, stage.half_spread(symbol) * 4)
            queued.append((one, one.trade(side, symbol, uneven(r, stage.unit(symbol)), at)))
            if r.random() < 0.4:
                yield
        for one, order in queued:
            if r.random() < 0.3:
                one.cancel(order)
        yield from wait(ticks)


def early_auction(stage: Stage, symbol: str) -> Script:
    """As `auction_rush`, but an operator ends the halt, and large orders are changed before it."""
    r = stage.random
    crowd = [stage.actor(holdings={symbol: 60}) for _ in range(5)]
    for _ in range(4):
        yield from wait(r.randint(50, 70))
        stage.halt(symbol, 30)
        side = r.choice((-1, 1))
        yield from wait(2)
        queued = []
        for one in crowd:
            at = stage.price(symbol) + side * r.randint(0, 6)
            queued.append((one, one.trade(side, symbol, uneven(r, 4 * stage.unit(symbol)), at)))
        yield from wait(2)
        for one, order in queued:
            if r.random() < 0.5:
                one.replace(order, limit=stage.price(symbol) - side * r.randint(0, 6))
        yield
        stage.ask(UNHALT, {"symbol": symbol, "reason": "known"}, None)


def close_slowly(stage: Stage, symbol: str, actor: Actor, ticks: int) -> Script:
    """Close a position in so many ticks of trading."""
    for left in range(ticks, 0, -1):
        if stage.is_trading(symbol):
            actor.close(symbol, 1.0 / left)
        yield


def odd_accumulation(stage: Stage, symbol: str) -> Script:
    """Buy a large position in lots below round numbers, in two companies by turns."""
    r = stage.random
    ann = stage.actor()
    other = r.choice([s for s in stage.symbols if s != symbol])
    yield from wait(r.randint(10, 30))
    for n in range(110):
        which = symbol if n % 3 else other
        ann.buy(which, odd_lot(r, uneven(r, 0.6 * stage.unit(which))))
        yield from wait(r.randint(1, 4))


# By kind

TUNING_LOOK_ALIKES: Mapping[str, Play] = {
    "market maker": market_maker,
    "moved stop": moved_stop,
    "order pulled on news": pulled_on_news,
    "slow accumulation": slow_accumulation,
    "index rebalancing": index_rebalance,
    "reaction to news": news_reaction,
    "momentum herd": momentum_herd,
    "pair trader": pair_trader,
    "two market makers": two_makers,
    "day traders": day_traders,
    "self-cross stopped": self_cross_stopped,
    "fat finger": fat_finger,
    "lucky dip buyer": lucky_dip_buyer,
    "habitual buyer": habitual_buyer,
    "true rumor": true_rumor,
    "author without position": author_without_position,
    "profit taking": profit_taking,
    "independent allies": allies_on_their_own,
    "margin calls": margin_cascade,
    "bankruptcies": bankruptcies,
    "auction rush": auction_rush,
    "public strategy": public_strategy,
    "quotes mended": mended_quotes,
    "signal followers": signal_followers,
    "newsletter readers": newsletter_readers,
}

HELD_OUT_LOOK_ALIKES: Mapping[str, Play] = {
    "market maker": partial(market_maker, levels=4, skews=True),
    "moved stop": partial(moved_stop, every=2),
    "order pulled on news": partial(pulled_on_news, sells=False),
    "slow accumulation": odd_accumulation,
    "index rebalancing": partial(index_rebalance, funds=10, sells=True),
    "reaction to news": partial(news_reaction, count=7, linked=True),
    "momentum herd": partial(momentum_herd, count=8, window=20),
    "pair trader": partial(pair_trader, window=18),
    "two market makers": partial(two_makers, linked=True),
    "day traders": partial(day_traders, count=6, linked=True),
    "self-cross stopped": partial(self_cross_stopped, mode="cancel_oldest"),
    "fat finger": partial(fat_finger, times=2),
    "lucky dip buyer": partial(lucky_dip_buyer, sells=False),
    "habitual buyer": partial(habitual_buyer, every=8, linked=True),
    "true rumor": partial(true_rumor, sells=True),
    "author without position": partial(author_without_position, trades=True),
    "profit taking": partial(profit_taking, ahead=30, count=3),
    "independent allies": partial(allies_on_their_own, how="messages", count=2),
    "margin calls": partial(margin_cascade, count=8),
    "bankruptcies": partial(bankruptcies, count=4),
    "auction rush": early_auction,
    "public strategy": partial(public_strategy, count=5, linked=True),
    "quotes mended": partial(mended_quotes, patience=1),
    "signal followers": partial(signal_followers, count=3, window=20),
    "newsletter readers": partial(newsletter_readers, how="messages", count=3, lag=5),
}
