"""What the checks of the news' actions may read in a web process: the rows of the last tick."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import connection

from agents.engine.batch import ParsedAction
from agents.models import Agent
from market.engine.values import Tick

_STATEMENT = """
    SELECT world.tick,
        (SELECT min(tick) FROM market_equitypoint WHERE account_id = %s),
        (SELECT count(*) FROM news_rumor WHERE account = %s AND day = (world.tick + 1) / %s),
        (SELECT json_object_agg(symbol, is_trading) FROM market_company)
    FROM market_world AS world
"""


class RumorChecks:
    """What is known, before the next tick, of an agent that would spread rumors.

    When it came is known from the first sample of its equity, to a few ticks; where they decide,
    the tick does.
    """

    def __init__(
        self, *, tick: Tick, first_sample: Tick | None, spread: int, trading: dict[str, bool]
    ) -> None:
        rules = settings.RULES
        sampling = rules.market.equity_sample_ticks
        latest = tick if first_sample is None else first_sample
        earliest = latest - sampling + 1
        is_founder = earliest <= 1
        age = tick + 1 - earliest
        self._is_old_enough = is_founder or age >= rules.news.rumors.author_age_ticks
        self._spread = spread
        self._trading = trading

    def is_old_enough(self, account: int) -> bool:
        return self._is_old_enough

    def rumors_today(self, account: int) -> int:
        return self._spread

    def trades(self, symbol: str) -> bool | None:
        return self._trading.get(symbol)


def view(agent: Agent, asked: Sequence[ParsedAction]) -> RumorChecks:
    """Return what the check of a rumor may read, for an agent: one statement."""
    day_ticks = settings.RULES.market.session.day_ticks
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, [agent.id, agent.id, day_ticks])
        tick, first_sample, spread, trading = cursor.fetchone()
    return RumorChecks(tick=tick, first_sample=first_sample, spread=spread, trading=trading or {})
