"""The SEC as one of the world's engines: it looks, opens cases, and punishes."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from agents.engine.agent_state import Named
from agents.engine.facts import RumorSpread
from market.engine import engine
from market.engine.accounts import ESCROW
from market.engine.action import Action, OperatorAct
from market.engine.engine import InvariantBroken, Plain, Step
from market.engine.values import Cents, Tick
from sec.engine import bribery, collection, flight, lifecycle, rewards
from sec.engine.actions import legal_actions
from sec.engine.bribes import BribeBook
from sec.engine.cases import Case, Source
from sec.engine.evidence import look
from sec.engine.office import Flight, Office
from sec.engine.operator_acts import legal_acts
from sec.engine.outcome import SecReport, accused_state, case_state
from sec.engine.records import RumorSeen
from sec.engine.rules import PUMP_AND_DUMP, WASH_TRADING
from sec.engine.suspicion import Conduct, Suspicion
from sec.engine.tips import TipBook

_ACCUSED, _BRIBE, _TIP = struct.Struct("<13q"), struct.Struct("<5q"), struct.Struct("<4q")
_PENALTY = struct.Struct("<3q")
_CONFIDENCE = struct.Struct("<2d")

LOOKED_FOR = (WASH_TRADING, PUMP_AND_DUMP)  # unasked, wherever the tick's trades may matter


class SecEngine(Office):
    """Cases, bribes, tips and flights, and all that the law remembers."""

    name = "sec"

    # As an engine

    def actions(self) -> tuple[Action, ...]:
        return legal_actions(self.rules)

    def operator_acts(self) -> tuple[OperatorAct, ...]:
        return legal_acts()

    def steps(self) -> Mapping[str, Step]:
        return {
            engine.OPEN: self.answer_for_silence,
            engine.AFTER_PRICES: self.close_positions,
            engine.SURVEILLANCE: self.surveil,
        }

    def found(self) -> None:
        """Nothing is remembered of a new world but how those who live there are linked."""
        self.surveillance.found()

    def begin_tick(self, tick: Tick) -> None:
        self.tick = tick
        self.suspicions, self.penalties, self.updates = [], [], []
        self.touched, self.touched_accused = {}, {}
        self.bribes.changed, self.tips.changed = {}, {}

    def report(self) -> SecReport:
        accused = [
            accused_state(self.touched[id], one) for (id, _), one in self.touched_accused.items()
        ]
        return SecReport(
            self.suspicions,
            [case_state(case) for case in self.touched.values()],
            accused,
            self.penalties,
            self.bribes.states(),
            self.tips.states(),
            self.updates,
            {update.account: self._named(update.account) for update in self.updates},
        )

    def _named(self, account: int) -> Named:
        member = self.registry.members[account]
        return Named(member.id, member.name)

    def standing(self) -> SecReport:
        """Report as if this tick had touched every case, bribe and tip that stands."""
        cases = list(self.book.cases.values())
        bribes, tips = BribeBook(self.rules.bribes), TipBook(self.rules.tips, day_ticks=1)
        bribes.changed, tips.changed = dict(self.bribes.offered), dict(self.tips.tips)
        return SecReport(
            [],
            [case_state(case) for case in cases],
            [accused_state(case, one) for case in cases for one in case.accused.values()],
            [],
            bribes.states(),
            tips.states(),
            [],
            {},
        )

    def concerned(self) -> Iterable[int]:
        return ()  # who is alerted is the market's to say

    def digest_part(self) -> bytes:
        report = self.report()
        numbers = [
            _ACCUSED.pack(
                a.account,
                a.opened_tick,
                a.active_tick or 0,
                a.charged_tick or 0,
                a.decided_tick or 0,
                a.gain_cents,
                a.notional_cents,
                a.fine_cents,
                a.sentence_ticks,
                a.suspension_ticks,
                a.collected_cents,
                a.owed_cents,
                a.appeal_tick or 0,
            )
            for a in report.accused
        ]
        numbers += [
            _BRIBE.pack(b.tick, b.briber, b.target, b.cents, b.kept_cents) for b in report.bribes
        ]
        numbers += [
            _TIP.pack(t.tick, t.account, t.accused or 0, t.bounty_cents) for t in report.tips
        ]
        numbers += [_PENALTY.pack(p.account, p.cents, p.ticks) for p in report.penalties]
        numbers += [_CONFIDENCE.pack(c.confidence, c.investigator or 0) for c in report.cases]
        words = [f"{a.case} {a.status} {a.answer}" for a in report.accused]
        words += [f"{c.id} {c.crime} {c.symbol} {c.source} {c.note}" for c in report.cases]
        words += [f"{b.id} {b.status}" for b in report.bribes]
        words += [f"{t.id} {t.status} {t.case}" for t in report.tips]
        words += [f"{p.case} {p.kind}" for p in report.penalties]
        words += [f"{s.case} {' '.join(s.suspicion.ids)}" for s in report.suspicions]
        numbers.append(self.surveillance.digest_part())
        return b"".join(numbers) + "\x1f".join(words).encode()

    def check(self, *, full: bool) -> None:
        """Raise InvariantBroken where escrow or a debt is not what bribes and fines make it."""
        held = sum(bribe.cents for bribe in self.bribes.offered.values())
        owed: dict[int, Cents] = {}
        for case in self.book.cases.values():
            for one in case.accused.values():
                held += one.escrowed_cents
                if one.owed_cents:
                    owed[one.account] = owed.get(one.account, 0) + one.owed_cents
        cash = self.market.accounts[ESCROW].cash
        if cash != held:
            raise InvariantBroken(f"escrow has {cash} cents, bribes and fines make {held}")
        if not full:
            return
        for account in self.market.accounts.values():
            if account.debt != owed.get(account.id, 0):
                raise InvariantBroken(
                    f"account {account.id} owes {account.debt} cents, its cases say"
                    f" {owed.get(account.id, 0)}"
                )

    def dump(self) -> Plain:
        return {
            "records": self.records.dump(),
            "surveillance": self.surveillance.dump(),
            "book": self.book.dump(),
            "bribes": self.bribes.dump(),
            "tips": self.tips.dump(),
            "flights": [[f.account, f.tick, f.destination, f.case] for f in self.flights.values()],
            "closing": [[account, dict(sizes)] for account, sizes in self.closing.items()],
            "priors": [list(item) for item in self.priors.items()],
            "settled": [list(item) for item in self.settled.items()],
        }

    def load(self, state: Plain) -> None:
        self.records.load(state["records"])
        self.surveillance.load(state["surveillance"])
        self.book.load(state["book"])
        self.bribes.load(state["bribes"])
        self.tips.load(state["tips"])
        self.flights = {row[0]: Flight(*row) for row in state["flights"]}
        self.closing = {account: dict(sizes) for account, sizes in state["closing"]}
        self.priors = dict(state["priors"])
        self.settled = dict(state["settled"])

    # The tick

    def answer_for_silence(self) -> None:
        """Give back bribes, and end tips, whose time is over."""
        bribery.return_unanswered(self)
        rewards.expire(self)

    def close_positions(self) -> None:
        """Follow splits; close positions for fines and of those who have fled."""
        for split in self.market.log.splits:
            self.records.split(split.symbol, split.into, split.of)
            self.surveillance.split(split.symbol, split.into, split.of)
            self.book.split(split.symbol, split.into, split.of)
            for sizes in self.closing.values():
                if split.symbol in sizes:
                    sizes[split.symbol] = sizes[split.symbol] * split.into // split.of
        collection.close_positions(self)
        flight.close_positions(self)

    def surveil(self) -> None:
        """Look at what the tick has brought, take every case further, and collect what is owed."""
        rumors = self._note_rumors()
        for suspicion in self.surveillance.suspicions(self.tick, rumors):
            self.take(suspicion)
        log = self.market.log
        for account in self.records.watch(log.trades, log.orders.values()):
            self._look_at(account)
        self.records.bear_out(self.surveillance.events)
        lifecycle.go_on(self)
        collection.collect(self)
        flight.settle(self)
        self.records.prune(self.tick)
        self.bribes.prune(self.tick)
        self.tips.prune(self.tick)
        self.book.forget(self.tick, self.rules.cases.remembered_ticks)

    def take(self, suspicion: Suspicion) -> Case | None:
        """Take a detector's suspicion: it feeds a case, opens one, or is kept for tips."""
        return lifecycle.take(self, suspicion, Source.DETECTOR)

    def _note_rumors(self) -> list[RumorSeen]:
        """Note the tick's rumors, with what their authors held before they could sell into them,
        and return them.
        """
        noted: list[RumorSeen] = []
        for fact in self.facts.of(RumorSpread):
            if not fact.sign:
                continue
            company = self.market.companies[fact.symbol]
            held = self.market.accounts[fact.account].quantity_of(fact.symbol)
            for trade in self.market.log.trades:
                if trade.symbol == fact.symbol:
                    if fact.sign > 0 and trade.seller == fact.account:
                        held += trade.quantity
                    elif fact.sign < 0 and trade.buyer == fact.account:
                        held -= trade.quantity
            noted.append(
                RumorSeen(
                    fact.id,
                    fact.tick,
                    fact.account,
                    fact.symbol,
                    fact.sign,
                    held,
                    company.previous_price,
                )
            )

        self.records.rumors += noted
        return noted

    def _look_at(self, account: int) -> None:
        oldest = self.tick - self.thresholds.window_ticks + 1
        for crime in LOOKED_FOR:
            first = max(oldest, self.book.looked_through(account, crime, None) + 1)
            suspicion = look(crime, Conduct(account, None, first, self.tick), self.records)
            if suspicion is not None:
                lifecycle.take(self, suspicion, Source.DETECTOR)
