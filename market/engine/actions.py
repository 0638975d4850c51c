"""The market's actions: what each may carry, and the pure handler that performs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from market.engine.accounts import Account
from market.engine.exchange import Exchange
from market.engine.parameters import Form, Malformed, Parameter, ParameterKind, Parameters
from market.engine.refusals import Code
from market.engine.rules import MarketRules
from market.engine.values import OrderKind, Side, TimeInForce

NO_DATA: Mapping[str, Any] = {}


class Verdict(NamedTuple):
    """What became of an action, when the tick performed it.

    `data` is shown on the wire as it is.
    """

    success: bool
    code: str = Code.OK.value
    message: str = ""
    data: Mapping[str, Any] = NO_DATA


MarketHandler = Callable[[Exchange, Account, Parameters, str], Verdict]


@dataclass(frozen=True, slots=True)
class MarketAction:
    """A type of action. The handler takes (exchange, account, parameters, id of the input)."""

    type: str
    summary: str
    parameters: Form
    handler: MarketHandler
    check: Callable[[Parameters], None] = lambda parameters: None
    places_order: bool = False


def market_actions(rules: MarketRules) -> tuple[MarketAction, ...]:
    """Return the actions of the market as `rules` limit them."""
    order_parameters = _order_parameters(rules)
    return (
        MarketAction(
            "BUY",
            "Buy shares, on margin if need be.",
            order_parameters,
            partial(place_order, side=Side.BUY),
            check_order,
            places_order=True,
        ),
        MarketAction(
            "SELL",
            "Sell held shares that no open order of yours offers yet.",
            order_parameters,
            partial(place_order, side=Side.SELL),
            check_order,
            places_order=True,
        ),
        MarketAction(
            "CANCEL_ORDER",
            "Cancel an open order of your own; it takes effect in the next tick.",
            Form(
                Parameter("orderId", "id", ParameterKind.UUID),
                Parameter("clientOrderId", "client_id", ParameterKind.TEXT, minimum=1, maximum=48),
            ),
            cancel_order,
            check_reference,
        ),
    )


def place_order(
    exchange: Exchange, account: Account, parameters: Parameters, id: str, *, side: Side
) -> Verdict:
    """Place an order named by its action's id. Raises Refused."""
    order = exchange.place(
        account,
        parameters["symbol"],
        side,
        parameters["kind"],
        parameters["quantity"],
        parameters.get("limit"),
        id=id,
        client_id=parameters.get("client_id"),
    )
    if not order.reason:
        return Verdict(True, data={"orderId": order.id})
    message = _MESSAGES.get(order.reason, "")
    return Verdict(order.filled > 0, str(order.reason), message, {"orderId": order.id})


def cancel_order(exchange: Exchange, account: Account, parameters: Parameters, id: str) -> Verdict:
    """Cancel an open order of the account's own. Raises Refused."""
    order = exchange.cancel(account, id=parameters.get("id"), client_id=parameters.get("client_id"))
    return Verdict(True, data={"orderId": order.id})


def check_order(parameters: Parameters) -> None:
    """A limit order has a price and a market order none. Raises Malformed."""
    if (parameters["kind"] == OrderKind.LIMIT) != ("limit" in parameters):
        raise Malformed("price", "goes with a LIMIT order, and only with one")


def check_reference(parameters: Parameters) -> None:
    """An order is named by exactly one of its two ids. Raises Malformed."""
    if len(parameters) != 1:
        raise Malformed("orderId", "give orderId or clientOrderId, one of them")


_MESSAGES: dict[str, str] = {
    Code.INSUFFICIENT_FUNDS: "Your buying power does not cover the order's worst cost.",
    Code.INSUFFICIENT_SHARES: "You do not hold that many shares that no open order offers yet.",
    Code.TOO_MANY_ORDERS: "You have as many open orders as an account may have.",
    Code.POSITION_CONFLICT: "You are short in this company; an account is long or short, not both.",
    Code.NO_LIQUIDITY: "The book had no more within the collar; the rest was cancelled.",
}


def _order_parameters(rules: MarketRules) -> Form:
    return Form(
        Parameter("symbol", "symbol", ParameterKind.SYMBOL, required=True, minimum=1, maximum=12),
        Parameter(
            "quantity",
            "quantity",
            ParameterKind.INTEGER,
            required=True,
            minimum=1,
            maximum=rules.max_quantity,
        ),
        Parameter(
            "orderType",
            "kind",
            ParameterKind.CHOICE,
            choices=tuple(OrderKind),
            default=OrderKind.MARKET,
        ),
        Parameter(
            "price",
            "limit",
            ParameterKind.MONEY,
            minimum=rules.lowest_limit_cents,
            maximum=rules.highest_limit_cents,
        ),
        Parameter(
            "timeInForce",
            "time_in_force",
            ParameterKind.CHOICE,
            choices=tuple(TimeInForce),
            default=TimeInForce.GTC,
        ),
        Parameter("clientOrderId", "client_id", ParameterKind.TEXT, minimum=1, maximum=48),
    )
