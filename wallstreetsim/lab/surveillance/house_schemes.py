"""Which schemes of the house's crooks the record proves, by the rules that prove the scorecard's
scripts: judged on all trades, knowing who is guilty. A scheme that nobody traded with, or that
brought a loss, is not proven.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from agents.engine.facts import Manipulation, RumorSpread
from agents.engine.house.crooks import CRIMES
from market.engine.values import BUY
from sec.engine.rules import INSIDER_TRADING, PUMP_AND_DUMP, SPOOFING, WASH_TRADING
from wallstreetsim.lab.surveillance.proofs import Proof, dumped, profited, traded_in_a_ring
from wallstreetsim.lab.surveillance.stage import Actor, Guilt, Stage
from wallstreetsim.machine.world import Outcome

RING_TRADES = 5  # of a pair
DISPLAY_TICKS, DISPLAYS = 4, 2  # from one display to the next; those that something was sold by
HABIT = 3  # times that one without access profited from news


class Ended(NamedTuple):
    """A scheme that is over. `is_proven` says so of it alone, `has_access` whether its crook could
    have known the company's news through who heads it.
    """

    truth: Manipulation
    is_proven: bool
    has_access: bool


@dataclass(slots=True)
class Scheme:
    """A scheme under way; `is_public`: its rumor has been spread, or its news is known; `displays`:
    the numbers of those of its displays in which it bid for more than it offered.
    """

    guilt: Guilt
    actors: list[Actor]
    proof: Proof = lambda: False
    is_public: bool = False
    displays: set[int] = field(default_factory=set)


class SchemeWatch:
    """Follows the schemes of the house's crooks on a stage, and keeps those that are over."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.under_way: dict[int, Scheme] = {}  # by the crook, of a pair the lower number
        self.ended: list[Ended] = []

    def before_tick(self) -> None:
        """Note the price that a rumor of the coming tick would find."""
        for one in self.under_way.values():
            if one.guilt.crime == PUMP_AND_DUMP and not one.is_public:
                one.proof = dumped(self.stage, one.guilt, one.actors, self.stage.tick)

    def after_tick(self, outcome: Outcome) -> None:
        """Take in a tick."""
        self._note_begun()
        self._note_displays()
        self._keep_trades(outcome)
        facts = self.stage.world.facts
        for rumor in facts.of(RumorSpread):
            self._publish(PUMP_AND_DUMP, rumor.symbol, rumor.account)
        for event in outcome.market.events:
            self._publish(INSIDER_TRADING, event.symbol)
        for truth in facts.of(Manipulation):
            self._note_ended(truth)

    def _note_begun(self) -> None:
        for one in self.stage.world.house.inhabitants:
            crime, plot = CRIMES.get(one.strategy), one.memory.get("plot")
            if crime is None or plot is None:
                continue
            accounts = (one.account, one.partner) if crime == WASH_TRADING else (one.account,)
            first = min(accounts)
            known = self.under_way.get(first)
            if known is None or known.guilt.first_tick != plot["first"]:
                guilt = Guilt(crime, tuple(sorted(accounts)), plot["symbol"], plot["first"])
                self.under_way[first] = self._scheme(guilt)

    def _scheme(self, guilt: Guilt) -> Scheme:
        scheme = Scheme(guilt, [Actor(self.stage, id, str(id)) for id in guilt.accounts])
        if guilt.crime == WASH_TRADING:
            scheme.proof = traded_in_a_ring(
                self.stage, guilt.symbol, scheme.actors, trades=RING_TRADES
            )
        elif guilt.crime == SPOOFING:
            scheme.proof = sold_by_displays(self.stage, guilt, scheme.displays)
        return scheme

    def _note_displays(self) -> None:
        for one in self.under_way.values():
            if one.guilt.crime == SPOOFING and bids_for_more(self.stage, one.guilt):
                number = (self.stage.world.tick - one.guilt.first_tick) // DISPLAY_TICKS
                one.displays.add(number)

    def _keep_trades(self, outcome: Outcome) -> None:
        crooks = {id for one in self.under_way.values() for id in one.guilt.accounts}
        kept = {trade.id for trade in self.stage.trades_of_tick}
        self.stage.trades += [
            trade
            for trade in outcome.market.trades
            if (trade.buyer in crooks or trade.seller in crooks) and trade.id not in kept
        ]

    def _publish(self, crime: str, symbol: str | None, account: int | None = None) -> None:
        """Note that something of a company has become public that schemes have waited for."""
        for one in self.under_way.values():
            guilt = one.guilt
            if (guilt.crime, guilt.symbol) != (crime, symbol) or one.is_public:
                continue
            if account is not None and account not in guilt.accounts:
                continue
            one.is_public = True
            if crime == INSIDER_TRADING:
                one.proof = profited(self.stage, guilt, one.actors, self.stage.world.tick)

    def _note_ended(self, truth: Manipulation) -> None:
        scheme = self.under_way.pop(min(truth.accounts), None)
        is_proven = scheme is not None and scheme.proof()
        registry = self.stage.world.registry
        chief = registry.ceos.get(truth.symbol)
        has_access = chief is not None and any(
            chief == account or registry.linked(account, chief) for account in truth.accounts
        )
        self.ended.append(Ended(truth, is_proven, has_access))


def bids_for_more(stage: Stage, guilt: Guilt) -> bool:
    """Say whether the guilty bid for more of the company than they offer: a crook whom a fine has
    left without cash only offers, and shows nothing.
    """
    bids = sum(
        order.unfilled if order.side is BUY else -order.unfilled
        for account in guilt.accounts
        for order in stage.world.market.accounts[account].orders.values()
        if order.company.symbol == guilt.symbol
    )
    return bids > 0


def sold_by_displays(stage: Stage, guilt: Guilt, displays: Collection[int]) -> Proof:
    """Return whether something was sold by two of the displays that a spoof consists of, and in all
    for more than the price before each.
    """

    def proof() -> bool:
        prices = stage.prices[guilt.symbol]
        sold = set()
        gain = 0
        for trade in stage.trades:
            number = (trade.tick - guilt.first_tick) // DISPLAY_TICKS
            if (
                trade.symbol == guilt.symbol
                and number in displays
                and trade.seller in guilt.accounts
                and trade.buyer not in guilt.accounts
            ):
                sold.add(number)
                before = prices[guilt.first_tick + number * DISPLAY_TICKS - 1]
                gain += trade.quantity * (trade.price - before)
        return len(sold) >= DISPLAYS and gain > 0

    return proof


def proven(ended: Sequence[Ended]) -> list[Manipulation]:
    """Return the schemes that are proven. News used by one without access proves nothing but a
    habit: such schemes prove each other, from the third on.
    """
    habits = Counter(_habit_of(ended))
    return [
        one.truth
        for one in ended
        if one.is_proven
        and (
            one.truth.crime != INSIDER_TRADING
            or one.has_access
            or habits[one.truth.accounts[0]] >= HABIT
        )
    ]


def _habit_of(ended: Iterable[Ended]) -> list[int]:
    """Return who has profited from news, as often as it has."""
    return [
        one.truth.accounts[0]
        for one in ended
        if one.is_proven and one.truth.crime == INSIDER_TRADING
    ]
