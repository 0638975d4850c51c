"""Cases on the wire. Evidence shows what was done, and by whom only where that is an accused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from agents.models import Agent, Message
from market import wire
from market.common.fields import Choice
from market.common.lists import PageQuery
from market.engine.values import Tick
from sec.engine.cases import CaseStatus
from sec.engine.rules import CRIME_NAMES
from sec.models import Investigation
from sec.selectors import CaseFile, CaseLine, Inmate, WantedAgent

# What everyone may see: of a case that never came to a charge nobody hears.
STATUSES = [status.value for status in CaseStatus if status not in ("opened", "active")]


class InvestigationsQuery(PageQuery):
    status = Choice(choices=STATUSES, required=False)
    crimeType = Choice(choices=CRIME_NAMES, required=False)


class InvestigationLine(TypedDict):
    """A case, as it stands for one accused."""

    id: str
    agentId: str
    agentName: str
    role: str
    crimeType: str
    symbol: str | None
    status: str
    tickOpened: int
    tickCharged: int | None
    tickDecided: int | None
    fine: float
    sentenceTicks: int
    suspensionTicks: int


def investigation_line(line: CaseLine) -> InvestigationLine:
    case, accused, agent = line
    return {
        "id": str(case.id),
        "agentId": str(agent.public_id),
        "agentName": agent.name,
        "role": agent.role,
        "crimeType": case.crime,
        "symbol": case.symbol,
        "status": accused.status,
        "tickOpened": accused.tick,
        "tickCharged": accused.charged_tick,
        "tickDecided": accused.decided_tick,
        "fine": accused.fine_cents / 100,
        "sentenceTicks": accused.sentence_ticks,
        "suspensionTicks": accused.suspension_ticks,
    }


class WantedLine(TypedDict):
    """An agent that is on trial, or has fled; `gain` is what its conduct brought it."""

    agentId: str
    agentName: str
    role: str
    status: str
    crimeTypes: list[str]
    cases: int
    gain: float
    netWorth: float
    since: int


def wanted_line(wanted: WantedAgent) -> WantedLine:
    agent = wanted.agent
    return {
        "agentId": str(agent.public_id),
        "agentName": agent.name,
        "role": agent.role,
        "status": agent.status,
        "crimeTypes": wanted.crimes,
        "cases": wanted.cases,
        "gain": wanted.gain_cents / 100,
        "netWorth": wanted.equity / 100,
        "since": wanted.since,
    }


class InmateLine(TypedDict):
    """An agent in prison. `ticksLeft` counts from the last tick."""

    agentId: str
    agentName: str
    role: str
    crimeType: str | None
    tickImprisoned: int
    sentenceTicks: int
    releaseTick: int
    ticksLeft: int


def inmate_line(inmate: Inmate, tick: Tick) -> InmateLine:
    agent = inmate.agent
    return {
        "agentId": str(agent.public_id),
        "agentName": agent.name,
        "role": agent.role,
        "crimeType": inmate.crime,
        "tickImprisoned": inmate.since,
        "sentenceTicks": inmate.sentence_ticks,
        "releaseTick": agent.status_until,
        "ticksLeft": max(0, agent.status_until - tick),
    }


class AccusedLine(TypedDict):
    """One accused of a case. `answer` is its own words; money that is still owed is a debt."""

    agentId: str
    agentName: str
    role: str
    status: str
    tickOpened: int
    tickActive: int | None
    tickCharged: int | None
    tickDecided: int | None
    gain: float
    notional: float
    fine: float
    collected: float
    owed: float
    sentenceTicks: int
    suspensionTicks: int
    answer: wire.Wire | None
    tickAppealed: int | None
    final: bool


def accused_line(line: CaseLine) -> AccusedLine:
    accused, agent = line.accused, line.agent
    answer = wire.untrusted(agent.name, accused.answer) if accused.answer else None
    return {
        "agentId": str(agent.public_id),
        "agentName": agent.name,
        "role": agent.role,
        "status": accused.status,
        "tickOpened": accused.tick,
        "tickActive": accused.active_tick,
        "tickCharged": accused.charged_tick,
        "tickDecided": accused.decided_tick,
        "gain": accused.gain_cents / 100,
        "notional": accused.notional_cents / 100,
        "fine": accused.fine_cents / 100,
        "collected": accused.collected_cents / 100,
        "owed": accused.owed_cents / 100,
        "sentenceTicks": accused.sentence_ticks,
        "suspensionTicks": accused.suspension_ticks,
        "answer": answer,
        "tickAppealed": accused.appeal_tick,
        "final": accused.decided_tick is not None
        and (accused.status not in ("convicted", "settled") or accused.is_appeal_over),
    }


class CaseSummary(TypedDict):
    """A case, and who is accused in it."""

    id: str
    crimeType: str
    symbol: str | None
    fromTick: int
    toTick: int
    tickOpened: int
    accused: list[AccusedLine]


def case_summary(case: Investigation, accused: list[CaseLine]) -> CaseSummary:
    return {
        "id": str(case.id),
        "crimeType": case.crime,
        "symbol": case.symbol,
        "fromTick": case.first_tick,
        "toTick": case.last_tick,
        "tickOpened": case.tick,
        "accused": [accused_line(line) for line in accused],
    }


class EvidenceOrder(TypedDict):
    """An order. `filled` and `tickClosed` are as its case has it; `cancelled`: by its owner."""

    id: str
    tick: int
    agentId: str | None
    symbol: str
    type: str
    quantity: int
    price: float | None
    filled: int
    tickClosed: int | None
    cancelled: bool


class EvidenceTrade(TypedDict):
    id: str
    tick: int
    symbol: str
    price: float
    quantity: int
    buyer: str | None
    seller: str | None
    buyOrder: str | None
    sellOrder: str | None


class EvidenceRumor(TypedDict):
    id: str
    tick: int
    symbol: str


class EvidenceBribe(TypedDict):
    id: str
    tick: int
    amount: float
    outcome: str


class EvidenceEvent(TypedDict):
    """News of a company; `impact` is the return that it was worth, `wide`: of more companies."""

    id: str
    tick: int
    symbol: str
    type: str
    impact: float
    wide: bool


class EvidenceLink(TypedDict):
    """That two agents were linked; `chief`: that the one, named twice, headed the company."""

    tick: int
    agentId: str | None
    otherId: str | None
    chief: bool


class EvidencePrice(TypedDict):
    """How a company stood at the end of a tick."""

    tick: int
    symbol: str
    price: float
    bid: float
    ask: float


class Evidence(TypedDict):
    """What a case rests on. Who is not accused is null."""

    orders: list[EvidenceOrder]
    trades: list[EvidenceTrade]
    rumors: list[EvidenceRumor]
    bribes: list[EvidenceBribe]
    events: list[EvidenceEvent]
    links: list[EvidenceLink]
    prices: list[EvidencePrice]


class SubpoenaedMessage(TypedDict):
    """What an accused wrote, or was answered."""

    id: str
    tick: int
    fromAgentId: str
    toAgentId: str
    content: wire.Wire


class CaseDetail(CaseSummary):
    """A case file. `messages` is null for all but the investigator who has subpoenaed them."""

    evidence: Evidence
    messages: list[SubpoenaedMessage] | None


def case_detail(file: CaseFile) -> CaseDetail:
    accused = {line.agent.id: line.agent for line in file.accused}
    evidence = file.case.evidence
    messages = None
    if file.messages is not None:
        messages = [_message(one, file.agents) for one in file.messages]
    return {
        **case_summary(file.case, file.accused),
        "evidence": {
            "orders": [_order(one, accused) for one in evidence["orders"]],
            "trades": [_trade(one, accused) for one in evidence["trades"]],
            "rumors": [
                {"id": one["id"], "tick": one["tick"], "symbol": one["symbol"]}
                for one in evidence["rumors"]
            ],
            "bribes": [
                {
                    "id": one["id"],
                    "tick": one["tick"],
                    "amount": one["cents"] / 100,
                    "outcome": one["kind"],
                }
                for one in evidence["bribes"]
            ],
            "events": [_event(one) for one in evidence.get("events", ())],
            "links": [_link(one, accused) for one in evidence.get("links", ())],
            "prices": [_price(one) for one in evidence.get("prices", ())],
        },
        "messages": messages,
    }


def _order(order: Mapping[str, Any], accused: Mapping[int, Agent]) -> EvidenceOrder:
    limit = order["limit"]
    return {
        "id": order["id"],
        "tick": order["tick"],
        "agentId": _id_of(order["account"], accused),
        "symbol": order["symbol"],
        "type": order["intent"],
        "quantity": order["quantity"],
        "price": None if limit is None else limit / 100,
        "filled": order.get("filled", 0),
        "tickClosed": order.get("closed_tick"),
        "cancelled": order.get("is_pulled", False),
    }


def _trade(trade: Mapping[str, Any], accused: Mapping[int, Agent]) -> EvidenceTrade:
    buyer, seller = _id_of(trade["buyer"], accused), _id_of(trade["seller"], accused)
    return {
        "id": trade["id"],
        "tick": trade["tick"],
        "symbol": trade["symbol"],
        "price": trade["price"] / 100,
        "quantity": trade["quantity"],
        "buyer": buyer,
        "seller": seller,
        "buyOrder": trade["buy_order"] if buyer else None,
        "sellOrder": trade["sell_order"] if seller else None,
    }


def _event(event: Mapping[str, Any]) -> EvidenceEvent:
    return {
        "id": event["id"],
        "tick": event["tick"],
        "symbol": event["symbol"],
        "type": event["kind"],
        "impact": event["impact"],
        "wide": event["is_wide"],
    }


def _link(link: Mapping[str, Any], accused: Mapping[int, Agent]) -> EvidenceLink:
    return {
        "tick": link["tick"],
        "agentId": _id_of(link["one"], accused),
        "otherId": _id_of(link["other"], accused),
        "chief": link["is_chief"],
    }


def _price(price: Mapping[str, Any]) -> EvidencePrice:
    return {
        "tick": price["tick"],
        "symbol": price["symbol"],
        "price": price["price"] / 100,
        "bid": price["bid"] / 100,
        "ask": price["ask"] / 100,
    }


def _id_of(account: int, agents: Mapping[int, Agent]) -> str | None:
    agent = agents.get(account)
    return str(agent.public_id) if agent else None


def _message(message: Message, agents: Mapping[int, Agent]) -> SubpoenaedMessage:
    sender, recipient = agents[message.sender], agents[message.recipient]
    return {
        "id": str(message.public_id),
        "tick": message.tick,
        "fromAgentId": str(sender.public_id),
        "toAgentId": str(recipient.public_id),
        "content": wire.untrusted(sender.name, message.text),
    }
