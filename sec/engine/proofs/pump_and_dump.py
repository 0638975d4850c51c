"""What proves a pump and dump: a rumor, and a position that its author, or somebody linked to it,
held before and closed into it.
"""

from __future__ import annotations

from market.engine.values import Tick
from sec.engine.findings import NOTHING, Evidence, Finding, is_excused
from sec.engine.records import OrderSeen, RumorSeen, TradeSeen

WITHIN: Tick = 130  # ticks after a rumor
OWN_WITHIN: Tick = 120
WIDE = 0.01  # impact, below which news of more than the company says nothing of it
LEAST_PROOF, PROOF_A_PART = 0.2, 0.9  # of a position sold after its rumor


def verify_pump(evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    """Prove that an account has closed its position into a rumor, its own or that of somebody
    linked to it, with a profit; or that it has spread one for who did.

    A sale by a stop that stood before the rumor is left out once it is cited, and so is what came
    after news that bore the rumor out.
    """
    best = NOTHING
    for rumor in evidence.rumors.values():
        if rumor.account == account:
            findings = [
                _own(evidence, rumor, cited),
                _as_holder(evidence, rumor, account, cited),
            ]
            findings += [
                finding._replace(gain_cents=0)
                for holder in _holders(evidence, rumor)
                for finding in (_as_holder(evidence, rumor, holder, frozenset()),)
            ]
        elif account in _holders(evidence, rumor):
            findings = [_as_holder(evidence, rumor, account, cited)]
        else:
            continue
        best = max([best, *findings], key=lambda finding: finding.confidence)
    return best


def _until(evidence: Evidence, rumor: RumorSeen, within: Tick) -> Tick:
    """Return the last tick at which a sale counts: news of the rumor's sign ends it."""
    borne_out = [
        event.tick
        for event in evidence.events.values()
        if event.symbol == rumor.symbol
        and event.tick > rumor.tick
        and event.impact * rumor.sign > 0
        and not (event.is_wide and abs(event.impact) < WIDE)
    ]
    return min([rumor.tick + within, *borne_out])


def _own(evidence: Evidence, rumor: RumorSeen, cited: frozenset[str]) -> Finding:
    if not rumor.held:
        return NOTHING
    is_long = rumor.held > 0
    out = {"shares": 0, "cents": 0}
    back = {"shares": 0, "cents": 0}
    ids = [rumor.id]
    until = _until(evidence, rumor, OWN_WITHIN)
    for trade in evidence.trades.values():
        if trade.symbol != rumor.symbol or trade.buyer == trade.seller:
            continue
        if not rumor.tick <= trade.tick <= until:
            continue
        closes = (trade.seller if is_long else trade.buyer) == rumor.account
        opens = (trade.buyer if is_long else trade.seller) == rumor.account
        order = evidence.orders.get(trade.sell_order if is_long else trade.buy_order)
        if closes and order is not None and _stood_before(order, rumor, cited):
            continue
        side = out if closes else back if opens else None
        if side is not None:
            side["shares"] += trade.quantity
            side["cents"] += trade.quantity * trade.price
            ids.append(trade.id)
    net = out["shares"] - back["shares"]
    if net <= 0:
        return NOTHING
    brought = out["cents"] - back["cents"] - net * rumor.price_before
    gain = brought if is_long else -brought
    proof = min(1.0, LEAST_PROOF + PROOF_A_PART * min(1.0, net / abs(rumor.held)))
    return Finding(proof, gain, out["cents"], tuple(ids)) if gain > 0 else NOTHING


def _stood_before(order: OrderSeen, rumor: RumorSeen, cited: frozenset[str]) -> bool:
    return order.is_stop and order.id in cited and order.tick < rumor.tick


def _holders(evidence: Evidence, rumor: RumorSeen) -> set[int]:
    """Return who had trades in the company and is linked to a rumor's author, or to one who is."""
    traders = {
        order.account for order in evidence.orders.values() if order.symbol == rumor.symbol
    } - {rumor.account}
    near = {one for one in traders if evidence.is_link(one, rumor.account)}
    return near | {one for one in traders if any(evidence.is_link(one, other) for other in near)}


def _as_holder(
    evidence: Evidence, rumor: RumorSeen, account: int, cited: frozenset[str]
) -> Finding:
    """Prove that an account built a position before a rumor and closed it after, at a profit over
    its cost and over the price before.
    """
    opened: list[TradeSeen] = []
    closed: list[TradeSeen] = []
    kept = ended = paid = brought = 0
    until = _until(evidence, rumor, WITHIN)
    for trade in evidence.trades.values():
        if trade.symbol != rumor.symbol or account not in (trade.buyer, trade.seller):
            continue
        with_it = 1 if (trade.buyer == account) == (rumor.sign > 0) else -1
        order = evidence.orders.get(trade.buy_order if trade.buyer == account else trade.sell_order)
        if order is None or (with_it < 0 and is_excused(order, cited)):
            continue
        if trade.tick < rumor.tick:
            kept += with_it * trade.quantity
            paid += with_it * trade.quantity * trade.price
            opened.append(trade)
        elif trade.tick <= until:
            ended -= with_it * trade.quantity
            brought -= with_it * trade.quantity * trade.price
            closed.append(trade)
    if kept <= 0 or ended <= 0:
        return NOTHING
    cost, price = paid / kept, brought / ended
    over_cost = (price - cost) * rumor.sign
    over_before = (price - rumor.price_before) * rumor.sign
    if over_cost <= 0 or over_before <= 0:
        return NOTHING
    shares = min(kept, ended)
    proof = min(1.0, LEAST_PROOF + PROOF_A_PART * shares / kept)
    notional = sum(trade.price * trade.quantity for trade in closed)
    ids = (rumor.id, *(trade.id for trade in (*opened, *closed)))
    return Finding(proof, round(shares * min(over_cost, over_before)), notional, ids)
