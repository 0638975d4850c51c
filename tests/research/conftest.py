"""Django is not set up yet when this is read, so what needs it is imported where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.research.small_market import SEASONED, SmallMarket

if TYPE_CHECKING:
    from tests.floor.hall import Hall


@pytest.fixture
def market() -> SmallMarket:
    """A small market of which enough is known for anything to be unusual."""
    market = SmallMarket()
    market.run(SEASONED)
    return market


@pytest.fixture
def hall(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Hall:
    from market.engine.rules import Switches
    from tests.floor.hall import Hall

    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    return Hall("ann", "bob", switches=Switches(events=True, house=6))


@pytest.fixture
def still_hall(db: None, monkeypatch: pytest.MonkeyPatch) -> Hall:
    """A world without a house, and a process that remembers nothing of another one."""
    from news.research.standing import the_copy
    from tests.floor.hall import Hall
    from wallstreetsim.terminal import frame

    the_copy.cache_clear()
    frame._kept.cache_clear()
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    return Hall("ann", "bob")


@pytest.fixture
def said(still_hall: Hall) -> Hall:
    """A world of some ticks, of which the desk has said something of each kind."""
    from tests.research.said import say_all

    say_all(still_hall)
    return still_hall
