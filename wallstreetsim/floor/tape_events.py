"""An outcome as entries of the tape, public and per agent, exactly as the wire
will show them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from agents.engine.agent_state import AgentState
from market import wire
from market.engine import margin
from market.engine.exchange import Exchange
from market.engine.orders import Account
from market.engine.outcome import Alert, OrderState, Standing
from market.engine.values import FINAL_STATUSES, OrderStatus
from market.tape import PUBLIC_STREAM, Entry, Event, encode, encode_in_lines
from wallstreetsim.floor import book_changes
from wallstreetsim.floor.app_parts import TAPE_EVENTS, parts
from wallstreetsim.floor.book_changes import Books
from wallstreetsim.machine import public_tape
from wallstreetsim.machine.world import Outcome, Result, World


def entries(
    world: World, outcome: Outcome, books_before: Books, *, epoch: int, at: datetime
) -> Iterator[Entry]:
    """Yield the tick's entries: the public one, then one for each agent concerned."""
    tick = outcome.tick
    public = public_events(world, outcome, books_before, at)
    yield Entry(epoch, PUBLIC_STREAM, tick, tick, at, encode_in_lines(public))
    for member, events in events_by_agent(world, outcome):
        account = world.market.accounts[member.account]
        yield Entry(epoch, member.account, account.tape_seq, tick, at, encode(events))


def events_by_agent(world: World, outcome: Outcome) -> Iterator[tuple[AgentState, list[Event]]]:
    """Yield each agent that the tick concerns, with its events."""
    orders = _by_account(outcome.market.orders)
    results = _results_by_account(outcome.results)
    alerts = defaultdict(list)
    for alert in outcome.market.alerts:
        alerts[alert.account].append(alert)
    holdings = defaultdict(list)
    for holding in outcome.market.holdings:
        holdings[holding.account].append(holding.symbol)
    others = _agent_items(outcome)
    for id in outcome.told:
        member = world.registry.members[id]
        events = agent_events(
            world,
            member,
            outcome.tick,
            orders=orders.get(id, []),
            results=results.get(id, []),
            symbols=holdings.get(id, []),
            alerts=alerts.get(id, []),
            others=others.get(id, []),
        )
        yield member, events


# The public stream


def public_events(world: World, outcome: Outcome, books_before: Books, at: datetime) -> list[Event]:
    """Return the tick's public events.

    Trades are all here; the feed shows the largest of them. So are the changes of all books; the
    feed shows each company's on a channel of its own. And so are all prices, with the companies of
    which something changed; the feed shows those. What each company traded in all, and short
    interests, are read by the research desk.
    """
    tick, market = outcome.tick, outcome.market
    timestamp = at.isoformat()
    others = _other_public_items(outcome)
    happened = public_tape.market_events(world, outcome)
    happened += others.pop(("market:event", "events"), [])
    update = public_tape.tick_update(world, outcome, timestamp, event_count=len(happened))
    events = [_event("tick:update", "tick", update)]
    if happened:  # before the prices that it explains
        events.append(_event("market:event", "events", happened))
    day = outcome.moment.trading_day
    prices = public_tape.prices(outcome)
    changed = book_changes.changed_symbols(books_before, market.companies, day)
    every_price = _event("price:update", "market:all", {"tick": tick, "prices": prices})
    traded = public_tape.traded(outcome)
    events.append(every_price | {"changed": changed, "traded": traded})
    if market.trades:
        trades = public_tape.trades(outcome, timestamp)
        events.append(_event("trade:executed", "trades", trades))
    if shorts := public_tape.short_interests(outcome):
        events.append(_event("short:interest", "shorts", shorts))
    board = leaderboard(world, outcome)
    events.append(_event("leaderboard:update", "leaderboard", board))
    if levels := book_changes.changes(books_before, market.companies):
        events.append(_event("book:update", "books", levels))
    more = [_event(type, channel, data) for (type, channel), data in others.items()]
    return events + more


def _other_public_items(outcome: Outcome) -> dict[tuple[str, str], list[wire.Wire]]:
    """Return what the engines above the market say in public, by type and channel."""
    items: dict[tuple[str, str], list[wire.Wire]] = defaultdict(list)
    for app, part in parts(TAPE_EVENTS):
        for type, channel, item in part.public_events(outcome.reports[app], outcome.tick):
            items[type, channel].append(item)
    return items


def _agent_items(outcome: Outcome) -> dict[int, list[tuple[str, wire.Wire]]]:
    """Return what the engines above the market say to single agents: (type, item), by account."""
    items: dict[int, list[tuple[str, wire.Wire]]] = defaultdict(list)
    for app, part in parts(TAPE_EVENTS):
        for account, type, item in part.agent_events(outcome.reports[app], outcome.tick):
            items[account].append((type, item))
    return items


def leaderboard(world: World, outcome: Outcome) -> wire.Wire:
    best = outcome.standings[: world.rules.market.leaderboard_size]
    return {
        "tick": outcome.tick,
        "entries": [_standing(world.registry.members[s.account], s) for s in best],
    }


def _standing(member: AgentState, standing: Standing) -> wire.Wire:
    return wire.leaderboard_line(
        rank=standing.rank,
        agent_id=member.id,
        name=member.name,
        role=member.role,
        status=member.status.value,
        is_house=member.is_house,
        equity=standing.equity,
        equity_day_ago=standing.equity_day_ago,
    )


# An agent's own stream


def agent_events(
    world: World,
    member: AgentState,
    tick: int,
    *,
    orders: list[OrderState],
    results: list[Result],
    symbols: list[str],
    alerts: list[Alert],
    others: list[tuple[str, wire.Wire]],
) -> list[Event]:
    """Return the tick's events for one agent: its verdicts, its orders, alerts, and its portfolio
    if that changed.
    """
    channel = f"agent:{member.id}"
    told: dict[str, list[wire.Wire]] = defaultdict(list)
    for result in results:
        told["action:result"].append(action_result(result, tick))
    for order in orders:
        _tell_of_order(order, tick, told)
    for alert in alerts:
        told["agent:alert"].append(wire.alert(alert, tick))
    for type, item in others:
        told[type].append(item)
    events = [_event(type, channel, data) for type, data in told.items()]
    account = world.market.accounts[member.account]
    if symbols or account.id in world.market.log.accounts:
        update = portfolio_update(account, world.market, symbols, tick, agent_id=member.id)
        events.append(_event("portfolio:update", channel, update))
    return events


def _tell_of_order(order: OrderState, tick: int, told: dict[str, list[wire.Wire]]) -> None:
    """Return an order's events: one accepted and filled in one tick has both; its fills are one
    event, which shows what else the tick changed of it.
    """
    if order.status == OrderStatus.REJECTED:
        told["order:rejected"].append(wire.order_ended(order, tick))
        return
    if order.is_new or not (order.filled_now or order.status in FINAL_STATUSES):
        told["order:accepted"].append(wire.order_accepted(order, tick))
    if order.status == OrderStatus.FILLED:
        told["order:filled"].append(wire.order_filled(order, tick))
    elif order.filled_now:
        told["order:partial"].append(wire.order_partial(order, tick))
    if order.status in (OrderStatus.CANCELLED, OrderStatus.EXPIRED):
        told["order:cancelled"].append(wire.order_ended(order, tick))


def action_result(result: Result, tick: int) -> wire.Wire:
    verdict = result.verdict
    return {
        "actionId": result.id,
        "action": result.type,
        "success": verdict.success,
        "code": verdict.code,
        "message": verdict.message,
        "data": verdict.data,
        "tick": tick,
    }


def portfolio_update(
    account: Account, market: Exchange, symbols: list[str], tick: int, *, agent_id: str
) -> wire.Wire:
    """Return the account's figures as a portfolio has them, and of its positions those that changed
    (quantity 0: closed).
    """
    cost = sum(holding.cost for holding in account.holdings.values())
    deadline = account.call.deadline if account.call else None
    return {
        "agentId": agent_id,
        "tick": tick,
        **wire.portfolio_figures(account, cost, deadline, market.rules.margin),
        "positions": [_position(account, market, symbol) for symbol in symbols],
    }


def whole_portfolio(world: World, account: int) -> wire.Wire:
    """Return an account's figures with every position, as `GET /agents/me/portfolio` has them."""
    member, owner = world.registry.members[account], world.market.accounts[account]
    symbols = sorted(symbol for symbol, holding in owner.holdings.items() if holding.quantity)
    return portfolio_update(owner, world.market, symbols, world.tick, agent_id=member.id)


def _position(account: Account, market: Exchange, symbol: str) -> wire.Wire:
    holding = account.holdings.get(symbol)
    company = market.companies[symbol]
    price = company.price
    if holding is None:
        return wire.position(symbol, 0, 0, price, None)
    limit = margin.liquidation_price(
        account, holding.quantity, price, account.margin_rate(company), market.rules.margin
    )
    return wire.position(symbol, holding.quantity, holding.cost, price, limit)


def _event(type: str, channel: str, data: object) -> Event:
    return {"type": type, "channel": channel, "data": data}


def _by_account(orders: list[OrderState]) -> dict[int, list[OrderState]]:
    by_account: dict[int, list[OrderState]] = defaultdict(list)
    for order in orders:
        by_account[order.account].append(order)
    return by_account


def _results_by_account(results: list[Result]) -> dict[int, list[Result]]:
    by_account: dict[int, list[Result]] = defaultdict(list)
    for result in results:
        if result.account is not None:
            by_account[result.account].append(result)
    return by_account
