"""What an agent may do that is no order: a form for every action, and what awaits its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agents import social
from agents.api import serializers
from agents.engine.rules import INVESTIGATOR
from agents.models import Agent
from sec import selectors
from sec.api.serializers import investigation_line
from wallstreetsim.machine.actions import ACTIONS
from wallstreetsim.machine.rules import RULES
from wallstreetsim.terminal.action_forms import Known, Option, families, form_of
from wallstreetsim.terminal.confirming import question
from wallstreetsim.terminal.frame import Own
from wallstreetsim.terminal.guards import only_logged_in
from wallstreetsim.terminal.own import ALLIANCES, open_orders, own_page, said_of
from wallstreetsim.terminal.template_tags import dollars, words
from wallstreetsim.terminal.theme import OWN_PANELS, between

STANDING = ("pending", "active")  # alliances that something can be done about
CASES = 20  # the last


@never_cache
@require_safe
@only_logged_in
def actions(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Show a form for every action that places no order, beside the bribes and the cases that
    await an answer. The address fills a form: `?type=RUMOR&targetSymbol=APEX`.
    """
    return own_page(request, agent, "me/actions.html", lambda: _actions(request, agent))


def agent_links(other: Agent) -> Own:
    """Return what puts links into an agent's page to the forms of what may be done to it."""

    def own(page: str, agent: Agent) -> str:
        context = {
            "agent": agent,
            "other": other.name,
            "can_be_bribed": other.role == INVESTIGATOR,
        }
        return between(page, OWN_PANELS, render_to_string("me/agent_links.html", context))

    return own


def _actions(request: HttpRequest, agent: Agent) -> Mapping[str, Any]:
    bribes = selectors.offered_bribes(agent)
    cases = [investigation_line(line) for line in selectors.own_cases(agent)[:CASES]]
    known: Known = {
        "orderId": [
            Option(line["orderId"], f"{line['intent']} {line['quantity']:,} {line['symbol']}")
            for line in open_orders(agent)
        ],
        "allianceId": _alliances(agent),
        "bribeId": [
            Option(str(one.id), f"${dollars(one.cents / 100)} of {one.briber_name}")
            for one in bribes
        ],
        "investigationId": [
            Option(one["id"], _case(one["crimeType"], one["symbol"], one["status"]))
            for one in cases
        ],
        "SUBPOENA investigationId": [
            Option(str(one.id), _case(one.crime, one.symbol, f"since tick {one.tick:,}"))
            for one in selectors.assigned_cases(agent)
        ],
    }
    errors = said_of(request)["errors"]
    forms = [
        form_of(action, agent.status, request.GET.dict(), errors, known, is_explained=True)
        for action in ACTIONS.values()
        if not action.places_order
    ]
    return {
        "tab": "actions",
        "families": families(forms),
        "question": question(request, forms),
        "bribes": bribes,
        "answer_ticks": RULES.sec.bribes.answer_ticks,
        "cases": cases,
    }


def _alliances(agent: Agent) -> list[Option]:
    lines = map(serializers.own_alliance_line, social.own_alliances(agent, slice(ALLIANCES))[0])
    own = str(agent.public_id)
    return [
        Option(line["allianceId"], f"{line['status']} with {_other(line, own)}")
        for line in lines
        if line["status"] in STANDING
    ]


def _other(line: serializers.OwnAllianceLine, own: str) -> str:
    proposer, partner = line["proposer"], line["partner"]
    return (partner if proposer["agentId"] == own else proposer)["name"]


def _case(crime: str, symbol: str | None, state: str) -> str:
    return f"{words(crime)}{f' in {symbol}' if symbol else ''}, {state}"
