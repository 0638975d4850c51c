"""The checkers: each looks at its interval, by a rule of its own, and says what it saw."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from market.engine.values import Tick
from news.research.checkers import (
    breakouts,
    gaps,
    headlines,
    levels,
    macro,
    moves,
    recap,
    social,
    squeeze,
    synthesis,
    volume,
)
from news.research.companies import CompanyView
from news.research.events import Alert
from news.research.rules import ResearchRules
from news.research.views import DeskView


class Checker(NamedTuple):
    """A checker of single companies, or of the whole market, and how often it looks."""

    name: str
    every_ticks: Tick
    kinds: tuple[str, ...]  # of its alerts
    of_company: Callable[[DeskView, CompanyView], Alert | None] | None = None
    of_market: Callable[[DeskView], list[Alert]] | None = None

    def look(self, desk: DeskView) -> list[Alert]:
        """Return what the checker sees."""
        if self.of_market:
            alerts = self.of_market(desk)
        else:
            assert self.of_company
            found = (self.of_company(desk, company) for company in desk.companies.values())
            alerts = [alert for alert in found if alert]
        assert all(alert.kind in self.kinds for alert in alerts)  # or nobody could ask for it
        return alerts


def checkers(rules: ResearchRules) -> tuple[Checker, ...]:
    """Return all checkers, in the order in which they look: the synthesis after those it reads."""
    return (
        Checker(moves.SOURCE, rules.move.every_ticks, moves.KINDS, of_company=moves.check),
        Checker(
            breakouts.SOURCE,
            rules.breakout.every_ticks,
            breakouts.KINDS,
            of_company=breakouts.check,
        ),
        Checker(gaps.SOURCE, rules.gap.every_ticks, gaps.KINDS, of_company=gaps.check),
        Checker(volume.SOURCE, rules.volume.every_ticks, volume.KINDS, of_company=volume.check),
        Checker(levels.SOURCE, rules.levels.every_ticks, levels.KINDS, of_company=levels.check),
        Checker(squeeze.SOURCE, rules.squeeze.every_ticks, squeeze.KINDS, of_company=squeeze.check),
        Checker(social.SOURCE, rules.social.every_ticks, social.KINDS, of_company=social.check),
        Checker(macro.SOURCE, rules.macro.every_ticks, macro.KINDS, of_market=macro.check),
        Checker(
            headlines.SOURCE, rules.news.every_ticks, headlines.KINDS, of_market=headlines.check
        ),
        Checker(
            synthesis.SOURCE,
            rules.synthesis.every_ticks,
            synthesis.KINDS,
            of_market=synthesis.check,
        ),
        Checker(recap.SOURCE, rules.recap.every_ticks, recap.KINDS, of_market=recap.check),
    )
