"""The news desk: the engine that spreads rumors, writes articles and keeps companies' sentiment."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from agents.engine.facts import RumorJudged, RumorSpread
from agents.engine.registry import AgentRegistry
from agents.engine.rules import CEO
from market.engine import engine
from market.engine.action import Action, Actor, OperatorAct, Verdict
from market.engine.engine import InvariantBroken, Plain, PriceImpact, Step, Surroundings
from market.engine.market import MarketEngine
from market.engine.orders import Company
from market.engine.parameters import Parameters
from market.engine.values import Tick, uuid_of, uuid_prefix
from news.engine import articles
from news.engine.actions import check_rumor, news_actions, operator_acts
from news.engine.agent_stories import AgentStories
from news.engine.articles import Article, Mention, Story
from news.engine.cooldowns import Cooldowns
from news.engine.happenings import Happenings
from news.engine.moves import Moves
from news.engine.rules import NewsRules
from news.engine.rumors import TRUE, Author, Rumor, RumorBook, cost_of
from news.engine.sentiment import sentiment
from news.engine.templates import ALL


class Mark(NamedTuple):
    """What an operator has done to an article: retracted it, pinned it, or taken that back."""

    article: str
    is_pinned: bool
    is_retracted: bool
    reason: str
    tick: Tick


class Tone(NamedTuple):
    """An article's part in the sentiment of companies; of all of them if it names none."""

    tick: Tick
    article: int  # its number
    sentiment: float
    symbols: tuple[str, ...]


class NewsReport(NamedTuple):
    """What a tick wrote: articles, rumors new or judged, and articles that were marked."""

    articles: list[Article]
    rumors: list[Rumor]
    marks: list[Mark]


class NewsDesk:
    """Writes of what has happened, once prices are the tick's; spreads rumors before."""

    name = "news"

    def __init__(self, surroundings: Surroundings) -> None:
        self.rules: NewsRules = surroundings.rules.news
        self.market = surroundings.engine(MarketEngine)
        self.registry = surroundings.engine(AgentRegistry)
        self.streams = surroundings.streams
        self.facts = surroundings.facts
        self.book = RumorBook(self.rules.rumors)
        self.cooldowns = Cooldowns()
        judgement = self.rules.judgement
        self.happenings = Happenings(self.market, judgement)
        self.moves = Moves(self.market, judgement, self.cooldowns)
        self.agent_stories = AgentStories(
            self.market, self.registry, self.facts, judgement, self.cooldowns
        )
        self.prefix = uuid_prefix(self.streams.derive("articles"))
        self.rumor_prefix = uuid_prefix(self.streams.derive("rumors"))
        self.tick: Tick = 0
        self.numbered = 0  # articles written so far
        self.breaking = 0  # of them
        self.headlines: deque[tuple[Tick, str]] = deque()  # of the last ticks
        self.waiting: list[tuple[Tick, Story]] = []  # stories of agents that found no room
        self.tones: deque[Tone] = deque()
        self.marks: dict[str, Mark] = {}  # by article, those that stand
        self.written: list[Article] = []  # in this tick
        self.touched: list[Rumor] = []  # spread or judged in this tick
        self.marked: list[Mark] = []  # in this tick
        self.spread: list[Rumor] = []  # in this tick, and not yet written of

    # As an engine

    def actions(self) -> tuple[Action, ...]:
        return news_actions(self.rules.rumors)

    def operator_acts(self) -> tuple[OperatorAct, ...]:
        return operator_acts()

    def steps(self) -> Mapping[str, Step]:
        return {engine.IMPACTS: self.move_prices, engine.NEWS: self.write}

    def found(self) -> None:
        """Take the world as it is: nothing has happened yet."""
        self.happenings.begin()

    def begin_tick(self, tick: Tick) -> None:
        self.tick = tick
        self.written, self.touched, self.marked, self.spread = [], [], [], []

    def report(self) -> NewsReport:
        return NewsReport(list(self.written), list(self.touched), list(self.marked))

    def standing(self) -> NewsReport:
        return NewsReport([], list(self.book.rumors), list(self.marks.values()))

    def concerned(self) -> Iterable[int]:
        return ()

    def digest_part(self) -> bytes:
        words = [
            f"{a.id} {a.headline} {a.summary} {a.section} {a.topic} {a.sentiment} {a.is_breaking}"
            f" {a.symbols} {a.agents} {a.quote}"
            for a in self.written
        ]
        words += [f"{r.id} {r.impact} {r.verdict}" for r in self.touched]
        words += [str(mark) for mark in self.marked]
        return "\x1f".join(words).encode()

    def check(self, *, full: bool) -> None:
        """Raise InvariantBroken where a budget is overspent or a sentiment is none."""
        for key, left in self.book.left.items():
            if left < 0.0:
                raise InvariantBroken(f"rumors of {key} have moved more than their budget")
        for company in self.market.companies.values():
            if not -1.0 <= company.sentiment <= 1.0:
                raise InvariantBroken(f"{company.symbol} has sentiment {company.sentiment}")

    # Rumors

    def is_old_enough(self, account: int) -> bool:
        """Say whether an agent may spread rumors: a day old, or there since the first tick."""
        admitted = self.registry.members[account].admitted_tick
        return admitted <= 1 or self.tick - admitted >= self.rules.rumors.author_age_ticks

    def rumors_today(self, account: int) -> int:
        return self.book.spread_on(account, self._day())

    def trades(self, symbol: str) -> bool | None:
        """Say whether a company trades now; None if there is none of that symbol."""
        company = self.market.companies.get(symbol)
        return None if company is None else company.is_trading

    def spread_rumor(self, actor: Actor, given: Parameters, id: str) -> Verdict:
        """Spread a rumor: its author pays for it, and its company's price moves in this tick."""
        rules = self.rules.rumors
        check_rumor(self, actor, given, rules)
        company = self.market.companies[given["symbol"]]
        names = (company.listing.name, company.symbol)
        member = self.registry.members[actor.account]
        has_access = actor.role == CEO and member.company == company.symbol
        rumor = self.book.spread(
            Author(actor.account, actor.role, actor.reputation, has_access),
            id=id or uuid_of(self.rumor_prefix, self.book.numbered + 1),
            tick=self.tick,
            day=self._day(),
            symbol=company.symbol,
            text=given["content"],
            sentiment=sentiment(given["content"], names),
            sigma=company.pricing.sigma,
            brewing=self.market.climate.events.brewing,
            linked=self.registry.linked,
        )
        self.registry.change_reputation(
            actor.account, -cost_of(actor.role, rules), f"rumor about {company.symbol}"
        )
        self.touched.append(rumor)
        self.spread.append(rumor)
        self.facts.add(
            RumorSpread(
                self.tick, actor.account, rumor.symbol, rumor.sign, rumor.strength, rumor.id
            )
        )
        data = {
            "rumorId": rumor.id,
            "sentiment": round(rumor.sentiment, 4),
            "reach": round(rumor.reach, 4),
        }
        return Verdict(True, data=data)

    def move_prices(self) -> None:
        """Hand the tick's prices what its rumors are worth, within what an article may move."""
        most = self.rules.largest_impact
        for rumor in self.spread:
            if rumor.impact:
                impact = max(-most, min(most, rumor.impact))
                self.facts.add(PriceImpact(rumor.symbol, impact, rumor.id))

    def _day(self) -> int:
        return self.tick // self.market.rules.session.day_ticks

    def _judge_rumors(self) -> list[Story]:
        """Judge what events bear out and what nothing came of, and let authors feel it."""
        companies = self.market.companies

        def sector_of(symbol: str) -> str:
            return companies[symbol].listing.sector

        stories = []
        for rumor in self.book.judge(self.tick, self.market.log.events, sector_of):
            is_true = rumor.verdict == TRUE
            what = "came true" if is_true else "was denied"
            self.registry.change_reputation(
                rumor.account, self.book.reward(rumor), f"rumor about {rumor.symbol} {what}"
            )
            self.facts.add(RumorJudged(self.tick, rumor.account, rumor.symbol, rumor.id, is_true))
            self._tell_author(rumor, is_true)
            if rumor not in self.touched:
                self.touched.append(rumor)
            stories.append(self._verdict_story(rumor, is_true))
        return stories

    def _tell_author(self, rumor: Rumor, is_true: bool) -> None:
        if self.registry.members[rumor.account].is_house:
            return
        what = "has come true" if is_true else "has been denied"
        self.market.log.alert(
            self.market.accounts[rumor.account],
            "system",
            f"Your rumor about {rumor.symbol} {what}.",
            {"rumorId": rumor.id, "symbol": rumor.symbol, "isTrue": is_true},
        )

    def _verdict_story(self, rumor: Rumor, is_true: bool) -> Story:
        story = self._rumor_story("RUMOR_TRUE" if is_true else "RUMOR_FALSE", rumor)
        story.key = f"verdict/{rumor.id}"
        story.sentiment = round(rumor.sign * rumor.strength / 2.0, 4) if is_true else 0.0
        story.tick("spread", rumor.tick)
        return story

    def _rumor_story(self, kind: str, rumor: Rumor) -> Story:
        company = self.market.companies[rumor.symbol]
        story = Story(
            kind,
            articles.RUMOR,
            key=f"rumor/{rumor.id}",
            weight=25.0,
            sentiment=rumor.sentiment,
            symbols=(rumor.symbol,),
            is_needed=True,
            rumor=rumor.id,
        )
        story.company(company)
        story.dollars("price", company.price)
        return story

    # Writing

    def write(self) -> None:
        """Write the tick's articles, the weightiest first, and let sentiment follow."""
        self._forget()
        told = self._gather()
        needed = [story for story in told if story.is_needed]
        other = [story for story in told if not story.is_needed]
        other += [story for _, story in self.waiting]
        other.sort(key=lambda story: -story.weight)
        room = max(0, self.rules.judgement.articles_a_tick - len(needed))
        self._keep_waiting(other[room:])
        for story in sorted([*needed, *other[:room]], key=lambda story: -story.weight):
            self._write(story)
        for rumor in self.spread:
            word = "GOOD" if rumor.sign > 0 else "BAD" if rumor.sign else "NEUTRAL"
            story = self._rumor_story(f"RUMOR_{word}", rumor)
            story.quote = rumor.text
            self._write(story)
        self._publish_sentiment()

    def _gather(self) -> list[Story]:
        happenings = self.happenings.stories()
        told = {story.symbols[0] for story in happenings if len(story.symbols) == 1}
        return [
            *happenings,
            *self._judge_rumors(),
            *self.moves.stories(told),
            *self.agent_stories.stories(),
        ]

    def _keep_waiting(self, left: Sequence[Story]) -> None:
        """Keep those stories of agents that found no room for a while."""
        since = {id(story): tick for tick, story in self.waiting}
        oldest = self.tick - self.rules.judgement.agent_story_ticks
        kept = [(since.get(id(story), self.tick), story) for story in left if story.waits]
        self.waiting = [(tick, story) for tick, story in kept if tick > oldest]

    def _forget(self) -> None:
        """Forget what is too old to matter."""
        oldest = self.tick - self.rules.judgement.repeat_ticks
        while self.headlines and self.headlines[0][0] <= oldest:
            self.headlines.popleft()
        oldest = self.tick - self.rules.sentiment_ticks
        while self.tones and self.tones[0].tick <= oldest:
            self.tones.popleft()
        if self.tick % self.rules.judgement.repeat_ticks == 0:
            self.cooldowns.forget(self.tick)

    def _write(self, story: Story) -> None:
        headline, summary = self._words(story)
        self.numbered += 1
        is_breaking = story.is_major and self._may_break()
        self.breaking += is_breaking
        article = Article(
            self.numbered,
            uuid_of(self.prefix, self.numbered),
            self.tick,
            story.section,
            story.topic,
            story.kind,
            headline,
            summary,
            story.sentiment,
            story.symbols,
            tuple(self._mention(account) for account in story.accounts),
            is_breaking,
            story.occasion,
            story.quote,
            story.rumor,
            dict(story.figures),
        )
        self.written.append(article)
        self.headlines.append((self.tick, headline))
        if article.sentiment:
            self.tones.append(Tone(self.tick, article.number, article.sentiment, article.symbols))

    def _mention(self, account: int) -> Mention:
        member = self.registry.members[account]
        return Mention(account, member.id, member.name)

    def _may_break(self) -> bool:
        """Say whether another article may be breaking news: the first, then few enough."""
        one_in = self.rules.judgement.breaking_one_in
        return not self.breaking or (self.breaking + 1) * one_in < self.numbered

    def _words(self, story: Story) -> tuple[str, str]:
        """Return headline and summary by a template drawn for the story, of a headline that was not
        used lately; where all were, by the drawn one with a count.
        """
        options = ALL[story.kind]
        first = int(
            self.streams.uniform(self.tick, f"{self.numbered}/{story.key}", "template")
            * len(options)
        )
        lately = {headline for _, headline in self.headlines}
        for step in range(len(options)):
            headline, summary = options[(first + step) % len(options)]
            written = headline.format_map(story.values)
            if written not in lately:
                return written, summary.format_map(story.values)
        headline, summary = options[first]
        written = headline.format_map(story.values)
        count = 2
        while f"{written} (update {count})" in lately:
            count += 1
        story.number("update", count)
        return f"{written} (update {count})", summary.format_map(story.values)

    # Sentiment

    def _publish_sentiment(self) -> None:
        """Set each company's sentiment: its articles', each fading by the tick."""
        decay = self.rules.sentiment_decay
        sums: dict[str, float] = {}
        wide = 0.0
        for tone in self.tones:
            worth = tone.sentiment * decay ** (self.tick - tone.tick)
            if not tone.symbols:
                wide += worth
            for symbol in tone.symbols:
                sums[symbol] = sums.get(symbol, 0.0) + worth
        for company in self.market.companies.values():
            _set_sentiment(company, wide + sums.get(company.symbol, 0.0))

    # Operators

    def is_written(self, article: str) -> bool:
        """Say whether there is an article of this id."""
        if not article.startswith(self.prefix):
            return False
        return 0 < int(article[len(self.prefix) :], 16) <= self.numbered

    def mark(
        self, article: str, *, pinned: bool | None, retracted: bool | None, reason: str
    ) -> None:
        """Pin or retract an article, or take that back; what is retracted has no sentiment."""
        before = self.marks.get(article, Mark(article, False, False, "", self.tick))
        is_pinned = before.is_pinned if pinned is None else pinned
        is_retracted = before.is_retracted if retracted is None else retracted
        mark = Mark(article, is_pinned, is_retracted, reason, self.tick)
        if mark.is_pinned or mark.is_retracted:
            self.marks[article] = mark
        else:
            self.marks.pop(article, None)
        self.marked.append(mark)
        if is_retracted:
            number = int(article[len(self.prefix) :], 16)
            self.tones = deque(tone for tone in self.tones if tone.article != number)

    # Keeping

    def dump(self) -> Plain:
        return {
            "book": self.book.dump(),
            "cooldowns": dict(self.cooldowns.until),
            "happenings": self.happenings.dump(),
            "moves": self.moves.dump(),
            "public_cases": list(self.agent_stories.public_cases),
            "numbered": self.numbered,
            "breaking": self.breaking,
            "headlines": [list(one) for one in self.headlines],
            "waiting": [[tick, story.dump()] for tick, story in self.waiting],
            "tones": [[*tone[:3], list(tone.symbols)] for tone in self.tones],
            "marks": [list(mark) for mark in self.marks.values()],
        }

    def load(self, state: Plain) -> None:
        plain: dict[str, Any] = state
        self.book.load(plain["book"])
        self.cooldowns.until = dict(plain["cooldowns"])
        self.happenings.load(plain["happenings"])
        self.moves.load(plain["moves"])
        self.agent_stories.public_cases = list(plain["public_cases"])
        self.numbered, self.breaking = plain["numbered"], plain["breaking"]
        self.headlines = deque((tick, headline) for tick, headline in plain["headlines"])
        self.waiting = [(tick, Story.load(story)) for tick, story in plain["waiting"]]
        self.tones = deque(
            Tone(tick, article, worth, tuple(symbols))
            for tick, article, worth, symbols in plain["tones"]
        )
        self.marks = {one[0]: Mark(*one) for one in plain["marks"]}


def _set_sentiment(company: Company, worth: float) -> None:
    company.sentiment = round(max(-1.0, min(1.0, worth)), 4)
