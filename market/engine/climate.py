"""What moves all prices: the regime, the economy, sectors, events, and a tick's weather."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from market.engine import regimes
from market.engine.events import Events, MarketEvent, Subject, duration_of, impact_of
from market.engine.pricing import Weather, draw_factors, intraday_volatility, no_factors
from market.engine.random_source import RandomSource
from market.engine.rules import Macro, MarketRules, Regime, Switches
from market.engine.sessions import Moment
from market.engine.values import BPS_IN_ONE


class Climate:
    """The market's surroundings, and how they change by the day and by the tick.

    An exchange calls `begin_day` when a day opens, `happen` in every open tick before anyone acts,
    and asks for the tick's `weather` when prices are due.
    """

    def __init__(self, rules: MarketRules, switches: Switches, streams: RandomSource) -> None:
        self.rules = rules
        self.switches = switches
        self.streams = streams
        self.regime = "normal"
        self.macro = rules.macro_at_founding
        self.events = Events(rules.events, streams)
        self.sector_levels = {sector.name: 0.0 for sector in rules.sectors}
        self.sector_steps = dict(self.sector_levels)  # of today, in daily volatilities

    # The day

    def begin_day(self, day: int) -> None:
        """Draw the day's regime, rates and sector performance."""
        if not self.switches.events:
            return
        self.regime = regimes.next_regime(self.regime, day, self.rules.climate, self.streams)
        self.macro = regimes.next_macro(self.macro, day, self.rules.climate, self.streams)
        for sector, level in self.sector_levels.items():
            self.sector_steps[sector] = self._sector_level(day, sector, level) - level
            self.sector_levels[sector] = level + self.sector_steps[sector]

    def _sector_level(self, day: int, sector: str, level: float) -> float:
        """Return a sector's performance of the day: drawn anew around what is left of the last."""
        swing = self.rules.pricing.sector_swing * self.streams.normal(day, sector, "sector-day")
        return self.rules.pricing.sector_memory * level + swing

    # The tick

    def happen(self, moment: Moment, subjects: Sequence[Subject]) -> list[MarketEvent]:
        """Draw an open tick's events, put their jumps into the prices' states, and return them."""
        if not (self.switches.events and moment.is_open):
            return []
        happened = self.events.draw(moment.tick, subjects, self._regime.events)
        if self._fed_meets(moment):
            happened.append(self._meet(moment, subjects))
        return happened

    def weather(self, moment: Moment) -> Weather:
        """Return the tick as every company meets it."""
        session = self.rules.session
        sectors = [sector.name for sector in self.rules.sectors]
        walks = self.switches.walk
        return Weather(
            tick=moment.tick,
            walks=walks,
            factors=draw_factors(moment.tick, sectors, self.streams)
            if walks
            else no_factors(sectors),
            volatility=self.hour(moment) * self._regime.volatility,
            tilt=self._regime.drift / session.open_ticks if walks else 0.0,
            sector_drift={
                name: step / session.open_ticks**0.5 for name, step in self.sector_steps.items()
            }
            if walks
            else {},
        )

    def hour(self, moment: Moment) -> float:
        """Return the volatility's multiple at this time of the day, 1 on average."""
        return intraday_volatility(
            moment.tick_in_day,
            self.rules.pricing,
            self.rules.session,
            never_closes=self.switches.never_closes,
        )

    def night(self, moment: Moment) -> Weather:
        """Return the night before an opening, as every company met it."""
        sectors = [sector.name for sector in self.rules.sectors]
        return Weather(
            tick=moment.tick,
            walks=self.switches.walk,
            factors=draw_factors(moment.tick, sectors, self.streams, "night-")
            if self.switches.walk
            else no_factors(sectors),
            volatility=self._regime.volatility,
        )

    # Keeping

    def dump(self) -> dict[str, Any]:
        return {
            "regime": self.regime,
            "macro": asdict(self.macro),
            "events": self.events.dump(),
            "sector_levels": dict(self.sector_levels),
            "sector_steps": dict(self.sector_steps),
        }

    def load(self, plain: dict[str, Any]) -> None:
        self.regime = plain["regime"]
        self.macro = Macro(**plain["macro"])
        self.events.load(plain["events"])
        self.sector_levels = dict(plain["sector_levels"])
        self.sector_steps = dict(plain["sector_steps"])

    @property
    def _regime(self) -> Regime:
        return regimes.regime_of(self.regime, self.rules.climate)

    # The Fed

    def _fed_meets(self, moment: Moment) -> bool:
        rules = self.rules.climate
        is_time = moment.tick_in_day == rules.fed_tick_in_day
        return is_time and regimes.meets_today(moment.trading_day, rules)

    def _meet(self, moment: Moment, subjects: Sequence[Subject]) -> MarketEvent:
        """Perform the Fed's decision. The market falls when it raises, rises when it cuts, and
        moves a little either way when it does nothing.
        """
        day = moment.trading_day
        step = regimes.fed_decision(self.macro, day, self.rules.climate, self.streams)
        self.macro = replace(self.macro, interest_bps=self.macro.interest_bps + step)
        kind = self.events.kinds["FED_MEETING"]
        u, v, _, _ = self.streams.uniforms(day, "fed", "meeting")
        shrug = impact_of(kind, u, self.rules.events.tail)
        impact = -0.4 * step / BPS_IN_ONE * (1.0 + abs(shrug) * 100.0) if step else shrug
        return self.events.inject(
            moment.tick, subjects, kind.name, impact=impact, duration=duration_of(kind, v)
        )
