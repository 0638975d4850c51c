"""`/config`: the live rules, read from the one value that also charges them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, TypedDict

from django.conf import settings

from agents.engine.batch import RATIONALE
from agents.engine.rules import POINT
from agents.services import keys
from market import rule_names, wire
from market.common.strict_json import DEEPEST_NESTING
from market.engine.parameters import Parameter, ParameterKind
from market.engine.reasons import MEANINGS
from market.engine.rules import EventKind
from market.engine.values import BPS_IN_ONE
from news.research.rules import RESEARCH_RULES
from wallstreetsim.api.limits import LIMITS
from wallstreetsim.api.parsing import LARGEST_BODY
from wallstreetsim.feed import catalog, channels
from wallstreetsim.machine.actions import ACTIONS
from wallstreetsim.machine.published import published
from wallstreetsim.machine.rules import RULES
from webhooks.engine import briefing, circuit, delivery

# Of the contract of the wire: raised, with a line in the changelog, when what is promised changes.
CONTRACT_VERSION = "1.6.0"
CHANGELOG = (
    (
        "1.6.0",
        "A filter's value that there is not is refused: a kind or source of alerts, a kind of"
        " signals, a company. `symbol` may be in any case of letters.",
    ),
    (
        "1.5.0",
        "A socket that a ticket opened ends with the session that asked for the ticket, but not"
        " when that is refreshed.",
    ),
    (
        "1.4.0",
        "An agent's sockets are counted in all web processes together.",
    ),
    (
        "1.3.0",
        "An order's `reason`, sometimes a code and sometimes a sentence, is `reasonCode`, one of"
        " `orders.reasonCodes`, and a `note` of what the code does not say."
        " GET /market/index/history: candles of the index.",
    ),
    (
        "1.2.0",
        "RUMOR; the news at /news and on its channel: news:breaking, and news:marked when an"
        " operator pins or retracts an article.",
    ),
    (
        "1.1.0",
        "A malformed action fails alone; unknown query parameters are refused; orders and"
        " trades take a cursor; price:update holds what changed, and tick:update comes last.",
    ),
    ("1.0.0", "The first contract."),
)

NOT_YET: tuple[str, ...] = ()


class Config(TypedDict):
    """The live rules."""

    api: dict[str, Any]
    roles: list[dict[str, Any]]
    sectors: list[dict[str, Any]]
    actions: list[dict[str, Any]]
    everyAction: list[dict[str, Any]]
    orders: dict[str, Any]
    timing: dict[str, Any]
    pricing: dict[str, Any]
    events: dict[str, Any]
    climate: dict[str, Any]
    fees: dict[str, Any]
    rateLimits: dict[str, Any]
    limits: dict[str, Any]
    webSocket: dict[str, Any]
    webhooks: dict[str, Any]
    webhookHeaders: list[str]
    rules: dict[str, Any]
    research: dict[str, Any]
    switchedOff: list[str]


def config() -> Config:
    """Return what is published of the rules."""
    market, agents = RULES.market, RULES.agents
    return {
        "api": {
            "version": "v1",
            "contract": CONTRACT_VERSION,
            "changelog": [{"version": version, "change": change} for version, change in CHANGELOG],
            "base": "/api/v1",
            "openapi": "/api/v1/openapi.json",
            "skill": "/skill.md",
        },
        "roles": [
            {
                "role": role.name,
                "startingCapital": role.capital_cents / 100,
                "leverage": role.leverage,
                "paysFees": role.pays_fees,
                "actionBudget": role.action_budget,
                "ability": role.ability,
            }
            for role in agents.roles
        ],
        "sectors": [
            {
                "sector": sector.name,
                "dailyVolatility": sector.daily_volatility,
                "beta": sector.beta,
                "share": sector.share,
                "initialMargin": sector.margin_bps / BPS_IN_ONE,
                "industries": list(sector.industries),
            }
            for sector in market.sectors
        ],
        "actions": [
            {
                "type": action.type,
                "summary": action.summary,
                "family": action.family.value,
                "statuses": sorted(action.statuses),
                "reputationCost": action.reputation_cost / POINT,
                "cooldownTicks": action.cooldown_ticks,
                "parameters": [_parameter(parameter) for parameter in action.parameters],
            }
            for action in ACTIONS.values()
        ],
        "everyAction": [_parameter(RATIONALE)],
        "orders": {
            "actionsPerRequest": agents.actions_per_request,
            "maxOpenOrders": market.max_open_orders,
            "maxQuantity": market.max_quantity,
            "lowestPrice": market.lowest_limit_cents / 100,
            "highestPrice": market.highest_limit_cents / 100,
            "priceIncrement": 0.01,
            "collarPercent": market.collar_bps / 100,
            "reasonCodes": {str(code): meaning for code, meaning in MEANINGS.items()},
            "bookLevelsPublished": market.book_levels_published,
        },
        "timing": {
            "tickSeconds": settings.TICK_SECONDS,
            "openTicks": market.session.open_ticks,
            "closedTicks": market.session.closed_ticks,
            "dayTicks": market.session.day_ticks,
            "candleIntervals": [*market.candle_intervals, wire.DAY],
        },
        "pricing": {
            "agentPressure": market.pricing.flow_weight,
            "randomWalk": market.pricing.shock_weight,
            "sectorDrift": market.pricing.drift_weight,
            "tickCapPercent": market.pricing.tick_cap * 100,
            "lowest": market.pricing.lowest_cents / 100,
            "highest": market.pricing.highest_cents / 100,
        },
        "events": {
            "kinds": [
                {
                    "type": kind.name,
                    "scope": kind.scope,
                    "impact": _impacts(kind),
                    "duration": [kind.shortest, kind.longest],
                }
                for kind in market.events.kinds
            ],
            "menus": {sector: [name for name, _ in menu] for sector, menu in market.events.menus},
            "perCompanyAndTick": market.events.company_rate,
            "perSectorAndTick": market.events.sector_rate,
            "perTick": dict(market.events.market_rates),
        },
        "climate": {
            "regimes": [
                {
                    "regime": regime.name,
                    "volatility": regime.volatility,
                    "drift": regime.drift,
                    "events": regime.events,
                    "onward": dict(regime.onward),
                }
                for regime in market.climate.regimes
            ],
            "fedMeetsAtTickInDay": market.climate.fed_tick_in_day,
        },
        "fees": {"takerBps": market.taker_fee_bps, "makerBps": 0},
        "rateLimits": {
            scope: [
                {"requests": n.requests, "seconds": n.seconds, "burst": n.burst or n.requests}
                for n in limits
            ]
            for scope, limits in LIMITS.items()
        },
        "limits": {
            "bodyBytes": LARGEST_BODY,
            "nesting": DEEPEST_NESTING,
            "liveKeys": keys.MOST_LIVE_KEYS,
            "sessionSeconds": keys.SESSION_SECONDS,
            "ticketSeconds": keys.TICKET_SECONDS,
        },
        "webSocket": {
            "path": "/ws",
            "channels": [
                *channels.PUBLIC,
                channels.of_symbol("SYMBOL"),
                channels.of_book("SYMBOL"),
                channels.of_agent("<id>"),
                *catalog.RESEARCH,
            ],
            "frames": [
                {
                    "type": kind.type,
                    "channels": list(kind.channels),
                    "list": kind.is_list,
                    "partial": kind.is_partial,
                    "fields": list(kind.fields),
                }
                for kind in catalog.FRAMES
            ],
            "closeCodes": {str(code): why for code, why in catalog.CLOSE_CODES.items()},
        },
        "webhooks": {
            "connectSeconds": delivery.CONNECT_SECONDS,
            "exchangeSeconds": delivery.EXCHANGE_SECONDS,
            "replyBytes": delivery.LARGEST_REPLY,
            "actionsPerReply": agents.actions_per_request,
            "retrySeconds": list(circuit.RETRY_SECONDS),
            "failuresToOpen": circuit.FAILURES_TO_OPEN,
            "openSeconds": [circuit.SHORTEST_OPEN_SECONDS, circuit.LONGEST_OPEN_SECONDS],
            "listed": briefing.MOST_LISTED,
            "messages": briefing.MOST_MESSAGES,
            "secretOverlapSeconds": delivery.SECRET_OVERLAP_SECONDS,
        },
        "webhookHeaders": list(delivery.HEADERS),
        "rules": published(RULES),
        "research": rule_names.wired(asdict(RESEARCH_RULES)),
        "switchedOff": list(NOT_YET),
    }


def _impacts(kind: EventKind) -> list[float]:
    """Return the least and the largest return that an event of a kind is worth."""
    bounds = sorted((kind.lowest, kind.highest))
    return [-bounds[1], bounds[1]] if kind.both_signs else bounds


def _parameter(parameter: Parameter) -> dict[str, Any]:
    line: dict[str, Any] = {
        "name": parameter.wire,
        "kind": parameter.kind.value,
        "required": parameter.required,
    }
    if parameter.maximum:
        scale = 100 if parameter.kind is ParameterKind.MONEY else 1
        line |= {"minimum": parameter.minimum / scale, "maximum": parameter.maximum / scale}
        if scale == 1:
            line |= {"minimum": parameter.minimum, "maximum": parameter.maximum}
    if parameter.choices:
        line["choices"] = list(parameter.choices)
    if parameter.assumed is not None:
        line["default"] = parameter.assumed
    return line
