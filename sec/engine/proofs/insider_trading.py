"""What proves insider trading: a position built just before news and ended after it at a profit, by
who had access to it or has done so time and again.
"""

from __future__ import annotations

from market.engine.values import Tick
from sec.engine.findings import NOTHING, Evidence, Finding, is_excused
from sec.engine.records import EventSeen, TradeSeen

BEFORE: Tick = 60
AFTER: Tick = 150
LEAST_PROOF, PROOF_A_PART, WHOLE = 0.5, 0.5, 0.6  # by the part that is ended, of so much
HALF_PROVEN = 0.9  # times that leave as much doubt as proof, for one without access
MOST_STEPS = 2  # from who heads the company


def verify_insider(evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    """Prove that an account has used what was not public."""
    found: list[tuple[float, int, list[TradeSeen]]] = []
    has_access = False
    for event in evidence.events.values():
        use = _use(evidence, event, account, cited)
        if use is not None:
            found.append(use)
            has_access = has_access or _has_access(evidence, account)
    if not found:
        return NOTHING
    gain = sum(cents for _, cents, _ in found)
    trades = {trade.id: trade for _, _, of_event in found for trade in of_event}
    notional = sum(trade.price * trade.quantity for trade in trades.values())
    if has_access:
        part = max(part for part, _, _ in found)
        proof = LEAST_PROOF + PROOF_A_PART * min(1.0, part / WHOLE)
    else:
        proof = len(found) / (len(found) + HALF_PROVEN)
    return Finding(proof, gain, notional, tuple(trades))


def _use(
    evidence: Evidence, event: EventSeen, account: int, cited: frozenset[str]
) -> tuple[float, int, list[TradeSeen]] | None:
    """Return the part of an early position that was ended after an event, what that brought, and
    the trades; nothing where there was none, or no profit.
    """
    side = 1 if event.impact > 0 else -1
    held = cost = ended = brought = 0
    trades: list[TradeSeen] = []
    for trade in sorted(evidence.trades.values(), key=_when):
        if trade.symbol != event.symbol or account not in (trade.buyer, trade.seller):
            continue
        own = trade.buy_order if trade.buyer == account else trade.sell_order
        order = evidence.orders.get(own)
        if order is None or is_excused(order, cited):
            continue
        size = side * (trade.quantity if trade.buyer == account else -trade.quantity)
        if event.tick - BEFORE <= trade.tick <= event.tick:
            held += size
            cost += size * trade.price
            if held <= 0:  # what came before has ended another position
                held = cost = 0
                trades = []
                continue
        elif event.tick < trade.tick <= event.tick + AFTER:
            if ended >= held:  # what follows is another position
                break
            ended -= size
            brought -= size * trade.price
        else:
            continue
        trades.append(trade)
    if held <= 0 or ended <= 0:
        return None
    gained = (brought / ended - cost / held) * side
    if gained <= 0:
        return None
    shares = min(held, ended)
    return shares / held, round(gained * shares), trades


def _when(trade: TradeSeen) -> tuple[Tick, str]:
    return trade.tick, trade.id


def _has_access(evidence: Evidence, account: int) -> bool:
    """Say whether an account heads a company, or is linked in a step or two to who does."""
    chiefs = {link.one for link in evidence.links.values() if link.is_chief}
    known = {order.account for order in evidence.orders.values()} | chiefs
    known |= {who for link in evidence.links.values() for who in (link.one, link.other)}
    reached = {account}
    for _ in range(MOST_STEPS):
        if reached & chiefs:
            return True
        reached |= {one for one in known for at in reached if evidence.is_link(one, at)}
    return bool(reached & chiefs)
