"""Selloff and rally: a move that is large for so few ticks, on more than the usual volume."""

from __future__ import annotations

from math import expm1

from news.research.checkers import writing
from news.research.companies import CompanyView
from news.research.events import Alert
from news.research.views import DeskView

SOURCE = "move"
KINDS = SELLOFF, RALLY = "selloff", "rally"


def check(desk: DeskView, company: CompanyView) -> Alert | None:
    """Return an alert if the last ticks' return and volume both go beyond the rule."""
    rules = desk.rules.move
    if not (company.is_trading and company.is_seasoned):
        return None
    sigmas = company.sigmas(rules.window_ticks)
    if abs(sigmas) < rules.sigmas:
        return None
    volume = company.volume_over(rules.window_ticks)
    if volume < rules.volume_multiple:
        return None
    move = expm1(company.log_return(rules.window_ticks))
    kind = RALLY if sigmas > 0 else SELLOFF
    return writing.of_company(
        company,
        desk.tick,
        kind,
        SOURCE,
        title=f"{company.symbol}: {kind} of {writing.percent(move)}",
        description=(
            f"{company.name} has moved {writing.percent(move)} in {rules.window_ticks} ticks,"
            f" {writing.sigmas(sigmas)} of its usual move, on {writing.times(volume)} its usual"
            " volume."
        ),
        fields=(("Move", writing.percent(move)), ("Volume", writing.times(volume))),
        weight=abs(sigmas),
        side=writing.side_of(sigmas),
    )
