"""Write what a tick decided into every app's record, in a fixed number of statements."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from django.db.backends.utils import CursorWrapper

from agents.services import journal
from market import models, tape
from market.common.bulk import Write, send
from market.engine.outcome import MarketOutcome, Trade
from market.services import record
from wallstreetsim.floor.app_parts import RECORD, parts
from wallstreetsim.floor.book_changes import Books
from wallstreetsim.floor.tape_events import entries
from wallstreetsim.machine.world import ENGINE_VERSION, Outcome, World
from webhooks.services import claims

PARTS = 3  # in which what the inputs do is written while they are performed
TAPE_PARTS = 2  # in which the tape is: PostgreSQL files one while the next is told

SWITCH_SECONDS = 0.0005  # the sender wants Python seldom and briefly, and PostgreSQL waits for it

T = TypeVar("T")


class PipelinedWriter:
    """Writes in order: one thread encodes the next write while another waits for PostgreSQL.

    Nobody else may use the cursor's connection before the last write in hand is sent. A block that
    fails sends no more, and ends when nothing is under way.
    """

    def __init__(self, cursor: CursorWrapper) -> None:
        self._cursor = cursor
        self._under_way: list[tuple[str, Future[None]]] = []
        self._encoder, self._sender = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._trades_written = 0
        self._has_failed = False

    def __enter__(self) -> PipelinedWriter:
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
        return self

    def __exit__(self, *error: object) -> None:
        sys.setswitchinterval(self._interval)
        for thread in (self._encoder, self._sender):
            thread.shutdown(cancel_futures=True)

    def encode(self, act: Callable[[], T]) -> Future[T]:
        """Have something encoded after all that is to be encoded so far."""
        return self._encoder.submit(act)

    def write(self, step: str, encode: Callable[[], Write]) -> None:
        """Have a write encoded, and sent after all that is to be sent so far."""
        encoded = self.encode(encode)
        self._under_way.append((step, self._sender.submit(self._send, encoded)))

    def write_trades(self, trades: list[Trade]) -> None:
        """Write those of a tick's trades so far that have not been written yet."""
        new = trades[self._trades_written :]
        self._trades_written = len(trades)
        self.write("write trades", partial(record.insert_trades, new))

    def await_writes(self, watch: Callable[[str], None]) -> None:
        """Wait until everything is written; raise what kept the first of it from being so."""
        for step, write in self._under_way:
            write.result()
            watch(step)

    def _send(self, write: Future[Write]) -> None:
        if self._has_failed:
            raise CancelledError
        try:
            send(self._cursor, write.result())
        except BaseException:
            self._has_failed = True
            raise


class EarlyWriter:
    """Writes, before a tick ends, what of it is final already: that its inputs wait no more;
    time and again, the trades so far and the orders that have ended; the verdicts. So PostgreSQL is
    at work while the machine is.

    `arrivals` are the numbers of the inputs it takes, in their order.
    """

    def __init__(
        self,
        writer: PipelinedWriter,
        world: World,
        arrivals: list[int],
        watch: Callable[[str], None],
    ) -> None:
        self._writer, self._world, self._watch = writer, world, watch
        self._arrivals, self._parts_written = arrivals, 0
        writer.write("write inputs", partial(journal.strike_off, arrivals))

    def __call__(self, step: str) -> None:
        self._watch(step)
        if step == "inputs":
            while self._parts_written < self._parts_done():
                self._parts_written += 1
                self._write_part()
        elif step == "auctions":
            self._write_part()
            verdicts = (result.verdict for result in self._world.results)
            numbered = zip(self._arrivals, verdicts, strict=True)
            write = partial(journal.write_verdicts, self._world.tick, numbered)
            self._writer.write("write inputs", write)

    def _write_part(self) -> None:
        log = self._world.market.log
        self._writer.write_trades(log.trades)
        orders = log.report_closed()
        self._writer.write("write orders", partial(record.insert_orders, orders))

    def _parts_done(self) -> int:
        """Return how many parts are to be written by now: the last one is, after the auctions."""
        inputs = len(self._arrivals)
        done = PARTS * len(self._world.results) // inputs if inputs else PARTS
        return min(done, PARTS - 1)


def write_outcome(
    writer: PipelinedWriter,
    world: World,
    outcome: Outcome,
    books_before: Books,
    *,
    epoch: int,
    at: datetime,
    watch: Callable[[str], None],
) -> tape.Entry:
    """Write what a tick decided and its early writer has not written, and return its public entry.

    `books_before` are the books as the last tick left them.
    """
    _write_rows(writer, outcome, orders_written=world.market.log.final)
    told = entries(world, outcome, books_before, epoch=epoch, at=at)
    public = writer.encode(lambda: next(told))
    writer.write("write tape", lambda: tape.append([public.result()]))
    part = -(-len(outcome.told) // TAPE_PARTS)
    for _ in range(TAPE_PARTS):
        writer.write("write tape", lambda: tape.append(islice(told, part)))
    writer.write("write webhooks", partial(claims.mark_due, outcome.tick, epoch=epoch, at=at))
    writer.await_writes(watch)
    write_world(world, outcome.market)
    return public.result()


def _write_rows(
    writer: PipelinedWriter, outcome: Outcome, *, orders_written: Container[int]
) -> None:
    market = outcome.market
    writer.write_trades(market.trades)
    rest = partial(record.insert_orders, market.orders, written=orders_written)
    writer.write("write orders", rest)
    writer.write("write orders", partial(record.update_orders, market.orders))
    for app, part in parts(RECORD):
        for step, encode in part.writes(outcome.tick, outcome.reports[app]):
            writer.write(step, encode)


def write_world(world: World, market: MarketOutcome) -> None:
    """Bring the world's one row up to date."""
    macro = world.market.macro
    models.World.objects.update(
        tick=world.tick,
        digest=world.digest,
        engine_version=ENGINE_VERSION,
        is_paused=world.is_paused,
        steps_left=world.steps_left,
        is_open=market.is_open,
        regime=world.market.regime,
        interest_bps=macro.interest_bps,
        inflation_bps=macro.inflation_bps,
        gdp_growth_bps=macro.gdp_growth_bps,
        index=market.index,
        previous_close_index=market.previous_close_index,
        active_events=market.active_events,
        dollar_volume_day=market.dollar_volume_day,
    )
