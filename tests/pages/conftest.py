"""A world for the pages, and a browser without scripts in which ann is logged in.

Django is not set up yet when this is read, so what needs it is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.test import Client

if TYPE_CHECKING:
    from tests.floor.hall import Hall


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """No page is kept from the test before, nor for the next."""
    _forget()
    yield
    _forget()


@pytest.fixture(autouse=True)
def ticks_come_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a page that is asked for long after a tick say nothing of it."""
    monkeypatch.setattr("wallstreetsim.terminal.newest.LATE_SECONDS", 3_600)


def _forget() -> None:
    from wallstreetsim.terminal import frame, moves, pages, pictures, tv

    for made in (frame._kept, pages._terminal_at, pages._replay_at):
        made.cache_clear()
    for drawn in (pictures._index, pictures._company):
        drawn.cache_clear()
    moves._told.clear()
    tv._reel.forget()


@pytest.fixture
def nothing_counted() -> None:
    """No request counts against a limit yet."""
    import redis
    from django.conf import settings

    from wallstreetsim.api.limits import KEY_PREFIX

    with redis.Redis.from_url(settings.REDIS_URL) as counted:
        for key in counted.scan_iter(f"{KEY_PREFIX}*"):
            counted.delete(key)


@pytest.fixture
def hall(db: None, monkeypatch: pytest.MonkeyPatch) -> Hall:
    from tests.floor.hall import Hall

    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    return Hall("ann", "bob")


@pytest.fixture
def key(hall: Hall, nothing_counted: None) -> str:
    """A key of ann's."""
    from agents.services import keys

    _, secret = keys.create_key(hall.agents["ann"])
    return secret


@pytest.fixture
def ann(client: Client, key: str) -> Client:
    """A browser in which ann is logged in."""
    assert client.post("/login", {"apiKey": key}).status_code == 302
    return client
