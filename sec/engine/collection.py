"""Money: fines and debts are collected, lie in escrow and are paid out. Every cent is a ledger
entry.
"""

from __future__ import annotations

from agents.engine.agent_state import AgentStatus
from market.engine.accounts import ESCROW, FIRST_AGENT_ACCOUNT, TREASURY
from market.engine.margin_calls import most_in_a_tick
from market.engine.orders import Account, Company
from market.engine.reasons import Reason
from market.engine.values import BPS_IN_ONE, Cents, OrderStatus, ceil_div
from sec.engine import rewards
from sec.engine.cases import Accused, Case
from sec.engine.office import Office


def fine(sec: Office, case: Case, accused: Accused, cents: Cents) -> None:
    """Impose a fine: what is there is taken at once, positions are closed for the rest."""
    accused.owed_cents = cents
    sec.market.accounts[accused.account].debt += cents
    sec.registry.set_debtor(accused.account, True)
    accused.is_liquidating = True
    sec.impose(case.id, accused.account, "fine", cents=cents)
    _collect(sec, case, accused)


# Collecting


def close_positions(sec: Office) -> None:
    """Close, as far as a tick may, positions of those whose cash does not cover their fine."""
    for case in sec.book.cases.values():
        for accused in case.accused.values():
            if accused.is_liquidating:
                _close_positions(sec, accused)


def _close_positions(sec: Office, accused: Accused) -> None:
    account = sec.market.accounts[accused.account]
    held = [
        sec.market.companies[symbol]
        for symbol, holding in account.holdings.items()
        if holding.quantity > 0
    ]
    missing = accused.owed_cents - max(0, account.cash)
    if not held or missing <= 0:
        return
    held.sort(
        key=lambda company: (-account.quantity_of(company.symbol) * company.price, company.symbol)
    )
    for company in held:
        if company.is_trading and missing > 0:
            wanted = min(account.quantity_of(company.symbol), ceil_div(missing, company.price))
            cash = account.cash
            close_some(sec, account, company, wanted)
            missing -= account.cash - cash


def close_some(sec: Office, account: Account, company: Company, wanted: int) -> None:
    """Close part of a position at market, at most what one tick may; open orders in the company
    are cancelled first.
    """
    orders = [o for o in account.orders.values() if o.company is company]
    for order in sorted(orders, key=lambda order: order.number):
        sec.market.end_open(order, OrderStatus.CANCELLED, Reason.LIQUIDATION)
    sizes = sec.closing.setdefault(account.id, {})
    position = sizes.setdefault(company.symbol, abs(account.quantity_of(company.symbol)))
    most = most_in_a_tick(company, position, sec.market.rules.margin)
    closed = sec.market.close_out(account, company, min(wanted, most))
    if closed:
        sec.alert(
            account.id,
            "liquidation",
            f"{closed} {company.symbol} were closed by the SEC.",
            {"symbol": company.symbol, "quantity": closed},
        )


def collect(sec: Office) -> None:
    """Collect fines while positions are closed for them, and every debt at the day's close, when
    it bears interest.
    """
    is_close = sec.market.moment.closes_now
    for case in list(sec.book.cases.values()):
        for accused in case.accused.values():
            if accused.owed_cents and (is_close or accused.is_liquidating):
                if is_close:
                    _charge_interest(sec, case, accused)
                _collect(sec, case, accused)


def _collect(sec: Office, case: Case, accused: Accused) -> None:
    account = sec.market.accounts[accused.account]
    worth = account.cash + account.long_value - account.short_value
    cents = min(accused.owed_cents, account.cash, worth)
    if cents > 0:
        accused.owed_cents -= cents
        account.debt -= cents
        accused.collected_cents += cents
        accused.escrowed_cents += cents
        sec.registry.transfer(account.id, ESCROW, cents, "fine")
    has_more = any(holding.quantity > 0 for holding in account.holdings.values())
    if accused.is_liquidating and not (accused.owed_cents and has_more):
        accused.is_liquidating = False
        sec.closing.pop(account.id, None)
        if accused.owed_cents:
            sec.impose(case.id, account.id, "debt", cents=accused.owed_cents)
    _note_debt(sec, account)
    sec.touch_accused(case, accused)
    if accused.is_appeal_over:
        pay_out(sec, case, accused)


def _note_debt(sec: Office, account: Account) -> None:
    member = sec.registry.members[account.id]
    if member.is_debtor != bool(account.debt):
        sec.registry.set_debtor(account.id, bool(account.debt))


def _charge_interest(sec: Office, case: Case, accused: Accused) -> None:
    margin = sec.market.rules.margin
    rate = sec.market.macro.interest_bps + margin.loan_spread_bps
    rate += sec.rules.penalties.debt_spread_bps
    year = BPS_IN_ONE * margin.days_in_year
    interest = (2 * accused.owed_cents * rate + year) // (2 * year)
    accused.owed_cents += interest
    sec.market.accounts[accused.account].debt += interest


def cancel_debt(sec: Office, case: Case, accused: Accused) -> None:
    """Let go of a debt that nobody is left to pay."""
    sec.impose(case.id, accused.account, "debt_cancelled", cents=accused.owed_cents)
    account = sec.market.accounts[accused.account]
    account.debt = max(0, account.debt - accused.owed_cents)
    accused.owed_cents = 0
    accused.is_liquidating = False
    sec.closing.pop(account.id, None)
    _note_debt(sec, account)
    sec.touch_accused(case, accused)


# Paying out


def pay_out(sec: Office, case: Case, accused: Accused) -> None:
    """Pay out what is collected of a final fine: bounty and investigator, losses, the treasury."""
    if accused.escrowed_cents <= 0:
        return
    _pay_bounty(sec, case, accused)
    _pay_investigator(sec, case, accused)
    _compensate(sec, case, accused)
    rest, accused.escrowed_cents = accused.escrowed_cents, 0
    if rest:
        sec.market.pay(ESCROW, TREASURY, rest, kind="fine_paid")
    sec.touch_accused(case, accused)


def pay_from_escrow(
    sec: Office, case: Case, accused: Accused, to: int, cents: Cents, kind: str
) -> Cents:
    """Pay so much of an accused's escrow, as far as it goes, and return what was paid."""
    cents = min(cents, accused.escrowed_cents)
    if cents <= 0:
        return 0
    accused.escrowed_cents -= cents
    sec.registry.transfer(ESCROW, to, cents, kind)
    sec.impose(case.id, to, kind, cents=cents)
    return cents


def _pay_bounty(sec: Office, case: Case, accused: Accused) -> None:
    due = rewards.bounty_due(sec, case, accused)
    if due is not None:
        tip, cents = due
        paid = pay_from_escrow(sec, case, accused, tip.account, cents, "bounty")
        if paid:
            rewards.note_bounty(sec, accused, tip, paid)


def _pay_investigator(sec: Office, case: Case, accused: Accused) -> None:
    rules, investigator = sec.rules.cases, case.investigator
    if investigator is None:
        return
    if sec.registry.members[investigator].status is not AgentStatus.ACTIVE:
        return
    earned = min(
        case.collected_cents * rules.investigator_bps // BPS_IN_ONE, rules.most_investigator_cents
    )
    earned -= sum(one.investigator_cents for one in case.accused.values())
    accused.investigator_cents += pay_from_escrow(
        sec, case, accused, investigator, earned, "investigator_fee"
    )


def _compensate(sec: Office, case: Case, accused: Accused) -> None:
    """Pay losses of fills against the convicted's orders, together at most its gain; each in
    proportion where there is not enough.
    """
    losses = losses_of(sec, case, accused.account)
    budget = min(accused.escrowed_cents, accused.gain_cents - accused.compensated_cents)
    left = {a: cents - case.compensated.get(a, 0) for a, cents in losses.items()}
    left = {account: cents for account, cents in left.items() if cents > 0}
    total = sum(left.values())
    if budget <= 0 or not total:
        return
    for account, cents in left.items():
        share = cents if total <= budget else cents * budget // total
        paid = pay_from_escrow(sec, case, accused, account, share, "compensation")
        case.compensated[account] = case.compensated.get(account, 0) + paid
        accused.compensated_cents += paid


def losses_of(sec: Office, case: Case, convicted: int) -> dict[int, Cents]:
    """Return, by account, what those who traded with a convicted lost in the conduct, measured
    from the price before it; nobody that it is linked to, and no other accused.
    """
    if not case.price_before:
        return {}
    losses: dict[int, Cents] = {}
    for trade in case.evidence.trades.values():
        if convicted not in (trade.buyer, trade.seller):
            continue
        other = trade.buyer if trade.seller == convicted else trade.seller
        if (
            other < FIRST_AGENT_ACCOUNT
            or other in case.accused
            or other not in sec.registry.members
        ):
            continue
        if sec.registry.linked(convicted, other):
            continue
        rise = trade.price - case.price_before
        loss = trade.quantity * (rise if trade.seller == convicted else -rise)
        losses[other] = losses.get(other, 0) + loss
    return {
        account: cents
        for account, cents in sorted(losses.items())
        if cents > 0
        and sec.registry.members[account].status not in (AgentStatus.BANKRUPT, AgentStatus.FLED)
    }


def refund(sec: Office, case: Case, accused: Accused) -> None:
    """Give back all that was collected, to the treasury where its payer is bankrupt; what has been
    paid out already comes from the treasury.
    """
    account = accused.account
    member = sec.registry.members[account]
    is_bankrupt = member.status is AgentStatus.BANKRUPT
    escrowed = accused.escrowed_cents
    spent = accused.collected_cents - escrowed
    accused.escrowed_cents = accused.collected_cents = 0
    if is_bankrupt:
        if escrowed:
            sec.market.pay(ESCROW, TREASURY, escrowed, kind="refund")
        if escrowed + spent:
            sec.impose(case.id, account, "refund_forfeited", cents=escrowed + spent)
    else:
        if escrowed:
            sec.registry.transfer(ESCROW, account, escrowed, "refund")
        if spent:
            sec.registry.transfer(TREASURY, account, spent, "refund")
        if escrowed + spent:
            sec.impose(case.id, account, "refund", cents=escrowed + spent)
    if accused.owed_cents:
        cancel_debt(sec, case, accused)
