"""The order ticket on a company's page, beside the reader's own orders and position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from django.http import HttpRequest
from django.template.loader import render_to_string

from agents import selectors
from agents.api.serializers import OrderLine, portfolio
from agents.models import Agent
from market.engine.values import KINDS, Intent, OrderKind, TimeInForce
from wallstreetsim.terminal.acting import PREVIEW, preview_of
from wallstreetsim.terminal.frame import Own
from wallstreetsim.terminal.own import open_orders, said_of
from wallstreetsim.terminal.template_tags import dollars
from wallstreetsim.terminal.theme import OWN_PANELS, between

SIDES = [intent.name for intent in (Intent.BUY, Intent.SELL, Intent.SHORT, Intent.COVER)]
TIMES = (
    (TimeInForce.GTC, "until cancelled"),
    (TimeInForce.DAY, "for the day"),
    (TimeInForce.IOC, "now or never: rest cancelled"),
    (TimeInForce.FOK, "now and whole, or not at all"),
)
ADDRESS_FIELDS = ("side", "quantity", "orderType", "price", "stopPrice", "timeInForce", "postOnly")


def own_panels(request: HttpRequest, symbol: str) -> Own:
    """Return what puts an agent's ticket and orders into a company's page, and marks the levels of
    its book at which these rest. The address fills the ticket: `?side=BUY&quantity=100`.
    """

    def own(page: str, agent: Agent) -> str:
        orders = open_orders(agent, symbol)
        context = _context(request, agent, symbol, orders)
        panels = render_to_string("me/ticket.html", context, request)
        return between(marked(page, orders), OWN_PANELS, panels)

    return own


def _context(
    request: HttpRequest, agent: Agent, symbol: str, orders: Sequence[OrderLine]
) -> Mapping[str, Any]:
    given = {name: request.GET[name] for name in ADDRESS_FIELDS if request.GET.get(name)}
    owned = portfolio(agent, selectors.portfolio(agent))
    position = next((one for one in owned["positions"] if one["symbol"] == symbol), None)
    side = given.get("side", "").upper()
    return {
        **said_of(request),
        "agent": agent,
        "company": {"symbol": symbol},
        "portfolio": owned,
        "position": position,
        "orders": orders,
        "sides": SIDES,
        "side": side if side in SIDES else SIDES[0],
        "kinds": list(KINDS),
        "kind": _kind(given),
        "times": TIMES,
        "time": given.get("timeInForce", TimeInForce.GTC.value),
        "once": uuid4(),
        "back": request.get_full_path(),
        "preview": _preview(request, symbol, given) if PREVIEW in request.GET else None,
    }


def _kind(given: Mapping[str, str]) -> str:
    """Return the order's type: the given one, else what goes with the prices that are given."""
    if given.get("orderType") in KINDS:
        return given["orderType"]
    has_limit, has_stop = "price" in given, "stopPrice" in given
    if has_stop:
        return OrderKind.STOP_LIMIT if has_limit else OrderKind.STOP
    return OrderKind.LIMIT if has_limit else OrderKind.MARKET


def _preview(request: HttpRequest, symbol: str, given: Mapping[str, str]) -> Mapping[str, Any]:
    return preview_of(request, {**given, "symbol": symbol})


def marked(page: str, orders: Sequence[OrderLine]) -> str:
    """Return a company's page with the levels marked at which these orders rest."""
    for order in orders:
        if order["price"] is None or order["tickSubmitted"] is None:
            continue
        side, price = "bid" if order["side"] == "BUY" else "ask", dollars(order["price"])
        page = page.replace(
            f'<td class="{side}">{price}</td>', f'<td class="{side} own">{price}</td>', 1
        )
    return page
