"""Levels: prices at which much has traded. The price comes near one, approaches it, is at it; then
it bounces off it or breaks through it.

An approach is told once, at the stage at which the level is within a usual move of the company's;
then its outcome. Until the price has left the level by a longer one, nothing else is.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from market.engine.values import Cents, Tick
from news.research.checkers import writing
from news.research.companies import AWAY, VISIT, CompanyView
from news.research.events import Alert
from news.research.rules import LevelRules
from news.research.views import DeskView

SOURCE = "levels"
KINDS = NEAR, APPROACHING, AT, BOUNCE, BREAK = (
    "level_near",
    "level_approaching",
    "level_at",
    "level_bounce",
    "level_break",
)
STAGES = (NEAR, APPROACHING, AT)  # each nearer than the one before
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


class Visit(NamedTuple):
    """A price's stay at a level: the side it came from, the nearest stage it has reached, since
    when, and whether that it came is told. It is not of one that was there when the day began.
    """

    level: Cents
    side: int
    reached: int
    since: Tick
    is_told: bool
    is_approach: bool


def check(desk: DeskView, company: CompanyView) -> Alert | None:
    """Return an alert if a usual move now reaches a level to which the price has come, or if it has
    left one that it was at, and on which side.
    """
    if not company.is_trading:
        return None
    note = company.notes.get(VISIT)
    visit = _begun(desk, company) if note is None else Visit(*note)
    if visit is None:
        return None
    distance = abs(company.price / visit.level - 1.0)
    rules = desk.rules.levels
    if distance > max(rules.near, _usual_move(company, rules.left_ticks)):
        del company.notes[VISIT]
        company.notes[AWAY] = True
        return _outcome(desk, company, visit)
    stage = stage_of(company, visit.level, rules)
    nearness = -1 if stage is None else STAGES.index(stage)
    if nearness > visit.reached:
        visit = visit._replace(reached=nearness, since=desk.tick)
    elif desk.tick - visit.since > rules.forgotten_ticks:
        side = 1 if company.price > visit.level else -1
        visit = visit._replace(side=side, reached=nearness, since=desk.tick)
    is_within_reach = distance <= max(rules.at, _usual_move(company, rules.reach_ticks))
    is_due = visit.is_approach and not visit.is_told and is_within_reach
    company.notes[VISIT] = list(visit._replace(is_told=visit.is_told or is_due))
    return _alert(desk, company, stage, visit) if is_due and stage else None


def _begun(desk: DeskView, company: CompanyView) -> Visit | None:
    """Return the visit of a level that begins now, if one does, and note it or that none does."""
    level = nearest(company)
    if level is None or stage_of(company, level, desk.rules.levels) is None:
        company.notes[AWAY] = True
        return None
    side = 1 if company.price > level else -1
    visit = Visit(level, side, -1, desk.tick, is_told=False, is_approach=AWAY in company.notes)
    company.notes.pop(AWAY, None)
    company.notes[VISIT] = list(visit)
    return visit


def _usual_move(company: CompanyView, ticks: Tick) -> float:
    return company.sigma * sqrt(ticks)


def _outcome(desk: DeskView, company: CompanyView, visit: Visit) -> Alert | None:
    """Return what became of an approach that was told."""
    crossed = (company.price - visit.level) * visit.side < 0
    if not visit.is_told or (visit.reached != STAGES.index(AT) and not crossed):
        return None
    return _alert(desk, company, BREAK if crossed else BOUNCE, visit)


def _alert(desk: DeskView, company: CompanyView, kind: str, visit: Visit) -> Alert:
    """Return an alert of a stage or an outcome; only an outcome leans to a side."""
    level, side = visit.level, visit.side
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
