"""Any number of couriers, which may be killed: nothing twice, and nothing lost that is not replaced
by a newer tick.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from agents.models import Agent, Input
from market import tape
from market.models import TapeEntry
from tests.damage import damage
from tests.processes import database_url
from tests.stack.running import PATIENCE_SECONDS, eventually
from tests.webhooks import receivers
from tests.webhooks.post import Post
from tests.webhooks.receivers import Receiver, reply, respond
from wallstreetsim.api.courier import intake
from webhooks.briefings import RequestBuilder
from webhooks.courier import Courier
from webhooks.models import DueBriefing, Endpoint, SavedAlert
from webhooks.services import claims, pruning
from webhooks.services.endpoints import follow_url

MakeReceiver = Callable[..., Receiver]
CROWD = 40


def crowd(post: Post, receiver: Receiver, number: int = CROWD) -> list[Agent]:
    """Give so many more agents one endpoint each, all at this receiver."""
    names = [f"agent{n}" for n in range(number)]
    encrypted = post.agent("ann").webhook_secret
    for name in names:
        post.hall.agents[name] = Agent.objects.create(
            name=name,
            role="quant",
            webhook_secret=encrypted,
            callback_url=f"{receiver.url}/{name}",
        )
    post.hall.submit(*(post.hall.registration(name) for name in names))
    post.hall.tick()
    post.deliver()
    return [post.hall.agents[name] for name in names]


def test_two_couriers_deliver_nothing_twice(
    post: Post, receiver: MakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.courier.BATCH_SIZE", 5)
    one = receiver()
    agents = crowd(post, one)
    other = Courier(intake())
    ticks = []
    for _ in range(3):
        ticks.append(post.hall.tick().outcome.tick)
        threads = [threading.Thread(target=_deliver, args=(c,)) for c in (post.courier, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        eventually(lambda: not other.has_requests_in_flight())
        post.settle()
    told = Counter((b.payload["agentId"], b.payload["tick"]) for b in one.briefings)
    assert set(told.values()) == {1}
    assert set(told) == {(str(agent.public_id), tick) for agent in agents for tick in ticks}
    other.close()


def _deliver(courier: Courier) -> None:
    try:
        courier.deliver()
    finally:
        connection.close()


def test_what_a_killed_courier_had_claimed_another_delivers(
    post: Post, receiver: MakeReceiver
) -> None:
    """It is killed while all its requests are out: some are answered, with actions."""
    one = receiver()
    agents = crowd(post, one, 12)
    buy = {"actions": [{"type": "BUY", "symbol": "APEX", "quantity": 1}]}
    answered = threading.Event()

    def half_hang(connection: socket.socket, request: receivers.Received) -> bool | None:
        hangs = int(request.path.rpartition("agent")[2]) % 2 == 0
        answered.set()
        answer: receivers.Answer = receivers.hang if hangs else reply(buy)
        return answer(connection, request)

    one.answer = half_hang
    lost = post.hall.tick().outcome.tick
    doomed = subprocess.Popen(
        [sys.executable, "-m", "tests.webhooks.doomed"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": database_url(), "WSS_WEBHOOK_ALLOW_PRIVATE": "loopback"},
    )
    one.wait(12)
    assert answered.wait(PATIENCE_SECONDS)
    eventually(lambda: Input.objects.filter(source="webhook").exists())
    doomed.send_signal(signal.SIGKILL)
    doomed.wait()
    one.answer = respond()
    held = Endpoint.objects.filter(claim__isnull=False)
    assert held.count() >= 6, "those that hang, at least"
    held.update(claimed_until=timezone.now())  # as it will be, some seconds later
    post.tick()
    told = [b for b in one.briefings if b.payload["tick"] > lost]
    assert {b.payload["agentId"] for b in told} == {str(agent.public_id) for agent in agents}
    assert not any(b.payload["gap"] for b in told)
    acted = Counter(Input.objects.filter(source="webhook").values_list("account", flat=True))
    assert set(acted.values()) == {1}, "a reply acts once"


def test_a_reply_is_acted_on_once_per_webhook_id(post: Post, receiver: MakeReceiver) -> None:
    from webhooks.engine.circuit import Outcome
    from webhooks.services.replies import act_on
    from webhooks.services.results import Result

    ann = receiver()
    post.connect("ann", ann)
    post.hall.tick()
    claim = claims.claim(1)
    assert claim is not None
    [request] = RequestBuilder().requests(claim)
    result = Result(request, Outcome.DELIVERED, 200, 1, "", timezone.now())
    body = b'{"actions": [{"type": "BUY", "symbol": "APEX", "quantity": 1}]}'
    first = act_on(result, body, intake(), symbols=["APEX"])
    again = act_on(result, body, intake(), symbols=["APEX"])
    assert (first.actions_taken, again.actions_taken) == (1, 0)
    assert Input.objects.filter(source="webhook").count() == 1
    claims.release([claim])


def test_who_has_lost_its_claim_changes_nothing(post: Post, receiver: MakeReceiver) -> None:
    """The owner moves while a briefing to the old place is under way."""
    old, new = receiver(receivers.hang), receiver()
    post.connect("ann", old)
    post.hall.tick()
    post.courier.deliver()
    old.wait(1)
    agent = post.agent("ann")
    agent.callback_url = new.url
    agent.save(update_fields=["callback_url"])
    post.deliver()
    assert (post.endpoint("ann").state, post.endpoint("ann").failures) == ("active", 0)
    post.tick()
    assert len(new.briefings) == 1


def test_what_was_missed_is_told_and_what_the_tape_has_lost_is_a_gap(
    post: Post, receiver: MakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = receiver()
    post.connect("ann", ann)
    post.tick()
    post.hall.tick("ann BUY 3 MARKET")
    post.hall.tick("ann BUY 4 MARKET")
    post.tick()
    told = ann.briefings[-1].payload
    assert [one["quantity"] for one in told["orders"]["filled"]] == [3, 4]
    assert (told["gap"], told["seq"]["public"] - told["seq"]["sincePublic"]) == (False, 3)
    post.hall.tick("ann BUY 5 MARKET")
    post.hall.tick("ann BUY 6 MARKET")
    TapeEntry.objects.filter(tick=post.hall.row.tick - 1).delete()
    post.courier._builder = RequestBuilder()
    post.tick()
    told = ann.briefings[-1].payload
    assert told["gap"]
    assert [one["quantity"] for one in told["orders"]["filled"]] == [6]
    post.tick()
    assert not ann.briefings[-1].payload["gap"]


@pytest.mark.parametrize("is_known", [True, False], ids=["running", "just started"])
def test_a_damaged_row_is_a_gap_in_the_briefing_and_nobody_waits(
    post: Post, receiver: MakeReceiver, is_known: bool
) -> None:
    ann = receiver()
    post.connect("ann", ann)
    post.tick()
    post.hall.tick("ann BUY 3 MARKET")
    own = TapeEntry.objects.filter(stream=post.agent("ann").id).latest("seq").seq
    post.hall.tick("ann BUY 4 MARKET")
    damage(stream=post.agent("ann").id, seq=own)
    damage(seq=post.hall.row.tick)
    if not is_known:
        post.courier._builder = RequestBuilder()
    count = len(ann.briefings)
    post.deliver()
    assert len(ann.briefings) == count + 1
    told = ann.briefings[-1].payload
    assert told["gap"]
    assert [one["quantity"] for one in told["orders"]["filled"]] == [4]
    post.tick("ann BUY 5 MARKET")
    told = ann.briefings[-1].payload
    assert (told["gap"], told["tick"]) == (False, post.hall.row.tick)
    assert [one["quantity"] for one in told["orders"]["filled"]] == [5]


def test_alerts_that_must_arrive_outlive_the_tape(post: Post, receiver: MakeReceiver) -> None:
    """An endpoint is away for longer than the tape is kept."""
    ann = receiver()
    post.connect("ann", ann)
    post.tick()
    account = post.agent("ann").id
    call = {"type": "margin_call", "message": "Call.", "severity": "warning", "data": {}, "tick": 1}
    for said in (call, {**call, "type": "system"}, {**call, "type": "liquidation"}):
        post.hall.tick("ann BUY 1 MARKET")
        entry = TapeEntry.objects.filter(stream=account).latest("seq")
        event = {"type": "agent:alert", "channel": "agent:ann", "data": [said]}
        entry.events = _compressed([event])
        entry.save()
    far = post.hall.row.tick + tape.KEPT_TICKS
    assert pruning.save_alerts(epoch=1, tick=far) == 2
    assert pruning.save_alerts(epoch=1, tick=far) == 0, "once"
    tape.prune(epoch=1, tick=far)
    post.courier._builder = RequestBuilder()
    ann.answer = respond(500)
    post.tick()
    ann.answer = respond()
    post.end_waits()
    post.tick()
    for failed in ann.briefings[-2:]:
        assert [one["type"] for one in failed.payload["alerts"]] == ["margin_call", "liquidation"]
        assert failed.payload["gap"]
    post.tick()
    assert ann.briefings[-1].payload["alerts"] == []
    assert pruning.save_alerts(epoch=1, tick=far) == 0
    assert SavedAlert.objects.count() == 0


def _compressed(events: list[tape.Event]) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor().compress(tape.encode(events))


def test_an_agent_that_is_bankrupt_gets_one_more_briefing(
    post: Post, receiver: MakeReceiver
) -> None:
    ann = receiver(respond(500))
    post.connect("ann", ann)
    post.tick()
    Agent.objects.filter(name="ann").update(status="bankrupt")
    post.end_waits()
    post.tick()
    ann.answer = respond()
    post.end_waits()
    post.tick()
    last = len(ann.briefings)
    for _ in range(2):
        post.tick()
    assert len(ann.briefings) == last
    assert post.endpoint("ann").has_last_briefing


def test_the_tick_says_since_when_a_briefing_is_due(post: Post, receiver: MakeReceiver) -> None:
    ann = receiver(respond(500))
    post.connect("ann", ann)
    post.tick()
    first = DueBriefing.objects.get()
    for _ in range(2):
        post.hall.tick()
    later = DueBriefing.objects.get()
    assert (later.since, later.tick) == (first.since, first.tick + 2)
    ann.answer = respond()
    post.end_waits()
    post.deliver()
    post.hall.tick()
    assert DueBriefing.objects.get().since > first.since


def test_briefings_take_as_many_queries_for_many_as_for_one(
    post: Post, receiver: MakeReceiver
) -> None:
    one = receiver()
    crowd(post, one, 30)
    counts = []
    for most in (1, 20):
        post.hall.tick()
        claim = claims.claim(most)
        assert claim is not None
        writer = RequestBuilder()
        counts.append(post.count_queries(lambda: writer.requests(claim)))  # noqa: B023
        claims.release([claim])
    assert counts[0] == counts[1]


def test_a_briefing_of_a_busy_agent_fits_into_20_kB(post: Post, receiver: MakeReceiver) -> None:
    ann = receiver()
    post.connect("ann", ann)
    symbols = [c.symbol for c in post.hall.floor.world.market.companies.values()]  # type: ignore[union-attr]
    post.hall.tick("\n".join(f"ann BUY 5 {symbol} MARKET" for symbol in symbols))
    post.tick("\n".join(f"ann BUY {n + 1} APEX @ 1.00 #o{n}" for n in range(20)))
    body = ann.briefings[-1].body
    told = ann.briefings[-1].payload
    assert (len(told["portfolio"]["positions"]), len(told["orders"]["pending"])) == (8, 20)
    assert len(body) + 2 * 250 <= 20_000, "there might be two more positions"


def test_nothing_is_sent_where_an_operator_forbids_it(post: Post, receiver: MakeReceiver) -> None:
    from webhooks.services import endpoints

    ann = receiver()
    post.connect("ann", ann)
    endpoints.disable(post.endpoint("ann"), "spam")
    post.tick()
    assert ann.briefings == []
    with pytest.raises(endpoints.EndpointBanned):
        endpoints.request_ping(post.agent("ann"))
    endpoints.enable(post.endpoint("ann"))
    post.deliver()
    post.tick()
    assert len(ann.briefings) == 1
    endpoints.resend(post.endpoint("ann"))
    post.deliver()
    assert [b.payload["tick"] for b in ann.briefings] == [post.hall.row.tick] * 2


def test_a_url_taken_away_is_no_endpoint(post: Post, receiver: MakeReceiver) -> None:
    ann = receiver()
    post.connect("ann", ann)
    agent = post.agent("ann")
    agent.callback_url = ""
    follow_url(agent)
    post.tick()
    assert (post.endpoint("ann").state, ann.briefings) == ("none", [])
