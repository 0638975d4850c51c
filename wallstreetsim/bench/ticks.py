"""Whole ticks through the real floor: inbox, machine, one transaction, tape, on the embedded
PostgreSQL.
"""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from datetime import UTC, datetime
from time import perf_counter

import orjson
from django.apps import apps
from django.db import connection, transaction

from agents.ids import new_id
from agents.models import Agent, Input, Source
from market.bulk import insertion, send
from market.models import Order
from wallstreetsim import floor as shell
from wallstreetsim.bench.figures import Baseline, Figure, seconds
from wallstreetsim.founding import found_if_missing
from wallstreetsim.world import REGISTER, World

AGENTS = 1_000
_INPUT_COLUMNS = (
    "public_id",
    "account",
    "type",
    "parameters",
    "source",
    "received_at",
    "is_quarantined",
    "code",
    "message",
)


def tick_quiet() -> Figure:
    return _measure("tick_quiet", orders=0, ticks=60)


def tick_1000() -> Figure:
    return _measure("tick_1000", orders=1_000, ticks=30)


def tick_10000() -> Figure:
    return _measure("tick_10000", orders=10_000, ticks=20)


def _measure(name: str, *, orders: int, ticks: int) -> Figure:
    """Run `ticks` ticks of so many new orders each; the first three warm up and do not count."""
    floor = fresh_floor(agents=AGENTS if orders else 24)
    draw = random.Random(name)
    samples, rests, steps, trades = [], [], defaultdict(list), []
    for number in range(ticks + 3):
        send_orders(floor, orders, draw)
        started = perf_counter()
        committed = floor.tick()
        taken = perf_counter() - started
        assert committed is not None
        rested = seconds(floor.rest)
        if number < 3:
            continue
        samples.append(1000 * taken)
        rests.append(1000 * rested)
        trades.append(len(committed.outcome.market.trades))
        for step, spent in committed.seconds.items():
            steps[step].append(1000 * spent)
    extra = {step: f"{statistics.median(spent):.1f}" for step, spent in steps.items()}
    extra["rest at most"] = f"{max(rests):.1f}"  # a checkpoint, between two ticks
    baseline = Baseline(f"{max(orders, 100):,} orders by bulk_create", _orm_samples(orders or 100))
    return Figure(name, "ms", samples, baseline, {"trades": statistics.median(trades), **extra})


def fresh_floor(*, agents: int) -> shell.Floor:
    """Empty the record, found a world and register quants; return its floor, which is never too
    early.
    """
    shell.SHORTEST_INTERVAL = 0
    tables = [
        m._meta.db_table
        for app in ("market", "agents")
        for m in apps.get_app_config(app).get_models()
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
    found_if_missing(seed="bench", companies=100)
    made = Agent.objects.bulk_create(Agent(name=f"quant{n}", role="quant") for n in range(agents))
    Input.objects.bulk_create(
        Input(
            account=agent.id,
            type=REGISTER,
            parameters={"agent": str(agent.public_id), "name": agent.name, "role": agent.role},
            source=Source.API,
        )
        for agent in made
    )
    floor = shell.Floor()
    floor.tick()
    return floor


def send_orders(floor: shell.Floor, count: int, draw: random.Random) -> None:
    """Put `count` orders into the inbox: half limits about the price, half at market, sells of
    what is held.
    """
    world = floor.world
    assert world is not None
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        rows = (
            (new_id(), *_order(world, draw), Source.API.value, now, False, "", "")
            for _ in range(count)
        )
        send(cursor, insertion("agents_input", _INPUT_COLUMNS, rows))


def _order(world: World, draw: random.Random) -> tuple[int, str, str]:
    account = draw.choice(world.society.active())
    company = draw.choice(list(world.market.companies.values()))
    quantity = draw.randint(1, 100)
    parameters = {"symbol": company.symbol, "quantity": quantity, "kind": "MARKET"}
    if draw.random() < 0.5:
        limit = max(1, round(company.price * (1 + draw.gauss(0, 0.001))))
        parameters |= {"kind": "LIMIT", "limit": limit}
    holds = world.market.accounts[account].closable(company.symbol) >= quantity
    side = "SELL" if holds and draw.random() < 0.7 else "BUY"
    return account, side, orjson.dumps(parameters).decode()


def _orm_samples(orders: int, runs: int = 3) -> list[float]:
    """Time what a plain Django project would do for the order rows alone: bulk_create, then
    bulk_update.
    """
    return [1000 * seconds(lambda: _write_by_orm(orders)) for _ in range(runs)]


def _write_by_orm(count: int) -> None:
    with transaction.atomic():
        rows = Order.objects.bulk_create(
            Order(
                number=10**12 + n,
                id=new_id(),
                account_id=1_000,
                symbol="APEX",
                side="BUY",
                kind="LIMIT",
                time_in_force="GTC",
                quantity=100,
                limit=10_000,
                filled=0,
                value=0,
                status="open",
                tick_submitted=1,
            )
            for n in range(count)
        )
        for row in rows:
            row.filled, row.status = 100, "filled"
        Order.objects.bulk_update(rows, ["filled", "status"], batch_size=1_000)
        transaction.set_rollback(True)
