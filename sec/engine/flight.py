"""Flight from a case: the odds, and what is left to who escapes."""

from __future__ import annotations

from agents.engine.agent_state import AgentStatus
from agents.engine.facts import Fled
from market.engine.accounts import TREASURY
from market.engine.values import BPS_IN_ONE, Cents
from sec.engine import lifecycle
from sec.engine.collection import close_some
from sec.engine.office import Flight, Office
from sec.engine.rules import FlightRules


def odds_of_escape(equity: Cents, rules: FlightRules) -> float:
    """Return the odds of escape. Source: contract, section 4, FLEE."""
    odds = rules.base_odds + rules.equity_weight * equity / rules.equity_unit_cents
    return max(rules.base_odds, min(odds, rules.most_odds))


def flee(sec: Office, account: int, destination: str, ordinal: int) -> bool:
    """Let an accused try to escape, and return whether it did; caught, it goes to prison."""
    rules, owner = sec.rules.flight, sec.market.accounts[account]
    odds = odds_of_escape(owner.equity, rules)
    draw = sec.streams.uniform(sec.tick, f"{account}|{ordinal}", "does the accused escape")
    case = next(case.id for case, _ in sec.book.pending_against(account))
    if draw >= odds:
        ticks = rules.caught_years * sec.rules.penalties.ticks_a_year
        lifecycle.imprison(sec, case, account, ticks, "caught in flight")
        sec.facts.add(Fled(sec.tick, account, destination, True, 0))
        return False
    sec.registry.flee(account, "fled from the SEC")
    sec.facts.add(Fled(sec.tick, account, destination, False, 0))
    for left, accused in list(sec.book.pending_against(account)):
        lifecycle.abate(sec, left, accused)
    sec.flights[account] = Flight(account, sec.tick, destination, case)
    return True


def close_positions(sec: Office) -> None:
    """Close, as far as a tick may, the positions of those who have escaped."""
    for flight in sec.flights.values():
        account = sec.market.accounts[flight.account]
        held = [
            sec.market.companies[symbol]
            for symbol, holding in account.holdings.items()
            if holding.quantity
        ]
        for company in sorted(held, key=lambda company: company.symbol):
            if company.is_trading:
                wanted = abs(account.quantity_of(company.symbol))
                close_some(sec, account, company, wanted)


def settle(sec: Office) -> None:
    """Take a part of what is left from those whose positions are closed, or who are coming back."""
    for flight in list(sec.flights.values()):
        account = sec.market.accounts[flight.account]
        has_positions = any(holding.quantity for holding in account.holdings.values())
        is_back = sec.registry.state(flight.account).status is not AgentStatus.FLED
        if has_positions and not is_back and not account.is_bankrupt:
            continue
        worth = min(account.cash, account.equity)
        forfeited = max(0, worth) * sec.rules.flight.forfeited_bps // BPS_IN_ONE
        if forfeited:
            sec.registry.transfer(flight.account, TREASURY, forfeited, "flight")
            sec.impose(flight.case, flight.account, "flight", cents=forfeited)
        del sec.flights[flight.account]
        sec.closing.pop(flight.account, None)
