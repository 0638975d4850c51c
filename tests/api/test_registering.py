"""Registering, by many from one place: what an address is given, and who may be called what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from agents.models import Agent, Input
from market.common.client_address import origin_of
from tests.api.desk import Answer, Desk

HERE, ELSEWHERE = "198.51.100.7", "203.0.113.5"


@pytest.fixture(autouse=True)
def behind_a_proxy(settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1


def register(desk: Desk, name: str, role: str, address: str = HERE) -> Answer:
    body = {"name": name, "role": role}
    return desk.post("/auth/register", body, **{"X-Forwarded-For": address})


# Origins


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1"])
def test_this_very_machine_is_no_origin(address: str) -> None:
    request = RequestFactory().get("/", headers={"X-Forwarded-For": address})
    assert origin_of(request) == ""


def test_an_origin_is_a_keyed_hash_that_two_of_one_place_share(settings: Any) -> None:
    def origin(address: str) -> str:
        return origin_of(RequestFactory().get("/", headers={"X-Forwarded-For": address}))

    here = origin(HERE)
    assert len(here) == 32
    assert here == origin(HERE)
    assert here != origin(ELSEWHERE)
    assert origin("2001:db8:1:2::5") == origin("2001:db8:1:2::6")  # of one household
    settings.SECRET_KEY = "another"
    assert here != origin(HERE)


def test_an_origin_is_in_the_registration_and_nowhere_to_be_seen(desk: Desk) -> None:
    answer = register(desk, "ann", "quant")
    origin = Agent.objects.get(name="ann").origin
    assert origin
    assert Input.objects.get(type="REGISTER").parameters["origin"] == origin
    desk.tick()
    assert desk.floor.world is not None
    assert desk.floor.world.registry.members[Agent.objects.get().id].origin == origin
    for path, key in (("/api/v1/agents/ann", None), ("/agents/me", answer.data["apiKey"])):
        assert origin not in str(desk.get(path, key).body)


def test_an_address_is_given_250_million_dollars_a_day(desk: Desk) -> None:
    statuses = [
        register(desk, name, role).status
        for name, role in (
            ("ann", "hedge_fund_manager"),
            ("bob", "hedge_fund_manager"),
            ("cid", "quant"),
            ("dee", "retail_trader"),
        )
    ]
    assert statuses == [201, 201, 201, 429]
    refused = register(desk, "eve", "hedge_fund_manager")
    assert refused.code == "RATE_LIMITED"
    assert 86_000 < refused.body["retryAfter"] <= 86_400
    assert register(desk, "eve", "hedge_fund_manager", ELSEWHERE).status == 201
    assert register(desk, "fay", "hedge_fund_manager", "127.0.0.1").status == 201
    Agent.objects.filter(name="ann").update(created_at=timezone.now() - timedelta(days=1))
    assert register(desk, "gus", "hedge_fund_manager").status == 201


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_are_not_given_more(settings: Any) -> None:
    desk = Desk()

    def one(number: int) -> int:
        try:
            return register(desk, f"agent-{number}x", "hedge_fund_manager").status
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as crowd:
        statuses = list(crowd.map(one, range(20)))
    assert sorted(statuses) == [201] * 2 + [429] * 18
    assert Agent.objects.filter(is_house=False).count() == 2


# CEOs


def test_there_are_no_more_ceos_than_companies(desk: Desk) -> None:
    statuses = [register(desk, f"ceo-{n}x", "ceo", f"198.51.100.{n}").status for n in range(1, 10)]
    assert statuses == [201] * 8 + [409]
    desk.tick()
    companies = [desk.get(f"/api/v1/agents/ceo-{n}x").data["company"] for n in range(1, 9)]
    assert len(set(companies)) == 8
    assert None not in companies
    Agent.objects.filter(name="ceo-1x").update(company="", status="bankrupt")
    assert register(desk, "ceo-9x", "ceo", "198.51.100.9").status == 201


def test_an_address_has_one_ceo_in_office(desk: Desk) -> None:
    assert register(desk, "ann", "ceo").status == 201
    assert register(desk, "bob", "ceo").code == "CONFLICT"
    desk.tick()
    assert register(desk, "bob", "ceo").code == "CONFLICT"
    assert register(desk, "bob", "ceo", ELSEWHERE).status == 201


# Names


@pytest.mark.parametrize(
    "name",
    [
        *("sec", "News", "EXCHANGE", "admin", "bank", "market_maker", "treasury", "public"),
        *("APEX", "apex", "NEXUS", "0MEGA", "5e1b2f64-93c0-4c1e-8f13-0c5a2f9d7e11"),
    ],
)
def test_a_name_that_would_be_taken_for_another_thing_is_refused(desk: Desk, name: str) -> None:
    assert register(desk, name, "quant").code == "CONFLICT"


@pytest.mark.parametrize(("one", "other"), [("Paul", "PAUI"), ("lee1", "Ieel"), ("bob0", "BOBO")])
def test_a_name_that_looks_like_anothers_is_taken(desk: Desk, one: str, other: str) -> None:
    assert register(desk, one, "quant").status == 201
    assert register(desk, other, "quant").code == "CONFLICT"
    assert Agent.objects.count() == 1


@pytest.mark.parametrize("field", ["cash", "status", "reputation", "origin", "company", "agentId"])
def test_nothing_is_smuggled_into_a_registration(desk: Desk, field: str) -> None:
    body = {"name": "ann", "role": "quant", field: "1"}
    assert desk.post("/auth/register", body).code == "BAD_REQUEST"


@pytest.mark.parametrize("role", ["market_maker", "bank", "system", "house", "operator", ""])
def test_a_role_of_the_exchanges_own_cannot_be_had(desk: Desk, role: str) -> None:
    assert register(desk, "ann", role).code == "BAD_REQUEST"
