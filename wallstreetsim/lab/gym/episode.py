"""One episode: a world in memory, the agents that learn in it, and what they see and do."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from agents.engine.agent_state import AgentStatus
from agents.engine.inputs import Input
from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.orders import Account, Company
from market.engine.rules import Switches
from market.engine.values import Cents
from news.engine.desk import NewsReport
from wallstreetsim.lab.gym.settings import CANCEL_ALL, HOLD, TYPES, EnvSettings
from wallstreetsim.lab.scenarios.intake import Intake
from wallstreetsim.machine.actions import action_table
from wallstreetsim.machine.world import REGISTER, Outcome, World

Observation: TypeAlias = dict[str, NDArray[np.float64]]
Action: TypeAlias = NDArray[np.int64] | Sequence[int] | Mapping[str, Any]

ACCOUNT = ("cash", "equity", "buyingPower", "marginUsed", "marketOpen", "ticksLeft")
ENDED = (AgentStatus.BANKRUPT, AgentStatus.FLED)


def observation_space(settings: EnvSettings) -> spaces.Dict:
    """Return the space of what an agent sees; money is in dollars.

    `account`: as in ACCOUNT. `positions`: shares, by company. `prices`. `books`: by company, side
    (bids, asks), level: price and shares, zeros of a level that there is not. `news`: the newest
    first: which company (-1: none), sentiment, age in ticks.
    """
    k = settings.books
    shapes = {
        "account": (len(ACCOUNT),),
        "positions": (k,),
        "prices": (k,),
        "books": (k, 2, settings.levels, 2),
        "news": (settings.news, 3),
    }
    return spaces.Dict(
        {name: spaces.Box(-np.inf, np.inf, shape, np.float64) for name, shape in shapes.items()}
    )


def action_space(settings: EnvSettings) -> spaces.MultiDiscrete:
    """Return the space of actions: type (see TYPES), company, size and offset, each a place."""
    places = (len(TYPES), settings.books, len(settings.sizes), len(settings.offsets))
    return spaces.MultiDiscrete(np.array(places))


class Episode:
    """A world from its founding on. The agents are admitted by its first tick."""

    def __init__(self, settings: EnvSettings, seed: str, names: Sequence[str]) -> None:
        self.settings = settings
        rules = settings.rules
        switches = Switches(
            never_closes=settings.never_closes, events=settings.events, house=settings.house
        )
        self.world = World(rules, seed, switches)
        self.world.found(settings.companies)
        self.ids = {name: id for id, name in enumerate(names, start=FIRST_AGENT_ACCOUNT)}
        self._intake = Intake(action_table(rules), self.ids)
        companies = self.world.market.companies.values()
        largest = sorted(companies, key=lambda company: -company.price * company.shares)
        self.companies: list[Company] = largest[: settings.books]
        self._places = {company.symbol: n for n, company in enumerate(self.companies)}
        self._news: deque[tuple[int, float, int]] = deque(maxlen=max(1, settings.news))
        self._equity: dict[str, Cents] = {}
        self.last: Outcome = self.world.advance([self._birth(name) for name in names])
        self.ticks = 0
        for name in names:
            self._equity[name] = self._worth(name)

    def step(self, actions: Mapping[str, Action]) -> dict[str, float]:
        """Run a tick in which agents act, and return each one's reward: the change of its equity,
        transfers aside.
        """
        inputs = []
        for name, action in actions.items():
            wire = self.wire_action(name, action)
            attempt = self._intake.attempt(name, wire) if wire else None
            if isinstance(attempt, Input):
                inputs.append(attempt)
        self.last = self.world.advance(inputs)
        self.ticks += 1
        self._note_news()
        rewards = {}
        for name in actions:
            worth = self._worth(name)
            rewards[name] = self.settings.reward_scale * (worth - self._equity[name]) / 100
            self._equity[name] = worth
        return rewards

    def wire_action(self, name: str, action: Action) -> dict[str, Any] | None:
        """Return an action as the contract has it, None for none. One that is given as the
        contract has it is taken as it is.
        """
        if isinstance(action, Mapping):
            return {k: Decimal(str(v)) if isinstance(v, float) else v for k, v in action.items()}
        type, place, size, offset = (int(part) for part in action)
        if TYPES[type] == HOLD:
            return None
        company = self.companies[place]
        if TYPES[type] == CANCEL_ALL:
            return {"type": CANCEL_ALL}
        order: dict[str, Any] = {"type": TYPES[type], "symbol": company.symbol}
        order["quantity"] = self.settings.sizes[size]
        away = self.settings.offsets[offset]
        if away is not None:
            order |= {"orderType": "LIMIT", "price": self._price(company, away)}
        return order

    def observe(self, name: str) -> Observation:
        """Return what an agent sees."""
        account = self._account(name)
        return {
            "account": self._account_row(account),
            "positions": np.array(
                [account.quantity_of(company.symbol) for company in self.companies], np.float64
            ),
            "prices": np.array([company.price / 100 for company in self.companies], np.float64),
            "books": self._books(),
            "news": self._news_rows(),
        }

    def has_ended(self, name: str) -> bool:
        """Say whether an agent can do nothing any more."""
        return self.world.registry.members[self.ids[name]].status in ENDED

    @property
    def is_over(self) -> bool:
        return self.ticks >= self.settings.ticks

    def info(self, name: str) -> dict[str, Any]:
        """Return what is not seen by an agent, but is of use to its teacher."""
        results = [r.verdict for r in self.last.results if r.account == self.ids[name]]
        return {
            "tick": self.world.tick,
            "equity": self._account(name).equity / 100,
            "refused": [v.code for v in results if not v.success],
        }

    def _birth(self, name: str) -> Input:
        id = f"00000000-0000-8000-8001-{self.ids[name]:012d}"
        given = {"agent": id, "name": name, "role": self.settings.role}
        return Input(f"{REGISTER} {name}", REGISTER, given, self.ids[name])

    def _account(self, name: str) -> Account:
        return self.world.market.accounts[self.ids[name]]

    def _worth(self, name: str) -> Cents:
        account = self._account(name)
        return account.equity - account.transfers

    def _price(self, company: Company, offset: float) -> Decimal:
        """Return a limit so many half-spreads from the middle of the quote, on the cent."""
        bid, ask = company.best_bid, company.best_ask
        if bid is None or ask is None:
            cents = float(company.price)
        else:
            cents = (bid + ask) / 2 + offset * (ask - bid) / 2
        return Decimal(max(1, round(cents))) / 100

    def _account_row(self, account: Account) -> NDArray[np.float64]:
        return np.array(
            (
                account.cash / 100,
                account.equity / 100,
                account.buying_power / 100,
                account.margin_used / 100,
                float(self.last.market.is_open),
                float(self.settings.ticks - self.ticks),
            ),
            np.float64,
        )

    def _books(self) -> NDArray[np.float64]:
        levels = self.settings.levels
        seen = np.zeros((len(self.companies), 2, levels, 2), np.float64)
        for place, company in enumerate(self.companies):
            for side, half in enumerate((company.book.bids, company.book.asks)):
                for level, (price, shares, _) in enumerate(half.depth(levels)):
                    seen[place, side, level] = price / 100, shares
        return seen

    def _note_news(self) -> None:
        report: NewsReport = self.last.reports["news"]
        for article in report.articles:
            for symbol in article.symbols:
                if symbol in self._places:
                    place = self._places[symbol]
                    self._news.appendleft((place, article.sentiment, article.tick))

    def _news_rows(self) -> NDArray[np.float64]:
        rows = np.zeros((self.settings.news, 3), np.float64)
        rows[:, 0] = -1
        for place, (company, sentiment, tick) in enumerate(self._news):
            if place < self.settings.news:
                rows[place] = company, sentiment, self.world.tick - tick
        return rows
