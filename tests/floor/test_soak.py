"""The floor under faults without end: kills, restarts, late and doubled inputs, tick after tick.

A few ticks in every run of the tests; as many as SOAK_TICKS says under `make soak`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random
from threading import Event

from django.db import connection, transaction

from agents.models import Input as InputRow
from agents.models import Source
from market.engine.operator_acts import FREE_BANDS, HALT, INJECT, RESTRICT_SHORTS, SET_BANDS, UNHALT
from market.engine.parameters import Parameters
from tests.engine.test_world import draw_terms
from tests.floor.hall import Hall, Twin, elsewhere
from tests.floor.test_killed import Doomed, await_its_end, doomed, next_tick
from tests.stack.running import PATIENCE_SECONDS

__all__ = ["doomed"]  # the fixture

TICKS = int(os.environ.get("SOAK_TICKS", "40"))
SEED = int(os.environ.get("SOAK_SEED", "1"))
AUDITED_EVERY = 20
CAST = ("ann", "bob", "cid")
OPERATIONS: list[tuple[str, Parameters]] = [
    (HALT, {"symbol": "APEX", "ticks": 3, "reason": "a soak"}),
    (HALT, {"ticks": 2}),
    (UNHALT, {}),
    (RESTRICT_SHORTS, {"symbol": "NEXUS"}),
    (SET_BANDS, {"symbol": "APEX", "bps": 50, "ticks": 4}),
    (SET_BANDS, {"bps": 400}),
    (FREE_BANDS, {}),
    (INJECT, {"event": "RALLY", "impact": 0.02, "duration": 9}),
    (INJECT, {"event": "RALLY", "impact": -0.03, "duration": 9}),
    (INJECT, {"event": "MEME_PUMP", "symbol": "MEME", "impact": 0.4, "duration": 9}),
    (INJECT, {"event": "CEO_SCANDAL", "symbol": "OMEGA", "impact": -0.15, "duration": 9}),
]


class Soak:
    """A hall that is traded at random while its floor suffers."""

    def __init__(self, hall: Hall, doomed: Doomed, random: Random) -> None:
        self.hall, self.doomed, self.random = hall, doomed, random
        self.twin = Twin()
        self.twin.follow(hall.row)
        self.sent = InputRow.objects.count()
        self.placed = dict.fromkeys(CAST, 0)
        self.killed = self.lost = 0

    def round(self) -> None:
        """Send a tick's inputs, let something go wrong, and compare with what never did."""
        rows = self.rows()
        self.random.choice((self.quiet, self.kill, self.kill, self.restart, self.late, self.twice))(
            rows
        )
        row = self.hall.row
        assert self.twin.follow(row) == row.digest

    # What goes wrong

    def quiet(self, rows: list[InputRow]) -> None:
        self.send(rows)
        self.tick()

    def kill(self, rows: list[InputRow]) -> None:
        """Kill a floor at some statement of the tick; another takes over."""
        self.send(rows)
        before = self.hall.row
        anywhere, about_the_commit = (1, 80), (60, 80)
        if self.doomed.run(
            self.random.randrange(*self.random.choice((anywhere, about_the_commit)))
        ):
            self.killed += 1
            await_its_end()
        if self.hall.row.tick == before.tick:
            self.lost += 1
            assert self.hall.row.digest == before.digest
            next_tick(self.hall)

    def restart(self, rows: list[InputRow]) -> None:
        self.send(rows)
        self.hall.restart()
        self.tick()

    def late(self, rows: list[InputRow]) -> None:
        """Some inputs have their numbers before the tick, and are committed after it."""
        numbered, may_commit = Event(), Event()
        half = len(rows) // 2

        def slowly() -> None:
            with transaction.atomic():
                self.send(rows[:half])
                numbered.set()
                assert may_commit.wait(PATIENCE_SECONDS)

        with elsewhere(slowly) as sending:
            assert numbered.wait(PATIENCE_SECONDS)
            self.send(rows[half:])
            self.tick()
            may_commit.set()
            sending.result()
        waiting = set(InputRow.objects.waiting().values_list("public_id", flat=True))
        assert waiting == {row.public_id for row in rows[:half]}
        self.tick()

    def twice(self, rows: list[InputRow]) -> None:
        """Inputs arrive a second time, before their tick and after it."""
        self.send(rows)
        again = [_copy(row) for row in rows]
        InputRow.objects.bulk_create(again[::2], ignore_conflicts=True)
        self.tick()
        InputRow.objects.bulk_create([_copy(row) for row in rows], ignore_conflicts=True)

    # What is sent

    def rows(self) -> list[InputRow]:
        """Draw a tick's inputs, of agents and now and then of an operator."""
        rows = [self.action() for _ in range(self.random.randrange(2, 12))]
        if self.random.random() < 0.15:
            type, parameters = self.random.choice(OPERATIONS)
            rows.append(InputRow(type=type, parameters=parameters, source=Source.OPERATOR))
        return rows

    def action(self) -> InputRow:
        random, market = self.random, self.twin.world.market
        name = random.choice(CAST)
        reference = (
            f"{name}{random.randrange(max(0, self.placed[name] - 9), self.placed[name] + 1)}"
        )
        draw = random.random()
        if draw < 0.12:
            return self.hall.input(f"{name} CANCEL #{reference}")
        if draw < 0.22:
            return self.hall.input(f"{name} REPLACE #{reference} {random.choice([1, 20, 400])}")
        self.placed[name] += 1
        company = market.companies[random.choice([*market.companies])]
        account = market.accounts[self.hall.agents[name].id]
        terms = draw_terms(random, account.quantity_of(company.symbol))
        line = terms.line(name, company.symbol, company.price, f"{name}{self.placed[name]}")
        return self.hall.input(line)

    def send(self, rows: list[InputRow]) -> None:
        self.hall.submit(*rows)
        self.sent += len(rows)

    def tick(self) -> None:
        next_tick(self.hall)


def _copy(row: InputRow) -> InputRow:
    """Return what a repeated sending of the same input would insert."""
    fields: Callable[[str], object] = row.__getattribute__
    names = ("public_id", "account", "type", "parameters", "source")
    return InputRow(**{name: fields(name) for name in names})


def test_whatever_befalls_the_floor_every_input_is_performed_once_in_one_history(
    doomed: Doomed, hall: Hall
) -> None:
    soak = Soak(hall, doomed, Random(SEED))
    while hall.row.tick < TICKS:
        soak.round()
        if hall.row.tick % AUDITED_EVERY == 0:
            assert hall.audit() == []
    assert hall.audit() == []
    assert not InputRow.objects.waiting().exists()
    assert InputRow.objects.performed().count() == InputRow.objects.count() == soak.sent
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT seq) FROM market_tapeentry WHERE stream = 0"
        )
        assert cursor.fetchone() == (hall.row.tick,) * 2
    assert soak.killed > soak.lost > 0
