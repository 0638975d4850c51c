"""Whatever an endpoint does, the tick, the others and the courier go on, and its owner is told."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psutil
import pytest
from django.db import OperationalError

from agents.ids import new_id
from market import tape
from tests.webhooks import receivers
from tests.webhooks.post import Post
from tests.webhooks.receivers import Answer, Receiver, reply, respond
from webhooks.courier import Courier
from webhooks.engine import circuit
from webhooks.models import Endpoint
from webhooks.services.results import NextState, Result, write_results

MakeReceiver = Callable[..., Receiver]
REDIRECT = respond(302, headers="Location: http://127.0.0.1:6379/\r\n")
BAD: dict[str, tuple[Answer, str, str]] = {
    "hangs": (receivers.hang, "failed", "no whole answer within 5 s"),
    "drips": (receivers.drip, "failed", "no whole answer within 5 s"),
    "floods": (receivers.flood, "delivered", "larger than 64 KiB"),
    "chunks without end": (receivers.endless_chunks, "delivered", "larger than 64 KiB"),
    "a bomb": (receivers.gzip_bomb, "delivered", "encoded as gzip"),
    "ends too early": (receivers.says_too_much, "failed", "before its announced length"),
    "big headers": (receivers.big_headers, "failed", "headers are too large"),
    "no HTTP": (receivers.no_http, "failed", "not HTTP"),
    "a redirect": (REDIRECT, "refused", "redirects are not followed"),
    "HTML": (receivers.HTML, "delivered", "not understood"),
    "deep JSON": (receivers.DEEP_ENOUGH, "delivered", "nested more than 32 deep"),
    "very deep JSON": (receivers.DEEP, "delivered", "larger than 64 KiB"),
    "gone": (respond(410), "gone", "HTTP 410"),
    "too many": (respond(429, headers="Retry-After: 99999999\r\n"), "failed", "HTTP 429"),
    "500": (respond(500), "failed", "HTTP 500"),
    "a list": (reply([]), "delivered", "must be an object"),
    "eleven actions": (reply({"actions": [{}] * 11}), "delivered", "at most 10 actions"),
}


def test_every_bad_endpoint_hurts_itself_alone(receiver: MakeReceiver, post_of: object) -> None:
    receivers.bomb()
    names = [f"bad{n}" for n in range(len(BAD))]
    post = Post("good", *names)
    try:
        good = receiver()
        post.connect("good", good)
        for name, (answer, _, _) in zip(names, BAD.values(), strict=True):
            post.connect(name, receiver(answer))
        memory = psutil.Process(os.getpid()).memory_info().rss
        committed = post.hall.tick()
        post.courier.deliver()
        [briefing] = good.wait(1)
        post.settle()
        slowest = post.tries(names[0])[-1]
        assert slowest.response_ms is not None
        given_up_at = slowest.sent_at + timedelta(milliseconds=slowest.response_ms)
        assert briefing.at < given_up_at.timestamp(), "it does not wait for the others"
        grown = psutil.Process(os.getpid()).memory_info().rss - memory
        assert grown < 100_000_000
        for name, (answer, outcome, error) in zip(names, BAD.values(), strict=True):
            tried = post.tries(name)[-1]
            assert tried.tick == committed.outcome.tick
            assert (tried.outcome, error in tried.error) == (outcome, True), (answer, tried.error)
    finally:
        post.close()


@pytest.fixture
def post_of(transactional_db: None) -> None:
    """The test makes its own post."""


def test_too_short_a_length_is_an_answer(post: Post, receiver: MakeReceiver) -> None:
    ann = receiver(receivers.says_too_little)
    post.connect("ann", ann)
    ticks = [post.tick().outcome.tick for _ in range(3)]
    post.end_waits()
    post.tick()
    assert [one.payload["tick"] for one in ann.briefings][:1] == ticks[:1]
    assert post.endpoint("ann").actions_taken == 0


def test_a_failed_try_waits_and_what_is_sent_then_is_new_and_whole(
    post: Post, receiver: MakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits until the test lets it go on, as its timer would."""
    waits: list[float] = []
    monkeypatch.setattr(circuit, "RETRY_SECONDS", (600.0,))
    monkeypatch.setattr(post.courier, "_deliver_in", waits.append)
    ann = receiver(respond(500))
    post.connect("ann", ann)
    post.tick("ann BUY 7 MARKET")
    post.tick()
    assert len(ann.briefings) == 1, "it waits"
    assert waits == [pytest.approx(600, rel=circuit.JITTER)]
    ann.answer = respond()
    last = post.tick().outcome.tick
    post.end_waits()
    Courier._deliver_in(post.courier, 0.0)
    ann.wait(2)
    post.settle()
    first, second = ann.briefings
    assert first.headers["webhook-id"] != second.headers["webhook-id"]
    assert [one.headers["x-wss-attempt"] for one in (first, second)] == ["1", "2"]
    assert second.payload["tick"] == last
    assert [one["quantity"] for one in second.payload["orders"]["filled"]] == [7]
    assert not second.payload["gap"]


def test_five_failures_open_the_circuit_and_two_successes_close_it(
    post: Post, receiver: MakeReceiver
) -> None:
    ann = receiver(respond(500))
    post.connect("ann", ann)
    for _ in range(5):
        post.end_waits()
        post.tick()
    assert post.endpoint("ann").circuit == "open"
    post.tick()
    assert len(ann.briefings) == 5
    assert "tried again in 60 s" in alerts_of(post)[-1]
    ann.answer = respond()
    post.end_waits()
    post.tick()
    assert post.endpoint("ann").circuit == "half_open"
    post.tick()
    assert post.endpoint("ann").circuit == "closed"
    assert ann.briefings[5].headers["x-wss-attempt"] == "6"


def test_a_ping_is_tried_four_times_each_under_an_id_of_its_own(
    post: Post, receiver: MakeReceiver
) -> None:
    ann = receiver(respond(500), answers_pings=False)
    post.connect("ann", ann)
    for _ in range(5):
        post.end_waits()
        post.deliver()
    ids = [one.headers["webhook-id"] for one in ann.received]
    assert (len(ids), len(set(ids))) == (4, 4)
    assert [str(one.id) for one in post.tries("ann")] == ids
    assert post.endpoint("ann").state == "pending"


def test_gone_is_gone_until_the_owner_asks_for_a_ping(post: Post, receiver: MakeReceiver) -> None:
    from webhooks.services.endpoints import request_ping

    ann = receiver(respond(410))
    post.connect("ann", ann)
    post.tick()
    assert (post.endpoint("ann").state, len(ann.briefings)) == ("disabled", 1)
    post.tick()
    assert len(ann.briefings) == 1
    assert "disabled: it answered 410 Gone" in alerts_of(post)[-1]
    request_ping(post.agent("ann"))
    post.deliver()
    assert post.endpoint("ann").state == "active"


def test_a_name_that_leads_elsewhere_by_now_is_not_connected_to(
    post: Post, receiver: MakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is resolved when it is connected to, and what it was when it was saved is no matter."""
    from webhooks.courier import addresses

    ann = receiver()
    agent = post.agent("ann")
    agent.callback_url = f"http://rebound.example.com:{ann.port}/"
    agent.save(update_fields=["callback_url"])
    for led_to in (["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["169.254.169.254"]):
        found = [(2, 1, 6, "", (address, ann.port)) for address in led_to]
        monkeypatch.setattr(addresses, "_look_up", lambda *_, found=found: found)
        monkeypatch.setattr("django.conf.settings.WEBHOOK_ALLOW_PRIVATE", "off")
        Endpoint.objects.update(ping=new_id(), waits_until=None)
        post.deliver()
    assert ann.connections == 0
    assert {(one.outcome, one.error[:27]) for one in post.tries("ann")} == {
        ("refused", "This address is not allowed")
    }


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_this_machine_is_not_connected_to_unless_it_may_be(
    post: Post, receiver: MakeReceiver, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr("django.conf.settings.WEBHOOK_ALLOW_PRIVATE", "off")
    ann = receiver()
    agent = post.agent("ann")
    agent.callback_url = f"http://{host}:{ann.port}/"
    agent.save(update_fields=["callback_url"])
    post.deliver()
    assert ann.connections == 0
    assert [one.outcome for one in post.tries("ann")] == ["refused"]


def test_a_poisoned_secret_is_nobody_elses_trouble(post: Post, receiver: MakeReceiver) -> None:
    ann, bob = receiver(), receiver()
    post.connect("ann", ann)
    post.connect("bob", bob)
    agent = post.agent("ann")
    agent.webhook_secret = "not encrypted by us"
    agent.save(update_fields=["webhook_secret"])
    post.tick()
    assert (len(ann.briefings), len(bob.briefings)) == (0, 1)
    assert post.tries("ann")[-1].error == "the exchange could not write to you"


def alerts_of(post: Post) -> list[str]:
    """Return what ann's own stream of the tape has told her of her webhook."""
    entries = tape.read(epoch=1, stream=post.agent("ann").id, since=0, limit=100)
    events = [event for entry in entries for event in entry.read()]
    alerts = [a for e in events if e["type"] == "agent:alert" for a in e["data"]]
    return [alert["message"] for alert in alerts if alert["type"] == "webhook_disabled"]


def test_a_result_that_cannot_be_written_is_lost_alone(
    post: Post, receiver: MakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webhooks import courier

    ann, bob = receiver(), receiver()
    post.connect("ann", ann)
    post.connect("bob", bob)

    def write_all_but_anns(results: list[Result]) -> list[NextState]:
        if any(one.request.endpoint.agent.name == "ann" for one in results):
            raise ValueError
        return write_results(results)

    monkeypatch.setattr(courier, "write_results", write_all_but_anns)
    post.tick()
    assert [len(post.tries(name)) for name in ("ann", "bob")] == [1, 2]
    assert post.endpoint("bob").briefed_tick == post.hall.row.tick


def test_a_record_that_is_away_is_waited_for(
    post: Post, receiver: MakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reply came in time, and acts once the record is back."""
    from webhooks import courier

    ann = receiver(reply({"actions": [{"type": "BUY", "symbol": "APEX", "quantity": 1}]}))
    post.connect("ann", ann)
    failures = [0, 0]
    for place, name in enumerate(("act_on", "write_results")):
        does = getattr(courier, name)

        def fails_twice(*given: Any, place: int = place, does: Any = does, **named: Any) -> Any:
            failures[place] += 1
            if failures[place] < 3:
                raise OperationalError("the server closed the connection")
            return does(*given, **named)

        monkeypatch.setattr(courier, name, fails_twice)
    post.tick()
    assert failures == [3, 3]
    assert (len(ann.briefings), post.endpoint("ann").actions_taken) == (1, 1)
