"""Coordination: linked accounts that trade the same way at the same time, more than news, the
market, a public strategy and their own habits explain.
"""

from __future__ import annotations

from math import comb, exp, log

from market.engine.engine import Plain
from market.engine.values import Cents, Shares, Tick
from sec.engine.detectors.detector import Known
from sec.engine.detectors.rounds import HORIZONS, LAG, Acted, Pair, Round, nats_together, when
from sec.engine.detectors.tape import Added, Flow, trade_seen
from sec.engine.detectors.ties import link_seen
from sec.engine.detectors.turnover import SLOW, Turnover
from sec.engine.records import OrderSeen, TradeSeen, split_order, split_trade
from sec.engine.rules import COORDINATION
from sec.engine.suspicion import Conduct, Suspicion, strongest

LEAST_SHARES = 0.05  # of a usual tick's volume: what is smaller is left out
NEWS_TICKS = 15  # after news of a company, in which agreement proves nothing
CROWD, CROWD_PART = 6, 0.7  # others who trade it in the tick; of them, on one side: a common cause
IN_TIME = 0.65  # of a coordinated account's trades, that its partner trades beside
LEAST_TICKS = 40  # over which a rate is taken
LEAST_LEAN = 0.04  # of the spread: what the quotes lean to a side
LEAST_MOVE = 0.4  # usual moves over a horizon: what is smaller says nothing
CERTAINTY = 7.0  # nats, for a confidence of 1 − 1/e
PAIR_OPENS = 2.5  # nats, from which a pair is looked at with its company
OF_MANY_PAIRS = 3.0  # nats, for two alone: of so many pairs some agree by chance
MOST_MEMBERS = 8
KEPT_ROUNDS = 40
LEAST_ROUNDS = 4

PairKey = tuple[int, int, str]  # the lower account, the higher, the company


class Coordination:
    """Compares what linked accounts do, pair by pair, and finds the groups that act as one."""

    def __init__(self, window_ticks: Tick) -> None:
        self.window_ticks = window_ticks
        self.acted: dict[str, list[Acted]] = {}  # by company, of the last few ticks
        self.pairs: dict[PairKey, Pair] = {}
        self.prices: dict[str, list[Cents]] = {}  # oldest first
        self.news: dict[str, Tick] = {}  # by company: when it last had news

    def see(self, added: Added, known: Known) -> list[Suspicion]:
        """Return the groups to whose agreement the tick has added."""
        tick = added.tick
        for event in added.events:
            self.news[event.symbol] = tick
        for symbol in added.resumed:
            self.news[symbol] = tick
        fresh = self._acts(added, known)
        grown: dict[PairKey, None] = {}
        for one in fresh:
            symbol = one.trades[0].symbol
            for other in self.acted.get(symbol, ()):
                if other.account == one.account or other.tick < tick - LAG:
                    continue
                if known.ties.linked(one.account, other.account):
                    key = self._match(one, other, symbol, known.turnover)
                    if key is not None:
                        grown[key] = None
            self.acted.setdefault(symbol, []).append(one)
        self._expire(tick, known)
        suspicions = []
        seen: set[tuple[tuple[int, ...], str]] = set()
        for key in grown:
            pair = self.pairs[key]
            if pair.nats() < PAIR_OPENS:
                continue
            found = self._group(key, tick, known)
            if found is not None and (found.accounts, key[2]) not in seen:
                seen.add((found.accounts, key[2]))
                suspicions.append(found)
        for symbol, quote in added.quotes.items():
            prices = self.prices.setdefault(symbol, [])
            prices.append(quote.price)
            if len(prices) > HORIZONS[-1] + 1:
                del prices[0]
        if tick % 50 == 0:
            self._prune(tick - self.window_ticks)
        return suspicions

    # Rounds

    def _acts(self, added: Added, known: Known) -> list[Acted]:
        """Return what linked accounts have done in the tick that nothing common explains."""
        if known.ties.is_empty:
            return []
        found: list[Acted] = []
        for symbol, flows in added.flows.by_company.items():
            if added.tick - self.news.get(symbol, -NEWS_TICKS) < NEWS_TICKS:
                continue
            least = LEAST_SHARES * added.quotes[symbol].usual_volume
            fresh: dict[int, int] = {}  # by account: what it bought net
            for account, flow in flows.items():
                net = flow.bought - flow.sold
                if abs(net) >= least and known.ties.has(account):
                    fresh[account] = net
            if not fresh:
                continue
            signs = self._signs(symbol, added)
            bought = sum(1 for flow in flows.values() if flow.bought > flow.sold)
            for account, net in fresh.items():
                same = bought if net > 0 else len(flows) - bought
                partners = len(known.ties.among(account, fresh))
                others = len(flows) - 1 - partners
                if others >= CROWD and same - 1 - partners >= CROWD_PART * others:
                    continue
                habit = known.turnover.habit(account, symbol)
                acted = _acted(account, net, habit, flows[account], signs, added)
                if acted.trades:
                    found.append(acted)
        return found

    def _signs(self, symbol: str, added: Added) -> list[int]:
        """Return the signs of a company's moves before the tick, and of how its quotes lean about
        its price; 0 where that was small.
        """
        prices = self.prices.get(symbol, [])
        sigma = added.quotes[symbol].sigma
        signs = []
        for horizon in HORIZONS:
            if len(prices) <= horizon:
                signs.append(0)
                continue
            move = log(prices[-1] / prices[-1 - horizon])
            is_small = abs(move) < LEAST_MOVE * sigma * horizon**0.5
            signs.append(0 if is_small else 1 if move > 0.0 else -1)
        quote = added.before[symbol]
        lean = quote.bid + quote.ask - 2 * quote.price
        is_small = abs(lean) < LEAST_LEAN * (quote.ask - quote.bid)
        signs.append(0 if is_small else 1 if lean > 0 else -1)
        return signs

    def _match(self, one: Acted, other: Acted, symbol: str, turnover: Turnover) -> PairKey | None:
        """Take two acts for a round of a pair, each act once."""
        if other.account in one.matched or one.account in other.matched:
            return None
        one.matched.append(other.account)
        other.matched.append(one.account)
        low, high = (one, other) if one.account < other.account else (other, one)
        key = (low.account, high.account, symbol)
        pair = self.pairs.get(key)
        if pair is None:
            pair = self.pairs[key] = Pair(one.tick)
        pair.tick = one.tick
        round = Round(low, high)
        chance = self._chance(high.account, symbol, one.tick, turnover)
        pair.timely += log(IN_TIME / chance)
        pair.rounds.append(round)
        if len(pair.rounds) > KEPT_ROUNDS:
            del pair.rounds[0]
        if pair.nats() <= 0.0:
            pair.clear()
            return None
        return key if round.agrees else None

    def _chance(self, account: int, symbol: str, tick: Tick, turnover: Turnover) -> float:
        """Return the chance that an account trades within the lag of any moment."""
        volume = turnover.volume_of(account, symbol)
        if volume is None:
            return 0.3
        ticks = (1.0 - SLOW ** max(LEAST_TICKS, tick - volume.first)) / (1.0 - SLOW)
        rate = volume.active * SLOW ** (tick - volume.tick) / ticks
        return min(0.9, max(0.3, 1.0 - (1.0 - min(1.0, rate)) ** (2 * LAG + 1)))

    def _expire(self, tick: Tick, known: Known) -> None:
        """Let acts that are too old for a round count against those pairs they were none of."""
        for symbol, acts in self.acted.items():
            if not acts or acts[0].tick >= tick - LAG:
                continue
            kept = []
            for act in acts:
                if act.tick >= tick - LAG:
                    kept.append(act)
                    continue
                for other in known.ties.partners(act.account):
                    if other in act.matched:
                        continue
                    low, high = sorted((act.account, other))
                    pair = self.pairs.get((low, high, symbol))
                    if pair is not None and pair.rounds:
                        chance = self._chance(other, symbol, tick, known.turnover)
                        pair.timely += log((1.0 - IN_TIME) / (1.0 - chance)) / 2.0
                        if pair.nats() <= 0.0:
                            pair.clear()
            self.acted[symbol] = kept

    # Groups

    def _group(self, key: PairKey, tick: Tick, known: Known) -> Suspicion | None:
        """Return the suspicion against a pair and those who act with both of it."""
        low, high, symbol = key
        members = [low, high]
        for other in known.ties.partners(low):
            if other == high or len(members) >= MOST_MEMBERS:
                continue
            found = [self.pairs.get(_key(other, one, symbol)) for one in members]
            nats = sum((pair.nats() for pair in found if pair is not None), 0.0)
            if nats >= PAIR_OPENS * len(members) / 2.0:
                members.append(other)
        members.sort()
        pairs = [
            pair
            for n, one in enumerate(members)
            for other in members[n + 1 :]
            if (pair := self.pairs.get((one, other, symbol))) is not None
        ]
        weighed = [one for pair in pairs for one in pair.weighed()]
        weighed.sort(key=when)
        acts: dict[tuple[Tick, int], Acted] = {}
        for round, _ in weighed:
            for act in (round.low, round.high):
                acts[act.tick, act.account] = act
        nats, count = nats_together(weighed)
        if count < LEAST_ROUNDS:
            return None
        # Whoever has many friends finds one who happens to agree.
        nats -= log(comb(max(len(members) - 1, len(known.ties.partners(low))), len(members) - 1))
        if len(members) == 2:
            nats -= OF_MANY_PAIRS
        confidence = 1.0 - exp(-max(0.0, nats) / CERTAINTY)
        orders = {order.id: order for act in acts.values() for order in act.orders}
        trades = {trade.id: trade for act in acts.values() for trade in act.trades}
        return Suspicion(
            COORDINATION,
            tuple(members),
            symbol,
            confidence,
            min(trade.tick for trade in trades.values()),
            tick,
            orders=tuple(orders.values()),
            trades=tuple(trades.values()),
            links=link_seen(members, known.ties, tick),
        )

    def look(self, conduct: Conduct, known: Known) -> Suspicion | None:
        """Return the strongest suspicion against an account in a conduct."""
        found = (
            self._group(key, conduct.last_tick, known)
            for key in self.pairs
            if conduct.account in key[:2] and conduct.symbol in (None, key[2])
        )
        return strongest((one for one in found if one is not None), conduct)

    def forget(self, account: int, symbol: str | None) -> None:
        self.pairs = {
            key: pair
            for key, pair in self.pairs.items()
            if account not in key[:2] or symbol not in (None, key[2])
        }

    # Keeping

    def _prune(self, after: Tick) -> None:
        self.pairs = {key: pair for key, pair in self.pairs.items() if pair.tick > after}

    def split(self, symbol: str, into: int, of: int) -> None:
        self.prices[symbol] = [price * of // into for price in self.prices.get(symbol, ())]
        acts = {id(act): act for act in self.acted.get(symbol, ())}
        for (_, _, name), pair in self.pairs.items():
            if name == symbol:
                acts.update((id(act), act) for one in pair.rounds for act in (one.low, one.high))
        for act in acts.values():
            act.net = act.net * into // of
            act.trades = [split_trade(trade, symbol, into, of) for trade in act.trades]
            act.orders = [split_order(order, symbol, into, of) for order in act.orders]

    def size(self) -> int:
        return len(self.pairs) + sum(len(acts) for acts in self.acted.values())

    def dump(self) -> Plain:
        numbers: dict[int, int] = {}
        acts: list[Plain] = []

        def number(act: Acted) -> int:
            if id(act) not in numbers:
                numbers[id(act)] = len(acts)
                acts.append(
                    [
                        act.tick,
                        act.account,
                        act.net,
                        act.habit,
                        list(act.signs),
                        [list(trade) for trade in act.trades],
                        [list(order) for order in act.orders],
                        list(act.matched),
                    ]
                )
            return numbers[id(act)]

        acted = [[symbol, [number(act) for act in them]] for symbol, them in self.acted.items()]
        pairs = [
            [
                *key,
                pair.tick,
                pair.timely,
                [[number(one.low), number(one.high)] for one in pair.rounds],
            ]
            for key, pair in self.pairs.items()
        ]
        return {
            "acts": acts,
            "acted": acted,
            "pairs": pairs,
            "prices": [[symbol, list(prices)] for symbol, prices in self.prices.items()],
            "news": [list(item) for item in self.news.items()],
        }

    def load(self, state: Plain) -> None:
        acts: list[Acted] = []
        for tick, account, net, habit, signs, trades, orders, matched in state["acts"]:
            act = Acted(
                tick,
                account,
                net,
                habit,
                list(signs),
                [TradeSeen(*trade) for trade in trades],
                [OrderSeen(*order) for order in orders],
            )
            act.matched = list(matched)
            acts.append(act)
        self.acted = {symbol: [acts[n] for n in them] for symbol, them in state["acted"]}
        self.pairs = {}
        for row in state["pairs"]:
            low, high, symbol, tick, timely, rounds = row
            pair = self.pairs[low, high, symbol] = Pair(tick)
            pair.timely = timely
            pair.rounds = [Round(acts[one], acts[other]) for one, other in rounds]
        self.prices = {symbol: list(prices) for symbol, prices in state["prices"]}
        self.news = dict(state["news"])


def _acted(
    account: int, net: Shares, habit: float, flow: Flow, signs: list[int], added: Added
) -> Acted:
    """Return an account's flow as an act, without auctions and liquidations."""
    trades: list[TradeSeen] = []
    orders: list[OrderSeen] = []
    for trade in flow.trades:
        if trade.aggressor is None:
            continue
        order = added.orders.seen(trade.buy_order if trade.buyer == account else trade.sell_order)
        if not order.is_liquidation:
            trades.append(trade_seen(trade))
            orders.append(order)
    return Acted(added.tick, account, net, habit, signs, trades, orders)


def _key(one: int, other: int, symbol: str) -> PairKey:
    return (one, other, symbol) if one < other else (other, one, symbol)
