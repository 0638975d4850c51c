"""Short squeezes: many shares lent, more than before, a price that rises, and volume."""

from __future__ import annotations

from math import log, sqrt
from typing import NamedTuple

from news.research.checkers import writing
from news.research.companies import CompanyView
from news.research.events import BUY, Alert
from news.research.rules import SqueezeRules
from news.research.views import DeskView

SOURCE = "squeeze"
KIND = "squeeze"
KINDS = (KIND,)


class Score(NamedTuple):
    """The parts of a score, each up to its weight; the whole is from 0 to 100."""

    interest: float
    rise: float
    momentum: float
    volume: float

    @property
    def total(self) -> int:
        return round(sum(self))


def score_of(company: CompanyView, rules: SqueezeRules) -> Score:
    """Score a company by its published short interest and its past prices and volumes. Without any
    short interest nothing can be squeezed: the score is zero.
    """
    interest = (company.short_interest or 0) / 1_000
    if not interest:
        return Score(0.0, 0.0, 0.0, 0.0)
    oldest = company.short_interests[0] / 1_000 if company.short_interests else interest
    volume = company.volume_multiple - 1.0
    return Score(
        interest=rules.interest_weight * _part(interest, rules.full_interest),
        rise=rules.rise_weight * _part(interest - oldest, rules.full_rise),
        momentum=rules.momentum_weight * _part(_momentum(company, rules), rules.full_momentum),
        volume=rules.volume_weight * _part(volume, rules.full_volume - 1.0),
    )


def _momentum(company: CompanyView, rules: SqueezeRules) -> float:
    """Return the return over the last days, in usual moves of that time."""
    bars = list(company.days)[-rules.momentum_days :]
    before = bars[0].open if bars else company.previous_close
    if not before:
        return 0.0
    return log(company.price / before) / (company.daily_sigma * sqrt(len(bars) + 1))


def _part(value: float, full: float) -> float:
    return min(1.0, max(0.0, value / full))


def check(desk: DeskView, company: CompanyView) -> Alert | None:
    """Score the company, and return an alert if the score says squeeze."""
    rules = desk.rules.squeeze
    score = score_of(company, rules)
    company.squeeze = score.total
    if not company.is_trading or company.squeeze < rules.alert:
        return None
    interest = f"{(company.short_interest or 0) / 10:.1f}%"
    return writing.of_company(
        company,
        desk.tick,
        KIND,
        SOURCE,
        title=f"{company.symbol}: squeeze score {company.squeeze}",
        description=(
            f"{interest} of {company.name} was short at the last close but one, while its price"
            f" rises on {writing.times(company.volume_multiple)} the volume usual by now."
        ),
        fields=(
            ("Score", str(company.squeeze)),
            ("Short interest", interest),
            ("Day", writing.percent(company.day_change)),
        ),
        weight=company.squeeze / 20,
        side=BUY,
    )
