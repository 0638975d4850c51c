"""What the house's crooks did: kept for operators, and told to nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

from market.engine.rules import Switches
from wallstreetsim.machine.rules import RULES

if TYPE_CHECKING:
    from tests.floor.hall import Hall

CRIMES = ("wash_trading", "spoofing", "pump_and_dump", "insider_trading")
CROOKED = ("wash", "wash", "spoof", "pump", "insider", "noise")
EAGER = replace(
    RULES,
    house=replace(RULES.house, crime_rate=0.5, roster=CROOKED),
    # Cases are opened, which is a secret too, and none of them comes to a charge.
    sec=replace(RULES.sec, cases=replace(RULES.sec.cases, active_after=10_000)),
)
PAGES = ("/", "/replay?tick=60", "/replay/ticks?since=0", "/health", "/ws/stats")
UNSPOKEN = (r"\bdeed", "ground_?truth", "strategy")
SILENT = re.compile("|".join((*CRIMES, *UNSPOKEN)), re.IGNORECASE)
# The law's own papers name the crimes that there are, and nobody who committed one.
PAPERS = {"/api/v1/config": re.compile("|".join(UNSPOKEN), re.IGNORECASE)}
PAPERS["/api/v1/openapi.json"] = PAPERS["/api/v1/config"]


@pytest.fixture
def hall(transactional_db: None) -> Iterator[Hall]:
    """A world of crooks that has run until some of them were done."""
    from tests.floor.hall import Hall
    from wallstreetsim.terminal import pages

    hall = Hall("ann", rules=EAGER, switches=Switches(events=True, house=6))
    for _ in range(150):
        hall.tick()
    yield hall
    pages._terminal_at.cache_clear()
    pages._replay_at.cache_clear()


def test_each_manipulation_is_noted_by_the_tick_that_ended_it(hall: Hall) -> None:
    from agents.models import Agent, Manipulation
    from market.models import Trade

    manipulations = list(Manipulation.objects.all())
    assert {scheme.crime for scheme in manipulations} >= {
        "wash_trading",
        "spoofing",
        "pump_and_dump",
    }
    house = set(Agent.objects.filter(is_house=True).values_list("id", flat=True))
    for scheme in manipulations:
        assert scheme.tick == scheme.last_tick > scheme.first_tick
        assert set(scheme.accounts) <= house
    wash = next(scheme for scheme in manipulations if scheme.crime == "wash_trading")
    assert Trade.objects.filter(
        buyer__in=wash.accounts,
        seller__in=wash.accounts,
        symbol=wash.symbol,
        tick__range=(wash.first_tick, wash.last_tick),
    ).exists()


def test_a_world_without_crooks_notes_nothing(transactional_db: None) -> None:
    from agents.models import Manipulation
    from tests.floor.hall import Hall

    hall = Hall("ann")
    for _ in range(5):
        hall.tick()
    assert not Manipulation.objects.exists()


def test_operators_look_manipulations_up(hall: Hall, admin_client: Client) -> None:
    from agents.models import Agent, Manipulation

    scheme = Manipulation.objects.filter(crime="wash_trading").earliest("id")
    names = list(Agent.objects.filter(id__in=scheme.accounts).values_list("name", flat=True))
    listed = partial(_listed, admin_client)
    assert all(name in listed() for name in (*names, scheme.symbol, scheme.crime))
    assert f">{scheme.last_tick}<" in listed(f"tick:{scheme.tick}")
    assert "wash_trading" in listed(names[0])
    assert "wash_trading" in listed(f"account:{scheme.accounts[1]}")
    assert "wash_trading" not in listed("ann")
    page = admin_client.get(
        reverse("admin:agents_manipulation_change", args=[scheme.id])
    ).content.decode()
    assert all(name in page for name in names)
    assert "_save" not in page


def _listed(client: Client, find: str = "") -> str:
    address = reverse("admin:agents_manipulation_changelist")
    return client.get(address, {"q": find} if find else {}).content.decode()


def test_nothing_on_the_tape_tells_of_manipulations(hall: Hall) -> None:
    from market.models import TapeEntry
    from market.tape import read

    streams = set(TapeEntry.objects.values_list("stream", flat=True))
    told = [e for s in streams for e in read(epoch=1, stream=s, since=0, limit=1_000)]
    assert len(told) > 60
    assert not SILENT.search(json.dumps([entry.read() for entry in told]))


def test_no_page_and_no_answer_tells_of_manipulations(hall: Hall) -> None:
    """Everything that can be read without being an operator is read, as one of the agents."""
    from agents.models import Agent
    from agents.services.keys import create_key

    _, key = create_key(hall.agents["ann"])
    crook = Agent.objects.filter(is_house=True).first()
    assert crook is not None
    client, read = Client(headers={"authorization": f"Bearer {key}"}), 0
    for path in (*PAGES, *_api_paths(client, crook)):
        answer = client.get(path)
        assert not PAPERS.get(path, SILENT).search(answer.content.decode()), path
        read += answer.status_code == 200
    assert read > 20


def _api_paths(client: Client, agent: Any) -> Iterator[str]:
    """Yield every address of the API that can be read, of a house agent wherever one is named."""
    schema = client.get("/api/v1/openapi.json").json()
    for path, methods in schema["paths"].items():
        if "get" in methods:
            yield (
                path.replace("{symbol}", "APEX")
                .replace("{agentId}", str(agent.public_id))
                .replace("{id}", str(agent.public_id))
            )


def test_no_snapshot_of_the_feed_tells_of_manipulations(hall: Hall) -> None:
    """What follows a snapshot comes from the tape."""
    from wallstreetsim.feed import selectors
    from wallstreetsim.feed.channels import PUBLIC
    from wallstreetsim.feed.frames import PublicEntry

    beginning = selectors.beginning()
    assert beginning.newest is not None
    public = PublicEntry.of(beginning.newest)
    shown = [public.snapshot(channel) for channel in PUBLIC]
    own = selectors.agent_standing(hall.agents["ann"].id).data
    assert sum(frame is not None for frame in shown) >= 2
    assert not SILENT.search(json.dumps([shown, own, beginning.books], default=str))
