"""The day in a few lines, at its close."""

from __future__ import annotations

from collections.abc import Iterable

from news.research.checkers import writing
from news.research.companies import CompanyView
from news.research.events import Alert
from news.research.views import DeskView

SOURCE = "recap"
KIND = "daily_recap"
KINDS = (KIND,)


def check(desk: DeskView) -> list[Alert]:
    """Return the recap in the tick in which a day has come to its end."""
    if not desk.day_ended:
        return []
    market = desk.market
    ranked = sorted(desk.companies.values(), key=lambda one: (-one.day_change, one.symbol))
    count = min(desk.rules.recap.movers, len(ranked) // 2)
    best, worst = ranked[:count], ranked[len(ranked) - count :][::-1]
    rose = sum(company.day_change > 0 for company in ranked)
    alerts = sum(desk.alerts_today.values())
    return [
        Alert(
            tick=desk.tick,
            kind=KIND,
            source=SOURCE,
            symbol=None,
            title=f"Day {market.ended_day}: the index closes {writing.percent(market.day_change)}",
            description=(
                f"The index closed at {market.index / 100:,.2f}. {rose} of {len(ranked)} companies"
                f" rose. The desk sent {alerts} alerts."
            ),
            colour=writing.BLUE,
            fields=(("Best", _movers(best)), ("Worst", _movers(worst)), ("Regime", market.regime)),
            weight=20.0,
        )
    ]


def _movers(companies: Iterable[CompanyView]) -> str:
    return (
        ", ".join(f"{one.symbol} {writing.percent(one.day_change)}" for one in companies) or "none"
    )
