"""The research desk: a pure fold over the entries of the stream `public`.

Same entries, same events: it has no clock, no randomness and no database, and what it remembers is
plain data. A part that fails, be it a checker or the reading itself, is left out of that entry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from market.engine.rules import MarketRules
from market.engine.values import Tick
from news.research.alerting import Admission, AlertFilter
from news.research.analysts import AnalystDesk
from news.research.checkers import checkers
from news.research.companies import CompanyView, Listed
from news.research.events import Alert, ResearchEvent, check
from news.research.faults import Guard, PartHealth
from news.research.market_view import MarketView
from news.research.narrative import NarrativeDesk
from news.research.opinions import Desk
from news.research.public_entry import PublicEntry, Told, parse
from news.research.rules import ResearchRules
from news.research.signals import SignalDesk
from news.research.tracking import Tally
from news.research.views import DeskView

Plain: TypeAlias = dict[str, Any]

VERSION = 1  # of what `dump` returns

# Its parts beside the checkers.
READING, ALERTS, SIGNALS, ANALYSTS, NARRATIVE, PUBLISHING = PARTS = (
    "reading",
    "alerts",
    "signals",
    "analysts",
    "narrative",
    "publishing",
)


class Folded(NamedTuple):
    """What an entry brought: the events, and what became of all alerts of the tick."""

    events: tuple[ResearchEvent, ...]
    admission: Admission


NOTHING_SENT = Admission((), (), 0)


class ResearchDesk:
    """The desk after the entries that it has folded. A copy that others read logs no faults: the
    desk itself does.
    """

    def __init__(
        self,
        rules: ResearchRules,
        market: MarketRules,
        companies: Iterable[Listed],
        *,
        is_copy: bool = False,
    ) -> None:
        open_ticks = market.session.open_ticks
        views = {one.symbol: CompanyView.of(one, rules.views, open_ticks) for one in companies}
        self.rules = rules
        self.view = DeskView(rules, MarketView(market), dict(sorted(views.items())))
        self.sent: dict[str, int] = {}  # alerts ever, by kind
        self.signals = SignalDesk(
            rules.signals, fee_bps=market.taker_fee_bps, squeeze_from=rules.squeeze.signal
        )
        self.analysts = AnalystDesk(rules.opinions)
        self.narratives = NarrativeDesk(rules.opinions)
        self._guard = Guard(is_logged=not is_copy)
        self._checkers = checkers(rules)
        self._filter = AlertFilter(
            repeat_ticks=rules.alerts.repeat_ticks, per_tick=rules.alerts.per_tick
        )

    @property
    def tick(self) -> Tick:
        """The tick of the last entry that was folded, 0 before any."""
        return self.view.tick

    @property
    def health(self) -> Mapping[str, PartHealth]:
        """How each part is that has ever been at work."""
        return self._guard.health

    @property
    def market(self) -> MarketView:
        return self.view.market

    @property
    def companies(self) -> Mapping[str, CompanyView]:
        return self.view.companies

    @property
    def room(self) -> Desk:
        """What opinions rest on."""
        return Desk(self.view, self.signals, self.rules.opinions)

    def hear(self, tick: Tick, told: Told) -> Folded:
        """Take the tape's entry of a tick, whose events `told` gives by their types."""
        entry = self._guard.run(READING, tick, lambda: parse(tick, told), None)
        return self._skip(tick) if entry is None else self.fold(entry)

    def fold(self, entry: PublicEntry) -> Folded:
        """Take the next entry, and return what the desk says of it: nothing if it cannot be
        read.
        """
        tick = entry.tick
        if not self._guard.run(READING, tick, lambda: self._take(entry), otherwise=False):
            return self._skip(tick)
        seen = self._look()
        admission = self._guard.run(ALERTS, tick, lambda: self._admit(seen), NOTHING_SENT)
        events = (*admission.sent, *self._speak(admission.sent))
        return Folded(tuple(event for event in events if self._is_sound(event)), admission)

    def _skip(self, tick: Tick) -> Folded:
        """Go on after an entry of which no more is known than that it was."""
        self.view.market.tick = tick
        for company in self.companies.values():
            company.forget_ticks()
        return Folded((), NOTHING_SENT)

    def _is_sound(self, event: ResearchEvent) -> bool:
        """Say whether an event can be recorded and told."""

        def judge() -> bool:
            check(event)
            return True

        return self._guard.run(PUBLISHING, self.tick, judge, otherwise=False)

    # What is seen

    def _take(self, entry: PublicEntry) -> bool:
        """Bring the views up to the entry's tick, and say that it is done."""
        view, market = self.view, self.view.market
        session = market.session_of(entry.update)
        if market.tick and entry.tick != market.tick + 1:
            for company in view.companies.values():
                company.forget_ticks()
        is_late = market.tick > 0 and session.trading_day != market.trading_day
        if is_late and market.ended_day != market.trading_day:  # it ended without a closed tick
            self._end_day()
        view.day_ended = market.is_open and not session.is_open
        market.take(entry.tick, entry.update, session)
        view.session, view.happened, view.articles = session, entry.events, entry.articles
        if session.opens:
            view.alerts_today = {}
            self._guard.begin_day()
        self._take_companies(entry)
        market.weigh_sectors(view.companies.values())
        if view.day_ended:
            self._end_day()
        return True

    def _take_companies(self, entry: PublicEntry) -> None:
        companies = self.view.companies
        for company in companies.values():
            company.split = None
            company.forget_articles(entry.tick)
        for event in entry.events:
            if event["type"] == "SPLIT" and event["symbol"] in companies:
                companies[event["symbol"]].restate(event["into"], event["of"])
        for article in entry.articles:
            for symbol in article["symbols"]:
                if symbol in companies:
                    is_rumor = article["rumor"] is not None
                    companies[symbol].take_article(
                        entry.tick, article["sentiment"], is_rumor=is_rumor
                    )
        for symbol, company in companies.items():
            if symbol in entry.short_interest:
                company.take_short_interest(entry.short_interest[symbol])
            if price := entry.prices.get(symbol):
                company.take(price, entry.traded.get(symbol), self.view.session)

    def _end_day(self) -> None:
        self.view.market.end_day()
        for company in self.view.companies.values():
            company.end_day(self.view.market.trading_day)

    # What is said

    def _look(self) -> list[Alert]:
        """Return what the checkers that are due see."""
        view = self.view
        self._forget_alerts()
        seen: list[Alert] = []
        for checker in self._checkers:
            if view.tick % checker.every_ticks == 0:
                nothing: list[Alert] = []
                look = partial(checker.look, view)
                found = self._guard.run(checker.name, view.tick, look, nothing)
                view.alerts.extend(found)
                seen += found
        return seen

    def _admit(self, seen: list[Alert]) -> Admission:
        """Keep what is sent of a tick's alerts, and forget the others."""
        view = self.view
        admission = self._filter.admit(view.tick, seen)
        for _ in seen:
            view.alerts.pop()
        view.alerts.extend(admission.sent)
        kinds = Counter(alert.kind for alert in admission.sent)
        for kind, count in kinds.items():
            view.alerts_today[kind] = view.alerts_today.get(kind, 0) + count
            self.sent[kind] = self.sent.get(kind, 0) + count
        self._guard.count_alerts(alert.source for alert in admission.sent)
        return admission

    def _forget_alerts(self) -> None:
        alerts, rules = self.view.alerts, self.rules.alerts
        oldest = self.tick - rules.recent_ticks
        while alerts and (alerts[0].tick <= oldest or len(alerts) > rules.recent):
            alerts.popleft()

    def _speak(self, alerts: tuple[Alert, ...]) -> list[ResearchEvent]:
        """Return the signals, the insights and the narrative of a tick."""
        view, until_close = self.view, self.view.market.ticks_until_close
        parts: tuple[tuple[str, Callable[[], Iterable[ResearchEvent]]], ...] = (
            (SIGNALS, lambda: self.signals.follow(view.tick, view.companies)),
            (SIGNALS, lambda: self.signals.publish(view.tick, view.companies, alerts, until_close)),
            (ANALYSTS, lambda: self.analysts.fold(self.room)),
            (NARRATIVE, lambda: self.narratives.fold(self.room)),
        )
        said: list[ResearchEvent] = []
        for name, speak in parts:
            said += self._guard.run(name, view.tick, speak, ())
        return said

    # Keeping

    def aggregates(self) -> Iterator[tuple[str, str, Plain]]:
        """Yield (subject, kind, sums) of all that was ever said."""
        for kind, count in self.sent.items():
            yield "alert", kind, {"count": count}
        for kind, tally in self.signals.tallies.items():
            yield "signal", kind, tally._asdict()

    def load_aggregates(self, sums: Iterable[tuple[str, str, Plain]]) -> None:
        """Remember the sums of all that was ever said, of what `aggregates` yielded."""
        for subject, kind, data in sums:
            if subject == "alert":
                self.sent[kind] = data["count"]
            else:
                self.signals.tallies[kind] = Tally(**data)

    def dump(self) -> Plain:
        """Return all that the desk remembers, as plain data."""
        view = self.view
        return {
            "version": VERSION,
            "market": view.market.dump(),
            "companies": {symbol: one.dump() for symbol, one in view.companies.items()},
            "alerts": [list(alert) for alert in view.alerts],
            "alerts_today": view.alerts_today,
            "sent": self.sent,
            "filter": self._filter.dump(),
            "health": self._guard.dump(),
            "signals": self.signals.dump(),
            "analysts": self.analysts.dump(),
            "narratives": self.narratives.dump(),
        }

    def load(self, plain: Plain) -> None:
        """Remember what was dumped, as JSON gives it back. A company that was not known then begins
        anew. Raises ValueError for another version's.
        """
        if plain["version"] != VERSION:
            raise ValueError(f"the desk's state is of version {plain['version']}")
        view = self.view
        view.market.load(plain["market"])
        for symbol, company in view.companies.items():
            if symbol in plain["companies"]:
                company.load(plain["companies"][symbol])
        view.alerts.clear()
        view.alerts.extend(_alert(*row) for row in plain["alerts"])
        view.alerts_today = dict(plain["alerts_today"])
        self.sent = dict(plain["sent"])
        self._filter.load(plain["filter"])
        self._guard.load(plain["health"])
        self.signals.load(plain["signals"])
        self.analysts.load(plain["analysts"])
        self.narratives.load(plain["narratives"])


def _alert(*row: Any) -> Alert:
    alert = Alert(*row)
    return alert._replace(fields=tuple((name, value) for name, value in alert.fields))
