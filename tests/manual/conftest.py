"""One server for all tests of a module.

Django is not set up yet when this is read, so what needs it is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from pytest_django import DjangoDbBlocker

if TYPE_CHECKING:
    from tests.manual.exchange import Exchange


@pytest.fixture(scope="module")
def exchange(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Exchange]:
    from tests import tables
    from tests.manual.exchange import Exchange

    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
        exchange = Exchange(tmp_path_factory.mktemp("exchange"))
        yield exchange
        exchange.web.stop()
        tables.empty()
