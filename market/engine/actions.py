"""The market's actions: what each may carry, and the pure handler that performs it."""

from __future__ import annotations

from functools import partial

from market.engine.action import ACTIVE, ANY_LIVING, OK, Action, Actor, Family, Verdict
from market.engine.book_orders import Ticket
from market.engine.desk import Desk
from market.engine.orders import Order
from market.engine.parameters import Form, Malformed, Parameter, ParameterKind, Parameters
from market.engine.reasons import MEANINGS
from market.engine.refusals import Code
from market.engine.rules import MarketRules
from market.engine.values import (
    KINDS,
    SELF_TRADES,
    TIMES_IN_FORCE,
    Intent,
    OrderKind,
    SelfTrade,
    TimeInForce,
    new_tuple,
)

MARKET = "market"  # the name of the engine that performs them


def market_actions(rules: MarketRules) -> tuple[Action, ...]:
    """Return the actions of the market as `rules` limit them."""
    order_parameters = _order_parameters(rules)
    return (
        _order_action("BUY", "Buy shares, on margin if need be.", Intent.BUY, order_parameters),
        _order_action(
            "SELL",
            "Sell held shares that no open order of yours offers yet.",
            Intent.SELL,
            order_parameters,
        ),
        _order_action(
            "SHORT",
            "Sell borrowed shares, which costs margin and a fee.",
            Intent.SHORT,
            order_parameters,
        ),
        _order_action(
            "COVER",
            "Buy back shorted shares that no open order of yours covers yet.",
            Intent.COVER,
            order_parameters,
        ),
        Action(
            "CANCEL_ORDER",
            "Cancel an open order of your own; it takes effect in the next tick.",
            MARKET,
            Family.TRADING,
            Form(*_REFERENCE),
            cancel_order,
            check_form=check_reference,
            statuses=ANY_LIVING,
        ),
        Action(
            "REPLACE_ORDER",
            "Give an open order of your own another quantity (what is filled included) or limit; a"
            " smaller size keeps its place in time.",
            MARKET,
            Family.TRADING,
            Form(*_REFERENCE, _quantity(rules, required=False), _limit(rules)),
            replace_order,
            check_form=check_replacement,
        ),
        Action(
            "CANCEL_ALL",
            "Cancel your open orders, or those in one company.",
            MARKET,
            Family.TRADING,
            Form(Parameter("symbol", "symbol", ParameterKind.SYMBOL, minimum=1, maximum=12)),
            cancel_all,
            statuses=ANY_LIVING,
        ),
    )


def _order_action(type: str, summary: str, intent: Intent, parameters: Form) -> Action:
    """Return an order's action: to open a position, for active agents; to close one, for all but
    the bankrupt and the fled.
    """
    closes = intent in (Intent.SELL, Intent.COVER)
    return Action(
        type,
        summary,
        MARKET,
        Family.TRADING,
        parameters,
        partial(place_order, intent=intent),
        check_form=check_order,
        statuses=ANY_LIVING if closes else ACTIVE,
        places_order=True,
    )


def place_order(
    desk: Desk, actor: Actor, parameters: Parameters, id: str, *, intent: Intent
) -> Verdict:
    """Place an order named by its action's id. Raises Refused."""
    given = parameters.get
    ticket = Ticket(
        parameters["symbol"],
        intent,
        parameters["quantity"],
        KINDS[parameters["kind"]],
        given("limit"),
        given("stop"),
        TIMES_IN_FORCE[given("time_in_force", "GTC")],
        given("post_only", False),
        SELF_TRADES[given("self_trade", "cancel_newest")],
        given("client_id"),
    )
    return _verdict_on(desk.place(desk.accounts[actor.account], ticket, id=id))


def _verdict_on(order: Order) -> Verdict:
    """Say what became of an order that has just come in, or come in anew."""
    code, data = order.reason_code, {"orderId": order.id}
    if not code:
        return new_tuple(Verdict, (True, OK, "", data))
    message = order.note or MEANINGS[code]
    if isinstance(code, Code):
        return Verdict(order.filled > 0, str(code), message, data)
    return Verdict(True, OK, message, data)


def cancel_order(desk: Desk, actor: Actor, parameters: Parameters, id: str) -> Verdict:
    """Cancel an open order of the account's own. Raises Refused."""
    order = desk.cancel(
        desk.accounts[actor.account], id=parameters.get("id"), client_id=parameters.get("client_id")
    )
    return Verdict(True, data={"orderId": order.id})


def replace_order(desk: Desk, actor: Actor, parameters: Parameters, id: str) -> Verdict:
    """Replace an open order of the account's own. Raises Refused."""
    order = desk.replace(
        desk.accounts[actor.account],
        id=parameters.get("id"),
        client_id=parameters.get("client_id"),
        quantity=parameters.get("quantity"),
        limit=parameters.get("limit"),
    )
    return _verdict_on(order)


def cancel_all(desk: Desk, actor: Actor, parameters: Parameters, id: str) -> Verdict:
    """Cancel an account's open orders. Raises Refused."""
    orders = desk.cancel_all(desk.accounts[actor.account], parameters.get("symbol"))
    return Verdict(True, data={"orderIds": [order.id for order in orders]})


def check_order(parameters: Parameters) -> None:
    """Check that an order has the prices of its kind and no others. Raises Malformed."""
    kind = parameters["kind"]
    for wire, name, kinds in (
        ("price", "limit", (OrderKind.LIMIT, OrderKind.STOP_LIMIT)),
        ("stopPrice", "stop", (OrderKind.STOP, OrderKind.STOP_LIMIT)),
    ):
        if kind in kinds and name not in parameters:
            raise Malformed(wire, f"is required for a {' or '.join(kinds)} order")
        if kind not in kinds and name in parameters:
            raise Malformed(wire, f"goes with a {' or '.join(kinds)} order only")
    if parameters.get("post_only"):
        if kind != OrderKind.LIMIT:
            raise Malformed("postOnly", "goes with a LIMIT order only")
        if parameters["time_in_force"] not in (TimeInForce.GTC, TimeInForce.DAY):
            raise Malformed("postOnly", "goes with GTC or DAY only: it must be able to rest")


def check_reference(parameters: Parameters) -> None:
    """Check that exactly one of an order's two ids is given. Raises Malformed."""
    if ("id" in parameters) == ("client_id" in parameters):
        raise Malformed("orderId", "give orderId or clientOrderId, one of them")


def check_replacement(parameters: Parameters) -> None:
    """Check that a replacement names one order, and what is to be new. Raises Malformed."""
    check_reference(parameters)
    if "quantity" not in parameters and "limit" not in parameters:
        raise Malformed("quantity", "give quantity, price or both")


_REFERENCE = (
    Parameter("orderId", "id", ParameterKind.UUID),
    Parameter("clientOrderId", "client_id", ParameterKind.TEXT, minimum=1, maximum=48),
)


def _quantity(rules: MarketRules, *, required: bool) -> Parameter:
    return Parameter(
        "quantity",
        "quantity",
        ParameterKind.INTEGER,
        required=required,
        minimum=1,
        maximum=rules.max_quantity,
        refused_as=Code.ORDER_TOO_LARGE,
    )


def _limit(rules: MarketRules, wire: str = "price", name: str = "limit") -> Parameter:
    return Parameter(
        wire,
        name,
        ParameterKind.MONEY,
        minimum=rules.lowest_limit_cents,
        maximum=rules.highest_limit_cents,
        refused_as=Code.INVALID_PRICE,
    )


def _order_parameters(rules: MarketRules) -> Form:
    return Form(
        Parameter("symbol", "symbol", ParameterKind.SYMBOL, required=True, minimum=1, maximum=12),
        _quantity(rules, required=True),
        Parameter(
            "orderType",
            "kind",
            ParameterKind.CHOICE,
            choices=tuple(OrderKind),
            default=OrderKind.MARKET,
        ),
        _limit(rules),
        _limit(rules, "stopPrice", "stop"),
        Parameter(
            "timeInForce",
            "time_in_force",
            ParameterKind.CHOICE,
            choices=tuple(TimeInForce),
            default=TimeInForce.GTC,
        ),
        Parameter("postOnly", "post_only", ParameterKind.BOOLEAN, implied=False),
        Parameter(
            "selfTrade",
            "self_trade",
            ParameterKind.CHOICE,
            choices=tuple(SelfTrade),
            implied=SelfTrade.CANCEL_NEWEST.value,
        ),
        Parameter("clientOrderId", "client_id", ParameterKind.TEXT, minimum=1, maximum=48),
    )
