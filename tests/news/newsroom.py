"""A small world with a news desk, told in a few words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any

from agents.engine.inputs import Input
from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.action import Verdict
from market.engine.orders import Company
from market.engine.rules import Switches
from news.engine.articles import Article
from news.engine.desk import NewsDesk, NewsReport
from news.engine.rumors import Rumor
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import REGISTER, Outcome, World

QUIET = Switches(never_closes=True)
NOBODY: Mapping[str, str] = {}
LIVING = Switches(events=True, house=24)


class Newsroom:
    """A world whose agents have names; `tick` runs one over what they and operators ask."""

    def __init__(
        self,
        seed: str = "news",
        *,
        companies: int = 10,
        switches: Switches = QUIET,
        rules: Rules = RULES,
    ) -> None:
        self.world = World(rules, seed, switches)
        self.world.found(companies)
        self.accounts: dict[str, int] = {}
        self.numbered = count(1)
        self.waiting: list[Input] = []
        self.articles: list[Article] = []
        self.last: Outcome | None = None

    @property
    def desk(self) -> NewsDesk:
        desk = self.world.by_name["news"]
        assert isinstance(desk, NewsDesk)
        return desk

    def company(self, symbol: str = "APEX") -> Company:
        return self.world.market.companies[symbol]

    def admit(self, *names: str, roles: Sequence[str] = ()) -> None:
        """Register agents, quants unless roles are given, in a tick of its own."""
        for name, role in zip(names, roles or ["quant"] * len(names), strict=True):
            account = self.accounts[name] = FIRST_AGENT_ACCOUNT + 500 + len(self.accounts)
            agent = f"00000000-0000-4000-8000-{account:012x}"
            given = {"name": name, "role": role, "agent": agent}
            self.waiting.append(Input(self._id(), REGISTER, given, account))
        self.tick()

    def rumor(self, name: str, content: str, symbol: str = "APEX") -> None:
        """Have an agent ask for a rumor in the next tick."""
        parameters = {"symbol": symbol, "content": content}
        self.waiting.append(Input(self._id(), "RUMOR", parameters, self.accounts[name]))

    def operate(self, type: str, **parameters: Any) -> None:
        self.waiting.append(Input(self._id(), type, parameters))

    def inject(
        self, event: str, impact: float, *, target: Mapping[str, str] = NOBODY, duration: int = 10
    ) -> None:
        """Have an operator let an event happen, to a company or a sector if one is named."""
        self.operate("INJECT", event=event, impact=impact, duration=duration, **target)

    def tick(self, times: int = 1) -> list[Article]:
        """Run so many ticks, and return the articles of the last."""
        report: NewsReport | None = None
        for _ in range(times):
            asked, self.waiting = self.waiting, []
            self.last = self.world.advance(asked)
            report = self.last.reports["news"]
            self.articles += report.articles
        assert report is not None
        return report.articles

    @property
    def verdicts(self) -> list[Verdict]:
        assert self.last is not None
        return [result.verdict for result in self.last.results]

    @property
    def codes(self) -> list[str]:
        return [str(verdict.code) for verdict in self.verdicts]

    @property
    def rumors(self) -> list[Rumor]:
        return self.desk.book.rumors

    def reputation(self, name: str) -> float:
        return self.world.registry.members[self.accounts[name]].reputation / 1_000_000

    def _id(self) -> str:
        return f"00000000-0000-4000-9000-{next(self.numbered):012x}"


def kinds(articles: Iterable[Article]) -> list[str]:
    return [article.kind for article in articles]


_NUMBER = re.compile(r"[+-]?\$?\d[\d,]*(?:\.\d+)?%?(?: (?:million|billion|trillion))?")
_WORDS = {"million": 1e6, "billion": 1e9, "trillion": 1e12}


def numbers_in(text: str, names: Sequence[str] = ()) -> list[str]:
    """Return every number of a text, those in names left out."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return [match.group().strip(",") for match in _NUMBER.finditer(text)]


def reports(number: str, figures: Iterable[float]) -> bool:
    """Say whether a number in a text is one of the figures, as far as it is written out."""
    digits, _, word = number.partition(" ")
    bare = digits.replace("$", "").replace(",", "").replace("%", "").lstrip("+")
    unit = _WORDS.get(word, 1.0)
    decimals = len(bare.partition(".")[2])
    written = float(bare) * unit
    slack = 0.500001 * unit * 10**-decimals if decimals or word else 0.0
    return any(
        abs(written - figure) <= slack + 1e-9 or abs(written - abs(figure)) <= slack + 1e-9
        for figure in figures
    )
