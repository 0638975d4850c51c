"""The floor: the shell around the machine. Claim the tick, take the inbox, advance, write, commit, publish.

One transaction a tick: all of it happens, or none. Whatever goes wrong, the floor forgets its machine and restores it
from the record; an input that makes a tick fail is found, set aside, and answered by the next try.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from agents.engine.inputs import Input
from agents.services import journal
from market import models, tape
from market.engine.values import Tick
from market.services import record
from wallstreetsim import checkpoints
from wallstreetsim.rules import RULES, Rules
from wallstreetsim.telling import entries
from wallstreetsim.world import REGISTER, WAKING, InputFailed, Outcome, World

log = logging.getLogger(__name__)

TICK_LOCK = 0x57_53_53  # the advisory lock of the tick, held for its transaction
SHORTEST_INTERVAL = 0.75  # of TICK_SECONDS between two claims: two beats fire, one tick runs
EQUITY_POINT_TICKS = 50
REPLAY_SECONDS = 2.0  # a checkpoint is written before replaying from the last one would take longer
TRIES = 20  # inputs set aside in one call before the floor gives up until the next beat


@dataclass(slots=True)
class Committed:
    """One committed tick, as it is published."""

    epoch: int
    outcome: Outcome
    public: tape.Entry
    seconds: dict[str, float] = field(default_factory=dict)  # by step
    late_by: float = 0.0


class Stopwatch:
    """Seconds by step, each from the end of the one before."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = perf_counter()

    def __call__(self, step: str) -> None:
        now = perf_counter()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._last
        self._last = now


class Floor:
    """The one writer of the world. Holds the machine between ticks."""

    def __init__(
        self, rules: Rules = RULES, publish: Callable[[Committed], None] = lambda committed: None
    ) -> None:
        self.rules = rules
        self.publish = publish
        self.world: World | None = None
        self.epoch = 0
        self.replay_seconds = 0.0
        self.failed_tick: Tick | None = None
        self.was_elsewhere = False

    def tick(self) -> Committed | None:
        """Run the tick that is due and publish it; None when another floor has it, it is too early, or time is stopped.

        Raises what the database raises when it is away: the next beat tries again.
        """
        for _ in range(TRIES):
            try:
                committed = self._commit_tick()
            except InputFailed as failed:
                log.exception("input %s made the machine fail; setting it aside", failed.input.id)
                self._set_aside(failed.input.id)
            except (OperationalError, InterfaceError, checkpoints.CannotRestore):
                self.forget()
                raise
            except Exception:
                self._recover_from_failure()
            else:
                if committed:
                    self.failed_tick = None
                    self.publish(committed)
                return committed
        raise RuntimeError(f"the tick failed {TRIES} times over")

    def checkpoint(self) -> None:
        """Write the machine's state, if it holds one that the record knows: the clean shutdown."""
        if self.world is None:
            return
        with transaction.atomic(), connection.cursor() as cursor:
            row = _claimed_row(cursor, self.world.tick)
            if row is not None and row.digest == self.world.digest:
                checkpoints.write(self.world, epoch=row.epoch)
                log.info("checkpoint written at tick %d", self.world.tick)

    def forget(self) -> None:
        self.world = None

    # One try

    def _commit_tick(self) -> Committed | None:
        watch = Stopwatch()
        with transaction.atomic():
            with connection.cursor() as cursor:
                row = claim(cursor)
                if row is None:
                    self._note_elsewhere()
                    return None
                watch("claim")
                committed = self._run(cursor, row, watch)
        watch("commit")
        self.was_elsewhere = False
        committed.seconds = watch.seconds
        return committed

    def _run(self, cursor: CursorWrapper, row: models.World, watch: Stopwatch) -> Committed:
        world = self._machine(row)
        watch("restore")
        arrivals, inputs = journal.take_inputs(cursor)
        watch("take")
        started = perf_counter()
        self.world = None  # spoilt until the tick is written
        with garbage_collection_paused():
            outcome = world.advance(inputs, watch)
            self.replay_seconds += perf_counter() - started
            assert row.claimed_at is not None
            public = write_outcome(
                cursor, world, outcome, arrivals, row.epoch, row.claimed_at, watch
            )
            if outcome.tick % checkpoints.EVERY_TICKS == 0 or self.replay_seconds > REPLAY_SECONDS:
                checkpoints.write(world, epoch=row.epoch)
                self.replay_seconds = 0.0
                watch("checkpoint")
        self.world = world
        return Committed(row.epoch, outcome, public)

    def _machine(self, row: models.World) -> World:
        """Return the machine as the record knows it, from memory or restored."""
        world = self.world
        if world is None or (world.tick, world.digest, self.epoch) != (
            row.tick,
            row.digest,
            row.epoch,
        ):
            world = checkpoints.restore(row, self.rules)
            self.replay_seconds = 0.0
            gc.collect()
            gc.freeze()
        self.epoch = row.epoch
        return world

    def _note_elsewhere(self) -> None:
        if not self.was_elsewhere:
            log.info(
                "no tick is due here: another floor has it, it is too early, or the world is paused"
            )
        self.was_elsewhere = True

    # When a tick fails

    def _set_aside(self, input_id: str) -> None:
        self.forget()
        journal.quarantine(input_id)

    def _recover_from_failure(self) -> None:
        """Forget the machine; when the same tick has failed before, find the input that does it and set it aside."""
        self.forget()
        row = models.World.objects.get()
        log.exception("tick %d failed", row.tick + 1)
        if self.failed_tick != row.tick + 1:
            self.failed_tick = row.tick + 1
            return
        culprit = self._find_culprit(row)
        if culprit is None:
            raise
        log.error("input %s makes tick %d fail; setting it aside", culprit, row.tick + 1)
        self._set_aside(culprit)

    def _find_culprit(self, row: models.World) -> str | None:
        """Bisect the waiting inputs for the first that makes the tick fail; None when it fails without any."""
        with connection.cursor() as cursor:
            arrivals, inputs = journal.take_inputs(cursor)
        if self._fails(row, arrivals[:0], inputs[:0]) or not self._fails(row, arrivals, inputs):
            return None
        good, bad = 0, len(inputs)  # prefixes of these lengths succeed and fail
        while bad - good > 1:
            middle = (good + bad) // 2
            if self._fails(row, arrivals[:middle], inputs[:middle]):
                bad = middle
            else:
                good = middle
        return inputs[bad - 1].id

    def _fails(self, row: models.World, arrivals: list[int], inputs: list[Input]) -> bool:
        """Say whether the next tick fails with just these inputs; nothing of the trial stays."""
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                world = checkpoints.restore(row, self.rules)
                outcome = world.advance(inputs)
                at = datetime.now().astimezone()
                write_outcome(cursor, world, outcome, arrivals, row.epoch, at, Stopwatch())
                transaction.set_rollback(True)
        except (OperationalError, InterfaceError):
            raise
        except (DatabaseError, Exception):
            return True
        return False


def claim(cursor: CursorWrapper) -> models.World | None:
    """Claim the next tick for this transaction and return World as it stands; None when no tick is due here."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TICK_LOCK])
    if not cursor.fetchone()[0]:
        return None
    cursor.execute(
        "UPDATE market_world SET claimed_at = clock_timestamp() WHERE id = 1"
        " AND (claimed_at IS NULL OR claimed_at <= clock_timestamp() - make_interval(secs => %s))"
        " AND (NOT is_paused OR steps_left > 0 OR EXISTS ("
        "   SELECT 1 FROM agents_input WHERE tick IS NULL AND account IS NULL AND type = ANY(%s)))",
        [settings.TICK_SECONDS * SHORTEST_INTERVAL, list(WAKING)],
    )
    return models.World.objects.get() if cursor.rowcount else None


def write_outcome(
    cursor: CursorWrapper,
    world: World,
    outcome: Outcome,
    arrivals: list[int],
    epoch: int,
    at: datetime,
    watch: Callable[[str], None],
) -> tape.Entry:
    """Write everything a tick decided, and return its public entry."""
    tick, market = outcome.tick, outcome.market
    opened = [
        world.market.accounts[r.account]
        for r in outcome.results
        if r.type == REGISTER and r.account
    ]
    record.insert_accounts(cursor, tick, (a for a in opened if a is not None))
    verdicts = (result.verdict for result in outcome.results)
    journal.write_verdicts(cursor, tick, zip(arrivals, verdicts, strict=True))
    watch("write inputs")
    record.insert_orders(cursor, market.orders)
    record.update_orders(cursor, market.orders)
    watch("write orders")
    record.insert_trades(cursor, market.trades)
    record.insert_entries(cursor, market.entries)
    watch("write trades")
    record.update_accounts(cursor, market.accounts)
    journal.write_members(cursor, outcome.members)
    record.upsert_holdings(cursor, market.holdings)
    watch("write balances")
    record.update_companies(cursor, market.companies)
    record.insert_candles(cursor, market.candles)
    if tick % EQUITY_POINT_TICKS == 0:
        record.insert_equity_points(cursor, tick, market.accounts)
    watch("write prices")
    told = list(entries(world, outcome, epoch=epoch, at=at))
    watch("encode tape")
    tape.write(cursor, told)
    watch("write tape")
    _write_world(world, outcome)
    return told[0]


def _write_world(world: World, outcome: Outcome) -> None:
    macro = world.market.macro
    models.World.objects.update(
        tick=outcome.tick,
        digest=outcome.digest,
        is_paused=outcome.is_paused,
        steps_left=outcome.steps_left,
        is_open=outcome.moment.is_open,
        regime=outcome.regime,
        interest_bps=macro.interest_bps,
        inflation_bps=macro.inflation_bps,
        gdp_growth_bps=macro.gdp_growth_bps,
        index=outcome.market.index,
        dollar_volume_day=outcome.market.dollar_volume_day,
    )


def _claimed_row(cursor: CursorWrapper, tick: Tick) -> models.World | None:
    """Return World, locked against other floors, if it stands at `tick`."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TICK_LOCK])
    if not cursor.fetchone()[0]:
        return None
    return models.World.objects.filter(tick=tick).first()


@contextmanager
def garbage_collection_paused() -> Iterator[None]:
    """Hold the collector back: a tick makes many objects and no cycles to speak of."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
