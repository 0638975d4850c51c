"""Synthesis: several checkers say the same of one company within a few ticks."""

from __future__ import annotations

from collections import defaultdict

from news.research.checkers import writing
from news.research.events import Alert
from news.research.views import DeskView

SOURCE = "synthesis"
KIND = "synthesis"
KINDS = (KIND,)


def check(desk: DeskView) -> list[Alert]:
    """Return an alert for each company and side on which enough kinds of alerts of late agree, one
    of them in this tick.
    """
    rules = desk.rules.synthesis
    kinds: dict[tuple[str, str], dict[str, Alert]] = defaultdict(dict)
    since = desk.tick - rules.within_ticks
    for alert in reversed(desk.alerts):
        if alert.tick <= since:
            break
        if alert.symbol and alert.side and alert.kind != KIND:
            kinds[alert.symbol, alert.side].setdefault(alert.kind, alert)
    return [
        _alert(desk, symbol, side, list(its.values()))
        for (symbol, side), its in kinds.items()
        if len(its) >= rules.alerts and any(alert.tick == desk.tick for alert in its.values())
    ]


def _alert(desk: DeskView, symbol: str, side: str, alerts: list[Alert]) -> Alert:
    company = desk.companies[symbol]
    names = ", ".join(sorted(alert.kind.replace("_", " ") for alert in alerts))
    return writing.of_company(
        company,
        desk.tick,
        KIND,
        SOURCE,
        title=f"{symbol}: {len(alerts)} alerts say {side}",
        description=(
            f"Within {desk.rules.synthesis.within_ticks} ticks {len(alerts)} alerts of"
            f" {company.name} lean to {side}: {names}."
        ),
        fields=(("Alerts", names), ("Day", writing.percent(company.day_change))),
        weight=5.0 + len(alerts),
        side=side,
    )
