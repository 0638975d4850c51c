"""Breakout and breakdown: the range of the last days is left, on volume, once a day and way."""

from __future__ import annotations

from news.research.checkers import writing
from news.research.companies import CompanyView
from news.research.events import BUY, SELL, Alert
from news.research.views import DeskView

SOURCE = "breakout"
KINDS = BREAKOUT, BREAKDOWN = "breakout", "breakdown"


def check(desk: DeskView, company: CompanyView) -> Alert | None:
    """Return an alert if the price has left the range of the last days by some of a day's usual
    move, on more than its usual volume.
    """
    rules = desk.rules.breakout
    bars = list(company.days)[-rules.days :]
    if not (company.is_trading and company.is_seasoned) or len(bars) < rules.days:
        return None
    if company.volume_multiple < rules.volume_multiple:
        return None
    high, low = max(bar.high for bar in bars), min(bar.low for bar in bars)
    margin = rules.sigmas * company.daily_sigma
    if company.price > high * (1.0 + margin):
        kind, side, bound = BREAKOUT, BUY, high
    elif company.price < low * (1.0 - margin):
        kind, side, bound = BREAKDOWN, SELL, low
    else:
        return None
    day = desk.market.trading_day
    if company.notes.get(kind) == day:
        return None
    company.notes[kind] = day
    beyond = company.price / bound - 1.0
    volume = company.volume_multiple
    return writing.of_company(
        company,
        desk.tick,
        kind,
        SOURCE,
        title=f"{company.symbol}: {kind} beyond {writing.dollars(bound)}",
        description=(
            f"{company.name} has left the range of the last day at {writing.dollars(bound)} by"
            f" {writing.percent(beyond)}, on {writing.times(volume)} the volume usual by now."
        ),
        fields=(("Range", writing.dollars(bound)), ("Volume", writing.times(volume))),
        weight=2.0 + abs(beyond) / company.daily_sigma,
        side=side,
    )
