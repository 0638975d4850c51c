"""What proves wash trading: orders that met their own account's, rings, and trades off the market
that hand value over.
"""

from __future__ import annotations

from market.engine.values import Tick
from sec.engine.findings import NOTHING, Evidence, Finding, is_excused
from sec.engine.records import OrderSeen, TradeSeen

HALF_PROVEN = 1.25  # self-trading orders that leave as much doubt as proof
RING_HALF_PROVEN, LEAST_RING = 1.25, 5  # rounds that leave as much doubt as proof; orders
STRANGERS_HALF_RING = 2.4  # arranged trades among strangers that leave as much doubt as proof
STRANGERS_SIZE = 9 / 10
SAME_TIME: Tick = 12  # between the orders of an arranged trade
SAME_SIZE = 3 / 5
SAME_PRICE_BPS = 6
MOST_KEPT = 1 / 2  # of what went round, by one account
LINKED_HALF, STRANGERS_HALF = 0.45, 1.3  # trades that hand value over
SHORT_TIME: Tick = 5


def verify_wash(evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    """Prove that an account has traded with itself, in a ring, or handed value over.

    An order of the exchange's own proves nothing; neither does a stop, once it is cited.
    """
    findings = (
        _with_itself(evidence, account, cited),
        _in_a_ring(evidence, account, cited),
        _off_the_market(evidence, account, cited),
    )
    return max(findings, key=lambda finding: finding.confidence)


def _sides(
    evidence: Evidence, trade: TradeSeen, cited: frozenset[str]
) -> tuple[OrderSeen, OrderSeen] | None:
    """Return the orders behind a trade, buy and sell, unless one is unknown or excused."""
    buy = evidence.orders.get(trade.buy_order)
    sell = evidence.orders.get(trade.sell_order)
    if buy is None or sell is None or is_excused(buy, cited) or is_excused(sell, cited):
        return None
    return buy, sell


def _with_itself(evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    incoming: set[str] = set()
    proven: list[TradeSeen] = []
    for trade in evidence.trades.values():
        sides = _sides(evidence, trade, cited)
        if sides is None or {side.account for side in sides} != {account}:
            continue
        youngest = sides[1] if trade.aggressor == "SELL" else sides[0]
        if youngest.self_trade == "allow":
            incoming.add(youngest.id)
            proven.append(trade)
    return _finding(proven, len(incoming), HALF_PROVEN, 0)


def _in_a_ring(evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    """Prove that an account sold what it bought to those whom it had it from, again and again, by
    orders of a size that were sent for each other.

    Friends' orders prove as much as they fit, and more when what went is coming back. Strangers
    may meet by chance: it takes more of them, and what is not exact proves half.
    """
    arranged: list[TradeSeen] = []
    for trade in evidence.trades.values():
        sides = _sides(evidence, trade, cited)
        if sides is None or trade.aggressor is None or trade.buyer == trade.seller:
            continue
        buy, sell = sides
        small, large = sorted((buy.quantity, sell.quantity))
        if abs(buy.tick - sell.tick) > SAME_TIME or not _ask_for_one_price(buy, sell):
            continue
        if small >= SAME_SIZE * large or evidence.is_link(trade.buyer, trade.seller):
            arranged.append(trade)
    hands = _hands(evidence, {a for t in arranged for a in (t.buyer, t.seller)}, account)
    through: dict[int, list[int]] = {}
    for trade in arranged:
        for who, way in ((trade.buyer, 0), (trade.seller, 1)):
            hand = hands.get(who, who)
            through.setdefault(hand, [0, 0])[way] += trade.quantity
    for bought, sold in through.values():
        if abs(bought - sold) > MOST_KEPT * (bought + sold):
            return NOTHING
    own = [t for t in arranged if account in (t.buyer, t.seller)]
    incoming = {_incoming(trade) for trade in arranged}
    if not own or len(incoming) < LEAST_RING:
        return NOTHING
    members = sorted({who for trade in arranged for who in (trade.buyer, trade.seller)})
    if any(evidence.is_link(one, other) for one in members for other in members if one < other):
        return _finding(own, _rounds(evidence, arranged, hands), RING_HALF_PROVEN, 0)
    exact = {_incoming(trade) for trade in arranged if _are_one_order(evidence, trade)}
    return _finding(own, (len(incoming) + len(exact)) / 2, STRANGERS_HALF_RING, 0)


def _rounds(evidence: Evidence, arranged: list[TradeSeen], hands: dict[int, int]) -> float:
    """Return what friends' arranged trades come to, in rounds of shares that came back.

    All that an order has met is one handing over, complete when it met its own size; half of one
    where an order would have taken any price. When more goes on from the same hand to the same, it
    may be pieces of one order, and each adds half of what the one before it did.
    """
    handed: dict[tuple[str, int, int], float] = {}
    for trade in sorted(arranged, key=lambda trade: (trade.tick, trade.id)):
        orders = [evidence.orders[trade.buy_order], evidence.orders[trade.sell_order]]
        orders.sort(key=lambda order: order.quantity)
        whole = 1.0 if all(order.limit is not None for order in orders) else 1 / 2
        giver, taker = hands.get(trade.seller, trade.seller), hands.get(trade.buyer, trade.buyer)
        key = (orders[1].id, giver, taker)
        met = handed.get(key, 0.0)
        more = whole * orders[0].quantity / orders[1].quantity
        handed[key] = max(met, min(whole, met + more))
    rounds, counts, previous = 0.0, 1.0, (0, 0)
    for (_, giver, taker), met in handed.items():
        counts = counts / 2 if (giver, taker) == previous else 1.0
        rounds += counts * met
        previous = giver, taker
    return rounds


def _incoming(trade: TradeSeen) -> str:
    return trade.sell_order if trade.aggressor == "SELL" else trade.buy_order


def _are_one_order(evidence: Evidence, trade: TradeSeen) -> bool:
    """Say whether both orders of a trade named a price, and one size."""
    buy, sell = evidence.orders[trade.buy_order], evidence.orders[trade.sell_order]
    if buy.limit is None or sell.limit is None:
        return False
    small, large = sorted((buy.quantity, sell.quantity))
    return small >= STRANGERS_SIZE * large


def _ask_for_one_price(buy: OrderSeen, sell: OrderSeen) -> bool:
    if buy.limit is None or sell.limit is None:
        return True
    return (buy.limit - sell.limit) * 10_000 <= max(10_000, sell.limit * SAME_PRICE_BPS)


def _hands(evidence: Evidence, accounts: set[int], account: int) -> dict[int, int]:
    """Return, by account, the lowest of those it is linked to; nothing where all are one."""
    first: dict[int, int] = {}
    for one in sorted(accounts):
        linked = [first[other] for other in first if evidence.is_link(one, other)]
        first[one] = min(linked, default=one)
    return first if len(set(first.values())) > 1 else {}


def _off_the_market(evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    """Prove that an account traded beyond the market maker's outermost price with orders that were
    sent for each other.
    """
    by_pair: dict[tuple[int, int], list[TradeSeen]] = {}
    values: dict[tuple[int, int], int] = {}
    for trade in evidence.trades.values():
        sides = _sides(evidence, trade, cited)
        price = evidence.price_at(trade.symbol, trade.tick - 1)
        if sides is None or price is None or trade.buyer == trade.seller:
            continue
        away = trade.price - price.price
        if abs(away) <= price.outer or abs(sides[0].tick - sides[1].tick) >= SHORT_TIME:
            continue
        giver, taker = (trade.buyer, trade.seller) if away > 0 else (trade.seller, trade.buyer)
        if account in (giver, taker):
            by_pair.setdefault((giver, taker), []).append(trade)
            value = abs(away) * trade.quantity
            values[giver, taker] = values.get((giver, taker), 0) + value
    best = NOTHING
    for (giver, taker), trades in by_pair.items():
        count = len({_incoming(trade) for trade in trades})
        half = LINKED_HALF if evidence.is_link(giver, taker) else STRANGERS_HALF
        gain = values[giver, taker] if account == taker else 0
        found = _finding(trades, count, half, gain)
        if found.confidence > best.confidence:
            best = found
    return best


def _finding(trades: list[TradeSeen], count: float, half: float, gain: int) -> Finding:
    if not count:
        return NOTHING
    notional = sum(trade.price * trade.quantity for trade in trades)
    return Finding(count / (count + half), gain, notional, tuple(trade.id for trade in trades))
