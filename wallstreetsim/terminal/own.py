"""What an agent that is logged in sees of its own: its account, its orders, its messages, its
webhook. All of it is what the API's own views show, by the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import messages as say
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

import webhooks.api.serializers
import webhooks.selectors
from agents import selectors, social, standings
from agents.api import serializers
from agents.models import Agent
from market import tape
from market.models import Company, World
from wallstreetsim.machine.actions import ACTIONS
from wallstreetsim.terminal.action_forms import ActionForm, form_of
from wallstreetsim.terminal.frame import framed
from wallstreetsim.terminal.guards import only_logged_in

ORDERS, TRADES, MESSAGES, ALLIANCES, BLOCKS = 50, 50, 30, 20, 20  # the last of each
ALERTS = 12
ALLIANCE_FORMS = (
    ("accept", "ALLY_ACCEPT"),
    ("reject", "ALLY_REJECT"),
    ("dissolve", "ALLY_DISSOLVE"),
    ("betray", "ALLY_DISSOLVE"),
)
ALERT_ENTRIES = 120  # of the agent's own stream, in which they are looked for


@never_cache
@require_safe
@only_logged_in
def portfolio(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Show what an agent owns, its open orders and its alerts."""
    return own_page(request, agent, "me/portfolio.html", lambda: _portfolio(agent))


@never_cache
@require_safe
@only_logged_in
def history(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Show an agent's last orders that ended, and its last trades."""
    return own_page(request, agent, "me/history.html", lambda: _history(agent))


@never_cache
@require_safe
@only_logged_in
def messages(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Show an agent's messages, its alliances and whom it blocks."""
    return own_page(request, agent, "me/messages.html", lambda: _messages(request, agent))


@never_cache
@require_safe
@only_logged_in
def account(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Show an agent's webhook and keys."""
    return own_page(request, agent, "me/account.html", lambda: _account(request, agent))


@never_cache
@require_safe
@only_logged_in
def find_company(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Lead to the ticket of a company, by its symbol."""
    symbol = request.GET.get("symbol", "").strip().upper()
    if Company.objects.filter(symbol=symbol).exists():
        return HttpResponseRedirect(f"{reverse('company-page', args=[symbol])}#ticket")
    say.error(request, f"There is no company {symbol[:12]}.")
    return HttpResponseRedirect(reverse("me"))


def own_page(request: HttpRequest, agent: Agent, template: str, context: Any) -> HttpResponse:
    def whole(_: World) -> Mapping[str, Any]:
        return {"agent": agent, "back": request.path, **said_of(request), **context()}

    return framed(request, template, "", whole, is_kept=False)


def said_of(request: HttpRequest) -> dict[str, Any]:
    """Return what the reader's last form has led to: what is said, and the faults by field."""
    said, errors = [], {}
    for message in say.get_messages(request):
        said.append(message)
        if field := message.extra_tags:
            errors[field] = str(message).rpartition(f"{field}: ")[2]
    return {"said": said, "errors": errors, "given": request.GET}


def open_orders(agent: Agent, symbol: str | None = None) -> list[serializers.OrderLine]:
    """Return an agent's orders that are not final, the newest first, those that wait for the tick
    before all; of one company if it is named. Two queries.
    """
    orders = selectors.orders_not_final([agent.id]).get(agent.id, [])
    return [
        serializers.order_line(order)
        for order in reversed(orders)
        if symbol is None or order.symbol == symbol
    ]


def _history(agent: Agent) -> Mapping[str, Any]:
    orders, _, _ = selectors.orders(agent, selectors.Window(ORDERS))
    trades, _, _ = selectors.trades(agent, selectors.Window(TRADES))
    return {
        "tab": "history",
        "past_orders": [line for line in map(serializers.order_line, orders) if line["tickClosed"]],
        "trades": list(map(serializers.own_trade, trades)),
    }


def _portfolio(agent: Agent) -> Mapping[str, Any]:
    return {
        "tab": "portfolio",
        "portfolio": serializers.portfolio(agent, selectors.portfolio(agent)),
        "orders": open_orders(agent),
        "alerts": alerts(agent),
    }


def alerts(agent: Agent) -> list[Mapping[str, Any]]:
    """Return the last alerts of an agent that the tape keeps, the newest first. Two queries."""
    epoch = World.objects.values_list("epoch", flat=True).get()
    kept = tape.read_last(epoch=epoch, stream=agent.id, limit=ALERT_ENTRIES)
    found = [alert for entry in kept for alert in _alerts_of(entry.read())]
    return found[:ALERTS]


def _alerts_of(events: Iterable[tape.Event]) -> list[Mapping[str, Any]]:
    told = [event["data"] for event in events if event["type"] == "agent:alert"]
    return [alert for data in told for alert in data]


def _messages(request: HttpRequest, agent: Agent) -> Mapping[str, Any]:
    inbox = social.inbox(agent, slice(MESSAGES))
    alliances, _ = social.own_alliances(agent, slice(ALLIANCES))
    blocks, _ = social.blocked(agent, slice(BLOCKS))
    return {
        "tab": "messages",
        "letter": form_for(request, agent, "MESSAGE"),
        "offer": form_for(request, agent, "ALLY"),
        "messages": [serializers.message_line(message, agent) for message in inbox.messages],
        "unread": inbox.unread,
        "alliances": list(map(serializers.own_alliance_line, alliances)),
        "own_id": str(agent.public_id),
        "blocks": list(map(serializers.block_line, blocks)),
        "alliance_forms": ALLIANCE_FORMS,
    }


def form_for(request: HttpRequest, agent: Agent, type: str) -> ActionForm:
    """Return the form of one action that names nothing by its id, filled in as the address says."""
    errors = said_of(request)["errors"]
    return form_of(ACTIONS[type], agent.status, request.GET.dict(), errors, {})


def _account(request: HttpRequest, agent: Agent) -> Mapping[str, Any]:
    profile = serializers.own_profile(*standings.own_standing(agent))
    endpoint = webhooks.selectors.endpoint(agent)
    deliveries: Sequence[Any] = webhooks.selectors.last_deliveries(agent)
    return {
        "tab": "account",
        "callback_url": request.GET.get("callbackUrl", agent.callback_url),
        "profile": profile,
        "webhook": webhooks.api.serializers.webhook(agent, endpoint, list(deliveries)),
        "keys": list(map(serializers.key_line, selectors.live_keys(agent))),
    }
