"""How the bots of a match did: a table, and the same as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from statistics import fmean, pstdev
from typing import Any, NamedTuple

from market.engine.values import Cents
from wallstreetsim.lab.arena.match import Career, Match
from wallstreetsim.machine.rules import RULES

DAY = RULES.market.session.open_ticks


class Score(NamedTuple):
    """A bot's figures: fractions, but for Sharpe's ratio, which is a day's."""

    name: str
    role: str
    final: Cents
    returned: float
    sharpe: float | None  # None of an equity that has not moved
    drawdown: float
    fills: int
    violations: int
    tips_right: int
    refused: int
    lost_turns: int
    status: str
    remark: str


def scores(match: Match) -> list[Score]:
    """Return the bots' figures, the highest return first."""
    return sorted(map(_score, match.careers), key=lambda score: -score.returned)


def sharpe(equity: Sequence[Cents], a_day: int = DAY) -> float | None:
    """Return the mean over the deviation of the returns from tick to tick, scaled to a day."""
    returns = [b / a - 1 for a, b in pairwise(equity) if a > 0]
    deviation = pstdev(returns) if returns else 0.0
    return fmean(returns) / deviation * sqrt(a_day) if deviation else None


def drawdown(equity: Sequence[Cents]) -> float:
    """Return the deepest fall from a peak, as a fraction of it."""
    peak, deepest = 0, 0.0
    for value in equity:
        peak = max(peak, value)
        if peak:
            deepest = max(deepest, 1 - value / peak)
    return deepest


def _score(career: Career) -> Score:
    final, start = career.equity[-1], career.endowment
    return Score(
        name=career.bot.name,
        role=career.bot.role,
        final=final,
        returned=final / start - 1 if start else 0.0,
        sharpe=sharpe(career.equity),
        drawdown=drawdown(career.equity),
        fills=career.fills,
        violations=len(career.violations),
        tips_right=len(career.tips_right),
        refused=sum(career.refusals.values()),
        lost_turns=sum(career.lost_turns.values()),
        status=career.status,
        remark=career.why_lost,
    )


_HEADINGS = (
    *("bot", "role", "equity $", "return %", "Sharpe", "drawdown %", "fills", "violations"),
    *("tips right", "refused", "lost turns", "status"),
)


def as_text(match: Match) -> str:
    """Return the table, and what must be known to play the match again."""
    rows = [_HEADINGS, *(_row(score) for score in scores(match))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    remarks = [f"{score.name}: {score.remark}" for score in scores(match) if score.remark]
    end = f"{match.ticks} ticks, seed {match.seed}, digest {match.digest}"
    if not match.is_reproducible:
        end += "\nNot reproducible: a bot was late, and that depends on the clock."
    return "\n".join([*lines, "", *remarks, end])


def _row(score: Score) -> tuple[str, ...]:
    return (
        score.name,
        score.role,
        f"{score.final / 100:,.2f}",
        f"{100 * score.returned:+.3f}",
        "–" if score.sharpe is None else f"{score.sharpe:+.2f}",
        f"{100 * score.drawdown:.3f}",
        str(score.fills),
        str(score.violations),
        str(score.tips_right),
        str(score.refused),
        str(score.lost_turns),
        score.status,
    )


def as_json(match: Match) -> dict[str, Any]:
    """Return the match as plain data, equity tick by tick in dollars."""
    equity = {one.bot.name: [cents / 100 for cents in one.equity] for one in match.careers}
    return {
        "ticks": match.ticks,
        "seed": match.seed,
        "digest": match.digest,
        "reproducible": match.is_reproducible,
        "bots": [
            {
                "name": score.name,
                "role": score.role,
                "equity": score.final / 100,
                "return": score.returned,
                "sharpe": score.sharpe,
                "maxDrawdown": score.drawdown,
                "fills": score.fills,
                "violations": score.violations,
                "tipsRight": score.tips_right,
                "refused": score.refused,
                "lostTurns": score.lost_turns,
                "status": score.status,
                "remark": score.remark or None,
            }
            for score in scores(match)
        ],
        "equity": equity,
    }
