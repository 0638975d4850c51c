"""Django is not set up yet when this is read, so what needs it is imported where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.desk import Desk, Trader


@pytest.fixture(autouse=True)
def never_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a process remembers of ticks and requests between two tests."""
    import redis
    from django.conf import settings

    from wallstreetsim.api.limits import KEY_PREFIX

    monkeypatch.setattr("market.common.instants._Seen.at", float("-inf"))
    monkeypatch.setattr("market.common.database_health._LastFailure.at", float("-inf"))
    monkeypatch.setattr("wallstreetsim.api.limits._Truce.until", 0.0)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        counted = list(client.scan_iter(f"{KEY_PREFIX}*"))
        if counted:
            client.delete(*counted)


@pytest.fixture
def unlimited(settings: Any) -> None:
    settings.RATE_LIMITS = False


@pytest.fixture
def short_day(settings: Any) -> None:
    """Let a day have five ticks open and five closed."""
    from dataclasses import replace

    from market.engine.rules import SessionRules

    market = replace(settings.RULES.market, session=SessionRules(open_ticks=5, closed_ticks=5))
    settings.RULES = replace(settings.RULES, market=market)


@pytest.fixture
def desk(db: None) -> Desk:
    from tests.api.desk import Desk

    return Desk()


@pytest.fixture
def ann(desk: Desk) -> Trader:
    """A retail trader, $10,000 and leverage 2, admitted by the first tick."""
    ann = desk.register("ann")
    desk.tick()
    return ann


@pytest.fixture
def bob(desk: Desk) -> Trader:
    """A quant, $50,000,000 and leverage 5, admitted by the tick after."""
    bob = desk.register("bob", "quant")
    desk.tick()
    return bob
