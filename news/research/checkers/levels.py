"""Levels: prices at which much has traded. The price comes near one, approaches it, is at it; then
it bounces off it or breaks through it, and which of them is told.
"""

from __future__ import annotations

from market.engine.values import Cents
from news.research.checkers import writing
from news.research.companies import CompanyView
from news.research.events import Alert
from news.research.rules import LevelRules
from news.research.views import DeskView

SOURCE = "levels"
NEAR, APPROACHING, AT, BOUNCE, BREAK = (
    "level_near",
    "level_approaching",
    "level_at",
    "level_bounce",
    "level_break",
)
STAGES = (NEAR, APPROACHING, AT)  # each nearer than the one before
_NOTE = "levels"
_WEIGHTS = {NEAR: 0.3, APPROACHING: 0.6, AT: 1.0, BOUNCE: 1.8, BREAK: 2.0}
_TITLES = {
    NEAR: "{symbol} is near its level of {level}",
    APPROACHING: "{symbol} approaches its level of {level}",
    AT: "{symbol} is at its level of {level}",
    BOUNCE: "{symbol} bounces off its level of {level}",
    BREAK: "{symbol} breaks its level of {level}",
}


def nearest(company: CompanyView) -> Cents | None:
    """Return the level nearest to the price, None if the company has none."""
    return min(company.levels, key=lambda level: abs(level - company.price), default=None)


def stage_of(company: CompanyView, level: Cents, rules: LevelRules) -> str | None:
    """Return how near the price is to a level, None if it is far."""
    distance = abs(company.price / level - 1.0)
    if distance <= rules.at:
        return AT
    if distance <= rules.approaching:
        return APPROACHING
    return NEAR if distance <= rules.near else None


def check(desk: DeskView, company: CompanyView) -> Alert | None:
    """Return an alert if the price has come a stage nearer to a level, or if it has left one that
    it was at, and on which side.
    """
    if not company.is_trading:
        return None
    visit = company.notes.get(_NOTE)  # [level, side it came from, stage, tick of the stage]
    if visit is not None:
        return _go_on(desk, company, visit)
    level = nearest(company)
    if level is None or company.price == level:
        return None
    stage = stage_of(company, level, desk.rules.levels)
    if stage is None:
        return None
    side = 1 if company.price > level else -1
    company.notes[_NOTE] = [level, side, STAGES.index(stage), desk.tick]
    return _alert(desk, company, stage, level, side)


def _go_on(desk: DeskView, company: CompanyView, visit: list[int]) -> Alert | None:
    level, side, reached, since = visit
    rules = desk.rules.levels
    stage = stage_of(company, level, rules)
    if stage is None:  # it has left
        del company.notes[_NOTE]
        crossed = (company.price - level) * side < 0
        if STAGES[reached] != AT and not crossed:
            return None
        return _alert(desk, company, BREAK if crossed else BOUNCE, level, side)
    nearness = STAGES.index(stage)
    if nearness > reached:
        company.notes[_NOTE] = [level, side, nearness, desk.tick]
        return _alert(desk, company, stage, level, side)
    if desk.tick - since > rules.forgotten_ticks:
        company.notes[_NOTE] = [level, 1 if company.price > level else -1, nearness, desk.tick]
    return None


def _alert(desk: DeskView, company: CompanyView, kind: str, level: Cents, side: int) -> Alert:
    """Return an alert of a stage or an outcome; only an outcome leans to a side."""
    distance = company.price / level - 1.0
    came = "from above" if side > 0 else "from below"
    leans = {BOUNCE: side, BREAK: -side}.get(kind)
    name = writing.dollars(level)
    return writing.of_company(
        company,
        desk.tick,
        kind,
        SOURCE,
        title=_TITLES[kind].format(symbol=company.symbol, level=name),
        description=(
            f"Much of {company.name} has traded at {name}. It came {came} and is"
            f" {writing.percent(distance)} away."
        ),
        fields=(("Level", name), ("Distance", f"{100 * distance:+.2f}%")),
        weight=_WEIGHTS[kind],
        side=None if leans is None else writing.side_of(leans),
    )
