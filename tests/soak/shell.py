"""What the floor and its record do, in memory: an inbox by arrival, a journal, checkpoints as the
database has them, and a machine that may be lost at any time.

Every tick is also performed by a twin, which learns of nothing but the journal and never suffers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random
from typing import NamedTuple

import orjson

from agents.engine.inputs import Input
from market.engine.values import Tick
from tests.engine.shadow import Shadow
from wallstreetsim.floor import checkpoints
from wallstreetsim.machine.rules import Rules
from wallstreetsim.machine.world import InputFailed, Outcome, World

KEPT = 3  # checkpoints
STEPS_OF_A_TICK = 13  # that a machine says it has done
COMPARED_EVERY = 16  # ticks: the whole state, byte by byte
MISFORTUNE = 0.1  # of ticks
KEEPING = 0.2  # of ticks, after which there is a checkpoint
WRITING_AHEAD = 0.5  # of the steps of a tick
FORGETTING = 0.5  # of ticks, after which what they noted is let go


class Row(NamedTuple):
    """An input as the journal has it."""

    id: str
    type: str
    parameters: bytes
    account: int | None
    is_quarantined: bool = False

    def read(self) -> Input:
        parameters = orjson.loads(self.parameters)
        return Input(self.id, self.type, parameters, self.account, self.is_quarantined)


class Killed(Exception):
    """The process that ran the tick is no more."""


class Shell:
    """One world in its record, with a floor that is killed, misled and replaced."""

    def __init__(self, world: World, rules: Rules, shadow: Shadow, random: Random) -> None:
        self.rules, self.shadow, self.random = rules, shadow, random
        self.arrived: set[str] = set()  # ids; a key of the table, so nothing arrives twice
        self.numbered = 0
        self.waiting: dict[int, Row] = {}  # committed, by arrival
        self.uncommitted: dict[int, Row] = {}  # numbered, for the tick after next
        self.seen: Counter[str] = Counter()
        self.begin(world)

    def begin(self, world: World) -> None:
        """Begin the record with this state, to which nothing before it leads."""
        self.world, self.record_begins = world, world.tick
        self.idle: World | None = None  # another floor's machine, some ticks behind
        self.journal: list[list[Row]] = []
        self.kept = [checkpoints.packed(world, epoch=1)]
        with self.shadow.looking_away():
            self.twin = self._newest_kept()

    # The inbox

    def send(self, inputs: Iterable[Input]) -> None:
        """Let inputs arrive: in any order, some again, some too late for the next tick."""
        sent = [Row(i.id, i.type, _as_jsonb(i.parameters), i.account) for i in inputs]
        if self.random.random() < 0.3:
            self.random.shuffle(sent)
        is_slow = self.random.random() < 0.2  # somebody's transaction
        for row in sent:
            late = is_slow and self.random.random() < 0.5
            self._arrive(row, late=late)
            if self.random.random() < 0.1:
                self._arrive(row, late=False)
        if self.journal and self.random.random() < 0.2:
            for row in self.random.choice(self.journal[-3:]):  # as performed already
                self._arrive(row._replace(is_quarantined=False), late=False)

    def _arrive(self, row: Row, *, late: bool) -> None:
        self.numbered += 1
        if row.id in self.arrived:
            self.seen["doubled inputs"] += 1
            return
        self.arrived.add(row.id)
        self.seen["late inputs"] += late
        (self.uncommitted if late else self.waiting)[self.numbered] = row

    # The tick

    def tick(self) -> Outcome:
        """Run a tick to its commit, whatever it takes, and return what it decided."""
        if self.random.random() < MISFORTUNE:
            self.random.choice((self.kill, self.kill, self.damage, self.replace, self.look_idle))()
        outcome = self._commit()
        if self.random.random() < FORGETTING:
            self.world.forget_tick()
        if self.random.random() < KEEPING:
            self.kept = [*self.kept[1 - KEPT :], checkpoints.packed(self.world, epoch=1)]
        if self.random.random() < MISFORTUNE / 3:
            self.seen["kills after a commit"] += 1
            self.restore()
        return outcome

    def _commit(self) -> Outcome:
        taken = dict(sorted(self.waiting.items()))
        while True:
            try:
                inputs = [row.read() for row in taken.values()]
                outcome = self.world.advance(inputs, self._write_ahead)
            except InputFailed as failed:
                if isinstance(failed.__cause__, AssertionError):
                    raise
                taken = {
                    number: row._replace(
                        is_quarantined=row.is_quarantined or row.id == failed.input.id
                    )
                    for number, row in taken.items()
                }
                self.seen["inputs set aside"] += 1
                self.restore()
            else:
                break
        self.journal.append([*taken.values()])
        self.waiting, self.uncommitted = self.uncommitted, {}
        self._compare(outcome)
        return outcome

    def _write_ahead(self, step: str) -> None:
        """Ask, as a floor does, for what may be written before the tick ends."""
        if self.random.random() < WRITING_AHEAD:
            self.world.market.log.report_closed()

    def _compare(self, outcome: Outcome) -> None:
        with self.shadow.looking_away():
            undisturbed = self.twin.advance([row.read() for row in self.journal[-1]])
        assert undisturbed == outcome
        assert (self.twin.tick, self.twin.digest) == (self.world.tick, self.world.digest)
        if self.world.tick % COMPARED_EVERY == 0:
            self.compare_whole()

    def compare_whole(self) -> None:
        """Assert that the machine knows exactly what its twin does."""
        assert orjson.dumps(self.world.dump()) == orjson.dumps(self.twin.dump())

    # What befalls the floor

    def kill(self) -> None:
        """Kill it somewhere in the tick; another takes over."""
        left = self.random.randrange(STEPS_OF_A_TICK)

        def die(step: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            self._write_ahead(step)

        inputs = [row.read() for _, row in sorted(self.waiting.items())]
        with self.shadow.looking_away():
            try:
                self.world.advance(inputs, die)
            except (Killed, InputFailed):
                self.seen["kills in a tick"] += 1
            else:
                self.seen["kills before a commit"] += 1
        self.restore()

    def damage(self) -> None:
        """Let the newest checkpoint be damaged, and the floor be killed; the one before serves."""
        if len(self.kept) < 2:
            return
        self.seen["damaged checkpoints"] += 1
        state = bytes(self.kept[-1].state)
        self.kept[-1].state = self.random.choice(
            (b"", bytes(len(state)), state[:-1], state[:-1] + b"\0\0")
        )
        self.restore()
        del self.kept[-1]

    def replace(self) -> None:
        """Let a floor that has been idle for some ticks catch up and take over."""
        if self.idle is not None:
            self.seen["handovers"] += 1
            with self.shadow.looking_away():
                self._catch_up(self.idle)
            self._go_on_with(self.idle)
            self.idle = None

    def look_idle(self) -> None:
        """Let another floor restore the world and wait."""
        with self.shadow.looking_away():
            self.idle = self._newest_kept()

    def restore(self) -> None:
        """Forget the machine, and take it from the record."""
        with self.shadow.looking_away():
            world = self._newest_kept()
            self._catch_up(world)
        self.seen["restores"] += 1
        self._go_on_with(world)

    def _newest_kept(self) -> World:
        restored = checkpoints.first_sound(reversed(self.kept), self.rules)
        assert restored is not None
        return restored[1]

    def _catch_up(self, world: World) -> None:
        for rows in self._since(world.tick):
            world.advance([row.read() for row in rows])
            self.seen["replayed ticks"] += 1

    def _go_on_with(self, world: World) -> None:
        assert (world.tick, world.digest) == (self.twin.tick, self.twin.digest)
        self.world = world
        self.shadow.adopt(world.market)

    def _since(self, tick: Tick) -> Iterator[list[Row]]:
        yield from self.journal[tick - self.record_begins :]


def _as_jsonb(parameters: dict[str, object]) -> bytes:
    """Return parameters as PostgreSQL keeps them: its keys by length, then by their bytes."""
    return orjson.dumps(dict(sorted(parameters.items(), key=lambda item: (len(item[0]), item[0]))))
