"""What an operator, or a scenario's script, may do to the market: each act's form and what it does.

The form is checked where an act is asked for and again by the machine that performs it.
"""

from __future__ import annotations

from functools import partial

from market.engine import halts
from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.action import CompanyStanding, OperatorAct, Verdict, WorldStanding
from market.engine.exchange import Exchange
from market.engine.orders import Company
from market.engine.parameters import Form, Parameter, ParameterKind, Parameters
from market.engine.refusals import Code, Refused
from market.engine.rules import EventRules, HaltRules, MarketRules
from market.engine.trading_day import TradingDay
from market.engine.values import BPS_IN_ONE

HALT, UNHALT, RESTRICT_SHORTS = "HALT", "UNHALT", "RESTRICT_SHORTS"
SET_BANDS, FREE_BANDS = "SET_BANDS", "FREE_BANDS"
INJECT = "INJECT"
ALERT = "ALERT"

ALERTS = ("system", "webhook_disabled")  # that come from outside the machine
LONGEST_ALERT = 300

LONGEST_ACT = 10_000_000  # ticks
LONGEST_REASON = 200
LEAST_IMPACT, MOST_IMPACT = -0.99, 100.0  # fractions of the price

REASON = Parameter("reason", "reason", ParameterKind.TEXT, minimum=0, maximum=LONGEST_REASON)


def market_acts(rules: MarketRules) -> tuple[OperatorAct, ...]:
    """Return the operators' acts upon the market as `rules` limit them."""
    one = Parameter("symbol", "symbol", ParameterKind.SYMBOL, required=True, minimum=1, maximum=12)
    one_or_all = Parameter("symbol", "symbol", ParameterKind.SYMBOL, minimum=1, maximum=12)
    ticks = Parameter("ticks", "ticks", ParameterKind.INTEGER, minimum=1, maximum=LONGEST_ACT)
    bps = Parameter(
        "bps", "bps", ParameterKind.INTEGER, required=True, minimum=1, maximum=BPS_IN_ONE
    )
    event = Form(
        Parameter(
            "event",
            "event",
            ParameterKind.CHOICE,
            required=True,
            choices=tuple(kind.name for kind in rules.events.kinds),
        ),
        one_or_all,
        Parameter(
            "sector",
            "sector",
            ParameterKind.CHOICE,
            choices=tuple(sector.name for sector in rules.sectors),
        ),
        Parameter(
            "impact",
            "impact",
            ParameterKind.NUMBER,
            required=True,
            least=LEAST_IMPACT,
            most=MOST_IMPACT,
        ),
        Parameter(
            "duration",
            "duration",
            ParameterKind.INTEGER,
            required=True,
            minimum=0,
            maximum=LONGEST_ACT,
        ),
        REASON,
    )
    alert = Form(
        Parameter(
            "account",
            "account",
            ParameterKind.INTEGER,
            required=True,
            minimum=FIRST_AGENT_ACCOUNT,
            maximum=2**62,
        ),
        Parameter("kind", "kind", ParameterKind.CHOICE, required=True, choices=ALERTS),
        Parameter(
            "message",
            "message",
            ParameterKind.TEXT,
            required=True,
            minimum=1,
            maximum=LONGEST_ALERT,
        ),
        REASON,
    )
    return (
        OperatorAct(
            HALT,
            "Halt a company, or all of them when none is named, for so many ticks or until"
            " resumed.",
            "market",
            Form(one_or_all, ticks, REASON),
            _halt,
            _check_halt,
        ),
        OperatorAct(
            UNHALT,
            "Resume trading by this tick's auction, in one company or in all.",
            "market",
            Form(one_or_all, REASON),
            _unhalt,
            _check_unhalt,
        ),
        OperatorAct(
            RESTRICT_SHORTS,
            "Restrict shorts in a company for the rest of the day and the next.",
            "market",
            Form(one, REASON),
            _restrict_shorts,
            partial(_check_restriction, rules.halts),
        ),
        OperatorAct(
            SET_BANDS,
            "Set the bands of a company, or of all, for so many ticks or until they are freed.",
            "market",
            Form(one_or_all, ticks, bps, REASON),
            _set_bands,
            _check_company,
        ),
        OperatorAct(
            FREE_BANDS,
            "Return a company, or all, to the bands of the rules.",
            "market",
            Form(one_or_all, REASON),
            _free_bands,
            _check_free_bands,
        ),
        OperatorAct(
            INJECT,
            "Make an event happen to a company, a sector or all, as its kind requires.",
            "market",
            event,
            _inject,
            partial(_check_event, rules.events),
        ),
        OperatorAct(ALERT, "Send one agent an alert.", "market", alert, _alert),
    )


# What makes no sense


def _check_company(world: WorldStanding, given: Parameters) -> None:
    _named(world, given)


def _check_halt(world: WorldStanding, given: Parameters) -> None:
    company = _named(world, given)
    halted = [one for one in world.companies.values() if one.reopens_tick is not None]
    if company is None:
        if len(halted) == len(world.companies):
            raise Refused(Code.BAD_REQUEST, "All companies are halted already.")
    elif (until := company.reopens_tick) is not None:
        end = "until it is resumed" if until >= halts.UNTIL_RESUMED else f"until tick {until:,}"
        raise Refused(Code.BAD_REQUEST, f"{company.symbol} is halted already, {end}.")


def _check_unhalt(world: WorldStanding, given: Parameters) -> None:
    company = _named(world, given)
    if company is not None and company.reopens_tick is None:
        raise Refused(Code.BAD_REQUEST, f"{company.symbol} is not halted.")
    if all(one.reopens_tick is None for one in world.companies.values()):
        raise Refused(Code.BAD_REQUEST, "No company is halted.")


def _check_restriction(rules: HaltRules, world: WorldStanding, given: Parameters) -> None:
    company = _named(world, given)
    through = world.trading_day + rules.restriction_days
    if company is not None and company.restricted_through >= through:
        raise Refused(
            Code.BAD_REQUEST,
            f"Shorts in {company.symbol} are restricted already, through day"
            f" {company.restricted_through}.",
        )


def _check_free_bands(world: WorldStanding, given: Parameters) -> None:
    company = _named(world, given)
    if company is not None and not company.has_own_bands:
        raise Refused(Code.BAD_REQUEST, f"{company.symbol} has the bands of the rules.")
    if not any(one.has_own_bands for one in world.companies.values()):
        raise Refused(Code.BAD_REQUEST, "All companies have the bands of the rules.")


def _check_event(rules: EventRules, world: WorldStanding, given: Parameters) -> None:
    """Raise Refused unless the target is of the event's kind, and the event may happen to it."""
    company, sector = _named(world, given), given.get("sector")
    kind = next(kind for kind in rules.kinds if kind.name == given["event"])
    if kind.scope == "market" and (company is not None or sector):
        raise Refused(
            Code.BAD_REQUEST, f"{kind.name} concerns the whole market: name no company or sector."
        )
    if kind.scope == "sector" and (company is not None or not sector):
        raise Refused(Code.BAD_REQUEST, f"{kind.name} concerns a sector: name one, no company.")
    if kind.scope == "company":
        if company is None or sector:
            raise Refused(Code.BAD_REQUEST, f"{kind.name} concerns a company: name one, no sector.")
        menu = dict(dict(rules.menus)[company.sector])
        if kind.name not in menu:
            raise Refused(
                Code.BAD_REQUEST,
                f"{kind.name} does not happen to {company.symbol}: its sector is {company.sector}.",
            )


def _named(world: WorldStanding, given: Parameters) -> CompanyStanding | None:
    """Return the company named, if one is. Raises Refused when there is none of that name."""
    symbol = given.get("symbol")
    if not symbol:
        return None
    company = world.companies.get(symbol)
    if company is None:
        raise Refused(Code.INVALID_SYMBOL, f"There is no company {symbol}.")
    return company


def standing_of(exchange: Exchange, *, is_paused: bool, steps_left: int) -> WorldStanding:
    """Return the world as the acts' checks see it."""
    return WorldStanding(
        is_paused,
        steps_left,
        exchange.moment.trading_day,
        {
            symbol: CompanyStanding(
                symbol,
                company.listing.sector,
                company.reopens_tick,
                company.restricted_through,
                company.band_override_bps > 0,
            )
            for symbol, company in exchange.companies.items()
        },
    )


# What is done


def _halt(exchange: Exchange, given: Parameters, id: str) -> Verdict:
    until, note = _end(exchange, given), given.get("reason", "")
    if symbol := given.get("symbol"):
        company = _company(exchange, symbol)
        halts.halt(exchange, company, until=until, reason=halts.OPERATOR, note=note)
    else:
        halts.halt_all(exchange, until=until, reason=halts.OPERATOR, note=note)
    return Verdict(True)


def _unhalt(exchange: Exchange, given: Parameters, id: str) -> Verdict:
    symbol = given.get("symbol")
    companies = [_company(exchange, symbol)] if symbol else exchange.companies.values()
    for company in companies:
        if company.is_halted:
            company.reopens_tick = halts.auction_at(exchange, exchange.log.tick)
    return Verdict(True)


def _restrict_shorts(exchange: Exchange, given: Parameters, id: str) -> Verdict:
    company = _company(exchange, given["symbol"])
    halts.restrict_shorts(exchange, company, given.get("reason", ""))
    return Verdict(True)


def _set_bands(exchange: Exchange, given: Parameters, id: str) -> Verdict:
    halts.override_bands(
        exchange,
        _company_or_all(exchange, given),
        given["bps"],
        until=_end(exchange, given),
        note=given.get("reason", ""),
    )
    return Verdict(True)


def _free_bands(exchange: Exchange, given: Parameters, id: str) -> Verdict:
    halts.free_bands(exchange, _company_or_all(exchange, given), given.get("reason", ""))
    return Verdict(True)


def _inject(exchange: TradingDay, given: Parameters, id: str) -> Verdict:
    if symbol := given.get("symbol"):
        _company(exchange, symbol)
    exchange.inject(
        given["event"],
        symbol=symbol,
        sector=given.get("sector"),
        impact=given["impact"],
        duration=given["duration"],
    )
    return Verdict(True)


def _alert(exchange: Exchange, given: Parameters, id: str) -> Verdict:
    account = exchange.accounts.get(given["account"])
    if account is None:
        raise Refused(Code.INVALID_TARGET, f"There is no account {given['account']}.")
    exchange.log.alert(account, given["kind"], given["message"])
    return Verdict(True)


def _end(exchange: Exchange, given: Parameters) -> int:
    ticks = given.get("ticks")
    return exchange.log.tick + ticks if ticks else halts.UNTIL_RESUMED


def _company_or_all(exchange: Exchange, given: Parameters) -> Company | None:
    symbol = given.get("symbol")
    return _company(exchange, symbol) if symbol else None


def _company(exchange: Exchange, symbol: str) -> Company:
    company = exchange.companies.get(symbol)
    if company is None:
        raise Refused(Code.INVALID_SYMBOL, f"There is no company {symbol}.")
    return company
