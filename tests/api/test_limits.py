"""Rate limits: counted atomically, by agent or by address, and never a stumbling block."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from django.test import RequestFactory

from agents.models import Agent
from market.common.client_address import address_of
from tests.api.desk import Desk, Trader, buy
from wallstreetsim.api import limits
from wallstreetsim.api.limits import Limit, spend

TEN_A_MINUTE = (Limit(10, 60),)


@pytest.mark.parametrize(
    "limit", [Limit(10, 60), Limit(10, 60, burst=10), Limit(60, 600, burst=10)]
)
def test_of_a_hundred_at_once_exactly_ten_pass(limit: Limit) -> None:
    with ThreadPoolExecutor(20) as crowd:
        allowances = list(crowd.map(lambda _: spend("test", "crowd", (limit,)), range(100)))
    assert all(allowances)
    assert sum(a.is_granted for a in allowances if a) == 10


def test_somebody_elses_requests_do_not_count() -> None:
    for who in ("ann", "bob"):
        granted = [spend("test", who, TEN_A_MINUTE) for _ in range(11)]
        assert [a.is_granted for a in granted if a] == [True] * 10 + [False]


def test_an_allowance_says_what_is_left() -> None:
    first = spend("test", "ann", TEN_A_MINUTE)
    assert first is not None
    assert (first.limit, first.remaining) == (10, 9)
    for _ in range(10):
        last = spend("test", "ann", TEN_A_MINUTE)
    assert last is not None
    assert (last.is_granted, last.remaining) == (False, 0)
    assert 55 < last.retry_seconds <= 60
    assert last.reset_at == pytest.approx(first.reset_at, abs=0.1)


def test_the_tightest_limit_is_told_and_a_refusal_costs_nothing() -> None:
    both = (Limit(2, 1), Limit(100, 3_600))
    answers = [spend("test", "ann", both) for _ in range(5)]
    assert [a.is_granted for a in answers if a] == [True, True, False, False, False]
    alone = spend("test", "ann", (Limit(100, 3_600),))
    assert alone is not None
    assert alone.remaining == 97, "two that passed, and this one"


def test_a_burst_comes_back_at_the_steady_rate() -> None:
    limit = (Limit(120, 60, burst=20),)
    answers = [spend("test", "ann", limit) for _ in range(21)]
    last = answers[-1]
    assert last is not None
    assert not last.is_granted
    assert last.limit == 20, "what may be left at most"
    assert 0 < last.retry_seconds <= 0.5


# Over HTTP


def test_the_headers_count_down(ann: Trader) -> None:
    first = ann.get("/agents/me").headers
    second = ann.get("/agents/me").headers
    assert first["X-RateLimit-Limit"] == "600"
    assert int(first["X-RateLimit-Remaining"]) - 1 == int(second["X-RateLimit-Remaining"])
    assert int(first["X-RateLimit-Reset"]) > 1_700_000_000


def test_the_headers_of_actions_count_down_from_the_burst(ann: Trader) -> None:
    headers = ann.try_act(buy(1, price=1.0)).headers
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("20", "19")


def test_the_twenty_first_login_of_a_minute_waits(desk: Desk, ann: Trader) -> None:
    for path in ("/auth/verify", "/auth/login"):
        for _ in range(10):
            assert desk.post(path, {"apiKey": ann.key}).status == 200
    answer = desk.post("/auth/verify", {"apiKey": ann.key})
    assert (answer.status, answer.code) == (429, "RATE_LIMITED")
    assert answer.headers["Retry-After"] == str(answer.body["retryAfter"])
    assert 0 < answer.body["retryAfter"] <= 60
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert ann.get("/agents/me").status == 200, "another budget"


def test_a_burst_of_actions_is_bounded_for_each_agent(ann: Trader, bob: Trader) -> None:
    statuses = [ann.try_act(buy(1, price=1.0)).status for _ in range(40)]
    assert statuses[:20] == [200] * 20
    assert 429 in statuses
    assert bob.try_act(buy(1)).status == 200


def test_a_quant_may_act_twice_as_often(desk: Desk, ann: Trader) -> None:
    bob = desk.register("bob", "quant")
    desk.tick()
    budgets = [
        int(trader.try_act(buy(1, price=1.0)).headers["X-RateLimit-Limit"]) for trader in (ann, bob)
    ]
    assert budgets == [20, 40]
    [limit] = limits.limits_of("actions", Agent.objects.get(name="bob"))
    assert limit == Limit(240, 60, burst=40)
    assert bob.get("/agents/me").headers["X-RateLimit-Limit"] == "600", "but reads no more"


def test_registrations_are_bounded_for_each_address(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.LIMITS, "registration", (Limit(3, 60), Limit(4, 86_400)))
    answers = [
        desk.post("/auth/register", {"name": f"agent{n}", "role": "quant"}) for n in range(4)
    ]
    assert [answer.status for answer in answers] == [201, 201, 201, 429]
    elsewhere = desk.ask("GET", "/world/tick")
    assert elsewhere.status == 200


def test_who_guesses_keys_is_held_to_a_limit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.LIMITS, "requests", TEN_A_MINUTE)
    answers = [desk.get("/agents/me", key=f"wss_{n}") for n in range(12)]
    assert [answer.status for answer in answers] == [401] * 10 + [429] * 2


def test_who_asks_without_a_key_for_what_needs_one_is_held_to_a_limit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.LIMITS, "requests", TEN_A_MINUTE)
    asked: list[dict[str, str]] = [{}, {"Authorization": "Basic eDp5"}]
    answers = [
        desk.ask(method, path, **headers)
        for method, path in (("GET", "/agents/me"), ("POST", "/actions"), ("POST", "/auth/keys"))
        for headers in asked * 2
    ]
    assert [answer.status for answer in answers] == [401] * 10 + [429] * 2
    assert answers[0].headers["X-RateLimit-Remaining"] == "9"
    assert desk.get("/world/tick").status == 429, "it is one budget with all else"


def test_what_needs_no_key_counts_once(desk: Desk) -> None:
    assert desk.get("/world/tick").headers["X-RateLimit-Remaining"] == "599"
    assert desk.post("/auth/verify", {"apiKey": "x"}).headers["X-RateLimit-Remaining"] == "19"
    assert desk.get("/world/tick").headers["X-RateLimit-Remaining"] == "598"


def test_limits_can_be_switched_off(desk: Desk, unlimited: None) -> None:
    answer = desk.post("/auth/verify", {"apiKey": "x"})
    assert "X-RateLimit-Limit" not in answer.headers


def test_without_redis_everybody_passes(
    ann: Trader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(**_: Any) -> None:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(limits, "_script", lambda: away)
    for _ in range(25):
        assert ann.try_act(buy(1, price=1.0)).status == 200
    assert caplog.text.count("requests are not counted") < 25, "it is asked once a second"


# Whose request it is


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "203.0.113.9"),
        (0, "198.51.100.1", "203.0.113.9"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        (2, "1.2.3.4, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "203.0.113.9"),
        (1, "not an address", "unknown"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ],
)
def test_an_address_is_what_cannot_be_forged(
    settings: Any, proxies: int, forwarded: str | None, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="203.0.113.9")
    assert address_of(request) == address


# What reads cost


def test_a_request_counts_for_what_it_costs() -> None:
    answers = [spend("test", "ann", TEN_A_MINUTE, cost=4) for _ in range(3)]
    assert [a and (a.is_granted, a.remaining) for a in answers] == [
        (True, 6),
        (True, 2),
        (False, 0),
    ]
    assert spend("test", "ann", TEN_A_MINUTE, cost=2), "which is left"
    steady = (Limit(60, 60, burst=10),)
    granted = [spend("steady", "ann", steady, cost=4) for _ in range(3)]
    assert [a.is_granted for a in granted if a] == [True, True, False]


def test_what_costs_more_than_all_passes_alone() -> None:
    granted = [spend("test", "ann", TEN_A_MINUTE, cost=50) for _ in range(2)]
    assert [a.is_granted for a in granted if a] == [True, False]


def test_a_large_page_of_what_was_missed_costs_more_than_a_small_one(
    desk: Desk, ann: Trader
) -> None:
    def cost(query: str) -> int:
        before = int(ann.get("/agents/me").headers["X-RateLimit-Remaining"])
        after = int(ann.get(f"/recover/{ann.id}?{query}").headers["X-RateLimit-Remaining"])
        return before - after

    books = ",".join(["book:APEX"] * 60)
    assert cost("since=1&limit=1") == 1
    assert cost("since=1") > 5
    assert cost(f"since=1&channels={books}") > 2 * cost("since=1")


def test_pages_that_take_long_are_limited_for_each_address(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.test import Client

    monkeypatch.setitem(limits.LIMITS, "pages", (Limit(20, 60),))
    desk.tick()
    statuses = [Client().get("/replay/ticks?since=0").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    page = Client().get("/", headers={"Accept": "text/html"})
    assert (page.status_code, page["Content-Type"]) == (429, "text/html; charset=utf-8")
    assert int(page["Retry-After"]) > 0
    assert desk.get("/world/tick").status == 200, "another budget"


# Passwords


def test_passwords_are_tried_so_often_for_an_address_and_for_a_name(
    desk: Desk, django_user_model: Any
) -> None:
    from django.test import Client

    django_user_model.objects.create_user("op", password="right", is_staff=True)

    def sign_in(name: str, password: str, address: str = "192.0.2.1") -> int:
        form = {"username": name, "password": password}
        return Client(REMOTE_ADDR=address).post("/admin/login/", form).status_code

    assert sign_in("op", "right") == 302
    assert [sign_in("op", "wrong") for _ in range(10)] == [200] * 9 + [429]
    assert sign_in("op", "right") == 429
    assert sign_in("op", "right", "192.0.2.2") == 429, "the name has been tried too often"
    assert sign_in("another", "wrong", "192.0.2.2") == 200


def test_without_redis_passwords_are_tried_seldom_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.test import Client

    monkeypatch.setattr("wallstreetsim.api.sign_in.spend", lambda *args, **more: None)
    form = {"username": "op", "password": "wrong"}
    statuses = [Client().post("/admin/login/", form).status_code for _ in range(10)]
    assert 429 in statuses
