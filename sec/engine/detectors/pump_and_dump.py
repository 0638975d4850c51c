"""Pump and dump, and its mirror: a position that was built, talk by its holder or somebody linked
to it, a move, and an end of the position into it, at a profit.

What an author does with all that it holds is judged by `evidence.sale_after_rumor` as well; here it
is what it, or somebody for whom it talks, has built lately.
"""

from __future__ import annotations

from typing import NamedTuple

from market.engine.engine import Plain
from market.engine.values import Cents, Shares, Tick
from sec.engine.detectors.detector import Known
from sec.engine.detectors.tape import Added
from sec.engine.detectors.ties import link_seen, tied_to
from sec.engine.records import LEAST_WIDE, EventSeen, OrderSeen, RumorSeen, TradeSeen
from sec.engine.rules import PUMP_AND_DUMP
from sec.engine.suspicion import Conduct, Suspicion, strongest

DUMP_TICKS = 130  # after a rumor, in which sales count
LEAST_BOUGHT = 1.0  # usual ticks' volumes, built before the rumor
LEAST_OF_ALL = 0.04  # of all that the holder held then, that was built lately
ONE_WAY = 0.6  # of what was traded then, that built the position
LEAST_PART = 0.4  # of the position, ended after the rumor
PART_WEIGHT, PART_BASE = 0.6, 0.4
LEAST_PART_AFTER = 0.6  # of what was traded after the rumor, that ended the position
MOST_HOLDERS = 8


class Ending(NamedTuple):
    """How a holder has ended a position: shares, and cents over its cost and the price before the
    rumor, whichever was the better.
    """

    built: Shares
    closed: Shares
    back: Shares
    gain: Cents


class Talk:
    """A rumor, and the holders of positions that it may serve."""

    __slots__ = ("holders", "rumors")

    def __init__(self, rumors: list[RumorSeen], holders: list[int]) -> None:
        self.rumors = rumors  # of one company and sign, by those who talk for the same
        self.holders = holders


class PumpAndDump:
    """Watches, after each rumor, those who are linked to its author and have built a position."""

    def __init__(self, window_ticks: Tick) -> None:
        self.window_ticks = window_ticks
        self.talks: list[Talk] = []
        self.news: list[EventSeen] = []

    def see(self, added: Added, known: Known) -> list[Suspicion]:
        """Return the holders who have, in this tick, gone on to end what a rumor was spread for."""
        self.news += added.events
        for rumor in added.rumors:
            self._note(rumor, added, known)
        if added.tick % 25 == 0:
            self._prune(added.tick)
        suspicions = []
        for talk in self.talks:
            rumor = talk.rumors[0]
            active = [h for h in talk.holders if added.flows.of(h, rumor.symbol) is not None]
            if active and added.tick <= talk.rumors[-1].tick + DUMP_TICKS:
                found = self._suspicion(talk, added.tick, known)
                if found is not None:
                    suspicions.append(found)
        return suspicions

    def _note(self, rumor: RumorSeen, added: Added, known: Known) -> None:
        symbol, author = rumor.symbol, rumor.account
        for talk in self.talks:
            first = talk.rumors[0]
            if (first.symbol, first.sign) == (symbol, rumor.sign) and (
                known.ties.linked(first.account, author)
            ):
                talk.rumors.append(rumor)
                return
        near = dict.fromkeys(known.ties.partners(author))
        for one in list(near):
            near.update(dict.fromkeys(known.ties.partners(one)))
        near[author] = None
        usual = added.quotes[symbol].usual_volume
        holders = []
        for account in sorted(near):
            course = known.positions.of(account, symbol)
            if course is None:
                continue
            sums = course.between(account, rumor.tick - self.window_ticks, rumor.tick - 1)
            built = (sums.bought - sums.sold) * rumor.sign
            if built < LEAST_BOUGHT * usual or built < ONE_WAY * (sums.bought + sums.sold):
                continue
            if built >= LEAST_OF_ALL * abs(known.held(account, symbol)):
                holders.append(account)
        if holders:
            self.talks.append(Talk([rumor], holders[:MOST_HOLDERS]))

    def _suspicion(self, talk: Talk, tick: Tick, known: Known) -> Suspicion | None:
        rumor = talk.rumors[0]
        symbol, sign = rumor.symbol, rumor.sign
        until = min(
            (
                e.tick
                for e in self.news
                if e.symbol == symbol and e.tick > rumor.tick and _bears_out(e, sign)
            ),
            default=tick,
        )
        authors = [one.account for one in talk.rumors]
        ends = {
            account: end
            for account in talk.holders
            if (end := _ending(account, rumor, until, known)) is not None
        }
        accounts = tied_to(authors, ends, known.ties)
        holders = [account for account in accounts if account in ends]
        gain = sum(ends[account].gain for account in holders)
        if not holders or gain <= 0:
            return None
        built = sum(ends[account].built for account in holders)
        closed = sum(ends[account].closed for account in holders)
        back = sum(ends[account].back for account in holders)
        part = min(1.0, (closed - back) / built)
        if part < LEAST_PART or closed - back < LEAST_PART_AFTER * (closed + back):
            return None
        orders: dict[str, OrderSeen] = {}
        trades: dict[str, TradeSeen] = {}
        for account in holders:
            course = known.positions.in_company(symbol)[account]
            orders.update(course.orders)
            trades.update((trade.id, trade) for trade in course.trades)
        return Suspicion(
            PUMP_AND_DUMP,
            tuple(accounts),
            symbol,
            PART_BASE + PART_WEIGHT * part,
            min(trade.tick for trade in trades.values()),
            tick,
            orders=tuple(orders.values()),
            trades=tuple(trades.values()),
            rumors=tuple(talk.rumors),
            price_before=rumor.price_before,
            events=tuple(e for e in self.news if e.symbol == symbol and e.tick > rumor.tick),
            links=link_seen(accounts, known.ties, tick),
        )

    def look(self, conduct: Conduct, known: Known) -> Suspicion | None:
        """Return the strongest suspicion against an account in a conduct."""
        found = (self._suspicion(talk, conduct.last_tick, known) for talk in self.talks)
        return strongest((one for one in found if one is not None), conduct)

    def forget(self, account: int, symbol: str | None) -> None:
        self.talks = [
            talk
            for talk in self.talks
            if symbol not in (None, talk.rumors[0].symbol)
            or not (account in talk.holders or account in (r.account for r in talk.rumors))
        ]

    def _prune(self, tick: Tick) -> None:
        self.talks = [t for t in self.talks if t.rumors[-1].tick > tick - DUMP_TICKS]
        self.news = [e for e in self.news if e.tick > tick - self.window_ticks]

    def split(self, symbol: str, into: int, of: int) -> None:
        for talk in self.talks:
            talk.rumors = [
                r._replace(held=r.held * into // of, price_before=r.price_before * of // into)
                if r.symbol == symbol
                else r
                for r in talk.rumors
            ]

    def size(self) -> int:
        return len(self.talks)

    def dump(self) -> Plain:
        return {
            "talks": [[[list(r) for r in t.rumors], list(t.holders)] for t in self.talks],
            "news": [list(event) for event in self.news],
        }

    def load(self, state: Plain) -> None:
        self.talks = [
            Talk([RumorSeen(*r) for r in rumors], list(holders))
            for rumors, holders in state["talks"]
        ]
        self.news = [EventSeen(*event) for event in state["news"]]


def _bears_out(event: EventSeen, sign: int) -> bool:
    """Say whether news of a company bears out a rumor of this sign."""
    return event.impact * sign > 0 and (not event.is_wide or abs(event.impact) >= LEAST_WIDE)


def _ending(account: int, rumor: RumorSeen, until: Tick, known: Known) -> Ending | None:
    """Return how an account has ended, since a rumor, the position that it had built before."""
    course = known.positions.of(account, rumor.symbol)
    if course is None:
        return None
    before = course.between(account, 0, rumor.tick - 1)
    after = course.between(account, rumor.tick, until)
    if rumor.sign > 0:
        built, closed, back = before.bought - before.sold, after.sold, after.bought
    else:
        built, closed, back = before.sold - before.bought, after.bought, after.sold
    if built <= 0 or closed <= back:
        return None
    cost = (before.paid - before.received) * rumor.sign / built
    brought = (after.received - after.paid) * rumor.sign / (closed - back)
    usual = max(cost, rumor.price_before) if rumor.sign > 0 else min(cost, rumor.price_before)
    ended = min(closed - back, built)
    return Ending(built, closed, back, round(ended * (brought - usual) * rumor.sign))
