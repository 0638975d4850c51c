"""Two couriers as processes, with a tick a second, and what may befall them: nothing is told twice,
and nothing is lost.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import psycopg
import psycopg.sql
import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

from agents.models import Agent
from agents.services.encryption import encrypt
from agents.services.registration import new_webhook_secret
from tests import tables
from tests.ports import free_port
from tests.stack.exchange import Exchange
from tests.stack.running import eventually
from tests.webhooks.receivers import Receiver
from webhooks.models import Endpoint, EndpointState

pytestmark = pytest.mark.django_db  # to look at what others commit

CROWD = 12


class Delivered:
    """What a receiver was told, by agent, in order."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def by_agent(self) -> dict[str, list[dict[str, Any]]]:
        told = defaultdict(list)
        for one in list(self.receiver.received):
            if not one.is_ping:
                told[one.payload["agentId"]].append(one.payload)
        return told

    def reaches(self, tick: int) -> bool:
        """Say whether everybody has heard of this tick, or of a later one."""
        told = self.by_agent().values()
        return len(told) == CROWD and all(each[-1]["tick"] >= tick for each in told)


@pytest.fixture(scope="module")
def exchange(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Exchange]:
    with TemporaryDirectory(prefix="wss-mail-", dir="/tmp") as data, django_db_blocker.unblock():
        exchange = Exchange(Path(data), free_port(), WSS_WEBHOOK_ALLOW_PRIVATE="loopback")
        try:
            for name in ("redis", "floor", "beat", "courier", "courier"):
                exchange.start(name)
            yield exchange
        finally:
            exchange.stop()
            tables.empty()


@pytest.fixture(scope="module")
def delivered(exchange: Exchange) -> Iterator[Delivered]:
    receiver = Receiver()
    secret = encrypt(new_webhook_secret())
    for number in range(CROWD):
        name = f"agent{number}"
        exchange.hall.agents[name] = Agent.objects.create(
            name=name, role="quant", webhook_secret=secret, callback_url=receiver.url
        )
    exchange.hall.submit(*(exchange.hall.registration(f"agent{n}") for n in range(CROWD)))
    delivered = Delivered(receiver)
    eventually(lambda: delivered.reaches(exchange.tick - 1))
    yield delivered
    receiver.close()


@pytest.fixture(autouse=True)
def nothing_is_told_twice_or_lost(delivered: Delivered) -> Iterator[None]:
    yield
    for told in delivered.by_agent().values():
        for one, next in pairwise(told):
            assert next["tick"] > one["tick"], "newer replaces older, and nothing comes twice"
            assert next["seq"]["sincePublic"] <= one["tick"], "nothing is left out"
            assert not next["gap"]


def test_two_couriers_share_the_work(exchange: Exchange, delivered: Delivered) -> None:
    exchange.run_on(3)
    eventually(lambda: delivered.reaches(exchange.tick - 1))


def test_killed_couriers_are_replaced(exchange: Exchange, delivered: Delivered) -> None:
    exchange.kill("courier")
    exchange.run_on(2)
    exchange.start("courier")
    exchange.start("courier")
    eventually(lambda: delivered.reaches(exchange.tick - 1))


def test_a_flushed_redis_loses_nothing(exchange: Exchange, delivered: Delivered) -> None:
    exchange.redis.flushall()
    tick = exchange.tick
    eventually(lambda: delivered.reaches(tick + 2))


def test_a_record_that_is_away_for_a_while_loses_nothing(
    exchange: Exchange, delivered: Delivered
) -> None:
    name = connection.settings_dict["NAME"]
    before = exchange.tick
    own = psycopg.conninfo.make_conninfo(
        host=settings.DATABASES["default"]["HOST"], user=connection.settings_dict["USER"]
    )
    with psycopg.connect(own, dbname="postgres", autocommit=True) as operator:
        _allow(operator, name, "false")
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> %s",
            [name, connection.connection.info.backend_pid],
        )
        time.sleep(10)
        _allow(operator, name, "true")
    # Our own pool's idle connections were cut as well. Left to itself it would find that out one by
    # one, waiting twice as long after each.
    cast("Any", connection).pool.check()
    eventually(lambda: delivered.reaches(before + 2))
    assert not Endpoint.objects.exclude(state=EndpointState.ACTIVE).exists()


def _allow(operator: psycopg.Connection[Any], database: str, allowed: str) -> None:
    name = psycopg.sql.Identifier(database)
    operator.execute(
        psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(
            name, psycopg.sql.SQL(allowed)
        )
    )
