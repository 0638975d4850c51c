"""A trading hall: a small world in the database, a floor that is never too early, and the cast."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection

from agents.engine.inputs import Input
from agents.models import Agent, Source
from agents.models import Input as InputRow
from agents.services.journal import journal
from market import models, tape
from market.engine.parameters import Parameters
from market.engine.rules import Macro, Switches
from tests.cast import act
from wallstreetsim.floor.audit import audit
from wallstreetsim.floor.founding import found_if_missing
from wallstreetsim.floor.shell import Committed, Floor
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import REGISTER, Outcome, World

SEED, COMPANIES = "a seed", 8

T = TypeVar("T")


class Hall:
    """The world founded, and the cast registered by its first tick."""

    def __init__(self, *cast: str, rules: Rules = RULES, switches: Switches | None = None) -> None:
        found_if_missing(seed=SEED, companies=COMPANIES, rules=rules, switches=switches)
        self.rules = rules
        self.floor = Floor(rules)
        self.agents = {
            name: Agent.objects.create(name=name, role="quant", webhook_secret="") for name in cast
        }
        self.submit(*(self.registration(name) for name in cast))
        self.tick()

    # Acting

    def send(self, script: str) -> list[InputRow]:
        """Put a script's acts into the inbox, as `tests.cast` reads them."""
        return self.submit(*(self.input(line) for line in script.splitlines() if line.strip()))

    def input(self, line: str) -> InputRow:
        name, type, parameters = act(line)
        return self.raw(name, type, parameters)

    def raw(self, name: str, type: str, parameters: Parameters) -> InputRow:
        return InputRow(
            account=self.agents[name].id, type=type, parameters=parameters, source=Source.API
        )

    def registration(self, name: str) -> InputRow:
        agent = self.agents[name]
        given = {"agent": str(agent.public_id), "name": name, "role": agent.role}
        return self.raw(name, REGISTER, given)

    def social(self, name: str, type: str, target: str, **parameters: object) -> str:
        """Run a tick in which an agent acts upon another, and return the verdict's code."""
        rows = self.submit(self.raw(name, type, {"target": target, **parameters}))
        self.tick()
        return self.codes(rows)[0]

    def operate(self, type: str, **parameters: object) -> InputRow:
        """Put an operator's act into the inbox."""
        [row] = self.submit(InputRow(type=type, parameters=parameters, source=Source.OPERATOR))
        return row

    def set_rates(self, macro: Macro) -> None:
        """Make the economy's rates these from the next tick on."""
        assert self.floor.world is not None
        self.floor.world.market.climate.macro = macro

    def submit(self, *inputs: InputRow) -> list[InputRow]:
        return InputRow.objects.bulk_create(inputs)

    def tick(self, script: str = "") -> Committed:
        """Run the tick that takes this script; there must be one."""
        self.send(script)
        committed = self.floor.tick()
        assert committed is not None
        self.floor.rest()
        return committed

    def restart(self) -> Floor:
        """Go on with a floor that knows nothing, as after a kill."""
        self.floor = Floor(self.rules)
        return self.floor

    # Looking

    @property
    def row(self) -> models.World:
        return models.World.objects.get()

    def codes(self, inputs: Iterable[InputRow]) -> list[str]:
        """Return the verdicts on these inputs, "" for one that waits."""
        codes = dict(InputRow.objects.values_list("id", "verdict__code"))
        return [codes[row.id] or "" for row in inputs]

    def told(self, name: str, *, type: str) -> list[dict[str, object]]:
        """Return the data of one agent's events of this type, oldest first."""
        stream = self.agents[name].id
        kept = tape.read(epoch=1, stream=stream, since=0, limit=1_000)
        return [
            data for entry in kept for e in entry.read() if e["type"] == type for data in e["data"]
        ]

    def audit(self) -> list[str]:
        """Return every difference that the audit finds."""
        checks = audit(self.rules).checks
        return [difference for check in checks for difference in check.differences]


class Twin:
    """The same world in memory, which learns of nothing but the journal's inputs."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.world = World(rules, SEED)
        self.world.found(COMPANIES)

    def follow(self, row: models.World) -> str:
        """Go on to where `row` stands and return the digest there."""
        for inputs in self._since(row.tick):
            self.world.advance(inputs)
        return self.world.digest

    def next(self, row: models.World) -> Outcome:
        """Go on by the one tick that `row` is ahead."""
        [inputs] = self._since(row.tick)
        return self.world.advance(inputs)

    def _since(self, tick: int) -> Iterable[list[Input]]:
        with connection.cursor() as cursor:
            for _, inputs in journal(cursor, after=self.world.tick, upto=tick):
                yield inputs


@contextmanager
def elsewhere(act: Callable[[], T]) -> Iterator[Future[T]]:
    """Run `act` in a thread, with a connection of its own."""

    def whole() -> T:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(whole)
