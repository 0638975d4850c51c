"""Unusual volume, whatever the price does."""

from __future__ import annotations

from math import expm1

from news.research.checkers import writing
from news.research.companies import CompanyView
from news.research.events import Alert
from news.research.views import DeskView

SOURCE = "volume"
KIND = "unusual_volume"
KINDS = (KIND,)


def check(desk: DeskView, company: CompanyView) -> Alert | None:
    """Return an alert if the last ticks have traded many times the usual volume."""
    rules = desk.rules.volume
    if not (company.is_trading and company.is_seasoned):
        return None
    if len(company.volumes) < rules.window_ticks:
        return None
    multiple = company.volume_over(rules.window_ticks)
    if multiple < rules.multiple:
        return None
    move = expm1(company.log_return(rules.window_ticks))
    is_clear = abs(company.sigmas(rules.window_ticks)) >= 1.0
    return writing.of_company(
        company,
        desk.tick,
        KIND,
        SOURCE,
        title=f"{company.symbol} trades {writing.times(multiple)} its usual volume",
        description=(
            f"{company.name} has traded {writing.times(multiple)} its usual volume in"
            f" {rules.window_ticks} ticks, its price {writing.percent(move)}."
        ),
        fields=(("Volume", writing.times(multiple)), ("Move", writing.percent(move))),
        weight=multiple / 2,
        side=writing.side_of(move) if is_clear else None,
    )
