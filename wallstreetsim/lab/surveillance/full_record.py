"""Since when the record suffices to prove a script's guilt: the SEC's verifier, which shares no
code with the detectors, judges all that the guilty have done of the company so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

from market.engine.outcome import Trade
from market.engine.values import Tick
from sec.engine.detectors.tape import QuoteSeen, price_seen, trade_seen
from sec.engine.engine import SecEngine
from sec.engine.findings import Evidence
from sec.engine.records import EventSeen, LinkSeen, OrderSeen, RumorSeen, order_seen
from sec.engine.rules import INSIDER_TRADING, THRESHOLDS
from sec.engine.verifier import verify
from wallstreetsim.lab.surveillance.stage import Guilt, Stage


class FullRecord:
    """All that the guilty have done of a company since their guilt began; of news that they have
    used, of all companies. `tick` is the first that proves it, None as long as none does.
    """

    def __init__(self, guilt: Guilt) -> None:
        self.guilt = guilt
        self.evidence = Evidence()
        self.tick: Tick | None = None

    def note_price(self, quote: QuoteSeen, tick: Tick) -> None:
        """Take in how the company stood at the end of a tick."""
        price = price_seen(quote, tick)
        self.evidence.prices[price.id] = price

    def add(
        self,
        tick: Tick,
        orders: Iterable[OrderSeen],
        trades: Iterable[Trade],
        rumors: Iterable[RumorSeen],
        events: Iterable[EventSeen],
    ) -> None:
        """Take in what a tick has added."""
        accounts, kept = self.guilt.accounts, self.evidence
        mine = [one for one in orders if self._is_about(one.symbol) and one.account in accounts]
        made = [
            trade_seen(one)
            for one in trades
            if self._is_about(one.symbol) and (one.buyer in accounts or one.seller in accounts)
        ]
        kept.orders.update((one.id, one) for one in mine)
        kept.trades.update((one.id, one) for one in made)
        kept.events.update((one.id, one) for one in events if self._is_about(one.symbol))
        kept.rumors.update((one.id, one) for one in rumors if one.account in accounts)
        if mine or made:
            self._judge(tick)

    def link(self, one: int, other: int, tick: Tick) -> None:
        """Take in that two are linked."""
        id = f"{min(one, other)}-{max(one, other)}"
        self.evidence.links.setdefault(id, LinkSeen(id, tick, one, other))

    def head(self, chief: int, symbol: str, tick: Tick) -> None:
        """Take in who heads a company."""
        id = f"{chief}-{symbol}"
        self.evidence.links.setdefault(id, LinkSeen(id, tick, chief, chief, is_chief=True))

    def _is_about(self, symbol: str) -> bool:
        return symbol == self.guilt.symbol or self.guilt.crime == INSIDER_TRADING

    def _judge(self, tick: Tick) -> None:
        for account in self.guilt.accounts:
            found = verify(self.guilt.crime, self.evidence, account, frozenset())
            if found.confidence >= THRESHOLDS.convict:
                self.tick = tick
                return


class FullRecords:
    """Those of all that is guilty on a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        office = stage.world.by_name["sec"]
        assert isinstance(office, SecEngine)
        self.office = office
        self.by_part: dict[int, FullRecord] = {}
        self.before: Mapping[str, QuoteSeen] = {}  # the companies at the end of the last tick

    def note(self) -> None:
        """Take in the stage's last tick, for what is not proven yet."""
        tick, quotes = self.stage.world.tick, self.office.surveillance.quotes
        for number, part in enumerate(self.stage.parts):
            if part.guilt is None:
                continue
            record = self.by_part.get(number)
            if record is None:
                record = self.by_part[number] = FullRecord(part.guilt)
                if part.guilt.symbol in self.before:
                    record.note_price(self.before[part.guilt.symbol], tick - 1)
            if record.tick is None:
                record.note_price(quotes[part.guilt.symbol], tick)
                self._note(record, [id for actor in part.actors for id in actor.ids])
        self.before = quotes

    def _note(self, record: FullRecord, accounts: list[int]) -> None:
        world, symbol = self.stage.world, record.guilt.symbol
        tick, near = world.tick, [*accounts]
        chief = world.registry.ceos.get(symbol)
        if chief is not None:
            record.head(chief, symbol, tick)
            near.append(chief)
        for one, other in combinations(near, 2):
            if one != other and world.registry.linked(one, other):
                record.link(one, other, tick)
        log = world.market.log
        record.add(
            tick,
            [order_seen(order) for order in log.orders.values() if order.account.id in near],
            log.trades,
            [rumor for rumor in self.office.records.rumors if rumor.tick == tick],
            self.office.surveillance.events,
        )
