"""The floor: the shell around the machine. Claim, take the inbox, advance, write, commit, publish.

One transaction a tick: all of it happens, or none. Whatever goes wrong, the floor forgets its
machine and takes it from the record again; an input that makes a tick fail is found, set aside, and
answered by the next try.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from agents.engine.inputs import Input
from agents.services import journal
from market import models, tape
from market.engine.engine import InvariantBroken
from market.engine.values import Tick
from wallstreetsim.floor import book_changes, checkpoints
from wallstreetsim.floor.checkpoints import CannotRestore
from wallstreetsim.floor.recording import EarlyWriter, PipelinedWriter, write_outcome
from wallstreetsim.machine import gc_control
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import ENGINE_VERSION, WAKING, InputFailed, Outcome, World

log = logging.getLogger(__name__)

TICK_LOCK = 0x57_53_53  # the advisory lock of the tick, held for its transaction
SHORTEST_INTERVAL = 0.75  # of TICK_SECONDS between two claims: two beats fire, one tick runs
REPLAY_SECONDS = 2.0  # a checkpoint is written before replaying from the last one would take longer
TRIES = 20  # of one tick, each with one more input set aside, before the floor awaits the next beat

Publish = Callable[["Committed"], None]


@dataclass(slots=True)
class Committed:
    """One committed tick, as it is published."""

    epoch: int
    outcome: Outcome
    public: tape.Entry
    seconds: dict[str, float] = field(default_factory=dict)  # by step
    late_by: float = 0.0  # seconds


class Stopwatch:
    """Seconds by step, each from the end of the one before."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = perf_counter()

    def __call__(self, step: str) -> None:
        now = perf_counter()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._last
        self._last = now


class Trouble:
    """A failure that lasts: logged when it begins or changes, and when it ends."""

    def __init__(self) -> None:
        self.said = ""

    def say(self, what: str, error: BaseException | None = None) -> None:
        if what != self.said:
            log.error(what, exc_info=error)
        self.said = what

    def end(self, instead: str) -> None:
        if self.said:
            log.info(instead)
        self.said = ""


class Floor:
    """The one writer of the world. Holds the machine between ticks."""

    def __init__(self, rules: Rules = RULES, publish: Publish = lambda committed: None) -> None:
        self.rules = rules
        self.publish = publish
        self.world: World | None = None  # as of a committed tick, or none
        self.epoch = 0
        self.replay_seconds = 0.0  # what replaying from the last checkpoint would take
        self.failed_tick: Tick | None = None
        self.was_idle = False
        self.standstill = Trouble()
        self.silence = Trouble()
        self.breach = Trouble()

    def tick(self, *, late_by: float = 0.0) -> Committed | None:
        """Run the tick that is due and publish it; None when none is due or it cannot be run.

        What keeps it from running is logged, once; the next beat tries again. `late_by` is in
        seconds, and only told.
        """
        with gc_control.collection_paused():
            committed = self._tick(late_by)
            gc_control.set_apart()
        return committed

    def _tick(self, late_by: float) -> Committed | None:
        try:
            committed = self._commit_tick_without_culprits()
        except (OperationalError, InterfaceError) as error:
            self._lose_database(error)
            return None
        except CannotRestore as refusal:
            self.forget()
            self.standstill.say(f"the floor refuses to run: {refusal}")
            return None
        if committed is not None:
            committed.late_by = late_by
            self._follow_up(committed)
        return committed

    def prepare(self) -> None:
        """Take the machine from the record, so that the first tick does not wait for it. Raises
        CannotRestore.
        """
        for _ in range(2):  # the second time only what was ticked meanwhile
            row = models.World.objects.first()
            if row is not None:
                self.world = self._machine(row)

    def rest(self) -> None:
        """Do what can wait until a tick is published, and must be done before the next: free what
        it noted; now and then keep the machine and settle its memory.
        """
        world = self.world
        if world is None:
            return
        world.forget_tick()
        is_round = world.tick % checkpoints.EVERY_TICKS == 0
        if is_round or self.replay_seconds > REPLAY_SECONDS:
            self.checkpoint()
        if is_round:
            gc_control.settle()

    def checkpoint(self) -> None:
        """Write where the world stands, restored if need be. A failure is only logged."""
        try:
            row = models.World.objects.first()
            if row is not None and not checkpoints.exists(row):
                self.world = self._machine(row)
                self.world.check(full=True)
                checkpoints.write(self.world, epoch=row.epoch)
        except InvariantBroken as breach:
            self.forget()
            self.breach.say(f"no checkpoint is written: {_first_line(breach)}")
        except Exception:
            log.exception("no checkpoint could be written")
        self.replay_seconds = 0.0

    def forget(self) -> None:
        self.world = None

    # The tick

    def _commit_tick(self) -> Committed | None:
        watch = Stopwatch()
        with connection.wrap_database_errors, transaction.atomic(), connection.cursor() as cursor:
            row = claim(cursor)
            if row is None:
                self._note_idleness()
                return None
            watch("claim")
            world = self._machine(row)
            watch("restore")
            arrivals, inputs = journal.take_inputs(cursor)
            watch("take")
            self.world = None  # spoilt until the tick is committed
            committed = self._run(cursor, row, world, arrivals, inputs, watch)
        watch("commit")
        self.world = world
        committed.seconds = watch.seconds
        return committed

    def _run(
        self,
        cursor: CursorWrapper,
        row: models.World,
        world: World,
        arrivals: list[int],
        inputs: list[Input],
        watch: Stopwatch,
    ) -> Committed:
        assert row.claimed_at is not None
        books_before = book_changes.standing(world)
        with PipelinedWriter(cursor) as writer:
            started = perf_counter()
            outcome = world.advance(inputs, EarlyWriter(writer, world, arrivals, watch))
            self.replay_seconds += perf_counter() - started
            world.check(full=world.tick % checkpoints.EVERY_TICKS == 0)
            watch("check")
            public = write_outcome(
                writer,
                world,
                outcome,
                books_before,
                epoch=row.epoch,
                at=row.claimed_at,
                watch=watch,
            )
        return Committed(row.epoch, outcome, public)

    def _machine(self, row: models.World) -> World:
        """Return the machine as the record has it: from memory, caught up, or restored."""
        world = self.world
        if world and self.epoch == row.epoch and row.tick - world.tick < checkpoints.EVERY_TICKS:
            try:
                checkpoints.catch_up(world, row)
                return world
            except CannotRestore as difference:
                log.warning("the machine in memory is not the record's: %s", difference)
        return self._restored(row)

    def _restored(self, row: models.World) -> World:
        self.forget()
        restored = checkpoints.load_latest(row, self.rules)
        if restored.engine_version != ENGINE_VERSION:  # from here on the world is this engine's
            checkpoints.write(restored.world, epoch=row.epoch)
        self.epoch, self.replay_seconds = row.epoch, restored.replay_seconds
        log.info("restored tick %d by a replay of %.2f s", row.tick, restored.replay_seconds)
        gc_control.settle()
        return restored.world

    def _note_idleness(self) -> None:
        if not self.was_idle:
            log.info(
                "no tick is due: another floor has it, it is too early, or the world is paused"
            )
        self.was_idle = True

    # After the commit

    def _follow_up(self, committed: Committed) -> None:
        """Publish a committed tick; a failure does not undo it."""
        tick = committed.outcome.tick
        self.failed_tick = None
        self.standstill.end(f"tick {tick} is committed: the world goes on")
        try:
            self.publish(committed)
        except Exception as error:
            self.silence.say("ticks cannot be published; readers find them on the tape", error)
        else:
            self.silence.end(f"tick {tick} is published: spectators hear of ticks again")

    # When a tick fails

    def _lose_database(self, error: Exception) -> None:
        """Forget the machine, for nobody knows what was committed, and drop the connection."""
        self.forget()
        self.standstill.say(f"the database failed: {_first_line(error)}")
        connection.close()

    def _commit_tick_without_culprits(self) -> Committed | None:
        """Commit the tick that is due; at each failed try, set aside the input that fails."""
        for _ in range(TRIES):
            try:
                return self._commit_tick()
            except (OperationalError, InterfaceError, CannotRestore):
                raise
            except InputFailed as failed:
                log.exception("input %s makes the machine fail; setting it aside", failed.input.id)
                self._set_aside(failed.input.id)
            except Exception as error:
                if not self._find_a_way_on(error):
                    return None
        log.error("the tick failed %d times over; the next beat goes on from there", TRIES)
        return None

    def _find_a_way_on(self, error: Exception) -> bool:
        """Say whether to try again at once: after a first failure, or without what fails."""
        self.forget()
        tick = models.World.objects.get().tick + 1
        if self.failed_tick != tick:
            self.failed_tick = tick
            if not isinstance(error, InvariantBroken):  # which is said once, if it stays
                log.warning("tick %d failed; trying it again", tick, exc_info=error)
            return True
        culprit = self._find_culprit()
        if culprit is None:
            self.standstill.say(f"tick {tick} fails whatever it takes: {_first_line(error)}")
            return False
        log.error("input %s makes tick %d fail; setting it aside", culprit, tick)
        self._set_aside(culprit)
        return True

    def _set_aside(self, input_id: str) -> None:
        self.forget()
        with transaction.atomic(), connection.cursor() as cursor:
            # Not while another floor runs a tick: it may be performing this very input.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TICK_LOCK])
            journal.quarantine(input_id)
        self.checkpoint()  # further tries start from here, without a replay

    def _find_culprit(self) -> str | None:
        """Bisect the inbox for the input with which the tick begins to fail, if one does it."""
        self.checkpoint()  # every trial starts from here, without a replay
        with connection.wrap_database_errors, transaction.atomic(), connection.cursor() as cursor:
            row = claim(cursor)
            if row is None:
                return None
            arrivals, inputs = journal.take_inputs(cursor)

            def fails(inputs: list[Input]) -> bool:
                return self._fails(cursor, row, arrivals[: len(inputs)], inputs)

            culprit = _culprit_of(inputs, fails)
            transaction.set_rollback(True)
        return culprit and culprit.id

    def _fails(
        self, cursor: CursorWrapper, row: models.World, arrivals: list[int], inputs: list[Input]
    ) -> bool:
        """Say whether the claimed tick fails with just these inputs; nothing of the trial stays."""
        try:
            with transaction.atomic():
                world = checkpoints.load_latest(row, self.rules).world
                self._run(cursor, row, world, arrivals, inputs, Stopwatch())
                connection.check_constraints()  # as a commit would
                transaction.set_rollback(True)
        except (OperationalError, InterfaceError, CannotRestore):
            raise
        except Exception:
            return True
        return False


def claim(cursor: CursorWrapper) -> models.World | None:
    """Claim the next tick for this transaction and return World, or None when no tick is due here.

    A claim in the future, from before the clock was set back, holds nobody up.
    """
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TICK_LOCK])
    if not cursor.fetchone()[0]:
        return None
    cursor.execute(
        "UPDATE market_world SET claimed_at = clock_timestamp() WHERE id = 1"
        " AND (claimed_at IS NULL OR claimed_at NOT BETWEEN"
        "   clock_timestamp() - make_interval(secs => %s) AND clock_timestamp())"
        f" AND ({models.World.RUNS_TICKS} OR EXISTS ("
        "   SELECT 1 FROM agents_waiting JOIN agents_input input ON input.id = input_id"
        "   WHERE agents_waiting.account IS NULL AND type = ANY(%s)))",
        [settings.TICK_SECONDS * SHORTEST_INTERVAL, list(WAKING)],
    )
    return models.World.objects.get() if cursor.rowcount else None


def _culprit_of(inputs: list[Input], fails: Callable[[list[Input]], bool]) -> Input | None:
    """Return the first input with which a tick over them fails, and without whose effect it passes.

    None when it fails without any input, or passes after all: a passing fault blames nobody.
    """
    if fails([]) or not fails(inputs):
        return None
    shortest = bisect_left(range(len(inputs)), True, lo=1, key=lambda count: fails(inputs[:count]))
    *before, culprit = inputs[:shortest]
    set_aside = culprit._replace(is_quarantined=True)
    if fails([*before, set_aside]) or not fails([*before, culprit]):
        return None
    return culprit


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
