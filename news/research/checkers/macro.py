"""The Fed and the economy: a meeting ahead, its outcome, a regime that changes."""

from __future__ import annotations

from news.research.checkers import writing
from news.research.events import BUY, SELL, Alert
from news.research.views import DeskView

SOURCE = "macro"
KINDS = AHEAD, DECISION, REGIME = "fed_ahead", "fed_decision", "regime_change"
_MEETING = "FED_MEETING"
_MOODS = {"bull": BUY, "bubble": BUY, "bear": SELL, "crash": SELL}


def check(desk: DeskView) -> list[Alert]:
    """Return what the tick brings of the Fed and of the market's regime."""
    alerts = []
    market = desk.market
    day, ticks = market.next_fed_meeting()
    last = min(desk.rules.macro.ahead_ticks)
    if market.is_open and day == market.trading_day and ticks in desk.rules.macro.ahead_ticks:
        alerts.append(
            _alert(
                desk,
                AHEAD,
                f"The Fed meets {'soon' if ticks == last else 'today'}: in {ticks} ticks",
                f"The Fed's meeting is due in {ticks} ticks; the rate stands at"
                f" {market.interest_bps / 100:.2f}%.",
                None,
                3.0,
            )
        )
    for event in desk.happened:
        if event["type"] == _MEETING:
            alerts.append(_decision(desk))
    if market.regime != market.previous_regime:
        alerts.append(
            _alert(
                desk,
                REGIME,
                f"The market turns from {market.previous_regime} to {market.regime}",
                f"The regime was {market.previous_regime} and is {market.regime}; the index is"
                f" {writing.percent(market.day_change)} on the day.",
                _MOODS.get(market.regime),
                8.0,
            )
        )
    return alerts


def _decision(desk: DeskView) -> Alert:
    market = desk.market
    step = market.interest_bps - market.previous_interest_bps
    did = "holds its rate" if not step else "raises its rate" if step > 0 else "cuts its rate"
    return _alert(
        desk,
        DECISION,
        f"The Fed {did} at {market.interest_bps / 100:.2f}%",
        f"The Fed {did}: a step of {step} basis points, to {market.interest_bps / 100:.2f}%.",
        None if not step else writing.side_of(-step),
        10.0,
    )


def _alert(
    desk: DeskView, kind: str, title: str, description: str, side: str | None, weight: float
) -> Alert:
    market = desk.market
    return Alert(
        tick=desk.tick,
        kind=kind,
        source=SOURCE,
        symbol=None,
        title=title,
        description=description,
        colour=writing.BLUE if side is None else writing.COLOURS[side],
        fields=(
            ("Rate", f"{market.interest_bps / 100:.2f}%"),
            ("Inflation", f"{market.inflation_bps / 100:.2f}%"),
            ("Regime", market.regime),
        ),
        weight=weight,
        side=side,
    )
