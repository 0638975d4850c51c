"""Stories of what agents do and what becomes of them, by their names; nothing secret."""

from __future__ import annotations

from agents.engine.facts import (
    AllianceEnded,
    AllianceFormed,
    BribeExposed,
    CaseAppealed,
    CaseCharged,
    CaseDecided,
    Fled,
    StatusChanged,
)
from agents.engine.registry import AgentRegistry
from market.engine.engine import Facts
from market.engine.exchange import Exchange
from market.engine.outcome import Bankruptcy
from market.engine.values import Tick
from news.engine import articles, grammar
from news.engine.articles import Story
from news.engine.cooldowns import Cooldowns
from news.engine.rules import JudgementRules

_VERDICTS = {
    "convicted": "CONVICTED",
    "acquitted": "ACQUITTED",
    "settled": "SETTLED",
    "dismissed": "DISMISSED",
    "overturned": "OVERTURNED",
}
_STATUSES = {"imprisoned": "IMPRISONED", "suspended": "SUSPENDED"}
_MAJOR_PEAK = 1_000_000_000  # cents: the bankruptcy of who once had more is breaking news


class AgentStories:
    """Reports alliances, bribes, cases, flights, sentences and bankruptcies."""

    def __init__(
        self,
        market: Exchange,
        registry: AgentRegistry,
        facts: Facts,
        rules: JudgementRules,
        cooldowns: Cooldowns,
    ) -> None:
        self.market = market
        self.registry = registry
        self.facts = facts
        self.rules = rules
        self.cooldowns = cooldowns
        self.public_cases: list[str] = []  # cases that are charged and not decided, by accused

    def stories(self) -> list[Story]:
        stories = [self._bankruptcy(one) for one in self.market.log.bankruptcies]
        stories += self._cases()
        stories += self._flights()
        told = {account for story in stories for account in story.accounts}
        stories += self._statuses(told)
        stories += [self._bribe(one) for one in self.facts.of(BribeExposed)]
        stories += self._alliances()
        return stories

    # Money

    def _bankruptcy(self, fact: Bankruptcy) -> Story:
        story = self._story("BANKRUPTCY", (fact.account,), articles.MARKET, 55.0)
        story.is_needed = True
        story.is_major = fact.peak >= _MAJOR_PEAK
        story.dollars("loss", -fact.final)
        story.dollars("peak", fact.peak)
        a_role = grammar.indefinite(story.values["role"])
        story.words("a_role", a_role[:1].upper() + a_role[1:])
        return story

    # The law

    def _cases(self) -> list[Story]:
        stories = []
        for charged in self.facts.of(CaseCharged):
            self.public_cases.append(_case_key(charged.case, charged.account))
            key = f"charge/{charged.case}/{charged.account}"
            is_first = self.market.streams.uniform(charged.tick, key, "news") < 0.5
            kind = "INVESTIGATION" if is_first else "CHARGE"
            stories.append(
                self._case(kind, charged.account, charged.crime, charged.symbol, charged.case)
            )
        for decided in self.facts.of(CaseDecided):
            key = _case_key(decided.case, decided.account)
            was_public = key in self.public_cases
            kind = _VERDICTS.get(decided.verdict, "")
            if was_public:
                self.public_cases.remove(key)
            if not kind or not (was_public or kind in ("CONVICTED", "OVERTURNED")):
                continue  # what was secret stays so
            story = self._case(kind, decided.account, decided.crime, decided.symbol, decided.case)
            story.dollars("fine", decided.fine_cents)
            if decided.sentence_ticks:
                story.counted("sentence_ticks", decided.sentence_ticks, "tick")
                story.words("sentence", f"the sentence is {story.values['sentence_ticks']}")
            else:
                story.words("sentence", "there is no prison term")
            stories.append(story)
        for appealed in self.facts.of(CaseAppealed):
            stories.append(
                self._case(
                    "APPEALED", appealed.account, appealed.crime, appealed.symbol, appealed.case
                )
            )
        return stories

    def _case(self, kind: str, account: int, crime: str, symbol: str | None, case: str) -> Story:
        story = self._story(kind, (account,), articles.REGULATORY, 50.0)
        story.key = f"{kind}/{case}/{account}"
        story.topic = articles.CRIME
        story.words("crime", grammar.crime_name(crime))
        story.words("about", "")
        company = self.market.companies.get(symbol or "")
        if company is not None:
            story.symbols = (company.symbol,)
            story.company(company)
            story.words("about", f" The case concerns trading in {story.values['company']}.")
        return story

    def _bribe(self, fact: BribeExposed) -> Story:
        kind = "BRIBE_REPORTED" if fact.is_reported else "BRIBE_DETECTED"
        story = self._story(kind, (fact.briber, fact.target), articles.REGULATORY, 45.0)
        story.topic = articles.CRIME
        story.words("target", self._name(fact.target))
        story.dollars("amount", fact.cents)
        return story

    def _flights(self) -> list[Story]:
        stories = []
        for fact in self.facts.of(Fled):
            kind = "CAUGHT" if fact.is_caught else "ESCAPED"
            story = self._story(kind, (fact.account,), articles.REGULATORY, 50.0)
            story.topic = articles.CRIME
            story.dollars("forfeited", fact.forfeited)
            stories.append(story)
        return stories

    def _statuses(self, told: set[int]) -> list[Story]:
        """Report arrests, suspensions and releases that no other story of the tick tells of."""
        stories = []
        for fact in self.facts.of(StatusChanged):
            kind = _STATUSES.get(fact.new, "")
            if fact.old == "imprisoned" and fact.new == "active":
                kind = "RELEASED"
            if not kind or fact.account in told:
                continue
            story = self._story(kind, (fact.account,), articles.REGULATORY, 35.0)
            story.topic = articles.CRIME
            story.words("release", "")
            if fact.until:
                story.tick("until", fact.until)
                story.words("release", f"It lasts until {story.values['until']}.")
            stories.append(story)
        return stories

    # Alliances

    def _alliances(self) -> list[Story]:
        stories = []
        for formed in self.facts.of(AllianceFormed):
            kind = "ALLIANCE" if formed.share_percent else "ALLIANCE_LOOSE"
            story = self._pair(kind, formed.proposer, formed.partner, 10.0)
            story.words("share", f"{formed.share_percent}%")
            story.figures["share"] = formed.share_percent
            stories.append(story)
        for ended in self.facts.of(AllianceEnded):
            if ended.is_betrayal:
                other = ended.partner if ended.by == ended.proposer else ended.proposer
                story = self._pair("BETRAYAL", ended.by, other, 30.0)
                story.words("betrayer", self._name(ended.by))
                story.words("betrayed", self._name(other))
            else:
                story = self._pair("ALLIANCE_ENDS", ended.proposer, ended.partner, 8.0)
            stories.append(story)
        return [story for story in stories if self._is_new_pair(story)]

    def _pair(self, kind: str, one: int, other: int, weight: float) -> Story:
        story = self._story(kind, (one, other), articles.MARKET, weight)
        story.words("partner", self._name(other))
        return story

    def _is_new_pair(self, story: Story) -> bool:
        """Two agents who ally and part again and again are news only now and then."""
        if story.kind == "BETRAYAL":
            return True
        low, high = sorted(story.accounts)
        ticks = self.rules.pair_cooldown
        return self.cooldowns.allow(f"{story.kind}/{low}/{high}", self._tick, ticks)

    # Parts of stories

    @property
    def _tick(self) -> Tick:
        return self.market.log.tick

    def _story(self, kind: str, accounts: tuple[int, ...], section: str, weight: float) -> Story:
        story = Story(
            kind,
            section,
            key=f"{kind}/{'/'.join(map(str, accounts))}",
            weight=weight,
            accounts=accounts,
            waits=True,
        )
        story.words("agent", self._name(accounts[0]))
        member = self.registry.members.get(accounts[0])
        story.words("role", grammar.role_name(member.role) if member else "agent")
        return story

    def _name(self, account: int) -> str:
        member = self.registry.members.get(account)
        return member.name if member else f"account {account}"


def _case_key(case: str, account: int) -> str:
    return f"{case} {account}"
