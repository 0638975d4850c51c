"""Upgraders: the state of an older schema lifted to today's, one schema at a time.

Each writes the schema that it leads to as that schema was, so it never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from market.engine.sessions import moment_of
from market.engine.values import BPS_IN_ONE, BUY, ceil_div
from wallstreetsim.machine.rules import Rules
from wallstreetsim.machine.world import SCHEMA_VERSION

State: TypeAlias = dict[str, Any]

# How schema 1 wrote an order: all of them GTC, to buy or to sell, at market or with a limit.
_ORDER_1 = (
    *("number", "id", "quantity", "limit", "filled", "value", "reason", "tick_submitted"),
    *("client_id", "is_recorded", "kind", "time_in_force", "status", "side"),
    *("account", "symbol"),
)


def lifted(state: State, rules: Rules) -> State:
    """Return a state of a known schema as today's has it."""
    while state["schema"] != SCHEMA_VERSION:
        state = _UPGRADERS[state["schema"]](state, rules)
    return state


def _from_1(state: State, rules: Rules) -> State:
    """Schema 2 knows every order type, margin calls, halts and splits; a climate, events and house
    agents, of which an old world has none. Orders that wait for the opening auction wait with their
    company.
    """
    market = state["market"]
    moment = moment_of(
        state["tick"], rules.market.session, never_closes=state["switches"]["never_closes"]
    )
    prices = {company["listing"]["symbol"]: company["price"] for company in market["companies"]}

    def orders(rows: Sequence[Sequence[Any]], symbol: str) -> list[list[Any]]:
        return [_order_from_1(row, prices, rules) for row in rows if row[-1] == symbol]

    companies = [
        company
        | {
            "shares": company["listing"]["shares"],
            "split_power": 0,
            "net_flow": 0,
            "pricing": _pricing_from_1(company["pricing"]),
            "is_trading": moment.is_open,
            "reopens_tick": None,
            "halt_reason": "",
            "low_band": 0,
            "high_band": 0,
            "is_pinned": False,
            "restricted_through": -1,
            "shorted": 0,
            "recent_prices": [company["price"]],
            "bids": orders(company["bids"], symbol),
            "asks": orders(company["asks"], symbol),
            "queue": orders(market["queue"], symbol),
            "stops": [],
        }
        for company in market["companies"]
        for symbol in [company["listing"]["symbol"]]
    ]
    accounts = [
        account
        | {
            "peak_equity": account["cash"] + account["long_value"] - account["short_value"],
            "is_bankrupt": False,
            "call": None,
        }
        for account in market["accounts"]
    ]
    sectors = [sector.name for sector in rules.market.sectors]
    climate = {
        "regime": market["regime"],
        "macro": market["macro"],
        "events": {"active": [], "brewing": [], "numbered": 0},
        "sector_levels": dict.fromkeys(sectors, 0.0),
        "sector_steps": dict.fromkeys(sectors, 0.0),
    }
    return state | {
        "schema": 2,
        "switches": state["switches"] | {"halts": True, "events": False, "house": 0},
        "house": {"inhabitants": [], "eyes": {}},
        "taker_fee_bps": rules.market.taker_fee_bps,
        "market": market
        | {
            "climate": climate,
            "happened": [],
            "accounts": accounts,
            "companies": companies,
            "is_day_over": False,
            "market_halts_today": 0,
            "triggered": [],
        },
    }


def _pricing_from_1(pricing: State) -> State:
    """Prices without a past of volatility, and with nothing left to walk."""
    return pricing | {
        "log_volatilities": [0.0, 0.0, 0.0],
        "unrest": [0, 1],
        "jump": 0.0,
        "is_news_due": False,
        "multiple": 1.0,
    }


def _order_from_1(row: Sequence[Any], prices: dict[str, int], rules: Rules) -> list[Any]:
    old = dict(zip(_ORDER_1, row, strict=True))
    buys, left = old["side"] == BUY, old["quantity"] - old["filled"]
    limit = old["limit"] if old["kind"] == "LIMIT" else None  # a market order's was its collar
    collared = BPS_IN_ONE + rules.market.collar_bps
    market_cost = ceil_div(left * prices[old["symbol"]] * collared, BPS_IN_ONE)
    cost = market_cost if limit is None else left * limit
    return [
        *(old["number"], old["id"], old["number"], limit or 0, old["filled"], old["value"]),
        *(cost if buys else 0, old["status"], old["reason"], "", old["tick_submitted"]),
        *(old["is_recorded"], old["side"], "BUY" if buys else "SELL", old["quantity"]),
        *(old["kind"], limit, None, old["time_in_force"], False, "allow", old["client_id"]),
        *(old["account"], old["symbol"]),
    ]


def _from_2(state: State, rules: Rules) -> State:
    """Schema 3 knows bands that operators set."""
    market = state["market"]
    usual = {"ordered_band_bps": 0, "bands_until": None}
    companies = [company | usual for company in market["companies"]]
    return state | {"schema": 3, "market": market | {"companies": companies}}


def _from_3(state: State, rules: Rules) -> State:
    """Schema 4 knows initial margin by company, what of the volume the market maker absorbed, which
    stops a trade has reached, how the quotes lean, and slower averages of past impact.
    """
    market = state["market"]
    listed = {company["listing"]["symbol"]: company for company in market["companies"]}

    def margins(account: State) -> State:
        margin = {"long_margin": 0, "short_margin": 0}
        for symbol, quantity, _ in account["holdings"]:
            company = listed[symbol]
            rate = max(
                BPS_IN_ONE,
                account["leverage"] * rules.market.margin_bps(company["listing"]["sector"]),
            )
            side = "long_margin" if quantity > 0 else "short_margin"
            margin[side] += abs(quantity) * company["price"] * rate
        equity = account["cash"] + account["long_value"] - account["short_value"]
        return account | margin | {"least_equity": min(0, equity)}

    averages = len(rules.market.pricing.impact_half_lives)

    def priced(company: State) -> State:
        known = company["pricing"]["impact_averages"][:averages]
        slow = [0.0] * (averages - len(known))
        pricing = company["pricing"] | {"impact_averages": [*known, *slow], "lean": 0.0}
        return company | {"pricing": pricing, "volume_absorbed": 0, "touched_stops": []}

    return state | {
        "schema": 4,
        "market": market
        | {
            "accounts": [margins(account) for account in market["accounts"]],
            "companies": [priced(company) for company in market["companies"]],
        },
    }


_UPGRADERS: dict[int, Callable[[State, Rules], State]] = {1: _from_1, 2: _from_2, 3: _from_3}
KNOWN_SCHEMAS = frozenset({SCHEMA_VERSION, *_UPGRADERS})
