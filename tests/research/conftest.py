"""Django is not set up yet when this is read, so what needs it is imported where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.research.small_market import SEASONED, SmallMarket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import DjangoDbBlocker

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


def _forget_other_worlds() -> None:
    from news.research.standing import the_copy
    from wallstreetsim.terminal import frame

    the_copy.cache_clear()
    frame._kept.cache_clear()


@pytest.fixture
def still_hall(db: None, monkeypatch: pytest.MonkeyPatch) -> Hall:
    """A world without a house, and a process that remembers nothing of another one."""
    from tests.floor.hall import Hall

    _forget_other_worlds()
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    return Hall("ann", "bob")


@pytest.fixture(scope="module")
def shared_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Hall]:
    """The world of `said`, made once for the tests of a file, in a transaction that ends with
    them.
    """
    from django.db import transaction

    from tests.floor.hall import Hall
    from tests.research.said import say_all

    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
        hall = Hall("ann", "bob")
        say_all(hall)
        yield hall
        transaction.set_rollback(True)


@pytest.fixture
def said(shared_world: Hall, db: None) -> Hall:
    """A world of some ticks, of which the desk has said something of each kind. What a test does to
    it is undone, but for its floor's memory, which begins anew.
    """
    _forget_other_worlds()
    shared_world.restart()
    return shared_world
