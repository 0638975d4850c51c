"""The talk: how many public rumors there are of a company, and which way they lean, beside its
price and volume. Who spreads them, how far and what they say is not looked at.
"""

from __future__ import annotations

from news.research.checkers import writing
from news.research.companies import CompanyView
from news.research.events import SELL, Alert
from news.research.views import DeskView

SOURCE = "social"
HOT, EMERGING, VELOCITY = "social_hot", "social_emerging", "social_velocity"
CONTRARIAN, PUMP = "social_contrarian", "pump_warning"
KINDS = (HOT, EMERGING, VELOCITY, CONTRARIAN, PUMP)
_TITLES = {
    HOT: "{symbol} is talked of: {count} rumors",
    EMERGING: "{symbol}: the first rumor in a long while",
    VELOCITY: "{symbol}: rumors come faster, {count} of late",
    CONTRARIAN: "{symbol} moves against what is said of it",
    PUMP: "{symbol}: talked up while it runs",
}


def check(desk: DeskView, company: CompanyView) -> Alert | None:
    """Return what the talk of a company amounts to, the gravest first; None without any of late."""
    rules = desk.rules.social
    recent = company.rumors_since(desk.tick - rules.window_ticks)
    if not recent or not company.is_trading:
        return None
    sigmas = company.sigmas(rules.move_ticks)
    volume = company.volume_over(rules.move_ticks)
    lean = sum(recent)
    if (
        recent.count(1) >= rules.pump_rumors
        and sigmas >= rules.pump_sigmas
        and volume >= rules.pump_volume
    ):
        return _alert(desk, company, PUMP, len(recent), sigmas, volume, side=SELL)
    if lean * sigmas < 0 and abs(sigmas) >= rules.sigmas:
        against = writing.side_of(sigmas)
        return _alert(desk, company, CONTRARIAN, len(recent), sigmas, volume, side=against)
    side = writing.side_of(lean) if lean else None
    if len(recent) >= rules.hot:
        return _alert(desk, company, HOT, len(recent), sigmas, volume, side=side)
    fast = len(company.rumors_since(desk.tick - rules.fast_ticks))
    usual = len(recent) * rules.fast_ticks / rules.window_ticks
    if fast >= rules.fast and fast >= 2 * usual:
        return _alert(desk, company, VELOCITY, fast, sigmas, volume, side=side)
    earlier = company.rumors_since(desk.tick - rules.quiet_ticks)
    if len(earlier) == 1 and lean * sigmas > 0:
        return _alert(desk, company, EMERGING, 1, sigmas, volume, side=side)
    return None


def _alert(
    desk: DeskView,
    company: CompanyView,
    kind: str,
    count: int,
    sigmas: float,
    volume: float,
    *,
    side: str | None,
) -> Alert:
    ticks = desk.rules.social.move_ticks
    talk = f"{count} public rumor{'s' if count > 1 else ''}"
    return writing.of_company(
        company,
        desk.tick,
        kind,
        SOURCE,
        title=_TITLES[kind].format(symbol=company.symbol, count=count),
        description=(
            f"{talk} of {company.name}; in {ticks} ticks its price has moved {sigmas:+.1f} sigma"
            f" on {writing.times(volume)} its usual volume."
        ),
        fields=(("Rumors", str(count)), ("Volume", writing.times(volume))),
        weight=3.0 if kind == PUMP else 1.0 + 0.3 * count,
        side=side,
    )
