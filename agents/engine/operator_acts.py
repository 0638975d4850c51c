"""What an operator may do to agents: each act's form and what it does."""

from __future__ import annotations

from agents.engine.agent_state import AgentStatus
from agents.engine.statuses import Statuses
from market.engine.action import OperatorAct, Verdict
from market.engine.parameters import Form, Parameter, ParameterKind, Parameters
from market.engine.reasons import Reason
from market.engine.refusals import Code, Refused
from market.engine.values import BPS_IN_ONE, OrderStatus

SET_FEE, SUSPEND, RELEASE, CANCEL_ORDERS = "SET_FEE", "SUSPEND", "RELEASE", "CANCEL_ORDERS"
LONGEST_SUSPENSION = 1_000_000  # ticks


def registry_acts(engine: str) -> tuple[OperatorAct, ...]:
    """Return the operators' acts upon agents, which the engine of that name performs."""
    bps = Parameter(
        "bps", "bps", ParameterKind.INTEGER, required=True, minimum=0, maximum=BPS_IN_ONE
    )
    reason = Parameter("reason", "reason", ParameterKind.TEXT, maximum=200)
    agent = Parameter("agent", "agent", ParameterKind.TEXT, required=True, minimum=1, maximum=50)
    ticks = Parameter(
        "ticks",
        "ticks",
        ParameterKind.INTEGER,
        required=True,
        minimum=1,
        maximum=LONGEST_SUSPENSION,
    )
    return (
        OperatorAct(
            SET_FEE,
            "Set the taker's fee of everyone who pays one, and who registers later.",
            engine,
            Form(bps, reason),
            _set_fee,
        ),
        OperatorAct(
            SUSPEND,
            "Suspend an agent, named or by its id, from trading for so many ticks.",
            engine,
            Form(agent, ticks, reason),
            _suspend,
        ),
        OperatorAct(RELEASE, "End an agent's suspension.", engine, Form(agent, reason), _release),
        OperatorAct(
            CANCEL_ORDERS,
            "Cancel an agent's open orders.",
            engine,
            Form(agent, reason),
            _cancel_orders,
        ),
    )


def _suspend(registry: Statuses, given: Parameters, id: str) -> Verdict:
    account = registry.resolve(given["agent"])
    member = registry.members[account]
    if member.status is not AgentStatus.ACTIVE:
        raise Refused(Code.INVALID_TARGET, f"{member.name} is {member.status.value} already.")
    why = given.get("reason") or "by an operator"
    registry.suspend(account, registry.tick + given["ticks"], why)
    return Verdict(True)


def _release(registry: Statuses, given: Parameters, id: str) -> Verdict:
    account = registry.resolve(given["agent"])
    member = registry.members[account]
    if member.status is not AgentStatus.SUSPENDED:
        raise Refused(Code.INVALID_TARGET, f"{member.name} is not suspended.")
    registry.release(account, given.get("reason") or "by an operator")
    return Verdict(True)


def _cancel_orders(registry: Statuses, given: Parameters, id: str) -> Verdict:
    account = registry.resolve(given["agent"])
    market = registry.market
    orders = sorted(market.accounts[account].orders.values(), key=lambda order: order.number)
    if not orders:
        raise Refused(Code.INVALID_TARGET, f"{registry.members[account].name} has no open orders.")
    why = given.get("reason") or ""
    for order in orders:
        market.end_open(order, OrderStatus.CANCELLED, Reason.BY_OPERATOR, why)
    return Verdict(True, data={"orderIds": [order.id for order in orders]})


def _set_fee(registry: Statuses, given: Parameters, id: str) -> Verdict:
    market = registry.market
    market.taker_fee_bps = given["bps"]
    for account, member in registry.members.items():
        if registry.rules.role(member.role).pays_fees:
            market.accounts[account].fee_bps = market.taker_fee_bps
    return Verdict(True)
