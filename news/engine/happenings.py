"""Stories of what happens to companies and the market: events, halts, splits, the economy."""

from __future__ import annotations

from collections.abc import Sequence

from market.engine import halts, regimes
from market.engine.exchange import Exchange
from market.engine.orders import Company
from market.engine.outcome import Halt, MarketEvent
from market.engine.rules import Macro
from market.engine.values import BPS_IN_ONE, Tick
from news.engine import articles, grammar
from news.engine.articles import Occasion, Story, tone
from news.engine.rules import JudgementRules
from news.engine.templates import VALUATIONS

_TOPICS = {
    "EARNINGS_BEAT": articles.EARNINGS,
    "EARNINGS_MISS": articles.EARNINGS,
    "MERGER_RUMOR": articles.MERGER,
    "PRODUCT_LAUNCH": articles.PRODUCT,
    "FDA_APPROVAL": articles.PRODUCT,
    "FDA_REJECTION": articles.PRODUCT,
    "ANALYST_UPGRADE": articles.ANALYSIS,
    "ANALYST_DOWNGRADE": articles.ANALYSIS,
    "CEO_SCANDAL": articles.CRIME,
}
_MAJOR = ("BLACK_SWAN", "MARKET_CRASH", "RALLY")
FED, ROTATION = "FED_MEETING", "SECTOR_ROTATION"


class Happenings:
    """Reports each event, halt, resumption, split and step of the economy, once."""

    def __init__(self, market: Exchange, rules: JudgementRules) -> None:
        self.market = market
        self.rules = rules
        self.scopes = {kind.name: kind.scope for kind in market.rules.events.kinds}
        self.signs = {
            kind.name: 0 if kind.both_signs else (1 if kind.lowest > 0.0 else -1)
            for kind in market.rules.events.kinds
        }
        self.interest_bps = market.macro.interest_bps  # after the last tick
        self.told = market.macro  # inflation and growth as last reported
        self.regime = market.regime

    def begin(self) -> None:
        """Take the economy as it is: nothing of it is news yet."""
        self.interest_bps = self.market.macro.interest_bps
        self.told, self.regime = self.market.macro, self.market.regime

    def stories(self) -> list[Story]:
        """Return the tick's stories; those that tell of a halt for the event's sake do both."""
        stories = [self._event(event) for event in self.market.log.events]
        told = {s.occasion.symbol for s in stories if s.occasion.symbol}
        stories += self._halts(told)
        stories += self._resumptions()
        stories += self._splits()
        stories += self._economy()
        self.interest_bps = self.market.macro.interest_bps
        return stories

    def dump(self) -> dict[str, object]:
        return {
            "interest_bps": self.interest_bps,
            "inflation_bps": self.told.inflation_bps,
            "gdp_growth_bps": self.told.gdp_growth_bps,
            "regime": self.regime,
        }

    def load(self, plain: dict[str, object]) -> None:
        interest, inflation = plain["interest_bps"], plain["inflation_bps"]
        growth, regime = plain["gdp_growth_bps"], plain["regime"]
        assert isinstance(interest, int) and isinstance(inflation, int)
        assert isinstance(growth, int) and isinstance(regime, str)
        self.interest_bps, self.regime = interest, regime
        self.told = Macro(interest, inflation, growth)

    # Events

    def _event(self, event: MarketEvent) -> Story:
        story = Story(
            self._kind_of(event),
            articles.COMPANY if event.symbol else articles.MARKET,
            key=f"event/{event.kind}/{event.symbol or event.sector}",
            weight=100.0 + 100.0 * abs(event.impact),
            topic=_TOPICS.get(event.kind, ""),
            sentiment=tone(event.impact, 0.10),
            symbols=tuple(self._concerned(event)),
            is_needed=True,
            occasion=Occasion(
                event.number,
                event.kind,
                event.symbol,
                event.sector,
                event.impact,
                event.duration,
            ),
        )
        is_wide = event.kind in _MAJOR
        story.is_major = is_wide or abs(event.impact) >= self.rules.breaking_impact
        story.percent("impact", event.impact)
        story.signed("move", event.impact)
        story.points("index", self.market.index())
        if event.symbol:
            self._valuation(story, event)
        if event.sector:
            name = articles.sector_name(event.sector)
            story.words("sector", name)
            story.words("sector_title", name[:1].upper() + name[1:])
            story.counted("companies", len(story.symbols), "company", "companies")
        if event.kind == FED:
            step = self.market.macro.interest_bps - self.interest_bps
            story.is_major = step != 0
            story.rate("interest", self.market.macro.interest_bps)
            story.rate("step", abs(step))
        self._subject(story, event)
        return story

    def _kind_of(self, event: MarketEvent) -> str:
        """Return the templates that suit an event: its kind's, where subject and sign are."""
        sign = (event.impact > 0.0) - (event.impact < 0.0)
        scope = "company" if event.symbol else "sector" if event.sector else "market"
        if scope == self.scopes[event.kind]:
            if event.kind == FED:
                step = self.market.macro.interest_bps - self.interest_bps
                word = "HIKE" if step > 0 else "CUT" if step < 0 else "HOLD"
                if step * sign <= 0:
                    return f"{FED}_{word}"
            elif event.kind == ROTATION and sign:
                return f"{ROTATION}_{'UP' if sign > 0 else 'DOWN'}"
            elif sign and sign == self.signs[event.kind]:
                return event.kind
        return f"EVENT_{'UP' if sign > 0 else 'DOWN' if sign < 0 else 'FLAT'}"

    def _concerned(self, event: MarketEvent) -> list[str]:
        if event.symbol:
            return [event.symbol]
        if event.sector:
            companies = self.market.companies.values()
            return [c.symbol for c in companies if c.listing.sector == event.sector]
        return []

    def _valuation(self, story: Story, event: MarketEvent) -> None:
        """Say what the event is worth to its company, and of the halt that lets it be told."""
        company = self.market.companies[event.symbol or ""]
        story.company(company)
        story.dollars("price", company.price)
        way = "up" if event.impact > 0.0 else "down" if event.impact < 0.0 else "flat"
        options = VALUATIONS[way]
        u = self.market.streams.uniform(event.tick, story.key, "valuation")
        text = options[int(u * len(options))].format_map(story.values)
        story.words("valuation", text)
        story.words("halted", "")
        for halt in self.market.log.halts:
            if halt.symbol == event.symbol and halt.reason == halts.NEWS and halt.until:
                story.tick("until", halt.until)
                story.words("halted", f" Trading is halted until {story.values['until']}.")

    def _subject(self, story: Story, event: MarketEvent) -> None:
        name = event.kind.replace("_", " ").lower()
        name = name.replace("ceo", "CEO").replace("fda", "FDA").replace("fed", "Fed")
        subject = "the market"
        if event.symbol:
            subject = story.values["company"]
        elif event.sector:
            subject = f"the {story.values['sector']} sector"
        story.words("subject", subject)
        story.words("subject_title", subject[:1].upper() + subject[1:])
        story.words("event", name)
        story.words("event_title", name[:1].upper() + name[1:])

    # Halts

    def _halts(self, told: set[str]) -> list[Story]:
        stories: list[Story] = []
        grouped: dict[str, list[Halt]] = {}
        for halt in self.market.log.halts:
            if halt.reason in (halts.ORDERED_BANDS, halts.USUAL_BANDS):
                stories.append(self._bands(halt))
            elif halt.symbol is None:
                stories.append(self._market_halt(halt))
            elif halt.reason != halts.NEWS or halt.symbol not in told:
                grouped.setdefault(halt.reason, []).append(halt)
        for reason, several in grouped.items():
            if len(several) >= self.rules.grouped_from:
                stories.append(self._many_halts(reason, several))
            else:
                stories += [self._halt(halt) for halt in several]
        return stories

    def _halt(self, halt: Halt) -> Story:
        company = self.market.companies[halt.symbol or ""]
        kind = {
            halts.BANDS: "HALT_BANDS",
            halts.NEWS: "HALT_NEWS",
            halts.RESTRICTION: "SHORTS_RESTRICTED",
        }.get(halt.reason, "HALT_OPERATOR")
        story = self._of_company(kind, company, 60.0)
        story.section = articles.REGULATORY if kind != "HALT_NEWS" else articles.COMPANY
        put_day(story, change_of(company))
        self._ends(story, halt.until)
        return story

    def _many_halts(self, reason: str, several: Sequence[Halt]) -> Story:
        is_curb = reason == halts.RESTRICTION
        story = Story(
            "SHORTS_RESTRICTED_MANY" if is_curb else "HALT_MANY",
            articles.REGULATORY,
            key=f"halts/{reason}",
            weight=90.0,
            symbols=tuple(dict.fromkeys(halt.symbol or "" for halt in several)),
            is_needed=True,
        )
        self._several(story)
        self._ends(story, min((halt.until for halt in several if halt.until), default=None))
        return story

    def _market_halt(self, halt: Halt) -> Story:
        has_ended = self.market.is_day_over and halt.reason == halts.MARKET
        story = Story(
            "DAY_ENDED" if has_ended else "HALT_MARKET",
            articles.REGULATORY,
            key="halt/market",
            weight=300.0,
            sentiment=-0.5 if halt.reason == halts.MARKET else 0.0,
            is_needed=True,
            is_major=True,
        )
        put_index(story, self.market)
        self._ends(story, halt.until)
        return story

    def _bands(self, halt: Halt) -> Story:
        is_set = halt.band_bps is not None
        story = Story(
            "BANDS_SET" if is_set else "BANDS_USUAL",
            articles.REGULATORY,
            key=f"bands/{halt.symbol}",
            weight=20.0,
            symbols=(halt.symbol,) if halt.symbol else (),
            is_needed=True,
        )
        story.words("subject", "all companies")
        if halt.symbol:
            story.company(self.market.companies[halt.symbol])
            story.words("subject", story.values["company"])
        if halt.band_bps is not None:
            story.percent("width", halt.band_bps / BPS_IN_ONE)
        return story

    def _resumptions(self) -> list[Story]:
        resumed = self.market.log.resumed
        if len(resumed) >= self.rules.grouped_from:
            story = Story(
                "RESUMED_MANY",
                articles.REGULATORY,
                key="resumed",
                weight=50.0,
                symbols=tuple(resumed),
                is_needed=True,
            )
            self._several(story)
            return [story]
        stories = []
        for symbol in resumed:
            company = self.market.companies[symbol]
            story = self._of_company("RESUMED", company, 40.0)
            story.section = articles.REGULATORY
            put_day(story, change_of(company))
            stories.append(story)
        return stories

    def _splits(self) -> list[Story]:
        stories = []
        for split in self.market.log.splits:
            story = self._of_company("SPLIT", self.market.companies[split.symbol], 70.0)
            story.number("into", split.into)
            story.number("of", split.of)
            story.counted("shares", split.shares, "share")
            stories.append(story)
        return stories

    def _of_company(self, kind: str, company: Company, weight: float) -> Story:
        story = Story(
            kind,
            articles.COMPANY,
            key=f"{kind}/{company.symbol}",
            weight=weight,
            symbols=(company.symbol,),
            is_needed=True,
        )
        story.company(company)
        story.dollars("price", company.price)
        return story

    def _several(self, story: Story) -> None:
        put_several(story, self.market)

    def _ends(self, story: Story, until: Tick | None) -> None:
        if until is None or until >= halts.UNTIL_RESUMED:
            story.words("until", "a time to be announced")
            story.words("resumption", "The exchange will announce when trading resumes.")
            return
        story.tick("until", until)
        story.words("resumption", f"An auction resumes trading at {story.values['until']}.")

    # The economy

    def _economy(self) -> list[Story]:
        market = self.market
        if not (market.moment.opens_now and market.switches.events):
            return []
        stories = []
        macro, told, step = market.macro, self.told, self.rules.macro_step_bps
        if abs(macro.inflation_bps - told.inflation_bps) >= step:
            way = "UP" if macro.inflation_bps > told.inflation_bps else "DOWN"
            stories.append(self._macro(f"INFLATION_{way}", told.inflation_bps))
        if abs(macro.gdp_growth_bps - told.gdp_growth_bps) >= step:
            way = "UP" if macro.gdp_growth_bps > told.gdp_growth_bps else "DOWN"
            stories.append(self._macro(f"GROWTH_{way}", told.gdp_growth_bps))
        self.told = Macro(
            macro.interest_bps,
            macro.inflation_bps
            if abs(macro.inflation_bps - told.inflation_bps) >= step
            else told.inflation_bps,
            macro.gdp_growth_bps
            if abs(macro.gdp_growth_bps - told.gdp_growth_bps) >= step
            else told.gdp_growth_bps,
        )
        if regimes.meets_today(market.moment.trading_day, market.rules.climate):
            story = self._macro("FED_AHEAD", macro.interest_bps)
            story.tick("due", market.moment.tick + market.rules.climate.fed_tick_in_day)
            stories.append(story)
        if market.regime != self.regime:
            self.regime = market.regime
            stories.append(self._macro(f"REGIME_{self.regime.upper()}", macro.interest_bps))
        return stories

    def _macro(self, kind: str, before_bps: int) -> Story:
        story = Story(kind, articles.MARKET, key=kind, weight=30.0, is_needed=True)
        story.topic = articles.ANALYSIS if kind.startswith("REGIME") else ""
        macro = self.market.macro
        story.rate("inflation", macro.inflation_bps)
        story.rate("growth", macro.gdp_growth_bps)
        story.rate("interest", macro.interest_bps)
        story.rate("before", before_bps)
        story.points("index", self.market.index())
        return story


def change_of(company: Company) -> float:
    """Return a company's change since the previous close, as a fraction."""
    return company.price / company.previous_close - 1.0


def put_index(story: Story, market: Exchange) -> None:
    """Put in the index and its change since the previous close."""
    index, before = market.index(), market.previous_close_index()
    story.points("index", index)
    change = index / before - 1.0 if before else 0.0
    story.percent("move", change)
    put_day(story, change)


def put_day(story: Story, change: float) -> None:
    """Put in a change since the previous close, also as "up 2.1% on the day"."""
    story.signed("signed_move", change)
    size = grammar.percent(change)
    way = "up" if change > 0.0 else "down"
    story.words("day", "unchanged on the day" if size == "0.00%" else f"{way} {size} on the day")


def put_several(story: Story, market: Exchange) -> None:
    """Put in how many companies a story is about, and the first few of their names."""
    names = [
        grammar.short_name(market.companies[symbol].listing.name, symbol)
        for symbol in story.symbols
    ]
    story.counted("companies", len(names), "company", "companies")
    if len(names) > 4:
        story.number("others", len(names) - 3)
        names = [*names[:3], f"{story.values['others']} others"]
    story.words("names", grammar.listed(names))
