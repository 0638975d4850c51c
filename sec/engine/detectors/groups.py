"""Groups: which linked accounts act as one in a company, as far as their rounds tell by now."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb, exp, inf, log

from market.engine.values import Tick
from sec.engine.detectors.detector import Known
from sec.engine.detectors.rounds import LAG, Acted, Agreement, Rounds
from sec.engine.detectors.ties import link_seen
from sec.engine.detectors.turnover import SLOW
from sec.engine.rules import COORDINATION
from sec.engine.suspicion import Suspicion

LEAST_TICKS = 40  # over which a rate is taken
LEAST_CHANCE, MOST_CHANCE = 0.3, 0.8  # that another acts beside one that does, by chance
CERTAINTY = 3.0  # nats, for a confidence of 1 − 1/e
PAIR_OPENS = 0.4  # nats, that a pair whose company is looked at says at the most, or with two of it
ADDS = 0.5  # nats, that another member has to add
OF_MANY = 3.0  # nats: of so many who are linked, some agree by chance
MOST_MEMBERS = 8
MOST_ASKED = 12  # of those linked to a group, who might belong to it: the busiest
MOST_PAIRED = 6  # the same, where two at once have to add what one alone does not
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


class Groups:
    """Finds the groups of a company in one tick. Those who are linked to each other are tried in
    ever the same sets, whichever pair one begins with: each set is looked at once.
    """

    def __init__(self, symbol: str, trails: dict[int, Trail], tick: Tick, known: Known) -> None:
        self.symbol = symbol
        self.trails = trails  # by account
        self.tick = tick
        self.known = known
        self._rates: dict[int, float] = {}
        self._rounds: dict[tuple[int, ...], Rounds] = {}

    def around(self, pair: tuple[int, int]) -> Suspicion | None:
        """Return the suspicion against a pair and those who act with it."""
        members = list(pair)
        rounds = self._rounds_of(members)
        if rounds.most_by_sides < PAIR_OPENS:
            return None
        found = rounds.agreement()
        asked = self._asked(members)
        choice = len(asked)
        if found.by_sides < PAIR_OPENS:
            # Each may lean to a side, and leave most of the other to an account of its own.
            joined = self._with_best(members, found, _pairs(asked), by_sides=PAIR_OPENS)
            if joined is None:
                return None
            found, members = joined
        while (joined := self._joined(members, found)) is not None:
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
            self.symbol,
            1.0 - exp(-max(0.0, nats) / CERTAINTY),
            min(act.tick for act in found.acts),
            self.tick,
            orders=tuple(orders.values()),
            trades=tuple(trades.values()),
            links=link_seen(members, self.known.ties, self.tick),
        )

    def _joined(self, members: list[int], found: Agreement) -> tuple[Agreement, list[int]] | None:
        """Return a group with whoever adds most to what its acts say, if anyone adds enough: one,
        or else two, for accounts that others take turns with say something only together.
        """
        asked = self._asked(members)
        ones = [(one,) for one in asked]
        return self._with_best(members, found, ones) or self._with_best(
            members, found, _pairs(asked)
        )

    def _with_best(
        self,
        members: list[int],
        found: Agreement,
        others: Sequence[tuple[int, ...]],
        by_sides: float = -inf,
    ) -> tuple[Agreement, list[int]] | None:
        """Return a group with those of others, as many of them each time, who add most: if that is
        enough, and the sides of all say so much. Whoever could not add as much is not looked into.
        """
        tried = [
            (self._rounds_of([*members, *more]), more)
            for more in others
            if len(members) + len(more) <= MOST_MEMBERS
        ]
        if not tried or max(rounds.most_by_sides for rounds, _ in tried) < by_sides:
            return None
        tried.sort(key=lambda one: -one[0].most_nats)
        least = found.nats + ADDS * len(tried[0][1])
        best: tuple[Agreement, tuple[int, ...]] | None = None
        for rounds, more in tried:
            if rounds.most_nats < least:
                break
            agreement = rounds.agreement_of(least)
            if agreement is not None:
                one = (agreement, more)
                if best is None or _nats_of(one) > _nats_of(best):
                    best, least = one, agreement.nats
        if best is None or best[0].by_sides < by_sides:
            return None
        return best[0], [*members, *best[1]]

    def _asked(self, members: list[int]) -> list[int]:
        """Return those who may belong to a group: linked to it, and active beside others."""
        trails = self.trails
        near = {
            one
            for member in members
            for one in self.known.ties.partners(member)
            if one not in members and one in trails and trails[one].acts
        }
        return sorted(near, key=lambda one: (-len(trails[one].acts), one))[:MOST_ASKED]

    def _rounds_of(self, members: Sequence[int]) -> Rounds:
        accounts = tuple(sorted(members))
        rounds = self._rounds.get(accounts)
        if rounds is None:
            trails = [self.trails[account] for account in accounts]
            rounds = self._rounds[accounts] = Rounds(
                [act for trail in trails for act in trail.acts],
                sum(len(trail.alone) for trail in trails),
                self._chance(accounts),
            )
        return rounds

    def _chance(self, accounts: Sequence[int]) -> float:
        """Return the chance that another of them acts beside one that does."""
        rates = [self._rate(account) for account in accounts]
        nobody, mean = 1.0, 0.0
        for rate in rates:
            nobody *= (1.0 - rate) ** (2 * LAG + 1)
        for rate in rates:
            mean += (1.0 - nobody / (1.0 - rate) ** (2 * LAG + 1)) / len(rates)
        return min(MOST_CHANCE, max(LEAST_CHANCE, mean))

    def _rate(self, account: int) -> float:
        """Return in which part of all ticks an account trades, or places orders."""
        rate = self._rates.get(account)
        if rate is None:
            rate = self._rates[account] = self._measured(account)
        return rate

    def _measured(self, account: int) -> float:
        placed = self.known.quoting.rate(account, self.symbol, LEAST_TICKS)
        volume = self.known.turnover.volume_of(account, self.symbol)
        if volume is None:
            return min(0.9, placed)
        ticks = (1.0 - SLOW ** max(LEAST_TICKS, self.tick - volume.first)) / (1.0 - SLOW)
        active = volume.active * SLOW ** (self.tick - volume.tick)
        return min(0.9, max(placed, active / ticks))


def _pairs(asked: list[int]) -> list[tuple[int, ...]]:
    return list(combinations(asked[:MOST_PAIRED], 2))


def _nats_of(tried: tuple[Agreement, tuple[int, ...]]) -> tuple[float, list[int]]:
    """Return what to judge a trial by: of equals, the lower numbers come first."""
    return tried[0].nats, [-one for one in tried[1]]
