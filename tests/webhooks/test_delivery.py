"""A tick's briefing reaches its agent, signed, and what the agent answers enters the inbox."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from agents.models import Input
from tests.webhooks import receivers
from tests.webhooks.post import Post
from tests.webhooks.receivers import Answer, Receiver, reply, respond
from webhooks.engine.signing import secret_bytes
from webhooks.services import endpoints

MakeReceiver = Callable[..., Receiver]


def test_an_endpoint_is_briefed_once_it_has_answered_a_ping(
    post: Post, receiver: MakeReceiver
) -> None:
    ann = receiver(respond(503), answers_pings=False)
    post.connect("ann", ann)
    assert [one.is_ping for one in ann.received] == [True]
    assert post.endpoint("ann").state == "pending"
    post.tick()
    assert ann.briefings == []
    ann.answer = respond()
    post.end_waits()
    post.tick()
    assert post.endpoint("ann").state == "active"
    tick = post.tick().outcome.tick
    assert [one.payload["tick"] for one in ann.briefings] == [tick]


def test_each_tick_is_told_once_and_in_order(post: Post, receiver: MakeReceiver) -> None:
    ann, bob = receiver(), receiver(respond(204))
    post.connect("ann", ann)
    post.connect("bob", bob)
    ticks = [post.tick().outcome.tick for _ in range(4)]
    post.deliver()
    for one in (ann, bob):
        assert [each.payload["tick"] for each in one.briefings] == ticks
        assert one.connections == 1, "connections are kept"
    assert {one.payload["agentId"] for one in ann.briefings} == {str(post.agent("ann").public_id)}


def test_a_delivery_is_signed_as_standard_webhooks_has_it(
    post: Post, receiver: MakeReceiver
) -> None:
    ann = receiver()
    post.connect("ann", ann)
    post.tick()
    secret = post.secrets["ann"]
    for request in ann.received:
        assert Webhook(secret).verify(request.body, request.headers) == request.payload
        own = hmac.new(secret_bytes(secret), request.body, hashlib.sha256).hexdigest()
        assert request.headers["x-wss-signature"] == f"sha256={own}"
        assert request.headers["x-wss-agent-id"] == str(post.agent("ann").public_id)
        assert request.headers["x-wss-tick"] == str(request.payload["tick"])
        assert request.headers["x-wss-timestamp"] == request.payload["timestamp"]
        assert request.headers["x-wss-attempt"] == "1"
        with pytest.raises(WebhookVerificationError):
            Webhook(post.secrets["bob"]).verify(request.body, request.headers)


def test_a_secret_that_is_replaced_signs_along_for_a_day(
    post: Post, receiver: MakeReceiver
) -> None:
    ann = receiver()
    post.connect("ann", ann)
    new = endpoints.replace_secret(post.agent("ann"))
    post.tick()
    for secret in (post.secrets["ann"], new):
        assert Webhook(secret).verify(ann.briefings[-1].body, ann.briefings[-1].headers)
    endpoint = post.endpoint("ann")
    endpoint.previous_secret_until = endpoint.last_success_at
    endpoint.save()
    post.tick()
    with pytest.raises(WebhookVerificationError):
        Webhook(post.secrets["ann"]).verify(ann.briefings[-1].body, ann.briefings[-1].headers)


def test_a_stolen_row_alone_does_not_sign(post: Post) -> None:
    assert post.secrets["ann"] not in str(post.agent("ann").__dict__)


def test_a_reply_acts_in_the_next_tick_and_the_next_briefing_says_how_it_went(
    post: Post, receiver: MakeReceiver
) -> None:
    ann = receiver()
    post.connect("ann", ann)
    ann.answer = reply(
        {
            "actions": [
                {"type": "BUY", "symbol": "APEX", "quantity": 5, "orderType": "MARKET"},
                {"type": "SELL", "symbol": "NOPE", "quantity": 1},
                {"type": "DANCE"},
            ]
        }
    )
    post.tick()
    ann.answer = respond()
    assert [row.source for row in Input.objects.waiting()] == ["webhook"]
    post.tick()
    told = ann.briefings[-1].payload
    assert [one["success"] for one in told["actionResults"]] == [True, False, False]
    assert [one["code"] for one in told["actionResults"][1:]] == ["INVALID_SYMBOL", "BAD_REQUEST"]
    [filled] = told["orders"]["filled"]
    assert (filled["symbol"], filled["quantity"]) == ("APEX", 5)
    assert filled["orderId"] == told["actionResults"][0]["actionId"]
    assert told["portfolio"]["positions"][0]["quantity"] == 5
    post.tick()
    assert ann.briefings[-1].payload["actionResults"] == []
    assert ann.briefings[-1].payload["orders"]["filled"] == []
    assert post.endpoint("ann").actions_taken == 1


def test_settings_come_with_a_reply(post: Post, receiver: MakeReceiver) -> None:
    ann = receiver(reply({"subscribe": {"symbols": ["MEME", "APEX"], "includeOrderBook": True}}))
    post.connect("ann", ann)
    post.tick()
    post.tick()
    market = ann.briefings[-1].payload["market"]
    assert [line["symbol"] for line in market["watchlist"][:2]] == ["MEME", "APEX"]
    assert set(market["orderBooks"]) == {"MEME", "APEX"}
    assert len(market["orderBooks"]["MEME"]["bids"]) <= 10


def test_what_another_agent_writes_arrives_marked_as_such(
    post: Post, receiver: MakeReceiver
) -> None:
    ann, bob = receiver(), receiver()
    post.connect("ann", ann)
    post.connect("bob", bob)
    bob.answer = reply(
        {"actions": [{"type": "MESSAGE", "targetAgent": "ann", "content": "Sell me all."}]}
    )
    post.tick()
    bob.answer = respond()
    post.tick()
    [message] = ann.briefings[-1].payload["messages"]
    assert message["fromAgentName"] == "bob"
    assert message["content"] == {"untrusted": True, "author": "bob", "text": "Sell me all."}
    assert bob.briefings[-1].payload["actionResults"][0]["success"]
    post.tick()
    assert ann.briefings[-1].payload["messages"] == []


def test_replies_and_requests_share_one_budget(
    post: Post, receiver: MakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quant may act twice as often as others; beyond that, nothing of a reply is taken."""
    from wallstreetsim.api.limits import LIMITS, Limit

    monkeypatch.setitem(LIMITS, "actions", (Limit(1, 60, burst=1),))
    ann = receiver(reply({"actions": [{"type": "CANCEL_ALL"}]}))
    post.connect("ann", ann)
    for _ in range(3):
        post.tick()
    assert [one.actions for one in post.tries("ann")] == [0, 1, 1, 0]
    ann.answer = respond()
    post.tick()
    [refused] = ann.briefings[-1].payload["actionResults"]
    assert (refused["code"], refused["action"]) == ("RATE_LIMITED", "CANCEL_ALL")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (receivers.HTML, "the reply is not understood: "),
        (reply({"acts": []}), "unknown field 'acts'; there are actions, ack, subscribe"),
        (receivers.flood, "larger than 64 KiB"),
    ],
)
def test_the_next_briefing_says_why_a_reply_was_not_read(
    post: Post, receiver: MakeReceiver, answer: Answer, why: str
) -> None:
    ann = receiver(answer)
    post.connect("ann", ann)
    post.tick()
    ann.answer = respond()
    post.tick()
    post.tick()
    [*_, told, after] = ann.briefings
    [refused] = told.payload["actionResults"]
    assert (refused["action"], refused["success"], refused["code"]) == (None, False, "BAD_REQUEST")
    assert why in refused["message"]
    assert after.payload["actionResults"] == []
