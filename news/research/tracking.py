"""What becomes of a signal: entered and left at the opposing touch of the tick after its reason,
and the record of each type of signal.

Nothing here is a forecast: a record stands beside what chance alone would give.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any, NamedTuple, Protocol

from market.engine.clearing import taker_fee
from market.engine.values import BPS_IN_ONE, Bps, Cents, Shares, Tick
from news.research.events import BUY, SignalClosed
from news.research.signal_rules import SignalRules

TARGET, STOP, EXPIRED, UNFILLED = "TARGET", "STOP", "EXPIRED", "UNFILLED"  # outcomes
ENOUGH, NOT_ENOUGH = "enough", "not enough"


class Quote(Protocol):
    """What the tape says of a company after a tick. Prices are cents; an empty side is None."""

    @property
    def price(self) -> Cents: ...
    @property
    def bid(self) -> Cents | None: ...
    @property
    def ask(self) -> Cents | None: ...
    @property
    def is_trading(self) -> bool: ...
    @property
    def tick_low(self) -> Cents: ...
    @property
    def tick_high(self) -> Cents: ...
    @property
    def split(self) -> tuple[int, int] | None: ...


class Position(NamedTuple):
    """A signal that is followed. `entry` is None until it is filled; `leaving` is why it leaves at
    the next touch there is, if it does.
    """

    id: str
    kind: str
    symbol: str
    action: str
    target: Cents
    stop: Cents
    size: Shares
    confidence: int  # its score
    expires: Tick
    entry: Cents | None = None
    chance_bps: Bps = 0  # that a price without a drift reaches the target before the stop
    leaving: str = ""


def follow(position: Position, quote: Quote, tick: Tick, fee_bps: Bps) -> Position | SignalClosed:
    """Return what a tick makes of a signal published before it.

    It is entered at the first touch there is. From the tick after that on, a tick whose range holds
    the stop, or else the target, is its reason to leave, at the next touch there is.
    """
    if quote.split is not None:
        position = _rescaled(position, *quote.split)
    side = 1 if position.action == BUY else -1
    if position.entry is None:
        return _entered(position, side, quote, tick)
    if position.leaving:
        touch = _touch(-side, quote)
        return position if touch is None else _left(position, side, touch, tick, fee_bps)
    return position._replace(leaving=_reason(position, side, quote, tick))


def _touch(side: int, quote: Quote) -> Cents | None:
    """Return the price at which an order to buy (positive) or sell trades now, if any does."""
    if not quote.is_trading:
        return None
    return quote.ask if side > 0 else quote.bid


def _entered(position: Position, side: int, quote: Quote, tick: Tick) -> Position | SignalClosed:
    touch = _touch(side, quote)
    if touch is not None:
        risked = max(0, side * (quote.price - position.stop))
        sought = max(0, side * (position.target - quote.price))
        chance = BPS_IN_ONE * risked // (risked + sought) if risked + sought else 0
        return position._replace(entry=touch, chance_bps=chance)
    if tick < position.expires:
        return position
    return _closed(position, tick, UNFILLED, None, 0)


def _reason(position: Position, side: int, quote: Quote, tick: Tick) -> str:
    """Return why a signal leaves, if it does; both prices in one tick are the stop."""
    if quote.is_trading:
        worst, best = quote.tick_low, quote.tick_high
        if side < 0:
            worst, best = best, worst
        if side * worst <= side * position.stop:
            return STOP
        if side * best >= side * position.target:
            return TARGET
    return EXPIRED if tick >= position.expires else ""


def _left(position: Position, side: int, touch: Cents, tick: Tick, fee_bps: Bps) -> SignalClosed:
    entry, shares = position.entry or 0, max(1, position.size)
    fees = taker_fee(shares * entry, fee_bps) + taker_fee(shares * touch, fee_bps)
    earned = side * (touch - entry) * shares - fees
    earned_bps = _rounded(BPS_IN_ONE * earned, shares * entry)
    return _closed(position, tick, position.leaving, touch, earned_bps)


def _closed(
    position: Position, tick: Tick, outcome: str, exit: Cents | None, return_bps: Bps
) -> SignalClosed:
    return SignalClosed(
        tick,
        position.id,
        position.kind,
        position.symbol,
        outcome,
        position.entry,
        exit,
        return_bps,
        position.chance_bps,
    )


def _rounded(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)


def _rescaled(position: Position, into: int, of: int) -> Position:
    """Restate a signal in the shares after a split, its prices rounded half up."""

    def price(cents: Cents) -> Cents:
        return max(1, _rounded(cents * of, into))

    return position._replace(
        target=price(position.target),
        stop=price(position.stop),
        size=position.size * into // of,
        entry=None if position.entry is None else price(position.entry),
    )


# The record


class Tally(NamedTuple):
    """Sums over the signals of a type that ended. `resolved` reached their target or stop."""

    closed: int = 0  # that were entered and left
    targets: int = 0
    resolved: int = 0
    unfilled: int = 0
    chance_sum: int = 0  # basis points, of the resolved
    return_sum: int = 0  # basis points
    return_squares: int = 0

    def with_exit(self, exit: SignalClosed) -> Tally:
        """Return the sums with one more signal."""
        if exit.outcome == UNFILLED:
            return self._replace(unfilled=self.unfilled + 1)
        is_resolved = exit.outcome in (TARGET, STOP)
        return Tally(
            self.closed + 1,
            self.targets + (exit.outcome == TARGET),
            self.resolved + is_resolved,
            self.unfilled,
            self.chance_sum + (exit.chance_bps if is_resolved else 0),
            self.return_sum + exit.return_bps,
            self.return_squares + exit.return_bps**2,
        )


class Record(NamedTuple):
    """What is published of a type of signal. Rates are fractions, returns basis points; None where
    nothing was counted yet, and no interval while there is not enough to give one.
    """

    kind: str
    closed: int
    unfilled: int
    hit_rate: float | None
    chance: float | None  # the hit rate of chance: the mean of S/(S+T)
    mean_return_bps: float | None
    interval_bps: tuple[float, float] | None
    evidence: str  # whether that is enough to say anything

    def as_item(self) -> dict[str, Any]:
        return {
            "type": self.kind,
            "n": self.closed,
            "unfilled": self.unfilled,
            "hitRate": self.hit_rate,
            "chance": self.chance,
            "meanReturnBps": self.mean_return_bps,
            "intervalBps": None if self.interval_bps is None else list(self.interval_bps),
            "evidence": self.evidence,
        }


def performance(tallies: Mapping[str, Tally], rules: SignalRules) -> list[Record]:
    """Return the record of each type of signal, in the order of the rules."""
    return [_record(type.kind, tallies.get(type.kind, Tally()), rules) for type in rules.types]


def _record(kind: str, tally: Tally, rules: SignalRules) -> Record:
    mean = _ratio(tally.return_sum, tally.closed)
    is_enough = tally.closed >= rules.least_record
    interval = None
    if is_enough and mean is not None:
        squares = tally.return_squares - tally.return_sum * tally.return_sum / tally.closed
        deviation = sqrt(max(0.0, squares) / (tally.closed - 1))
        reach = rules.interval_sigmas * deviation / sqrt(tally.closed)
        interval = (round(mean - reach, 2), round(mean + reach, 2))
    return Record(
        kind,
        tally.closed,
        tally.unfilled,
        _rounded_ratio(tally.targets, tally.resolved),
        _rounded_ratio(tally.chance_sum, tally.resolved * BPS_IN_ONE),
        None if mean is None else round(mean, 2),
        interval,
        ENOUGH if is_enough else NOT_ENOUGH,
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _rounded_ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
