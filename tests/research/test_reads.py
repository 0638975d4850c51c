"""The research desk over the API and on its page: what is shown of what it said, and what may be
asked of it.
"""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from market.common.redis_clients import redis_client
from market.models import World
from news.models import Insight as InsightRow
from news.models import InsightProse, NarrativeProse, ResearchSignal
from news.models import Narrative as NarrativeRow
from news.research import rows, startup
from news.research.checkers import checkers as all_checkers
from news.research.events import Narrative
from news.research.rules import RESEARCH_RULES
from news.research.standing import the_copy
from tests.floor.hall import Hall
from tests.research.said import alert, get, post, titles

READS = 3  # the world, a page, and the count of all


# Lists


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["last", "of all", "first"]),
        ({"symbol": "apex", "kind": "selloff"}, ["first"]),
        ({"kind": "gap"}, ["last"]),
        ({"source": "recap"}, ["of all"]),
        ({"symbol": "APEX", "kind": "gap"}, []),
    ],
)
def test_alerts_are_listed_and_filtered(
    said: Hall, client: Client, query: dict[str, str], found: list[str]
) -> None:
    assert titles(get(client, "alerts", pageSize="100", **query)) == found


def test_an_alert_is_as_the_stream_has_it(said: Hall, client: Client) -> None:
    [one] = get(client, "alerts", kind="gap")["items"]
    assert one == json.loads(
        json.dumps(alert(3, "last", "NEXUS", kind="gap", source="gaps").as_item())
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["NEXUS", "APEX"]),
        ({"tier": "MASTER"}, ["NEXUS"]),
        ({"action": "SELL"}, ["APEX"]),
        ({"status": "open"}, ["APEX"]),
        ({"status": "closed"}, ["NEXUS"]),
        ({"kind": "breakout"}, ["NEXUS"]),
        ({"symbol": "nexus", "status": "open"}, []),
    ],
)
def test_signals_are_listed_and_filtered(
    said: Hall, client: Client, query: dict[str, str], found: list[str]
) -> None:
    ResearchSignal.objects.filter(number__lt=902_000).delete()  # the desk's own
    assert [one["symbol"] for one in get(client, "signals", **query)["items"]] == found


def test_a_signal_says_what_became_of_it(said: Hall, client: Client) -> None:
    [one] = get(client, "signals", tier="MASTER", symbol="NEXUS")["items"]
    assert (one["status"], one["outcome"], one["closedTick"]) == ("closed", "TARGET", 3)
    assert (one["entryPaid"], one["exitPaid"]) == (100.1, 109.0)
    assert (one["returnPercent"], one["chancePercent"]) == (8.7, 40.0)
    assert one["entry"] == 100.0 and one["account"] == 100_000.0


def test_the_record_of_a_type_stands_beside_what_chance_gives(said: Hall, client: Client) -> None:
    types = {one["type"]: one for one in get(client, "signals/performance")["types"]}
    found = types["breakout"]
    assert (found["n"], found["hitRate"], found["chance"]) == (250, 0.5, 0.4)
    assert found["meanReturnBps"] == 10.0 and found["intervalBps"][0] < 10 < found["intervalBps"][1]
    assert (types["gap"]["n"], types["gap"]["evidence"]) == (0, "not enough")


def test_squeezes_come_highest_first_with_their_parts(said: Hall, client: Client) -> None:
    page = get(client, "research/squeeze")
    assert page["total"] == len(page["items"]) == 8
    scores = [one["score"] for one in page["items"]]
    assert scores == sorted(scores, reverse=True)
    for one in page["items"]:
        assert one["score"] == round(sum(one["parts"].values()))


def test_levels_are_of_one_company(said: Hall, client: Client) -> None:
    found = get(client, "research/levels/apex")
    assert found["symbol"] == "APEX" and found["tick"] == World.objects.get().tick
    assert found["price"] > 0 and isinstance(found["levels"], list)
    assert client.get("/api/v1/research/levels/ENRON").status_code == 404


def test_levels_say_how_far_the_price_is(said: Hall, client: Client) -> None:
    with the_copy().read() as desk:
        assert desk is not None
        company = desk.companies["APEX"]
        company.levels = [company.price // 2, company.price]
    far, at = get(client, "research/levels/APEX")["levels"]
    assert (far["distancePercent"] > 99, far["stage"]) == (True, None)
    assert (at["distancePercent"], at["stage"]) == (0.0, "at")


@pytest.mark.parametrize("path", ["alerts", "signals"])
def test_a_list_reads_little(
    said: Hall, client: Client, path: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    get(client, path)
    with django_assert_num_queries(READS):
        get(client, path, pageSize="2")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "alerts?kind=nonsense",
            "alerts?source=x",
            "signals?kind=nonsense",
            "alerts?kind=SELL",
            "alerts?symbol=ENRON",
            "alerts?page=0",
            "alerts?x=1",
            "signals?tier=high",
        ),
        *("signals?status=CLOSED", "signals?action=HOLD", "research/squeeze?sort=score"),
        "analysts/macro/insights?symbol=no way",
    ],
)
def test_what_may_not_be_asked_is_refused(said: Hall, client: Client, path: str) -> None:
    response = client.get(f"/api/v1/{path}")
    assert response.status_code == 400 and response.json()["details"]


# Analysts


def test_health_names_all_analysts_and_checkers(said: Hall, client: Client) -> None:
    health = get(client, "analysts/health")
    assert health["behindTicks"] == 0 and health["tick"] == World.objects.get().tick
    analysts = {one["analyst"]: one for one in health["analysts"]}
    assert len(analysts) == 8
    assert analysts["macro"]["status"] == "open" and analysts["gamma"]["hint"]
    checkers = {one["checker"]: one for one in health["checkers"]}
    assert list(checkers) == [one.name for one in all_checkers(RESEARCH_RULES)]
    assert checkers["levels"]["lastRunTick"] and checkers["levels"]["lastFaultTick"] is None
    assert {(one["faults"], one["lastFaultTick"]) for one in health["parts"]} == {(0, None)}


def test_health_says_since_when_the_desk_is_at_work(said: Hall, client: Client) -> None:
    with redis_client() as redis:  # whatever was started a minute ago
        redis.delete(startup.STARTED, startup.TOGETHER)
    before = timezone.now()
    startup.note_started()
    at = datetime.fromisoformat(get(client, "analysts/health")["startedAt"])
    assert before <= at <= timezone.now()
    startup.note_started()  # another courier, which is started with it
    assert get(client, "analysts/health")["startedAt"] == at.isoformat()
    assert f"{at:%Y-%m-%d %H:%M:%S}" in client.get("/research").content.decode()


@pytest.mark.parametrize("name", ["market", "SIGNAL", "SqueezeAgent", "reddit", "macroagent"])
def test_an_analyst_answers_who_asks(said: Hall, client: Client, name: str) -> None:
    for body in ({}, {"symbol": "apex"}):
        response = post(client, f"analysts/{name}/analyze", body)
        assert response.status_code == 200, response.content
        found = response.json()["data"]
        assert found["insight"] and 0 <= found["confidence"] <= 100
        assert len(found["warnings"]) <= 3 and len(found["actionable"]) <= 3
        assert found["symbol"] == (body.get("symbol", "").upper() or None)
        assert "T" in found["timestamp"] and isinstance(found["dataSummary"], dict)


@pytest.mark.parametrize("name", ["darkpool", "GammaAgent", "options"])
def test_an_analyst_without_a_venue_says_when_to_come(
    said: Hall, client: Client, name: str
) -> None:
    for response in (
        post(client, f"analysts/{name}/analyze", {}),
        client.get(f"/api/v1/analysts/{name}/insights"),
    ):
        assert response.status_code == 503
        assert " yet" in response.json()["hint"]


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("madoff", {}, 404),
        ("macro", {"symbol": "ENRON"}, 404),
        ("macro", {"symbol": 1}, 400),
        ("macro", {"symbol": "no way"}, 400),
        ("macro", {"question": "?"}, 400),
        ("macro", [], 400),
    ],
)
def test_what_an_analyst_cannot_answer_is_refused(
    said: Hall, client: Client, name: str, body: object, status: int
) -> None:
    assert post(client, f"analysts/{name}/analyze", body).status_code == status


def test_insights_are_listed_by_analyst(said: Hall, client: Client) -> None:
    [one] = get(client, "analysts/MacroAgent/insights", pageSize="1")["items"]
    assert (one["insight"], one["dataSummary"]) == ("macro speaks.", {"ratePercent": 5.0})
    assert one["prose"] is None
    row = InsightRow.objects.get(id=one["id"])
    InsightProse.objects.create(insight=row, tick=row.tick, text="It speaks.", model="m")
    [one] = get(client, "analysts/MacroAgent/insights", pageSize="1")["items"]
    assert one["prose"] == "It speaks."
    assert "It speaks." in client.get("/research").content.decode()
    assert get(client, "analysts/market/insights", symbol="NEXUS")["items"] == []
    [one] = get(client, "analysts/market/insights", symbol="apex")["items"]
    assert one["symbol"] == "APEX"


# The narrative


def test_the_newest_narrative_says_whether_it_is_old(said: Hall, client: Client) -> None:
    found = get(client, "narrative/current")
    assert (found["text"], found["stale"], found["tick"]) == ("All of it.", False, 4)
    World.objects.update(tick=5_000)
    assert get(client, "narrative/current")["stale"] is True


def test_what_a_language_model_made_of_it_stands_beside_it(said: Hall, client: Client) -> None:
    assert get(client, "narrative/current")["prose"] is None
    row = NarrativeRow.objects.latest("number")
    NarrativeProse.objects.create(narrative=row, tick=4, text="It is <i>all</i>.", model="m")
    found = get(client, "narrative/current")
    assert (found["text"], found["prose"]) == ("All of it.", "It is <i>all</i>.")
    assert get(client, "narrative/memory")["narratives"][0]["prose"] == found["prose"]
    assert "It is &lt;i&gt;all&lt;/i&gt;." in client.get("/research").content.decode()


def test_its_memory_holds_the_last_ten(said: Hall, client: Client) -> None:
    more = [(910 + n, [Narrative(10 + n, f"{n}", {}, 1, (), ())]) for n in range(12)]
    rows.write(more)
    texts = [one["text"] for one in get(client, "narrative/memory")["narratives"]]
    assert texts == [f"{n}" for n in range(11, 1, -1)]


def test_a_question_is_answered_with_its_sources(said: Hall, client: Client) -> None:
    answer = post(client, "narrative/ask", {"question": "What of NEXUS?"}).json()["data"]
    assert answer["found"] is True and "NEXUS" in answer["answer"] and answer["sources"]
    nothing = post(client, "narrative/ask", {"question": "zzz qqq"}).json()["data"]
    assert nothing["found"] is False and "Nothing on the tape about that" in nothing["answer"]


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"question": ""}, {"question": " \t\n"}, {"question": 1}, {"question": "a\0"}),
        *({"question": "x" * 281}, {"question": "x", "y": 1}, [], "what"),
        *({"question": "\u200b\u200b"}, {"question": "?!"}),
    ],
)
def test_a_question_that_says_nothing_is_refused(said: Hall, client: Client, body: object) -> None:
    assert post(client, "narrative/ask", body).status_code == 400


def test_a_question_counts_as_a_heavy_read(said: Hall, client: Client) -> None:
    statuses = [
        client.post(
            "/api/v1/narrative/ask",
            json.dumps({"question": "What of APEX?"}),
            content_type="application/json",
            REMOTE_ADDR="192.0.2.78",
        ).status_code
        for _ in range(61)
    ]
    assert statuses == [200] * 60 + [429]
