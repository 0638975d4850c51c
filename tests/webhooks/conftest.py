"""Django is not set up yet when this is read, so what needs it is imported where it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from tests.webhooks.receivers import Answer, Receiver

if TYPE_CHECKING:
    from tests.webhooks.post import Post


@pytest.fixture(autouse=True)
def never_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)


@pytest.fixture(autouse=True)
def agents_listen_on_this_machine(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = "loopback"


@pytest.fixture(autouse=True)
def a_busy_machine_may_take_its_time_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = import_module("webhooks.courier.exchange")  # whose package has a function so named
    monkeypatch.setattr(exchange, "CONNECT_SECONDS", 60.0)


@pytest.fixture
def post(transactional_db: None) -> Iterator[Post]:
    from tests.webhooks.post import Post

    post = Post("ann", "bob")
    yield post
    post.close()


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    """Make receivers that are closed after the test."""
    made: list[Receiver] = []

    def make(answer: Answer | None = None, *, answers_pings: bool = True) -> Receiver:
        made.append(Receiver(answer, answers_pings=answers_pings))
        return made[-1]

    yield make
    for one in made:
        one.close()
