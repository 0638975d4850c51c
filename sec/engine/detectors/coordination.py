"""Coordination: linked accounts that trade the same way at the same time, more than news, the
market, a public strategy and their own habits explain.
"""

from __future__ import annotations

from market.engine.engine import Plain
from market.engine.values import Tick
from sec.engine.detectors.choices import Choices
from sec.engine.detectors.detector import Known
from sec.engine.detectors.groups import Groups, Trail
from sec.engine.detectors.rounds import LAG, Acted
from sec.engine.detectors.tape import Added
from sec.engine.records import OrderSeen, TradeSeen
from sec.engine.suspicion import Conduct, Suspicion, strongest

MOST_JUDGED = 24  # pairs in a tick
KEPT_ACTS = 40  # of an account in a company


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
            groups: dict[str, Groups] = {}
            for symbol, one, other in (grown[start:] + grown[:start])[:MOST_JUDGED]:
                if any(
                    suspicion.symbol == symbol
                    and one in suspicion.accounts
                    and other in suspicion.accounts
                    for suspicion in suspicions
                ):
                    continue
                if symbol not in groups:
                    groups[symbol] = Groups(symbol, self.beside[symbol], tick, known)
                found = groups[symbol].around((one, other))
                if found is not None:
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

    def look(self, conduct: Conduct, known: Known) -> Suspicion | None:
        """Return the strongest suspicion against an account in a conduct."""
        account = conduct.account
        found: list[Suspicion | None] = []
        for symbol, trails in self.beside.items():
            if account in trails and conduct.symbol in (None, symbol):
                groups = Groups(symbol, trails, conduct.last_tick, known)
                others = (one for one in known.ties.partners(account) if one in trails)
                found += [groups.around((account, other)) for other in others]
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
            act.split(symbol, into, of)

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
