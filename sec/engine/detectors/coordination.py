"""Coordination: linked accounts that trade the same way at the same time, more than news, the
market, a public strategy and their own habits explain.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb, exp, log

from market.engine.engine import Plain
from market.engine.values import Tick
from sec.engine.detectors.choices import Choices
from sec.engine.detectors.detector import Known
from sec.engine.detectors.rounds import (
    LAG,
    Acted,
    Agreement,
    agreement,
)
from sec.engine.detectors.tape import Added
from sec.engine.detectors.ties import Ties, link_seen
from sec.engine.detectors.turnover import SLOW
from sec.engine.records import OrderSeen, TradeSeen, split_order, split_trade
from sec.engine.rules import COORDINATION
from sec.engine.suspicion import Conduct, Suspicion, strongest

LEAST_TICKS = 40  # over which a rate is taken
LEAST_CHANCE, MOST_CHANCE = 0.3, 0.8  # that another acts beside one that does, by chance
CERTAINTY = 3.0  # nats, for a confidence of 1 − 1/e
PAIR_OPENS = 0.4  # nats, from which a pair is looked at with its company
ADDS = 0.5  # nats, that another member has to add
OF_MANY = 3.0  # nats: of so many who are linked, some agree by chance
MOST_MEMBERS = 8
MOST_JUDGED = 24  # pairs in a tick
MOST_ASKED = 12  # of those linked to a group, who might belong to it: the busiest
MOST_PAIRED = 6  # the same, where two at once have to add what one alone does not
KEPT_ACTS = 40  # of an account in a company
LEAST_ROUNDS = 4


class Trail:
    """What a linked account has done of a company: beside others that it is linked to, or alone."""

    __slots__ = ("acts", "alone")

    def __init__(self) -> None:
        self.acts: list[Acted] = []
        self.alone: list[Tick] = []

    def keep(self, after: Tick) -> None:
        self.acts = [act for act in self.acts if act.tick > after]
        self.alone = [tick for tick in self.alone if tick > after]


class Coordination:
    """Compares what linked accounts do, and finds the groups that act as one."""

    def __init__(self, window_ticks: Tick) -> None:
        self.window_ticks = window_ticks
        self.recent: dict[str, list[Acted]] = {}  # by company, of the last few ticks
        self.beside: dict[str, dict[int, Trail]] = {}  # by company and account
        self.choices = Choices()

    def see(self, added: Added, known: Known) -> list[Suspicion]:
        """Return the groups to whose agreement the tick has added."""
        tick = added.tick
        self.choices.begin(added)
        suspicions: list[Suspicion] = []
        if not known.ties.is_empty:
            grown = self._note(added, known)
            self._expire(tick)
            # Where many are linked, and act at once, their turn comes in another tick.
            start = tick % len(grown) if len(grown) > MOST_JUDGED else 0
            seen: list[tuple[str, tuple[int, ...]]] = []
            for symbol, one, other in (grown[start:] + grown[:start])[:MOST_JUDGED]:
                if any(name == symbol and one in them and other in them for name, them in seen):
                    continue
                found = self._group(symbol, (one, other), tick, known)
                if found is not None:
                    seen.append((symbol, found.accounts))
                    suspicions.append(found)
        self.choices.end(added)
        if tick % 50 == 0:
            self._prune(tick)
        return suspicions

    # What they do

    def _note(self, added: Added, known: Known) -> list[tuple[str, int, int]]:
        """Remember what linked accounts have done in the tick that nothing common explains, and
        return the pairs, by company, that have agreed.
        """
        grown: dict[tuple[str, int, int], None] = {}
        for symbol, (acts, groups) in self.choices.of_tick(added, known, self._active).items():
            recent = self.recent.setdefault(symbol, [])
            recent_of: dict[int, list[Acted]] = {}  # by group
            for act in recent:
                if act.account in groups:
                    recent_of.setdefault(groups[act.account], []).append(act)
            for act in acts:
                near = recent_of.setdefault(groups[act.account], [])
                for one in near:
                    self._keep(one, symbol)
                    if one.account == act.account or one.net * act.net <= 0:
                        continue
                    if known.ties.linked(one.account, act.account):
                        low, high = sorted((one.account, act.account))
                        grown[symbol, low, high] = None
                if any(one.account != act.account for one in near):
                    self._keep(act, symbol)
                near.append(act)
                recent.append(act)
        return list(grown)

    def _active(self, symbol: str) -> set[int]:
        """Return the accounts of which an act in a company is remembered."""
        active = {act.account for act in self.recent.get(symbol, ())}
        return active.union(self.beside.get(symbol, ()))

    def _trail(self, account: int, symbol: str) -> Trail:
        of_company = self.beside.get(symbol)
        if of_company is None:
            of_company = self.beside[symbol] = {}
        trail = of_company.get(account)
        if trail is None:
            trail = of_company[account] = Trail()
        return trail

    def _keep(self, act: Acted, symbol: str) -> None:
        """Remember an act beside which somebody else acted."""
        acts = self._trail(act.account, symbol).acts
        if act not in acts[-2 * LAG :]:
            acts.append(act)
            if len(acts) > KEPT_ACTS:
                del acts[0]

    def _expire(self, tick: Tick) -> None:
        """Let acts go that are too old for a round: alone where nobody acted beside them."""
        for symbol, recent in self.recent.items():
            if not recent or recent[0].tick >= tick - LAG:
                continue
            of_company = self.beside.get(symbol, {})
            for act in recent:
                trail = of_company.get(act.account)
                if act.tick < tick - LAG and trail is not None and act not in trail.acts:
                    trail.alone.append(act.tick)
                    if len(trail.alone) > KEPT_ACTS:
                        del trail.alone[0]
            self.recent[symbol] = [act for act in recent if act.tick >= tick - LAG]

    # Groups

    def _group(
        self, symbol: str, pair: tuple[int, int], tick: Tick, known: Known
    ) -> Suspicion | None:
        """Return the suspicion against a pair and those who act with it."""
        members = list(pair)
        found = self._agreement(symbol, members, tick, known)
        asked = self._asked(symbol, members, known.ties)
        choice = len(asked)
        if found.by_sides < PAIR_OPENS:
            # Each may lean to a side, and leave most of the other to an account of its own.
            joined = self._with_best(symbol, members, found, _pairs(asked), tick, known)
            if joined is None or joined[0].by_sides < PAIR_OPENS:
                return None
            found, members = joined
        while (joined := self._joined(symbol, members, found, tick, known)) is not None:
            found, members = joined
        if found.rounds < LEAST_ROUNDS:
            return None
        members.sort()
        # Whoever has many friends finds one who happens to agree.
        nats = found.nats - OF_MANY - log(comb(max(len(members) - 1, choice + 1), len(members) - 1))
        orders = {order.id: order for act in found.acts for order in act.orders}
        trades = {trade.id: trade for act in found.acts for trade in act.trades}
        return Suspicion(
            COORDINATION,
            tuple(members),
            symbol,
            1.0 - exp(-max(0.0, nats) / CERTAINTY),
            min(act.tick for act in found.acts),
            tick,
            orders=tuple(orders.values()),
            trades=tuple(trades.values()),
            links=link_seen(members, known.ties, tick),
        )

    def _joined(
        self, symbol: str, members: list[int], found: Agreement, tick: Tick, known: Known
    ) -> tuple[Agreement, list[int]] | None:
        """Return a group with whoever adds most to what its acts say, if anyone adds enough: one,
        or else two, for accounts that others take turns with say something only together.
        """
        asked = self._asked(symbol, members, known.ties)
        ones = [(one,) for one in asked]
        return self._with_best(symbol, members, found, ones, tick, known) or self._with_best(
            symbol, members, found, _pairs(asked), tick, known
        )

    def _with_best(
        self,
        symbol: str,
        members: list[int],
        found: Agreement,
        others: Sequence[tuple[int, ...]],
        tick: Tick,
        known: Known,
    ) -> tuple[Agreement, list[int]] | None:
        """Return a group with those of others who add most, if they add enough."""
        tried = [
            (self._agreement(symbol, [*members, *more], tick, known), more)
            for more in others
            if len(members) + len(more) <= MOST_MEMBERS
        ]
        if not tried:
            return None
        best, more = max(tried, key=_nats_of)
        if best.nats < found.nats + ADDS * len(more):
            return None
        return best, [*members, *more]

    def _asked(self, symbol: str, members: list[int], ties: Ties) -> list[int]:
        """Return those who may belong to a group: linked to it, and active beside others."""
        of_company = self.beside.get(symbol, {})
        near = {
            one
            for member in members
            for one in ties.partners(member)
            if one not in members and one in of_company and of_company[one].acts
        }
        return sorted(near, key=lambda one: (-len(of_company[one].acts), one))[:MOST_ASKED]

    def _agreement(self, symbol: str, members: list[int], tick: Tick, known: Known) -> Agreement:
        trails = [self._trail(account, symbol) for account in members]
        nobody, mean = 1.0, 0.0
        rates = [_rate(account, symbol, tick, known) for account in members]
        for rate in rates:
            nobody *= (1.0 - rate) ** (2 * LAG + 1)
        for rate in rates:
            mean += (1.0 - nobody / (1.0 - rate) ** (2 * LAG + 1)) / len(rates)
        return agreement(
            [act for trail in trails for act in trail.acts],
            sum(len(trail.alone) for trail in trails),
            min(MOST_CHANCE, max(LEAST_CHANCE, mean)),
        )

    def look(self, conduct: Conduct, known: Known) -> Suspicion | None:
        """Return the strongest suspicion against an account in a conduct."""
        account = conduct.account
        found = (
            self._group(symbol, (account, other), conduct.last_tick, known)
            for symbol, of_company in self.beside.items()
            if account in of_company and conduct.symbol in (None, symbol)
            for other in known.ties.partners(account)
            if other in of_company
        )
        return strongest((one for one in found if one is not None), conduct)

    def forget(self, account: int, symbol: str | None) -> None:
        for name, of_company in self.beside.items():
            if symbol in (None, name):
                of_company.pop(account, None)

    # Keeping

    def _prune(self, tick: Tick) -> None:
        for symbol, of_company in self.beside.items():
            for trail in of_company.values():
                trail.keep(tick - self.window_ticks)
            self.beside[symbol] = {a: one for a, one in of_company.items() if one.acts}
        self.choices.prune(tick, self._acts())

    def _acts(self, symbol: str | None = None) -> dict[int, Acted]:
        """Return what is remembered of a company, or (None) of all: each act once."""
        acts: dict[int, Acted] = {}
        for name, recent in self.recent.items():
            if symbol in (None, name):
                acts.update((id(act), act) for act in recent)
        for name, of_company in self.beside.items():
            if symbol in (None, name):
                for trail in of_company.values():
                    acts.update((id(act), act) for act in trail.acts)
        return acts

    def split(self, symbol: str, into: int, of: int) -> None:
        self.choices.split(symbol, into, of)
        for act in self._acts(symbol).values():
            act.net = act.net * into // of
            act.trades = [split_trade(trade, symbol, into, of) for trade in act.trades]
            act.orders = [split_order(order, symbol, into, of) for order in act.orders]

    def size(self) -> int:
        recent = sum(len(acts) for acts in self.recent.values())
        return (
            recent
            + self.choices.size()
            + sum(
                len(trail.acts)
                for of_company in self.beside.values()
                for trail in of_company.values()
            )
        )

    def dump(self) -> Plain:
        numbers: dict[int, int] = {}
        acts: list[Plain] = []

        def number(act: Acted) -> int:
            if id(act) not in numbers:
                numbers[id(act)] = len(acts)
                acts.append(
                    [
                        act.tick,
                        act.account,
                        act.net,
                        act.habit,
                        list(act.signs),
                        [list(trade) for trade in act.trades],
                        [list(order) for order in act.orders],
                    ]
                )
            return numbers[id(act)]

        recent = [[symbol, [number(act) for act in them]] for symbol, them in self.recent.items()]
        beside = [
            [
                symbol,
                [
                    [account, [number(act) for act in trail.acts], list(trail.alone)]
                    for account, trail in of_company.items()
                ],
            ]
            for symbol, of_company in self.beside.items()
        ]
        return {
            "acts": acts,
            "recent": recent,
            "beside": beside,
            "choices": self.choices.dump(),
        }

    def load(self, state: Plain) -> None:
        acts: list[Acted] = []
        for tick, account, net, habit, signs, trades, orders in state["acts"]:
            acts.append(
                Acted(
                    tick,
                    account,
                    net,
                    habit,
                    list(signs),
                    [TradeSeen(*trade) for trade in trades],
                    [OrderSeen(*order) for order in orders],
                )
            )
        self.recent = {symbol: [acts[n] for n in them] for symbol, them in state["recent"]}
        self.beside = {}
        for symbol, of_company in state["beside"]:
            self.beside[symbol] = {}
            for account, numbers, alone in of_company:
                trail = self.beside[symbol][account] = Trail()
                trail.acts = [acts[n] for n in numbers]
                trail.alone = list(alone)
        self.choices.load(state["choices"], self._acts())


def _rate(account: int, symbol: str, tick: Tick, known: Known) -> float:
    """Return in which part of all ticks an account trades, or places orders."""
    placed = known.quoting.rate(account, symbol, LEAST_TICKS)
    volume = known.turnover.volume_of(account, symbol)
    if volume is None:
        return min(0.9, placed)
    ticks = (1.0 - SLOW ** max(LEAST_TICKS, tick - volume.first)) / (1.0 - SLOW)
    return min(0.9, max(placed, volume.active * SLOW ** (tick - volume.tick) / ticks))


def _pairs(asked: list[int]) -> list[tuple[int, ...]]:
    return list(combinations(asked[:MOST_PAIRED], 2))


def _nats_of(tried: tuple[Agreement, tuple[int, ...]]) -> tuple[float, list[int]]:
    """Return what to judge a trial by: of equals, the lower numbers come first."""
    return tried[0].nats, [-one for one in tried[1]]
