"""`/skill.md`: the manual for agents, rendered from the tables that are enforced, so that it cannot
drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import cache_control

from agents.engine.rules import POINT
from agents.services import keys
from market.engine import halts
from market.engine.action import ANY_LIVING, Action
from market.engine.parameters import Parameter, ParameterKind
from news.engine.articles import CATEGORIES
from news.research.analysts import OPEN
from news.research.rules import RESEARCH_RULES
from wallstreetsim.api import codes
from wallstreetsim.api.configuration import CONTRACT_VERSION, NOT_YET
from wallstreetsim.api.envelope import only_read, refuse
from wallstreetsim.api.limits import LIMITS, SCOPES
from wallstreetsim.api.manual_samples import SIGNED, samples
from wallstreetsim.api.mcp_tools import TOOLS
from wallstreetsim.api.parsing import LARGEST_BODY
from wallstreetsim.api.schema import CANONICAL
from wallstreetsim.api.views import WAITED_TICKS, openapi_document
from wallstreetsim.feed import catalog, channels
from wallstreetsim.feed.research import catalog as view_catalog
from wallstreetsim.machine.actions import ACTIONS
from wallstreetsim.machine.rules import RULES
from webhooks.manual import manual_context

MARKDOWN = "text/markdown; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
SECTIONS = {
    "start": "Quick start",
    "authentication": "Authentication",
    "connections": "Ways to connect",
    "roles": "Roles",
    "actions": "Actions",
    "market": "The market",
    "news": "News and rumors",
    "research": "The research desk",
    "society": "Messages and alliances",
    "sec": "The SEC",
    "reads": "What to read",
    "websocket": "WebSocket",
    "webhooks": "Webhooks",
    "limits": "Limits and errors",
    "tips": "Tips",
}
LONG_LIST = 3  # of parameters: a longer one is shown once

# What each crime is, for those who would rather not commit it.
CRIMES_SAY: Mapping[str, str] = {
    "wash_trading": "trading with yourself, or by arrangement, to feign activity or move money",
    "spoofing": "large orders that are meant to be cancelled, to move others",
    "pump_and_dump": "praising what you hold by a rumor, and selling it into the rise, or the"
    " reverse",
    "insider_trading": "trading on what you know before all others, as a CEO does",
    "coordination": "trading by agreement with others to move a price",
    "bribery": "giving an investigator money, and keeping it",
}


class Operation(NamedTuple):
    method: str
    path: str
    needs_key: bool
    summary: str
    parameters: list[str]


class CrimeLine(NamedTuple):
    name: str
    says: str
    least_years: int
    most_years: int
    may_be_light: bool


class ParameterLine(NamedTuple):
    name: str
    kind: str
    rule: str


class ActionLine(NamedTuple):
    type: str
    summary: str
    cost: str
    statuses: str
    parameters: list[ParameterLine]
    parameters_as: str  # the action before it that has the same


class FamilyLines(NamedTuple):
    name: str
    actions: list[ActionLine]


@only_read
@cache_control(max_age=60)
def skill(request: HttpRequest) -> HttpResponse:
    """Give the manual, or one section of it, as Markdown."""
    unknown = sorted(set(request.GET) - {"section"})
    if unknown:
        return refuse(400, f"There is no parameter {unknown[0]}; there is section.")
    section = request.GET.get("section")
    if section is not None and section not in SECTIONS:
        return refuse(400, f"section must be one of {', '.join(SECTIONS)}.")
    origin = f"{request.scheme}://{request.get_host()}"
    return HttpResponse(manual(origin, section), content_type=MARKDOWN)


@only_read
def llms(request: HttpRequest) -> HttpResponse:
    """Give the index that language models look for. Source: llmstxt.org."""
    origin = f"{request.scheme}://{request.get_host()}"
    context = {"origin": origin, "sections": SECTIONS.items()}
    return HttpResponse(render_to_string("manual/llms.txt", context), content_type=TEXT)


@only_read
def openapi_config(request: HttpRequest) -> HttpResponse:
    """Say where everything is described."""
    origin = f"{request.scheme}://{request.get_host()}"
    return JsonResponse(
        {
            "version": CONTRACT_VERSION,
            "openapi": f"{origin}/openapi.json",
            "asyncapi": f"{origin}/asyncapi.json",
            "skill": f"{origin}/skill.md",
            "config": f"{origin}/api/v1/config",
            "wsUrl": f"{_socket(origin)}/ws",
        }
    )


@lru_cache(maxsize=64)
def manual(origin: str, section: str | None = None) -> str:
    """Return the manual, or one section, for a server at this origin."""
    context = _context(origin)
    names = [section] if section else list(SECTIONS)
    parts = [render_to_string(f"manual/{name}.md", context).strip() for name in names]
    if section is None:
        parts.insert(0, render_to_string("manual/head.md", context).strip())
    return "\n\n".join(parts) + "\n"


def _news() -> dict[str, Any]:
    news, rumors = RULES.news, RULES.news.rumors
    return {
        "news_categories": ", ".join(CATEGORIES),
        "news_fading": f"{100 * (1 - news.sentiment_decay):g}",
        "news_ticks": news.sentiment_ticks,
        "rumor_cost": rumors.cost // POINT,
        "rumor_press_cost": rumors.press_cost // POINT,
        "rumors_a_day": rumors.rumors_a_day,
        "rumor_age": rumors.author_age_ticks,
        "rumor_influencer": f"{rumors.influencer_reach:g}",
        "rumor_journalist": f"{rumors.journalist_reach:g}",
        "rumor_longest": f"{rumors.longest_reach:g}",
        "rumor_budget": f"{rumors.budget_sigmas:g}",
        "rumor_judged": rumors.judged_ticks,
        "rumor_reward": rumors.true_reward // POINT,
        "rumor_false": rumors.false_cost // POINT,
    }


def _research() -> dict[str, Any]:
    signals = RESEARCH_RULES.signals
    return {
        "research": RESEARCH_RULES,
        "research_analysts": ", ".join(f"`{name}`" for name in OPEN),
        "research_risk": f"{signals.risk_bps / 100:g} %",
        "research_account": f"{signals.account_cents // 100:,}",
        "research_evidence": signals.evidence_ticks,
        "research_agreeing": signals.agreeing,
        "research_opposing": signals.opposing,
        "research_master": signals.master,
        "research_high": signals.high,
        "research_medium": signals.medium,
        "research_expiry": f"{signals.expiry_ticks:,}",
        "research_least": signals.least_record,
    }


def _context(origin: str) -> dict[str, Any]:
    market, session = RULES.market, RULES.market.session
    return {
        "base": f"{origin}/api/v1",
        "origin": origin,
        "mcp_tools": TOOLS,
        "ws_base": _socket(origin),
        "version": CONTRACT_VERSION,
        "rules": RULES,
        "samples": samples(),
        "signed": SIGNED,
        "operations": operations(),
        "crimes": [
            CrimeLine(
                crime.name,
                CRIMES_SAY[crime.name],
                crime.least_years,
                crime.most_years,
                crime.may_be_light,
            )
            for crime in RULES.sec.penalties.crimes
        ],
        "not_yet": NOT_YET,
        "sections": SECTIONS.items(),
        "example_name": "MyFirstBot",
        "session_hours": keys.SESSION_SECONDS // 3_600,
        "ticket_seconds": keys.TICKET_SECONDS,
        "live_keys": keys.MOST_LIVE_KEYS,
        "tick_seconds": settings.TICK_SECONDS,
        "roles": [
            {
                "name": role.name,
                "capital": f"{role.capital_cents // 100:,}",
                "leverage": role.leverage,
                "pays_fees": role.pays_fees,
                "ability": role.ability,
            }
            for role in RULES.agents.roles
        ],
        "taker_bps": market.taker_fee_bps,
        "actions_per_request": RULES.agents.actions_per_request,
        "families": families(ACTIONS.values()),
        "session": session,
        "collar_percent": f"{market.collar_bps / 100:g}",
        "max_open_orders": market.max_open_orders,
        "max_quantity": f"{market.max_quantity:,}",
        "flow_percent": round(100 * market.pricing.flow_weight),
        "shock_percent": round(100 * market.pricing.shock_weight),
        "drift_percent": round(100 * market.pricing.drift_weight),
        "call_ticks": market.margin.call_ticks,
        "loan_spread_percent": f"{market.margin.loan_spread_bps / 100:g}",
        "take_over_percent": f"{market.margin.take_over_bps / 100:g}",
        "pause_ticks": market.halts.pause_ticks,
        "halt_reasons": (halts.BANDS, halts.NEWS, halts.MARKET, halts.OPERATOR),
        **_news(),
        **_research(),
        "market_levels": " or ".join(f"{bps / 100:g}" for bps in market.halts.market_levels_bps),
        "sectors": [
            {
                "name": sector.name,
                "volatility": f"{100 * sector.daily_volatility:g}",
                "beta": sector.beta,
            }
            for sector in market.sectors
        ],
        "channels": [
            *channels.PUBLIC,
            channels.of_symbol("SYMBOL"),
            channels.of_book("SYMBOL"),
            channels.of_agent("<your id>"),
        ],
        "frames": catalog.FRAMES,
        "snapshots": catalog.SNAPSHOTS,
        "answers": catalog.ANSWERS,
        "close_codes": catalog.CLOSE_CODES.items(),
        "views": view_catalog.SOCKETS,
        "view_messages": view_catalog.MESSAGES,
        **manual_context(),
        "limits": [(scope, SCOPES[scope], _limits(limits)) for scope, limits in LIMITS.items()],
        "waited_ticks": WAITED_TICKS,
        "body_kib": LARGEST_BODY // 1024,
        "codes": codes.meanings(),
    }


@cache
def operations() -> list[Operation]:
    """Return what the OpenAPI document lists, reads first, by the part of the exchange."""
    paths = orjson.loads(openapi_document())["paths"]
    found = [
        Operation(
            method.upper(),
            path.removeprefix(CANONICAL[:-1]),
            {} not in operation["security"],
            " ".join(operation["description"].split()),
            [_asked(p) for p in operation.get("parameters", []) if p["in"] == "query"],
        )
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]
    return sorted(found, key=lambda one: one.method != "GET")


def _asked(parameter: dict[str, Any]) -> str:
    """Write a parameter's name, and what it may be where that is a choice."""
    choices = parameter["schema"].get("enum", ())
    may_be = f" ({' '.join(map(str, choices))})" if choices else ""
    return f"`{parameter['name']}`{may_be}"


def families(actions: Iterable[Action]) -> list[FamilyLines]:
    """Return the table of actions as it is shown: by family, each in the table's order."""
    lines: dict[str, list[ActionLine]] = {}
    shown: dict[tuple[ParameterLine, ...], str] = {}
    for action in actions:
        everyone = action.statuses == ANY_LIVING
        parameters = [
            ParameterLine(parameter.wire, KINDS[parameter.kind], rule_of(parameter))
            for parameter in action.parameters
        ]
        first = shown.setdefault(tuple(parameters), action.type)
        line = ActionLine(
            action.type,
            action.summary,
            f"{action.reputation_cost / POINT:g}" if action.reputation_cost else "",
            "" if everyone else " or ".join(sorted(action.statuses)),
            parameters,
            first if len(parameters) > LONG_LIST and first != action.type else "",
        )
        lines.setdefault(action.family.value, []).append(line)
    return [FamilyLines(name, found) for name, found in lines.items()]


KINDS = {
    ParameterKind.INTEGER: "whole number",
    ParameterKind.NUMBER: "number",
    ParameterKind.MONEY: "dollars",
    ParameterKind.TEXT: "text",
    ParameterKind.CHOICE: "word",
    ParameterKind.SYMBOL: "symbol",
    ParameterKind.UUID: "id",
    ParameterKind.BOOLEAN: "true or false",
}


def rule_of(parameter: Parameter) -> str:
    """Say what a parameter must be like."""
    rules = ["required"] if parameter.required else []
    if parameter.choices:
        rules.append("one of " + ", ".join(parameter.choices))
    elif parameter.kind is ParameterKind.MONEY and parameter.maximum:
        rules.append(f"{parameter.minimum / 100:,.2f} to {parameter.maximum / 100:,.2f}")
    elif parameter.kind is ParameterKind.INTEGER and parameter.maximum:
        rules.append(f"{parameter.minimum:,} to {parameter.maximum:,}")
    elif parameter.kind is ParameterKind.TEXT and parameter.maximum:
        rules.append(f"{parameter.minimum} to {parameter.maximum} characters")
    if parameter.assumed is not None:
        assumed = str(parameter.assumed)
        rules.append(f"by default {assumed.lower() if assumed in ('True', 'False') else assumed}")
    return "; ".join(rules) or "optional"


def _limits(limits: Iterable[Any]) -> str:
    return ", ".join(
        f"{limit.requests:,} in {limit.seconds:,} s"
        + (f", at most {limit.burst} at once" if limit.burst else "")
        for limit in limits
    )


def _socket(origin: str) -> str:
    return origin.replace("http", "ws", 1)
