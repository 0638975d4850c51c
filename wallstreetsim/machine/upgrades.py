"""Upgraders: the state of an older schema lifted to today's, one schema at a time.

Each writes the schema that it leads to as that schema was, so it never changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from market.engine.accounts import ESCROW, SYSTEM_ACCOUNTS, margin_rate
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


_NAMES_3 = {"is_pinned": "is_limit_state", "ordered_band_bps": "band_override_bps"}

# Schema 3's market event ended with the last tick at which it was active.
_LAST_TICK_3 = 7


def _from_3(state: State, rules: Rules) -> State:
    """Schema 4 counts an event's ticks down, tells the last bid from one that stands, ends
    candles with the session and makes one of the day, and counts the tries to liquidate. It
    keeps each engine's state under its name, and the taker's fee with the market; two figures
    of a company have other names. Accounts know what came beside trading and may owe fines,
    escrow is one; agents know their past: nothing happened before. The index has candles from
    here on. It knows initial margin by company, what of the volume the market maker absorbed,
    which stops a trade has reached, how quotes lean, log-volatilities by their phases, slower
    averages of past impact, and what was short at the last two closes.
    """
    market, tick = state["market"], state["tick"]
    climate, session = market["climate"], rules.market.session
    moment = moment_of(tick, session, never_closes=state["switches"]["never_closes"])
    is_open = moment.is_open and not market["is_day_over"]
    events = climate["events"]
    active = [event for event in events["active"] if event[_LAST_TICK_3] >= tick]
    lifted_market = market | {
        "taker_fee_bps": state["taker_fee_bps"],
        "index_forming": [],
        "climate": climate
        | {"events": events | {"active": [_event_from_3(event, tick) for event in active]}},
        "happened": [_event_from_3(event, tick) for event in market["happened"]],
        "companies": [
            _renamed(company, _NAMES_3)
            | {
                "last_bid": company["best_bid"],
                "best_bid": company["best_bid"] if company["is_trading"] else None,
                "best_ask": company["best_ask"] if company["is_trading"] else None,
                "in_session": company["is_trading"],
                "forming": _forming_from_3(company, rules) if is_open else [],
                "pricing": _pricing_from_3(company["pricing"], rules),
                "volume_absorbed": 0,
                "touched_stops": [],
                "last_short_interest": None,
                "short_interest": None,
            }
            for company in market["companies"]
        ],
        "accounts": [
            account
            | {
                "call": [*account["call"], {}] if account["call"] else None,
                "transfers": 0,
                "trade_count": 0,
                "is_reduce_only": False,
                "debt": 0,
                "loan_sum": 0,
                "borrow_sum": 0,
            }
            | _margins_from_3(account, market["companies"], rules)
            for account in _with_escrow(market["accounts"])
        ],
    }
    moved = ("market", "society", "house", "taker_fee_bps")
    kept = {key: value for key, value in state.items() if key not in moved}
    equities = {
        account["id"]: account["cash"] + account["long_value"] - account["short_value"]
        for account in market["accounts"]
    }
    agents = {
        "members": [
            _member_from_3(member, tick, equities[member["account"]]) for member in state["society"]
        ],
        "mail": {"contacts": [], "day": -1, "received": [], "blocked": []},
        "alliances": [],
        "heard": [],
        "house_made": 0,
    }
    engines = {
        "market": lifted_market,
        "agents": agents,
        "house": state["house"] | {"letters": [], "bribes": []},
    }
    return kept | {"schema": 4, "engines": engines}


def _margins_from_3(account: State, companies: Sequence[State], rules: Rules) -> State:
    listed = {company["listing"]["symbol"]: company for company in companies}
    margins = {"long_margin": 0, "short_margin": 0}
    for symbol, quantity, _ in account["holdings"]:
        company = listed[symbol]
        least = rules.market.margin_bps(company["listing"]["sector"])
        side = "long_margin" if quantity > 0 else "short_margin"
        margins[side] += abs(quantity) * company["price"] * margin_rate(account["leverage"], least)
    equity = account["cash"] + account["long_value"] - account["short_value"]
    return margins | {"least_equity": min(0, equity)}


def _pricing_from_3(pricing: State, rules: Rules) -> State:
    count = len(rules.market.pricing.impact_half_lives)
    averages = [*pricing["impact_averages"], *[0.0] * count][:count]
    kept = {name: value for name, value in pricing.items() if name != "log_volatilities"}
    phases = [
        math.asin(max(-1.0, min(1.0, level / (sd * math.sqrt(2.0)))))
        for level, sd in zip(
            pricing["log_volatilities"], rules.market.pricing.volatility_sds, strict=True
        )
    ]
    return kept | {"impact_averages": averages, "volatility_phases": phases, "lean": 0.0}


def _with_escrow(accounts: list[State]) -> list[State]:
    """Return the accounts with that of escrow, which schema 3 did not have, beside its kind."""
    last = max(n for n, account in enumerate(accounts) if account["kind"] == "system")
    numbers = ("cash", "endowment", "long_value", "short_value", "realised")
    escrow = accounts[last] | {
        "id": ESCROW,
        "name": SYSTEM_ACCOUNTS[ESCROW],
        **dict.fromkeys((*numbers, "close_equity", "peak_equity", "tape_seq"), 0),
        "holdings": [],
        "equity_samples": [],
        "call": None,
    }
    return [*accounts[: last + 1], escrow, *accounts[last + 1 :]]


def _member_from_3(member: State, tick: int, equity: int) -> State:
    """A member as if it had been admitted now, with the reputation that it has."""
    ticks = dict.fromkeys(("admitted_tick", "clean_since", "last_action_tick"), tick)
    nothing = dict.fromkeys(
        (
            *("status_until", "gifts_received", "gifts_today", "bribes_given"),
            *("max_drawdown_bps", "return_days", "return_sum", "return_squares"),
        ),
        0,
    )
    worth = dict.fromkeys(("last_close", "close_worth", "peak_worth"), equity)
    return (
        member
        | ticks
        | nothing
        | worth
        | {
            "reputation": member["reputation"] * 10_000,
            "origin": "",
            "company": "",
            "is_accused": False,
            "is_debtor": False,
            "gift_day": -1,
            "history": [],
            "record": [],
        }
    )


def _renamed(state: State, names: dict[str, str]) -> State:
    return {names.get(key, key): value for key, value in state.items()}


def _event_from_3(event: Sequence[Any], tick: int) -> list[Any]:
    return [*event[:_LAST_TICK_3], max(1, event[_LAST_TICK_3] - tick + 1)]


def _forming_from_3(company: State, rules: Rules) -> list[Any]:
    """The candles that form go on, to where they end now; so does the day's, from its figures."""
    figures = ("day_open", "day_high", "day_low", "price", "day_volume")
    kept = [one for one in company["forming"] if one[0] in rules.market.candle_intervals]
    return [*kept, [rules.market.session.day_ticks, [company[name] for name in figures]]]


_UPGRADERS: dict[int, Callable[[State, Rules], State]] = {1: _from_1, 2: _from_2, 3: _from_3}
KNOWN_SCHEMAS = frozenset({SCHEMA_VERSION, *_UPGRADERS})
