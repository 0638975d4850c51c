"""Signals: what alerts of one company lean towards, scored, with its way in and its ways out.

The score counts evidence by published rules. It is no probability, and nothing here is advice that
earned: the record of each type says what did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import Any, NamedTuple, Protocol

from market.engine.values import BPS_IN_ONE, Bps, Cents, Tick
from news.research.events import BUY, SELL, Alert, Signal, SignalClosed, named
from news.research.signal_rules import SignalRules, SignalType
from news.research.tracking import Position, Quote, Tally, follow

SQUEEZE = "squeeze"


class View(Quote, Protocol):
    """What the desk knows of a company that a signal is made from; `sigma` is its usual move in a
    tick, a fraction.
    """

    @property
    def sigma(self) -> float: ...
    @property
    def sector(self) -> str: ...
    @property
    def day_change(self) -> float: ...
    @property
    def volume_multiple(self) -> float: ...
    @property
    def squeeze(self) -> int: ...
    @property
    def short_restricted(self) -> bool: ...


class Evidence(NamedTuple):
    """What leaned to a side, of late."""

    tick: Tick
    kind: str
    side: str
    title: str


class Score(NamedTuple):
    """A score with what speaks for it and against it."""

    points: int
    factors: tuple[str, ...]
    warnings: tuple[str, ...]


class SignalDesk:
    """Publishes signals and follows them to their end. Its state is plain data."""

    def __init__(self, rules: SignalRules, *, fee_bps: Bps, squeeze_from: int) -> None:
        self.rules = rules
        self.fee_bps = fee_bps
        self.squeeze_from = squeeze_from  # of the squeeze score
        self.evidence: dict[str, list[Evidence]] = {}  # by symbol, the oldest first
        self.open: list[Position] = []
        self.published: dict[tuple[str, str], Tick] = {}  # by symbol and kind, the last
        self.tallies: dict[str, Tally] = {}

    def fold(
        self,
        tick: Tick,
        views: Mapping[str, View],
        alerts: Sequence[Alert],
        ticks_until_close: Tick | None = None,
    ) -> tuple[Signal | SignalClosed, ...]:
        """Return what a tick closes, then what it publishes, the highest scores first."""
        closed = self.follow(tick, views)
        return (*closed, *self.publish(tick, views, alerts, ticks_until_close))

    def publish(
        self,
        tick: Tick,
        views: Mapping[str, View],
        alerts: Sequence[Alert],
        ticks_until_close: Tick | None,
    ) -> tuple[Signal, ...]:
        """Return the signals that a tick's alerts and scores give, the highest scores first."""
        self._forget(tick)
        leaning = [one for one in alerts if one.symbol in views and one.side is not None]
        for alert in leaning:
            assert alert.symbol is not None and alert.side is not None
            seen = Evidence(tick, alert.kind, alert.side, alert.title)
            self.evidence.setdefault(alert.symbol, []).append(seen)
        found = [
            signal
            for symbol, type, side in self._candidates(tick, views, leaning)
            if (signal := self._signal(tick, symbol, type, side, views, ticks_until_close))
        ]
        found.sort(key=lambda one: (-one.confidence, one.symbol, one.kind))
        for signal in found[: self.rules.most_a_tick]:
            self._take(signal)
        return tuple(found[: self.rules.most_a_tick])

    # Following

    def follow(self, tick: Tick, views: Mapping[str, View]) -> list[SignalClosed]:
        """Follow each position, and return those that closed. All are followed before anything is
        changed: none closes twice because another one failed.
        """
        now = [
            one
            if (view := views.get(one.symbol)) is None
            else follow(one, view, tick, self.fee_bps)
            for one in self.open
        ]
        closed = [one for one in now if isinstance(one, SignalClosed)]
        self.open = [one for one in now if isinstance(one, Position)]
        for one in closed:
            self.tallies[one.kind] = self.tallies.get(one.kind, Tally()).with_exit(one)
        return closed

    def _forget(self, tick: Tick) -> None:
        """Drop what is too old to count, so that the state stays bounded."""
        since = tick - self.rules.evidence_ticks
        for symbol, seen in list(self.evidence.items()):
            if seen[0].tick <= since:
                kept = [one for one in seen if one.tick > since]
                if kept:
                    self.evidence[symbol] = kept
                else:
                    del self.evidence[symbol]
        before = tick - self.rules.pause_ticks
        if len(self.published) > len(self.open) + 64:
            self.published = {k: at for k, at in self.published.items() if at > before}

    # Publishing

    def _candidates(
        self, tick: Tick, views: Mapping[str, View], alerts: Iterable[Alert]
    ) -> list[tuple[str, SignalType, str]]:
        """Return (symbol, type, side) of what might be a signal now: each alert of a type that
        gives signals, and each company whose squeeze score is high enough.
        """
        wanted: dict[tuple[str, str], str] = {}
        for alert in alerts:
            assert alert.symbol is not None and alert.side is not None
            wanted.setdefault((alert.symbol, alert.kind), alert.side)
        for symbol, view in views.items():
            if view.squeeze >= self.squeeze_from:
                wanted.setdefault((symbol, SQUEEZE), BUY)
        standing = {(one.symbol, one.kind) for one in self.open}
        since = tick - self.rules.pause_ticks
        return [
            (symbol, type, side)
            for (symbol, kind), side in wanted.items()
            if (type := self.rules.type_of(kind)) is not None
            and (symbol, kind) not in standing
            and self.published.get((symbol, kind), since) <= since
        ]

    def _signal(
        self,
        tick: Tick,
        symbol: str,
        type: SignalType,
        side: str,
        views: Mapping[str, View],
        ticks_until_close: Tick | None,
    ) -> Signal | None:
        """Return the signal, None where there is too little evidence, or no touch to price it."""
        rules, view = self.rules, views[symbol]
        score = self._score(symbol, type, side, views)
        if score.points < rules.least_score or not view.is_trading:
            return None
        if view.bid is None or view.ask is None:
            return None
        levels = _levels(view, view.bid, view.ask, type, side, rules)
        if levels is None:
            return None
        entry, target, stop = levels
        risked, sought = abs(entry - stop), abs(target - entry)
        warnings = list(score.warnings)
        if side == SELL and view.short_restricted:
            warnings.append("short sales are restricted")
        if ticks_until_close is not None and ticks_until_close < rules.late_ticks:
            warnings.append("the close is near, and a night may jump the stop")
        return Signal(
            tick,
            named("signal", tick, symbol, type.kind),
            symbol,
            side,
            entry,
            target,
            stop,
            score.points,
            rules.tier_of(score.points),
            type.kind,
            _rationale(symbol, type.kind, side, rules.tier_of(score.points)),
            score.factors,
            tuple(warnings[:3]),
            round(sought / risked, 2),
            _size(entry, risked, rules),
            rules.account_cents,
            tick + rules.expiry_ticks,
        )

    def _score(self, symbol: str, type: SignalType, side: str, views: Mapping[str, View]) -> Score:
        """Score what speaks for a side of a company now: the type's base, other types of alert for
        and against, the volume, the sector.
        """
        rules, view = self.rules, views[symbol]
        seen = self.evidence.get(symbol, ())
        own = [one.title for one in seen if one.kind == type.kind and one.side == side]
        agreeing = {o.kind: o.title for o in seen if o.side == side and o.kind != type.kind}
        opposing = {o.kind: o.title for o in seen if o.side != side and o.kind != type.kind}
        points = type.base + min(rules.most_agreeing, rules.agreeing * len(agreeing))
        points -= rules.opposing * len(opposing)
        factors = [*own[-1:], *agreeing.values()]
        warnings = list(opposing.values())
        if type.kind == SQUEEZE:
            points += max(0, view.squeeze - self.squeeze_from)
            factors.insert(0, f"squeeze score {view.squeeze}")
        if view.volume_multiple >= rules.busy_volume:
            points += rules.volume_points
            factors.append(f"volume {view.volume_multiple:.1f} times its usual")
        drift = _sector_move(view.sector, views) * (1 if side == BUY else -1)
        if drift > 0:
            points += rules.sector_points
            factors.append(f"the {view.sector} sector moves the same way today")
        elif drift < 0:
            points -= rules.sector_points
            warnings.append(f"the {view.sector} sector moves the other way today")
        return Score(max(0, min(100, points)), tuple(factors[:5]), tuple(warnings))

    def _take(self, signal: Signal) -> None:
        self.published[signal.symbol, signal.kind] = signal.tick
        self.open.append(
            Position(
                signal.id,
                signal.kind,
                signal.symbol,
                signal.action,
                signal.target,
                signal.stop,
                signal.size,
                signal.confidence,
                signal.expires,
            )
        )

    # Its state

    def dump(self) -> dict[str, Any]:
        """Return the state as plain JSON data."""
        return {
            "evidence": {s: [list(one) for one in seen] for s, seen in self.evidence.items()},
            "open": [list(position) for position in self.open],
            "published": [[*key, at] for key, at in self.published.items()],
            "tallies": {kind: list(tally) for kind, tally in self.tallies.items()},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over what `dump` returned."""
        self.evidence = {
            s: [Evidence(*one) for one in seen] for s, seen in state["evidence"].items()
        }
        self.open = [Position(*position) for position in state["open"]]
        self.published = {(symbol, kind): at for symbol, kind, at in state["published"]}
        self.tallies = {kind: Tally(*tally) for kind, tally in state["tallies"].items()}


def _levels(
    view: View, bid: Cents, ask: Cents, type: SignalType, side: str, rules: SignalRules
) -> tuple[Cents, Cents, Cents] | None:
    """Return (entry, target, stop): the touch one would trade at now, and prices so many of the
    company's usual moves away from it; None where one of them would not be a price.
    """
    sign, entry = (1, ask) if side == BUY else (-1, bid)
    usual = view.price * view.sigma * sqrt(type.horizon_ticks)
    least = max(1.0, rules.least_spreads * (ask - bid))
    stop = entry - sign * round(max(least, type.stop_sigmas * usual))
    target = entry + sign * round(max(least, type.target_sigmas * usual))
    return (entry, target, stop) if min(stop, target) >= 1 else None


def _size(entry: Cents, risked: Cents, rules: SignalRules) -> int:
    """Return how many shares lose the risked part of the account at the stop, as far as the
    account buys them.
    """
    lost = rules.account_cents * rules.risk_bps // BPS_IN_ONE
    return min(lost // risked, rules.account_cents // entry)


def _sector_move(sector: str, views: Mapping[str, View]) -> float:
    return sum(view.day_change for view in views.values() if view.sector == sector)


_REASONS = {
    "selloff": "is being sold harder than it usually moves",
    "rally": "is being bought harder than it usually moves",
    "breakout": "left its range upwards, with volume behind it",
    "breakdown": "left its range downwards, with volume behind it",
    "gap": "opened away from where it closed",
    "gap_fill": "has given the night's move back",
    "unusual_volume": "trades more than it has any habit of",
    "level_bounce": "turned at a price where much has traded",
    "level_break": "went through a price where much has traded",
    "squeeze": "has shorts who may have to pay for company",
    "social_hot": "is talked about, which is not the same as being right",
    "social_emerging": "has just been discovered by somebody with an opinion",
    "social_velocity": "is talked about faster than it trades",
    "social_contrarian": "goes where the talk says it will not",
    "pump_warning": "runs while it is praised, and somebody will want to sell",
    "news": "is in the news",
    "synthesis": "has several checkers agreeing, which they rarely do",
}


def _rationale(symbol: str, kind: str, side: str, tier: str) -> str:
    verb = "Buy" if side == BUY else "Sell"
    return f"{verb}: {symbol} {_REASONS[kind]}. Evidence {tier}; no promise."
