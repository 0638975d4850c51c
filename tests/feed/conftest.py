"""Web processes that last the session, and a world that lasts a module.

Django is not set up yet when this is read, so what needs it is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_django import DjangoDbBlocker

if TYPE_CHECKING:
    from tests.feed.desk_views import Desk
    from tests.feed.live import LiveHall, Web

SOCKETS_PER_ADDRESS = 8  # all tests have the same


@pytest.fixture(scope="session")
def webs(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[Web]]:
    from tests.feed.live import Web

    logs: Path = tmp_path_factory.mktemp("webs")
    with ExitStack() as stack, django_db_blocker.unblock():
        webs = []
        for name in ("one.log", "two.log"):
            web = Web(logs / name, WSS_SOCKETS_PER_ADDRESS=str(SOCKETS_PER_ADDRESS))
            stack.callback(web.stop)
            webs.append(web)
        yield webs


@pytest.fixture(scope="module")
def hall(webs: list[Web], django_db_blocker: DjangoDbBlocker) -> Iterator[LiveHall]:
    from tests import tables
    from tests.feed.live import LiveHall, wait_until_told

    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
        hall = LiveHall("ann", "bob", "cid")
        for web in webs:
            wait_until_told(web)
        yield hall
        tables.empty()


@pytest.fixture
def web(webs: list[Web], hall: LiveHall) -> Web:
    return webs[0]


@pytest.fixture
def desk(hall: LiveHall) -> Desk:
    """A research desk that says what a test has it say."""
    from tests.feed.desk_views import Desk

    return Desk(hall)


@pytest.fixture(autouse=True)
def nobody_left_lately() -> None:
    """Forget the agents of earlier tests, who are told what they missed when they come back."""
    from django.conf import settings
    from redis import Redis

    from wallstreetsim.feed.resume_points import LEFT

    with Redis.from_url(settings.REDIS_URL) as redis:
        for key in redis.scan_iter(f"{LEFT}*"):
            redis.delete(key)
