"""Do authors of rumors earn by them? They buy, spread good words and sell, through the book."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from agents.engine.inputs import Input
from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.random_source import RandomSource
from market.engine.rules import Switches
from market.engine.values import Cents, Shares, Tick
from wallstreetsim.lab.realism.history import Attempt
from wallstreetsim.machine.rules import Rules
from wallstreetsim.machine.world import REGISTER, World

AUTHORS = 40
COMPANIES = 20
HOUSE_AGENTS = 24
DAYS = 3
ROLES = ("influencer", "hedge_fund_manager")  # who reaches far, and who has the money
WORDS = "very strong growth, record profits and a great takeover bid, they all say"
SIZES = (0.5, 2.0)  # in usual ticks of the company's volume
_TRIES_A_DAY = 2
_FIRST_TICK, _LAST_TICK = 20, 360  # of a day, in which tries begin
_SELL_AFTER: Tick = 2  # ticks after the purchase; the rumor comes between


class _Try(NamedTuple):
    """One attempt that is under way."""

    account: int
    symbol: str
    shares: Shares
    bought: Tick
    equity: Cents
    price: Cents


def attempts_of(seed: str, rules: Rules) -> list[Attempt]:
    """Return what each attempt of a run of its own came to, in the order in which they ended."""
    return list(_attempts(World(rules, f"{seed}/authors", Switches(events=True, house=24)), seed))


def _attempts(world: World, seed: str) -> Iterator[Attempt]:
    world.found(COMPANIES)
    ids = (f"00000000-0000-4000-8000-{number:012x}" for number in count(1))
    accounts = [FIRST_AGENT_ACCOUNT + 500 + number for number in range(AUTHORS)]
    waiting = [
        Input(next(ids), REGISTER, _registration(account, number), account)
        for number, account in enumerate(accounts)
    ]
    streams, day_ticks = RandomSource(seed), world.rules.market.session.day_ticks
    under_way: list[_Try] = []
    plan: dict[Tick, list[tuple[int, int]]] = {}
    while world.tick < DAYS * day_ticks - 1:
        tick = world.tick + 1
        if tick == 1 or tick % day_ticks == 0:
            plan = _plan(accounts, tick - tick % day_ticks, streams)
        for account, place in plan.pop(tick, []):
            attempt = _begin(world, account, place, tick)
            if attempt is not None:
                under_way.append(attempt)
                waiting.append(_order(world, next(ids), "BUY", attempt))
        for attempt in under_way:
            if tick == attempt.bought + 1:
                waiting.append(_rumor(world, next(ids), attempt))
            if tick == attempt.bought + _SELL_AFTER:
                waiting.append(_order(world, next(ids), "SELL", attempt))
        world.advance(waiting)
        waiting = []
        for attempt in [one for one in under_way if tick > one.bought + _SELL_AFTER]:
            under_way.remove(attempt)
            yield _came_to(world, attempt)


def _registration(account: int, number: int) -> dict[str, str]:
    agent = f"00000000-0000-4000-9000-{account:012x}"
    return {"name": f"author{number}", "role": ROLES[number % len(ROLES)], "agent": agent}


def _plan(
    accounts: list[int], day: Tick, streams: RandomSource
) -> dict[Tick, list[tuple[int, int]]]:
    """Draw when each author tries its luck today, and with which company, by its place."""
    plan: dict[Tick, list[tuple[int, int]]] = {}
    for account in accounts:
        for number in range(_TRIES_A_DAY):
            u, v, _, _ = streams.uniforms(day, f"{account}/{number}", "author")
            tick = day + _FIRST_TICK + int(u * (_LAST_TICK - _FIRST_TICK))
            plan.setdefault(tick, []).append((account, int(v * COMPANIES)))
    return plan


def _begin(world: World, account: int, place: int, tick: Tick) -> _Try | None:
    """Return an attempt of a size that the author can pay, where the company trades."""
    company = list(world.market.companies.values())[place]
    owner = world.market.accounts.get(account)
    if owner is None or not company.is_trading or owner.holdings:
        return None
    size = SIZES[account % len(SIZES)] * company.pricing.usual_volume
    shares = int(min(size, 0.8 * owner.buying_power / (1.05 * company.price)))
    if shares < 1:
        return None
    return _Try(account, company.symbol, shares, tick, owner.equity, company.price)


def _order(world: World, id: str, type: str, attempt: _Try) -> Input:
    given = {"symbol": attempt.symbol, "quantity": attempt.shares}
    return Input(id, type, world.actions[type].parse(given), attempt.account)


def _rumor(world: World, id: str, attempt: _Try) -> Input:
    given = {"targetSymbol": attempt.symbol, "content": WORDS}
    return Input(id, "RUMOR", world.actions["RUMOR"].parse(given), attempt.account)


def _came_to(world: World, attempt: _Try) -> Attempt:
    """Return what an attempt came to. Shares that nobody bought are valued at the price."""
    stake = attempt.shares * attempt.price
    company = world.market.companies[attempt.symbol]
    equity = world.market.accounts[attempt.account].equity
    return Attempt(company.price / attempt.price - 1.0, (equity - attempt.equity) / stake)
