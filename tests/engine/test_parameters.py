"""What an action may carry: strict about every value, and exact about money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.engine.action import Action
from market.engine.actions import market_actions
from market.engine.parameters import Malformed, Parameters
from market.engine.refusals import Refused
from wallstreetsim.machine.rules import RULES

ACTIONS = {action.type: action for action in market_actions(RULES.market)}
BUY, CANCEL = ACTIONS["BUY"], ACTIONS["CANCEL_ORDER"]
MARKET: dict[str, Any] = {"symbol": "APEX", "quantity": 100}
LIMIT = MARKET | {"orderType": "LIMIT", "price": Decimal("10.02")}
ID = "0b5c6d7e-0000-4000-8000-0123456789ab"


def parse(given: dict[str, Any], action: Action = BUY) -> Parameters:
    return action.parse(given)


def complaint(given: dict[str, Any], action: Action = BUY) -> str:
    """Return the field that is complained about, and what is wrong with it."""
    with pytest.raises(Malformed) as caught:
        parse(given, action)
    return str(caught.value)


def refusal(given: dict[str, Any], action: Action = BUY) -> tuple[str, str]:
    """Return the code with which a well-formed action is refused, and why."""
    with pytest.raises(Refused) as caught:
        parse(given, action)
    return str(caught.value.code), caught.value.message


# What is taken


def test_an_order_is_a_market_order_good_till_cancelled_unless_it_says_otherwise() -> None:
    assert parse(MARKET) == {
        "symbol": "APEX",
        "quantity": 100,
        "kind": "MARKET",
        "time_in_force": "GTC",
    }


def test_a_limit_arrives_in_dollars_and_is_kept_in_cents() -> None:
    assert parse(LIMIT)["limit"] == 1_002
    assert parse(LIMIT | {"price": 10})["limit"] == 1_000
    assert parse(LIMIT | {"price": Decimal("0.01")})["limit"] == 1
    assert parse(LIMIT | {"price": Decimal("1e1")})["limit"] == 1_000
    assert parse(LIMIT | {"price": Decimal("10.5000000")})["limit"] == 1_050
    assert parse(LIMIT | {"price": 1_000_000})["limit"] == 100_000_000


@given(st.integers(1, 100_000_000))
def test_every_price_on_the_cent_is_taken_exactly(cents: int) -> None:
    assert parse(LIMIT | {"price": Decimal(cents).scaleb(-2)})["limit"] == cents


def test_null_is_the_same_as_nothing() -> None:
    assert parse(MARKET | {"price": None, "clientOrderId": None}) == parse(MARKET)


def test_a_cancel_names_its_order_by_either_id() -> None:
    assert parse({"orderId": ID}, CANCEL) == {"id": ID}
    assert parse({"orderId": ID.upper()}, CANCEL) == {"id": ID}
    assert parse({"clientOrderId": "mine"}, CANCEL) == {"client_id": "mine"}


# What is refused


@pytest.mark.parametrize("missing", ["symbol", "quantity"])
def test_a_required_parameter_may_not_be_missing_or_null(missing: str) -> None:
    assert complaint({k: v for k, v in MARKET.items() if k != missing}) == f"{missing}: is required"
    assert complaint(MARKET | {missing: None}) == f"{missing}: is required"


def test_an_unknown_field_is_named_with_those_that_there_are() -> None:
    assert complaint(MARKET | {"qty": 5}) == (
        "qty: is not a parameter of this action; there are: symbol (required), quantity (required),"
        " orderType, price, stopPrice, timeInForce, postOnly, selfTrade, clientOrderId"
    )
    assert complaint({"orderId": ID, "id": ID}, CANCEL).endswith(
        "there are: orderId, clientOrderId"
    )


@pytest.mark.parametrize(
    "quantity",
    [0, -1, -(10**40), True, False, "100", Decimal("1.5"), Decimal("100"), 1.0, [], {}],
)
def test_a_quantity_is_a_whole_number_from_one_on(quantity: object) -> None:
    assert complaint(MARKET | {"quantity": quantity}).startswith("quantity:")


@pytest.mark.parametrize("quantity", [1_000_001, 10**40])
def test_what_has_not_its_form_is_malformed_whatever_its_numbers(quantity: int) -> None:
    """Wherever among its fields the number stands."""
    too_large = {"symbol": "APEX", "quantity": quantity}
    assert complaint(too_large | {"bogus": 1}).startswith(
        "bogus: is not a parameter of this action"
    )
    assert complaint({"quantity": quantity}) == "symbol: is required"
    assert complaint(too_large | {"orderType": "ODD"}).startswith("orderType:")
    assert complaint(too_large | {"orderType": "LIMIT"}).startswith("price:")
    assert complaint({"quantity": quantity}, ACTIONS["REPLACE_ORDER"]).startswith("orderId:")
    assert complaint(MARKET | {"price": 0}) == "price: goes with a LIMIT or STOP_LIMIT order only"


@pytest.mark.parametrize("quantity", [1_000_001, 10**40])
def test_an_order_for_more_than_a_million_is_too_large(quantity: int) -> None:
    code, message = refusal(MARKET | {"quantity": quantity})
    assert (code, message) == ("ORDER_TOO_LARGE", "quantity: must lie between 1 and 1,000,000")


@pytest.mark.parametrize(
    "price",
    [
        0,
        -1,
        Decimal("-0.01"),
        Decimal("0.001"),
        Decimal("10.001"),
        Decimal("1000000.01"),
        Decimal("1e999999"),
        Decimal("1e9999999"),
        Decimal("-1e9999999"),
        Decimal("1e-9999999"),
        10**400,
    ],
)
def test_a_price_lies_on_the_cent_between_a_cent_and_a_million_dollars(price: object) -> None:
    both = LIMIT | {"orderType": "STOP_LIMIT", "stopPrice": 10}
    for field in ("price", "stopPrice"):
        code, message = refusal(both | {field: price})
        assert code == "INVALID_PRICE"
        assert message.startswith(f"{field}: ")


@pytest.mark.parametrize(
    "price",
    [
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("-Infinity"),
        10.02,
        "10.02",
        True,
        [10],
    ],
)
def test_a_price_is_a_number_of_dollars(price: object) -> None:
    assert complaint(LIMIT | {"price": price}) == "price: must be a number"


@pytest.mark.parametrize(
    "price", ["10.0000000000000000000000000000000001", "9.99999999999999999999999999999999999"]
)
def test_a_price_that_is_nearly_on_the_cent_is_not(price: str) -> None:
    code, message = refusal(LIMIT | {"price": Decimal(price)})
    assert (code, message) == ("INVALID_PRICE", "price: has more than two decimals")


def test_a_limit_order_needs_a_price_and_a_market_order_may_have_none() -> None:
    assert complaint(MARKET | {"orderType": "LIMIT"}).startswith("price:")
    assert complaint(MARKET | {"price": 10}).startswith("price:")


@pytest.mark.parametrize("kind", ["limit", "STOPPED", "", 1, True, ["LIMIT"]])
def test_an_order_type_is_one_of_those_there_are(kind: object) -> None:
    assert complaint(MARKET | {"orderType": kind}).startswith("orderType:")


@pytest.mark.parametrize("symbol", ["", "A" * 13, 5, True, ["APEX"], {"a": 1}, "AP\x00EX"])
def test_a_symbol_is_a_short_string(symbol: object) -> None:
    assert complaint(MARKET | {"symbol": symbol}).startswith("symbol:")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 49,
        "a\nb",
        "a\x00b",
        "\x7f",
        "\x85",
        "a\u202eb",
        "\u2066x",
        "\u200f",
        "\u061c",
        "\ud800",
    ],
)
def test_a_client_order_id_holds_no_control_characters_nor_bidirectional_overrides(
    text: str,
) -> None:
    assert complaint(MARKET | {"clientOrderId": text}).startswith("clientOrderId:")


def test_a_client_order_id_may_be_any_other_text_of_48_characters() -> None:
    assert parse(MARKET | {"clientOrderId": "überaus 買い注文 🙂".ljust(48, "x")})


@pytest.mark.parametrize(
    "reference",
    [
        {},
        {"orderId": ID, "clientOrderId": "mine"},
        {"orderId": "17"},
        {"orderId": 17},
        {"orderId": ""},
    ],
)
def test_a_cancel_names_exactly_one_order(reference: dict[str, Any]) -> None:
    assert complaint(reference, CANCEL).startswith("orderId:")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
fields = st.sampled_from([parameter.wire for parameter in BUY.parameters] + ["orderId", "else"])


@given(st.dictionaries(fields, json_values), st.sampled_from(list(ACTIONS.values())))
def test_whatever_is_sent_is_either_taken_or_complained_about(
    sent: dict[str, Any], action: Action
) -> None:
    try:
        parameters = parse(sent, action)
    except Malformed as malformed:
        assert malformed.field
    except Refused as refused:
        assert refused.code in ("ORDER_TOO_LARGE", "INVALID_PRICE")
    else:
        assert all(isinstance(value, str | int) for value in parameters.values())
