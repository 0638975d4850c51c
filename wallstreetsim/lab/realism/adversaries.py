"""The programs that look for free lunches: each was a machine that made money once, or might be.

None may earn with t ≥ 2, nor cost the treasury anything that prices did not take.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wallstreetsim.lab.realism.adversary import Adversary, Arena, Run, Scene, Sight

LAST_TICKS = 10  # of a day, in which positions are closed
HEDGE_FUND, BANKER = "hedge_fund_manager", "investment_banker"
Floats: TypeAlias = npt.NDArray[np.float64]


def asks_of(sight: Sight) -> int:
    return sum(shares for _, shares, _ in sight.asks)


def first_ask(sight: Sight) -> int:
    return sight.asks[0][1] if sight.asks else 0


@dataclass
class LadderWhole(Adversary):
    """Buy all that is offered, sell it a tick later."""

    name: str = "ladder, whole"

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            if self.held(0, symbol):
                self.close(0, symbol)
            elif scene.ticks_until_close > LAST_TICKS:
                self.market(0, "BUY", symbol, asks_of(sight))


@dataclass
class LadderPieces(Adversary):
    """Buy the first level for so many ticks, sell as slowly."""

    name: str = "ladder, in pieces"
    ticks: int = 5

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            phase = scene.tick_in_day // self.ticks % 2
            if phase == 0 and scene.ticks_until_close > LAST_TICKS:
                self.market(0, "BUY", symbol, first_ask(sight))
            elif held := self.held(0, symbol):
                left = self.ticks - scene.tick_in_day % self.ticks
                self.market(0, "SELL", symbol, -(-held // left))


@dataclass
class LadderResting(Adversary):
    """Buy all that is offered, and sell it by an order that rests inside the spread."""

    name: str = "ladder, leaving by a resting order"

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            held = self.held(0, symbol)
            self.cancel_all(0)
            if held and (scene.tick_in_day % 40 == 39 or scene.ticks_until_close <= LAST_TICKS):
                self.close(0, symbol)
            elif held and sight.ask is not None:
                self.limit(0, "SELL", symbol, held, sight.ask - 1)
            elif scene.tick_in_day % 40 == 0:
                self.market(0, "BUY", symbol, asks_of(sight))


@dataclass
class WashLever(Adversary):
    """Two who pay no fees trade with each other between the quotes, the taker always a buyer; a
    third is long, or (every other time) they sell and it is short.
    """

    name: str = "wash lever"
    roles: tuple[str, ...] = (BANKER, BANKER, HEDGE_FUND)
    ticks: int = 30

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            cycle, phase = divmod(scene.tick_in_day, self.ticks)
            if scene.ticks_until_close <= LAST_TICKS or cycle % 2:
                self.cancel_all(0)
                self.cancel_all(1)
                for who in range(3):
                    self.close(who, symbol)
            elif phase == 0:
                first = first_ask(sight)
                most = self.accounts[0].buying_power / sight.price / 2
                self.market(0, "BUY", symbol, min(first / 2, most))
                self.market(2, "SHORT" if cycle % 4 else "BUY", symbol, first / 2)
            else:
                self._wash(sight, buyers=cycle % 4 == 0)

    def _wash(self, sight: Sight, *, buyers: bool) -> None:
        """Pass the shares to and fro, the one side always the taker."""
        if sight.bid is None or sight.ask is None or sight.ask - sight.bid < 2:
            return
        seller = 0 if self.held(0, sight.symbol) else 1
        shares = self.held(seller, sight.symbol)
        for _ in range(4):
            offer = (seller, "SELL")
            take = (1 - seller, "BUY")
            for who, verb in (offer, take) if buyers else (take, offer):
                self.limit(who, verb, sight.symbol, shares, sight.mid)
            seller = 1 - seller


@dataclass
class FadeFlow(Adversary):
    """Regress the next two hours' return on past signed flow and on how the quotes lean, anew each
    day, and trade when the forecast exceeds 1.3 round trips.
    """

    name: str = "fading the flow"
    companies: int = 10_000
    horizon: int = 120
    excess: float = 1.3
    half_lives: tuple[float, ...] = (1.5, 6.0, 25.0, 100.0, 400.0)
    averages: dict[str, Floats] = field(default_factory=dict)
    rows: dict[str, list[Floats]] = field(default_factory=dict)
    prices: dict[str, list[float]] = field(default_factory=dict)
    weights: Floats | None = None
    until: dict[str, int] = field(default_factory=dict)
    seen: int = 0

    def act(self, scene: Scene) -> None:
        if not scene.is_open:
            return
        if scene.tick_in_day == 0 and self.seen:
            self._fit()
        self.seen += 1
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            row = self._look(sight)
            if sight.is_trading and sight.bid is not None and sight.ask is not None:
                self._trade(scene, sight, row)

    def _look(self, sight: Sight) -> Floats:
        """Take in a tick, and return the regressors, in the company's own σ."""
        symbol = sight.symbol
        decays = 1.0 - 0.5 ** (1.0 / np.array(self.half_lives))
        averages = self.averages.setdefault(symbol, np.zeros(len(decays)))
        flow = (sight.bought - sight.sold) / sight.usual
        averages += (flow / math.sqrt(2.0 + abs(flow)) - averages) * decays
        half = max(0.5, ((sight.ask or 0) - (sight.bid or 0)) / 2)
        lean = (sight.price - sight.mid) / half if sight.ask and sight.bid else 0.0
        row = np.array([*averages, lean])
        self.rows.setdefault(symbol, []).append(row)
        self.prices.setdefault(symbol, []).append(math.log(sight.price) / sight.volatility)
        return row

    def _fit(self) -> None:
        rows, returns = [], []
        for symbol in self.symbols:
            prices = np.array(self.prices[symbol])
            known = len(prices) - self.horizon
            if known > 0:
                rows.append(np.array(self.rows[symbol][:known])[::5])
                returns.append((prices[self.horizon :] - prices[: -self.horizon])[::5])
        if rows:
            self.weights = np.linalg.lstsq(np.concatenate(rows), np.concatenate(returns), None)[0]

    def _trade(self, scene: Scene, sight: Sight, row: Floats) -> None:
        symbol, held = sight.symbol, self.held(0, sight.symbol)
        assert sight.bid is not None
        assert sight.ask is not None
        if self.weights is None:
            return
        forecast = float(row @ self.weights) * sight.volatility
        cost = (sight.ask - sight.bid) / sight.price + 2e-4
        if held and (self.seen >= self.until[symbol] or held * forecast < 0):
            self.close(0, symbol)
        elif (
            not held and scene.ticks_until_close > LAST_TICKS and abs(forecast) > self.excess * cost
        ):
            side = sight.asks if forecast > 0 else sight.bids
            self.market(0, "BUY" if forecast > 0 else "SHORT", symbol, side[0][1])
            self.until[symbol] = self.seen + self.horizon


@dataclass
class AuctionPair(Adversary):
    """One is short, the other long; overnight both ask for a price without sense."""

    name: str = "an auction printed by a pair"
    roles: tuple[str, ...] = (HEDGE_FUND, HEDGE_FUND)

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not scene.is_open:
                held = self.held(1, symbol)
                if held and not self.accounts[0].orders:
                    self.limit(0, "COVER", symbol, held, 100_000_000)
                    self.limit(1, "SELL", symbol, held, 100_000_000)
            elif scene.tick_in_day == 5:
                self.cancel_all(0)
                self.cancel_all(1)
                self.trade_between((1, "SELL"), (0, "COVER"), sight, self.held(1, symbol))
            elif scene.tick_in_day in (100, 200, 300) and not self.held(1, symbol):
                self.trade_between((0, "SHORT"), (1, "BUY"), sight, 90 * sight.usual)


@dataclass
class CollarPair(Adversary):
    """One is short as far as it may be, and covers from the other at the collar."""

    name: str = "the pair at the collar"
    roles: tuple[str, ...] = (HEDGE_FUND, HEDGE_FUND)
    sectors: tuple[str, ...] = ("Meme", "Crypto")

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            phase = scene.tick_in_day % 20
            short = scene.tick_in_day // 20 % 2
            if phase == 0:
                most = 0.6 * self.accounts[short].buying_power / sight.price
                if not self.held(short, symbol) and not self.held(1 - short, symbol):
                    self.trade_between(
                        (short, "SHORT"), (1 - short, "BUY"), sight, min(most, 900 * sight.usual)
                    )
            elif phase == 5 and (held := self.held(1 - short, symbol)) > 0:
                self.market(short, "COVER", symbol, asks_of(sight))
                self.limit(1 - short, "SELL", symbol, held, 1.049 * sight.price)
                self.limit(short, "COVER", symbol, held, 100_000_000)
            elif phase == 10:
                for who in range(2):
                    self.cancel_all(who)
                    self.close(who, symbol)


@dataclass
class GapPair(Adversary):
    """One long and one short, with all the loans that they get, held for the jump that one of them
    need not pay; their sizes are made equal again each morning.
    """

    name: str = "the gap pair"
    roles: tuple[str, ...] = (HEDGE_FUND, HEDGE_FUND)
    sectors: tuple[str, ...] = ("Meme", "Crypto", "Healthcare")

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            long, short = self.held(0, symbol), -self.held(1, symbol)
            if scene.tick_in_day == 20:
                if both := min(long, short):
                    self.trade_between((0, "SELL"), (1, "COVER"), sight, both)
            elif scene.tick_in_day == 25:
                self.close(0, symbol)
                self.close(1, symbol)
            elif scene.tick_in_day in (30, 40, 50) and not long and not short:
                margin = min(account.margin_available for account in self.accounts)
                most = 0.95 * margin / sight.initial_margin / sight.price
                self.trade_between((1, "SHORT"), (0, "BUY"), sight, most)


@dataclass
class GapPairByDay(Adversary):
    """Two who pay no fees are long and short by day, when jumps come, and flat at the close."""

    name: str = "the gap pair, by day"
    roles: tuple[str, ...] = (BANKER, BANKER)
    sectors: tuple[str, ...] = ("Meme", "Crypto", "Healthcare")

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            long, short = self.held(0, symbol), -self.held(1, symbol)
            if scene.ticks_until_close > 2 * LAST_TICKS:
                one = min(self.accounts, key=lambda account: account.margin_available)
                most = min(one.margin_available / sight.initial_margin, one.buying_power)
                if scene.tick_in_day % 10 == 0 and not long and not short:
                    self.trade_between((1, "SHORT"), (0, "BUY"), sight, 0.95 * most / sight.price)
            elif scene.ticks_until_close > LAST_TICKS:
                if both := min(long, short):
                    self.trade_between((0, "SELL"), (1, "COVER"), sight, both)
            else:
                self.close(0, symbol)
                self.close(1, symbol)


@dataclass
class GapPairDrifting(GapPair):
    """The same, but not made equal again: prices take it off its margin, where jumps leave more
    unpaid, until one of the two is closed out.
    """

    name: str = "the gap pair, off its margin"

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            long, short = self.held(0, symbol), -self.held(1, symbol)
            if long and short:
                continue
            if long or short:
                self.close(0, symbol)
                self.close(1, symbol)
            elif scene.tick_in_day % 10 == 0 and scene.ticks_until_close > LAST_TICKS:
                margin = min(account.margin_available for account in self.accounts)
                most = 0.95 * margin / sight.initial_margin / sight.price
                self.trade_between((1, "SHORT"), (0, "BUY"), sight, most)


@dataclass
class HandOver(Adversary):
    """Buy a company up, sell it between the quotes to a partner with all its loans, and press the
    price down until the public takes the partner's shares over, at the price.
    """

    name: str = "a pump handed to the public"
    roles: tuple[str, ...] = (HEDGE_FUND, HEDGE_FUND, HEDGE_FUND)
    pump_ticks: int = 60

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            tick = scene.tick_in_day - 10
            if 0 <= tick < self.pump_ticks:
                self.market(0, "BUY", symbol, asks_of(sight))
            elif 0 <= tick < self.pump_ticks + 10:
                most = 0.9 * self.accounts[1].margin_available / sight.initial_margin / sight.price
                shares = min(self.held(0, symbol), most)
                self.trade_between((0, "SELL"), (1, "BUY"), sight, shares)
            elif 0 <= tick < 200 and self.held(1, symbol):
                self.market(2, "SHORT", symbol, sum(shares for _, shares, _ in sight.bids))
            elif tick >= 0:
                for who in range(3):
                    self._leave(who, sight, at_once=scene.ticks_until_close <= LAST_TICKS)

    def _leave(self, who: int, sight: Sight, *, at_once: bool) -> None:
        held = self.held(who, sight.symbol)
        levels = sight.bids if held > 0 else sight.asks
        if at_once:
            self.close(who, sight.symbol)
        elif held and levels:
            self.market(
                who, "SELL" if held > 0 else "COVER", sight.symbol, min(abs(held), levels[0][1])
            )


@dataclass
class PinBands(Adversary):
    """Buy, press the touch to where trading is halted, and sell in the auction and after it."""

    name: str = "pinning bands to force halts"

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            phase = scene.tick_in_day % 40
            if not scene.is_open:
                continue
            if phase == 0 and sight.is_trading:
                self.market(0, "BUY", symbol, asks_of(sight))
            elif phase in (1, 2, 3) and sight.is_trading:
                self.cancel_all(0)
                self.limit(0, "BUY", symbol, 3 * asks_of(sight) + 1, 2.0 * sight.price)
            elif phase >= 4 and self.held(0, symbol):
                self.cancel_all(0)
                self.close(0, symbol)


@dataclass
class CrashIndex(Adversary):
    """Short every company down through its bids until the whole market halts, and cover after."""

    name: str = "market-wide halts forced"
    companies: int = 10_000

    def act(self, scene: Scene) -> None:
        places = self.symbols[scene.tick_in_day % 12 :: 12]  # ten actions a tick
        for symbol in places:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            if scene.tick_in_day < 150:
                self.market(0, "SHORT", symbol, sum(shares for _, shares, _ in sight.bids))
            else:
                held = -self.held(0, symbol)
                self.market(0, "COVER", symbol, min(held, asks_of(sight)))


@dataclass
class CornerBorrow(Adversary):
    """Borrow all that is lent and hold it with a partner, so that nobody else can be short."""

    name: str = "cornering the borrow pool"
    roles: tuple[str, ...] = (HEDGE_FUND, HEDGE_FUND)

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            if 10 <= scene.tick_in_day < 100 and scene.tick_in_day % 10 == 0:
                most = 0.9 * min(account.buying_power for account in self.accounts) / sight.price
                self.trade_between((0, "SHORT"), (1, "BUY"), sight, min(most, 1_000_000))
            elif scene.tick_in_day == 100:
                self.market(1, "BUY", symbol, first_ask(sight))
            elif scene.tick_in_day >= 300 and scene.tick_in_day % 10 == 0:
                if both := min(self.held(1, symbol), -self.held(0, symbol)):
                    self.trade_between((1, "SELL"), (0, "COVER"), sight, min(both, 1_000_000))
                else:
                    self.close(0, symbol)
                    self.close(1, symbol)


@dataclass
class HuntStops(Adversary):
    """A stranger protects a large holding by a stop; press the price down to it, be its buyer."""

    name: str = "stop hunting"
    roles: tuple[str, ...] = (HEDGE_FUND, HEDGE_FUND)  # the hunter, the stranger
    place: float = 0.004  # of the stop, below the price

    def helpers(self) -> tuple[int, ...]:
        return (1,)

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            phase = scene.tick_in_day % 60
            bids = sum(shares for _, shares, _ in sight.bids)
            if scene.ticks_until_close <= LAST_TICKS:
                self.cancel_all(0)
                self.cancel_all(1)
                self.close(0, symbol)
                self.close(1, symbol)
            elif phase < 10:
                self.market(1, "BUY", symbol, first_ask(sight))
            elif phase == 10:
                at = sight.price * (1.0 - self.place)
                self.stop(1, "SELL", symbol, self.held(1, symbol), at)
            elif 11 <= phase < 18:
                self.market(0, "SHORT", symbol, bids / 2)
            elif 18 <= phase < 40 and (held := -self.held(0, symbol)) > 0:
                self.cancel_all(0)
                self.limit(0, "COVER", symbol, held, sight.bid + 1 if sight.bid else sight.price)
            elif phase >= 40:
                self.cancel_all(0)
                self.cancel_all(1)
                self.close(0, symbol)
                self.close(1, symbol)


@dataclass
class BuyBeforeSplits(Adversary):
    """Buy what is about to be split, sell it after."""

    name: str = "buying before splits"
    price: int = 498_000
    first: dict[str, float] = field(default_factory=dict)

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            held, is_split = self.held(0, symbol), sight.price < 300_000
            if held and (is_split or scene.ticks_until_close <= LAST_TICKS):
                self.close(0, symbol)
            elif not held and sight.price >= 485_000 and scene.ticks_until_close > 60:
                self.market(0, "BUY", symbol, first_ask(sight))


@dataclass
class OutsideMaker(Adversary):
    """Quote a cent inside the market maker, on both sides, within an inventory."""

    name: str = "an outside market maker"

    def act(self, scene: Scene) -> None:
        for symbol in self.symbols:
            sight = scene.sights[symbol]
            if not (scene.is_open and sight.is_trading):
                continue
            if sight.bid is None or sight.ask is None:
                continue
            held = self.held(0, symbol)
            self.cancel_all(0)
            if scene.ticks_until_close <= LAST_TICKS:
                self.close(0, symbol)
                continue
            size, most = sight.usual / 2, 10 * sight.usual
            if held < most:
                self.limit(
                    0, "COVER" if held < 0 else "BUY", symbol, _to(held, size), sight.bid + 1
                )
            if held > -most:
                self.limit(
                    0, "SELL" if held > 0 else "SHORT", symbol, _to(-held, size), sight.ask - 1
                )


def _to(held: int, size: float) -> float:
    """Return a size that closes a position at most, if it closes one."""
    return min(size, -held) if held < 0 else size


def run_job(job: Mapping[str, Any]) -> dict[str, Run]:
    """Run the adversaries of a band, as `measure` does."""
    return measure(job["seed"], job["band"], job["companies"], job["house"], job["days"])


Band: TypeAlias = Callable[[], list[Adversary]]


def together() -> list[Adversary]:
    """Return those that live in one world: each has its companies, one has what is left."""
    return [
        LadderWhole(),
        LadderPieces(),
        LadderResting(),
        WashLever(),
        AuctionPair(),
        CollarPair(),
        GapPair(),
        GapPairDrifting(),
        GapPairByDay(),
        HandOver(),
        PinBands(),
        CornerBorrow(),
        HuntStops(),
        BuyBeforeSplits(),
        OutsideMaker(),
        FadeFlow(),
    ]


def alone() -> list[Adversary]:
    """Return those that move the whole market."""
    return [CrashIndex()]


def measure(seed: str, band: int, companies: int, house: int, days: int) -> dict[str, Run]:
    """Run the adversaries of a band in a world, and return what each did, by name."""
    adversaries = BANDS[band]()
    runs = Arena(seed, adversaries, companies=companies, house=house).run(days)
    return {one.name: run for one, run in zip(adversaries, runs, strict=True)}


BANDS: tuple[Band, ...] = (together, alone)
DAYS = {0: 8, 1: 3}  # of a run of each band
SIZES = (20, 100)  # companies of their worlds
UNMARKED = frozenset({OutsideMaker().name})
