"""Gaps: a night's move that is large for the company, and whether the day fills it."""

from __future__ import annotations

from math import log

from news.research.checkers import writing
from news.research.companies import CompanyView
from news.research.events import Alert
from news.research.views import DeskView

SOURCE = "gap"
KINDS = GAP, FILL = "gap", "gap_fill"


def check(desk: DeskView, company: CompanyView) -> Alert | None:
    """Return an alert of a gap in the first ticks of a day, or of its fill later in that day."""
    if not company.is_trading:
        return None
    open_gap = company.notes.get(GAP)  # [day, previous close, sign]
    day = desk.market.trading_day
    if open_gap and open_gap[0] == day:
        return _fill(desk, company, open_gap)
    if desk.market.tick_in_day < desk.rules.gap.within_ticks:
        return _gap(desk, company, day)
    return None


def _gap(desk: DeskView, company: CompanyView, day: int) -> Alert | None:
    if not (company.is_seasoned and company.days and company.previous_close):
        return None
    gap = log(company.day_open / company.previous_close)
    sigmas = gap / company.daily_sigma
    if abs(sigmas) < desk.rules.gap.sigmas:
        return None
    company.notes[GAP] = [day, company.previous_close, 1 if gap > 0 else -1]
    move = company.day_open / company.previous_close - 1.0
    return writing.of_company(
        company,
        desk.tick,
        GAP,
        SOURCE,
        title=f"{company.symbol} opens with a gap of {writing.percent(move)}",
        description=(
            f"{company.name} opened at {writing.dollars(company.day_open)}"
            f" after a close of {writing.dollars(company.previous_close)}:"
            f" {writing.sigmas(sigmas)} of a usual day."
        ),
        fields=(
            ("Previous close", writing.dollars(company.previous_close)),
            ("Open", writing.dollars(company.day_open)),
        ),
        weight=2.0 * abs(sigmas),
        side=writing.side_of(gap),
    )


def _fill(desk: DeskView, company: CompanyView, gap: list[int]) -> Alert | None:
    _, close, sign = gap
    if (company.price - close) * sign > 0:
        return None
    company.notes[GAP] = None
    return writing.of_company(
        company,
        desk.tick,
        FILL,
        SOURCE,
        title=f"{company.symbol} has filled its gap to {writing.dollars(close)}",
        description=(
            f"{company.name} is back at its previous close of {writing.dollars(close)}: the night's"
            " gap is filled."
        ),
        fields=(("Previous close", writing.dollars(close)),),
        weight=2.0,
        side=writing.side_of(-sign),
    )
