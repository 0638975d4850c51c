"""Whole ticks through the real floor: inbox, machine, one transaction, tape, on the embedded
PostgreSQL.
"""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from time import perf_counter
from typing import NamedTuple, TypeAlias

import orjson
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from agents.engine.names import folded
from agents.ids import new_id
from agents.models import Agent, Input, Source
from market.common.bulk import insertion, send
from market.engine.operator_acts import INJECT
from market.engine.orders import Account, Company
from market.engine.parameters import Parameters
from market.engine.rules import Switches
from market.models import Order
from wallstreetsim.floor import shell
from wallstreetsim.floor.founding import found_if_missing
from wallstreetsim.lab.bench.figures import Baseline, Figure, seconds
from wallstreetsim.machine.world import REGISTER

AGENTS = 1_000
HOUSE = 24
INDEBTED, LIQUIDATED = 140, 100
CASH = 1_000_000  # of each of the indebted, in cents

Submission: TypeAlias = tuple[int | None, str, Parameters]  # account, type, parameters
OrderMaker: TypeAlias = Callable[["Crowd", random.Random], Submission]

_FALL = {"event": "EARNINGS_MISS", "impact": -0.085, "duration": 10}
_INPUT_COLUMNS = (
    "public_id",
    "account",
    "type",
    "parameters",
    "source",
    "received_at",
    "is_quarantined",
)


def tick_quiet() -> Figure:
    return _measure("tick_quiet", orders=0, ticks=60)


def tick_1000() -> Figure:
    return _measure("tick_1000", orders=1_000, ticks=30)


def tick_10000() -> Figure:
    return _measure("tick_10000", orders=10_000, ticks=20)


def tick_10000_agents() -> Figure:
    """Take an order of each of 10,000 agents: every account is marked and told."""
    return _measure("tick_10000_agents", orders=10_000, ticks=10, agents=10_000)


def tick_mixed() -> Figure:
    return _measure("tick_mixed", orders=10_000, ticks=20, order=_mixed_order)


def tick_social() -> Figure:
    """Perform 10,000 inputs of which a fifth is social; the baseline is 10,000 orders."""
    samples: list[float] = []
    plain: list[float] = []
    steps: dict[str, str] = {}
    for order, taken in ((order_of, plain), (order_or_social, samples)):
        floor, draw = fresh_floor(agents=AGENTS), random.Random("tick_social")

        def send_more(
            floor: shell.Floor = floor,
            draw: random.Random = draw,
            order: OrderMaker = order,
        ) -> None:
            send_orders(floor, 10_000, draw, order)

        _run(floor, ticks=3, before=send_more)
        run = _run(floor, ticks=15, before=send_more)
        taken += run.samples
        steps = run.steps()
    return Figure("tick_social", "ms", samples, Baseline("10,000 orders", plain), steps)


def tick_liquidation() -> Figure:
    """Close out a hundred accounts at once; the baseline is the same world before they owe."""
    samples: list[float] = []
    quiet: list[float] = []
    steps: dict[str, str] = {}
    for _ in range(3):
        floor = fresh_floor(agents=0)
        indebted = _run_into_debt(floor)
        quiet += _run(floor, ticks=8).samples
        _send((None, INJECT, {**_FALL, "symbol": symbol}) for symbol in indebted)
        run = _run(floor, ticks=8)
        busy = [tick for tick, closed in enumerate(run.liquidations) if closed >= LIQUIDATED]
        samples += [run.samples[tick] for tick in busy]
        steps = run.steps(busy) if busy else steps
    return Figure(
        "tick_liquidation",
        "ms",
        samples,
        Baseline("the same world without margin calls", quiet),
        {"accounts": f"{LIQUIDATED} or more", **steps},
    )


class Crowd(NamedTuple):
    """Who may order, and what."""

    accounts: list[Account]
    companies: list[Company]


class Run:
    """What some ticks took, in ms, whole and by step, and what they did."""

    def __init__(self) -> None:
        self.samples: list[float] = []
        self.rests: list[float] = []
        self.trades: list[int] = []
        self.liquidations: list[int] = []
        self._steps: list[dict[str, float]] = []

    def add(self, floor: shell.Floor) -> None:
        started = perf_counter()
        committed = floor.tick()
        self.samples.append(1000 * (perf_counter() - started))
        assert committed is not None
        self.rests.append(1000 * seconds(floor.rest))
        market = committed.outcome.market
        self.trades.append(len(market.trades))
        closed = {alert.account for alert in market.alerts if alert.kind == "liquidation"}
        self.liquidations.append(len(closed))
        self._steps.append(committed.seconds)

    def ratio_with_check(self) -> float:
        """Return a tick's duration in that of the same without its check, at the median."""
        pairs = zip(self.samples, self._steps, strict=True)
        return statistics.median(
            sample / (sample - 1000 * steps["check"]) for sample, steps in pairs
        )

    def steps(self, ticks: Iterable[int] | None = None) -> dict[str, str]:
        """Return each step's median over the given ticks, or over all."""
        spent = defaultdict(list)
        for tick in range(len(self._steps)) if ticks is None else ticks:
            for step, took in self._steps[tick].items():
                spent[step].append(1000 * took)
        return {step: f"{statistics.median(each):.1f}" for step, each in spent.items()}


def _run(floor: shell.Floor, *, ticks: int, before: Callable[[], None] = lambda: None) -> Run:
    run = Run()
    for _ in range(ticks):
        before()
        run.add(floor)
    return run


def _measure(
    name: str,
    *,
    orders: int,
    ticks: int,
    order: OrderMaker | None = None,
    agents: int = AGENTS,
) -> Figure:
    """Run `ticks` ticks of so many new orders each, after three that warm up and do not count."""
    living = Switches(events=True, house=0 if orders else HOUSE)
    floor = fresh_floor(agents=agents if orders else 0, switches=living)
    draw = random.Random(name)

    def send_more() -> None:
        send_orders(floor, orders, draw, order or order_of)

    _run(floor, ticks=3, before=send_more)
    run = _run(floor, ticks=ticks, before=send_more)
    extra = {
        "trades": statistics.median(run.trades),
        **run.steps(),
        "with the check of what must be true": f"×{run.ratio_with_check():.3f}",
        "rest at most": f"{max(run.rests):.1f}",  # a checkpoint, between two ticks
    }
    baseline = Baseline(f"{max(orders, 100):,} orders by bulk_create", _orm_samples(orders or 100))
    return Figure(name, "ms", run.samples, baseline, extra)


def _run_into_debt(floor: shell.Floor) -> list[str]:
    """Let agents buy ten companies for nine times what they have; return the symbols."""
    agents = Agent.objects.bulk_create(
        _agent(f"debtor{n}", "hedge_fund_manager") for n in range(INDEBTED)
    )
    registrations = [
        (
            agent.id,
            REGISTER,
            {"agent": str(agent.public_id), "name": agent.name, "role": agent.role, "cash": CASH},
        )
        for agent in agents
    ]
    _send(registrations)
    floor.tick()
    assert floor.world is not None
    companies = list(floor.world.market.companies.values())[:10]
    for _ in range(6):  # the market maker's quotes do not bear all of it at once
        orders = []
        for number, agent in enumerate(agents):
            company = companies[number % len(companies)]
            quantity = 9 * CASH // (6 * company.price)
            terms = {"quantity": quantity, "kind": "MARKET", "time_in_force": "GTC"}
            orders.append((agent.id, "BUY", {"symbol": company.symbol, **terms}))
        _send(orders)
        floor.tick()
    return [company.symbol for company in companies]


def _agent(name: str, role: str) -> Agent:
    return Agent(name=name, folded_name=folded(name), role=role)


def fresh_floor(*, agents: int, switches: Switches | None = None) -> shell.Floor:
    """Empty the record, found a world and register quants; return its floor, which is never too
    early.
    """
    shell.SHORTEST_INTERVAL = 0
    tables = [
        m._meta.db_table
        for app in settings.EXCHANGE_APPS
        for m in apps.get_app_config(app).get_models()
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
    found_if_missing(seed="bench", companies=100, switches=switches)
    made = Agent.objects.bulk_create(_agent(f"quant{n}", "quant") for n in range(agents))
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


def send_orders(
    floor: shell.Floor, count: int, draw: random.Random, order: OrderMaker | None = None
) -> None:
    """Put `count` orders into the inbox, such as `order` makes: by default half limits about the
    price, half at market, sells of what is held.
    """
    world = floor.world
    assert world is not None
    accounts = [world.market.accounts[id] for id in world.registry.active()]
    crowd = Crowd(accounts, list(world.market.companies.values()))
    _send((order or order_of)(crowd, draw) for _ in range(count))


def _send(inputs: Iterable[Submission]) -> None:
    now = datetime.now(UTC)
    rows = (
        (
            new_id(),
            account,
            type,
            orjson.dumps(parameters).decode(),
            Source.API.value,
            now,
            False,
        )
        for account, type, parameters in inputs
    )
    with connection.cursor() as cursor:
        send(cursor, insertion("agents_input", _INPUT_COLUMNS, rows))


def order_of(crowd: Crowd, draw: random.Random) -> Submission:
    account, company = draw.choice(crowd.accounts), draw.choice(crowd.companies)
    quantity = draw.randint(1, 100)
    parameters = _terms(company, quantity)
    if draw.random() < 0.5:
        parameters |= {"kind": "LIMIT", "limit": _near(company, draw)}
    holds = account.closable(company.symbol) >= quantity
    side = "SELL" if holds and draw.random() < 0.7 else "BUY"
    return account.id, side, parameters


def order_or_social(crowd: Crowd, draw: random.Random) -> Submission:
    """Make an order or, one time in five, let an agent deal with another."""
    if draw.random() < 0.8:
        return order_of(crowd, draw)
    account, other = draw.choice(crowd.accounts), draw.choice(crowd.accounts)
    given: Parameters = {"target": other.name}
    type = draw.choices(("MESSAGE", "ALLY", "ALLY_ACCEPT", "BLOCK", "UNBLOCK"), (6, 2, 2, 1, 1))[0]
    if type == "MESSAGE":
        given["content"] = "What do you make of the market?"
    elif type == "ALLY":
        given |= {"percent": 10, "proposal": "Let us share what we gain."}
    return account.id, type, given


def _mixed_order(crowd: Crowd, draw: random.Random) -> Submission:
    """Make an order of any type, or now and then a change to one that is open."""
    account, company = draw.choice(crowd.accounts), draw.choice(crowd.companies)
    if account.orders and draw.random() < 0.1:
        id = next(iter(account.orders))
        if draw.random() < 0.5:
            return account.id, "CANCEL_ORDER", {"id": id}
        return account.id, "REPLACE_ORDER", {"id": id, "quantity": draw.randint(1, 100)}
    parameters = _terms(company, draw.randint(1, 100))
    kind = draw.choices(("MARKET", "LIMIT", "STOP", "STOP_LIMIT"), (3, 4, 2, 1))[0]
    parameters["kind"] = kind
    parameters["time_in_force"] = draw.choices(("GTC", "DAY", "IOC", "FOK"), (6, 2, 1, 1))[0]
    if "LIMIT" in kind:
        parameters["limit"] = _near(company, draw)
    if "STOP" in kind:
        parameters["stop"] = _near(company, draw)
    held = account.closable(company.symbol)
    opening = "SHORT" if account.direction_of(company.symbol) < 0 or draw.random() < 0.2 else "BUY"
    closing = "SELL" if held > 0 else "COVER"
    return account.id, closing if held and draw.random() < 0.5 else opening, parameters


def _terms(company: Company, quantity: int) -> Parameters:
    terms = {"kind": "MARKET", "time_in_force": "GTC"}
    return {"symbol": company.symbol, "quantity": quantity, **terms}


def _near(company: Company, draw: random.Random) -> int:
    return max(1, round(company.price * (1 + draw.gauss(0, 0.001))))


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
