"""What proves coordination: rounds in which linked accounts all took the same side."""

from __future__ import annotations

from market.engine.values import Shares, Tick
from sec.engine.findings import NOTHING, Evidence, Finding, is_excused
from sec.engine.records import TradeSeen

ROUND: Tick = 6  # ticks that one takes at most
QUIET: Tick = 5  # ticks from one trade to the next, with which another round begins
NEWS: Tick = 15  # after news, in which agreement is nobody's plan
DISSENT = 3.0  # followers that one who takes the other side outweighs
HALF_PROVEN = 2.0  # followers that leave as much doubt as proof
LEAST = 5  # rounds
LOPSIDED = 0.85  # of rounds on one side, from which agreement is half of what it seems


def verify_coordination(evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    """Prove that an account took the same side as those that links lead to from it, round after
    round.
    """
    rounds = _rounds(evidence, _group(evidence, account), cited)
    followers, count, buys = 0.0, 0, 0
    trades: list[TradeSeen] = []
    for signs, of_round in rounds:
        own = signs.get(account, 0)
        if not own or len(signs) < 2:
            continue
        count += 1
        buys += own > 0
        same = sum(1 for sign in signs.values() if sign == own) - 1
        followers += same - DISSENT * (len(signs) - 1 - same)
        trades += [t for t in of_round if account in (t.buyer, t.seller)]
    if count < LEAST or followers <= 0:
        return NOTHING
    if max(buys, count - buys) > LOPSIDED * count:
        followers /= 2.0
    notional = sum(trade.price * trade.quantity for trade in trades)
    ids = tuple(trade.id for trade in trades)
    return Finding(followers / (followers + HALF_PROVEN), 0, notional, ids)


def _group(evidence: Evidence, account: int) -> set[int]:
    """Return an account and those of whom orders are evidence to whom links lead from it: whoever
    acts through several accounts need not link each of them to all others.
    """
    left = {order.account for order in evidence.orders.values()} - {account}
    group = {account}
    while near := {one for one in left for at in group if evidence.is_link(one, at)}:
        group |= near
        left -= near
    return group


def _rounds(
    evidence: Evidence, accounts: set[int], cited: frozenset[str]
) -> list[tuple[dict[int, int], list[TradeSeen]]]:
    """Return each round's sides by account, and its trades."""
    news = [(event.symbol, event.tick) for event in evidence.events.values()]
    rounds: list[tuple[Tick, dict[int, Shares], list[TradeSeen]]] = []
    last = -QUIET
    for trade in sorted(evidence.trades.values(), key=lambda t: (t.tick, t.id)):
        if any(s == trade.symbol and 0 <= trade.tick - tick <= NEWS for s, tick in news):
            continue
        for order_id, size in (
            (trade.buy_order, trade.quantity),
            (trade.sell_order, -trade.quantity),
        ):
            order = evidence.orders.get(order_id)
            if order is None or order.account not in accounts or is_excused(order, cited):
                continue
            if trade.tick >= last + QUIET or trade.tick >= rounds[-1][0] + ROUND:
                rounds.append((trade.tick, {}, []))
            last = trade.tick
            _, sizes, trades = rounds[-1]
            sizes[order.account] = sizes.get(order.account, 0) + size
            if not trades or trades[-1] is not trade:
                trades.append(trade)
    return [
        ({a: 1 if size > 0 else -1 for a, size in sizes.items() if size}, trades)
        for _, sizes, trades in rounds
    ]
