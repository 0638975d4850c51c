"""Message and book files in LOBSTER's format, one pair a company and trading day.

The messages are what leads from a tick's book to the next: its executions in their order, then what
was cancelled, then what came to rest. A row of the book file is the book after the message of the
same row. Source: lobsterdata.com, "Output".
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from market.engine.orders import Company
from market.engine.outcome import Trade
from market.engine.values import BUY, Cents, Shares
from wallstreetsim.machine.world import Outcome, World

SUBMITTED, REDUCED, DELETED, EXECUTED, CROSSED, HALTED = 1, 2, 3, 4, 6, 7
LEVELS = 10
FIRST_DAY = date(2000, 1, 3)
OPENING, TICK = 34_200, 60  # seconds after midnight, and of a tick
NO_ASK, NO_BID = 9_999_999_999, -9_999_999_999  # the prices of a level that there is not
OPEN_TICKS = 390
NOBODY = -1  # the order of a cross trade or a halt
DICTIONARY = "data-dictionary.md"


class Resting(NamedTuple):
    """An order in the book; `direction` is 1 of a bid, -1 of an ask."""

    direction: int
    price: Cents
    shares: Shares


class Message(NamedTuple):
    type: int
    order: int
    shares: Shares
    price: int  # ten-thousandths of a dollar, as in all of LOBSTER's files
    direction: int


class DayFiles:
    """One company's two files of a day."""

    def __init__(self, stack: ExitStack, directory: Path, symbol: str, day: int) -> None:
        start, end = 1_000 * OPENING, 1_000 * (OPENING + OPEN_TICKS * TICK)
        name = f"{symbol}_{FIRST_DAY + timedelta(days=day)}_{start}_{end}"
        paths = [directory / f"{name}_{kind}_{LEVELS}.csv" for kind in ("message", "orderbook")]
        messages, books = [stack.enter_context(path.open("w", newline="")) for path in paths]
        self.messages, self.books = csv.writer(messages), csv.writer(books)


class LobsterWriter:
    """Writes the files as the ticks pass. To be closed."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.day = -1
        self.files: dict[str, DayFiles] = {}
        self.books: dict[str, BookReplica] = defaultdict(BookReplica)
        self._open = ExitStack()
        (directory / DICTIONARY).write_text(dictionary())

    def look(self, world: World, outcome: Outcome) -> None:
        """Write what a tick did to the books."""
        moment = outcome.moment
        if self.day != moment.trading_day:
            self._open.close()
            self.files.clear()
            self.day = moment.trading_day
        numbers = {order.id: order.number for order in outcome.market.orders}
        trades: dict[str, list[Trade]] = defaultdict(list)
        for trade in outcome.market.trades:
            trades[trade.symbol].append(trade)
        for symbol, company in world.market.companies.items():
            replica = self.books[symbol]
            rows = list(replica.follow(company, trades[symbol], numbers))
            if rows:
                self._write(symbol, moment.trading_day, moment.tick_in_day, rows)

    def close(self) -> None:
        self._open.close()

    def _write(
        self, symbol: str, day: int, tick: int, rows: list[tuple[Message, list[int]]]
    ) -> None:
        files = self.files.get(symbol)
        if files is None:
            files = self.files[symbol] = DayFiles(self._open, self.directory, symbol, day)
        for place, (message, book) in enumerate(rows):
            at = OPENING + TICK * (tick + place / len(rows))
            files.messages.writerow([f"{at:.9f}", *message])
            files.books.writerow(book)


class BookReplica:
    """A company's book, kept by the messages alone."""

    def __init__(self) -> None:
        self.orders: dict[int, Resting] = {}
        self.depth: dict[int, dict[Cents, Shares]] = {1: {}, -1: {}}  # by direction and price
        self.is_trading = True

    def follow(
        self, company: Company, trades: list[Trade], numbers: Mapping[str, int]
    ) -> Iterator[tuple[Message, list[int]]]:
        """Yield the messages that lead to the company's book, each with the book after it."""
        after = {order.number: resting for order, resting in _resting(company)}
        if company.is_trading and not self.is_trading:
            yield self._row(Message(HALTED, NOBODY, 0, 1, -1))
        yield from self._executions(trades, numbers, after)
        for number, was in list(self.orders.items()):
            now = after.get(number)
            if now is None or now[:2] != was[:2] or now.shares > was.shares:
                yield self._changed(DELETED, number, was.shares)
            elif now.shares < was.shares:
                yield self._changed(REDUCED, number, was.shares - now.shares)
        for number in sorted(after.keys() - self.orders.keys()):
            yield self._submitted(number, after[number])
        if self.is_trading and not company.is_trading:
            yield self._row(Message(HALTED, NOBODY, 0, -1, -1))
        self.is_trading = company.is_trading
        assert self.orders == after, company.symbol

    def _executions(
        self, trades: list[Trade], numbers: Mapping[str, int], after: Mapping[int, Resting]
    ) -> Iterator[tuple[Message, list[int]]]:
        to_trade: dict[int, Shares] = defaultdict(int)  # of each order, from here on
        for trade in trades:
            for order in (trade.buy_order, trade.sell_order):
                to_trade[numbers[order]] += trade.quantity
        for trade in trades:
            sides = {1: numbers[trade.buy_order], -1: numbers[trade.sell_order]}
            if trade.aggressor is None:
                for number in sides.values():
                    if number in self.orders:
                        self._take(number, trade.quantity)
                price = 100 * trade.price
                yield self._row(Message(CROSSED, NOBODY, trade.quantity, price, 1))
            else:
                direction = -1 if trade.aggressor == BUY.name else 1
                maker, taker = sides[direction], sides[-direction]
                if taker in self.orders:  # it was replaced, and trades at once
                    yield self._changed(DELETED, taker, self.orders[taker].shares)
                yield from self._brought_to(maker, direction, trade, after, to_trade)
                yield self._changed(EXECUTED, maker, trade.quantity)
            for number in sides.values():
                to_trade[number] -= trade.quantity

    def _brought_to(
        self,
        maker: int,
        direction: int,
        trade: Trade,
        after: Mapping[int, Resting],
        to_trade: Mapping[int, Shares],
    ) -> Iterator[tuple[Message, list[int]]]:
        """Yield what must come before an execution: the maker rests at its price."""
        was = self.orders.get(maker)
        if was is not None and was.price == trade.price and was.shares >= trade.quantity:
            return
        if was is not None:
            yield self._changed(DELETED, maker, was.shares)
        left = after[maker].shares if maker in after else 0
        yield self._submitted(maker, Resting(direction, trade.price, left + to_trade[maker]))

    def _submitted(self, number: int, order: Resting) -> tuple[Message, list[int]]:
        self.orders[number] = order
        side = self.depth[order.direction]
        side[order.price] = side.get(order.price, 0) + order.shares
        return self._row(
            Message(SUBMITTED, number, order.shares, 100 * order.price, order.direction)
        )

    def _changed(self, type: int, number: int, shares: Shares) -> tuple[Message, list[int]]:
        order = self.orders[number]
        self._take(number, shares)
        return self._row(Message(type, number, shares, 100 * order.price, order.direction))

    def _take(self, number: int, shares: Shares) -> None:
        """Take shares off an order, as many as it has at most."""
        direction, price, has = self.orders[number]
        taken = min(shares, has)
        side = self.depth[direction]
        side[price] -= taken
        if not side[price]:
            del side[price]
        if taken == has:
            del self.orders[number]
        else:
            self.orders[number] = Resting(direction, price, has - taken)

    def _row(self, message: Message) -> tuple[Message, list[int]]:
        asks = sorted(self.depth[-1].items())[:LEVELS]
        bids = sorted(self.depth[1].items(), reverse=True)[:LEVELS]
        row: list[int] = []
        for level in range(LEVELS):
            for side, nothing in ((asks, NO_ASK), (bids, NO_BID)):
                price, shares = side[level] if level < len(side) else (0, 0)
                row += (100 * price, shares) if level < len(side) else (nothing, 0)
        return message, row


def _resting(company: Company) -> Iterator[tuple[Any, Resting]]:
    sides: Iterable[tuple[int, Any]] = ((1, company.book.bids), (-1, company.book.asks))
    for direction, side in sides:
        for order in side.orders():
            yield order, Resting(direction, order.price, order.quantity - order.filled)


_TYPES = {
    SUBMITTED: "an order rests",
    REDUCED: "part of it is cancelled",
    DELETED: "it is cancelled",
    EXECUTED: "it is executed",
    CROSSED: "an auction's trade",
    HALTED: "a halt",
}


def dictionary() -> str:
    """Return what the files' columns mean."""
    types = "; ".join(f"{type} {says}" for type, says in _TYPES.items())
    return f"""# Data dictionary

One pair of files a company and trading day, in the format of [LOBSTER](https://lobsterdata.com),
without a heading: `SYMBOL_DATE_START_END_message_{LEVELS}.csv` and `…_orderbook_{LEVELS}.csv`. Row
*n* of the one is the book after row *n* of the other. The dates count trading days from
{FIRST_DAY}; START and END are milliseconds after midnight.

## Message file

| column | what |
|---|---|
| time | seconds after midnight; a tick is a minute, its messages spread over it, tick 0 at 09:30 |
| type | {types} |
| order | the order's number in the world, {NOBODY} of an auction's trade or a halt |
| size | shares |
| price | dollars times 10,000; of a halt -1 when trading stops, 1 when it resumes |
| direction | 1 a resting buy, -1 a resting sell, whose execution is a buyer's trade |

There is no type 5: no order is hidden.

## Book file

Four columns a level, the best first, {LEVELS} levels: ask price, ask size, bid price, bid size, in
units as above. A level that is empty has size 0 and the price {NO_ASK} (ask) or {NO_BID} (bid).

## What differs from a real market's files

- The machine decides a tick as a whole. Within one, executions come in the order in which they
  happened, then cancellations, then what came to rest. An order that came and was executed within
  one tick is submitted just before.
- The market maker replaces its quotes every tick: most submissions and cancellations are its.
- An incoming order that trades at once appears as the executions of those that it met, as in
  LOBSTER.
"""
