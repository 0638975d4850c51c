"""Idempotency-Key: a request may be repeated, has one effect, and is answered as it was."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import Input, KeptAnswer
from agents.services import repeats
from agents.services.repeats import Repeatable
from market.common.strict_json import parse_json
from tests.api.desk import Answer, Desk, Json, Trader, buy, cancel
from tests.api.test_parallel import ask, run


@pytest.fixture
def desk(transactional_db: None, unlimited: None) -> Desk:
    """A world whose rows every thread can see."""
    return Desk()


async def send(trader: Trader, key: str, *actions: Json, query: str = "") -> Answer:
    body, headers = {"actions": list(actions)}, {"idempotency-key": key}
    return await ask("POST", f"/actions{query}", body, trader.key, headers=headers)


def test_a_repeated_request_has_one_effect_and_one_answer(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick()
    first = run(send(ann, "k1", buy(10), buy(20)))
    again = run(send(ann, "k1", buy(10), buy(20)))
    assert first.status == 200
    assert again.body == first.body | {"requestId": again.body.get("requestId")} or (
        again.data == first.data
    )
    assert Input.objects.filter(type="BUY").count() == 2
    desk.tick()
    assert run(send(ann, "k1", buy(10), buy(20))).data == first.data
    desk.tick()
    assert ann.holdings == {"APEX": 30}


def test_the_same_key_with_another_body_is_a_conflict_and_does_nothing(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick()
    run(send(ann, "k1", buy(10)))
    refused = run(send(ann, "k1", buy(11)))
    assert (refused.status, refused.body["code"]) == (409, "CONFLICT")
    assert Input.objects.filter(type="BUY").count() == 1


def test_a_key_is_its_owners_alone(desk: Desk) -> None:
    ann, bob = desk.register("ann"), desk.register("bob")
    desk.tick()
    run(send(ann, "k1", buy(10)))
    assert run(send(bob, "k1", buy(20))).status == 200
    assert Input.objects.filter(type="BUY").count() == 2


def test_an_answer_of_refusals_is_kept_too(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick()
    first = run(send(ann, "k1", cancel(clientOrderId="nothing")))
    assert not first.data["results"][0]["success"]
    run(send(ann, "k2", buy(5, clientOrderId="nothing", price=1.0)))
    desk.tick()
    assert run(send(ann, "k1", cancel(clientOrderId="nothing"))).data == first.data


def test_a_request_that_is_no_batch_leaves_its_key_free(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick()
    assert run(send(ann, "k1")).status == 400
    assert run(send(ann, "k1", buy(1))).status == 200


def test_an_answer_to_a_malformed_action_is_kept_with_what_is_wrong(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick()
    first = run(send(ann, "k1", buy(0), buy(1)))
    assert first.data["results"][0]["details"]["quantity"]
    assert run(send(ann, "k1", buy(0), buy(1))).data == first.data
    assert run(send(ann, "k1", buy(1), buy(1))).status == 409


@pytest.mark.parametrize("quantity", [2**63, 2**64, 10**30, -(10**30)])
def test_a_number_of_any_size_can_be_repeated(desk: Desk, quantity: int) -> None:
    ann = desk.register("ann")
    desk.tick()
    first = run(send(ann, "k1", buy(quantity)))
    assert first.data["results"][0]["code"] == (
        "ORDER_TOO_LARGE" if quantity > 0 else "BAD_REQUEST"
    )
    assert run(send(ann, "k1", buy(quantity))).data == first.data
    assert run(send(ann, "k1", buy(quantity + 1))).status == 409


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("1.5", "1.50", True),
        ("1.5", "15e-1", True),
        ("100", "1e2", True),
        ("100", "100.00", True),
        ("0", "-0.00", True),
        ("1.5", "1.51", False),
        ("1.5", '"1.5"', False),
        ("1", "true", False),
        ("1", "[1]", False),
        ("1e40", "1e41", False),
    ],
)
def test_a_number_is_the_same_however_it_is_written(one: str, other: str, are_one: bool) -> None:
    requests = [
        Repeatable.of("k", parse_json(f'{{"a": {number}, "b": null}}'.encode()))
        for number in (one, other)
    ]
    assert (requests[0] == requests[1]) is are_one


def test_the_order_of_keys_does_not_count_and_that_of_actions_does() -> None:
    def digest(body: str) -> str:
        return Repeatable.of("k", parse_json(body.encode())).request

    assert digest('{"a": [1, 2], "b": 2}') == digest('{"b": 2, "a": [1, 2]}')
    assert digest('{"a": [1, 2]}') != digest('{"a": [2, 1]}')


@pytest.mark.parametrize("key", ["", "x" * 65, "with space", "caf\u00e9"])
def test_a_bad_key_is_refused(desk: Desk, key: str) -> None:
    ann = desk.register("ann")
    refused = run(send(ann, key, buy(1)))
    assert refused.status == 400
    assert "Idempotency-Key" in refused.body["details"]


def test_twenty_at_once_with_one_key_are_one_order_and_one_answer(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick()

    async def storm() -> list[Answer]:
        return await asyncio.gather(*(send(ann, "k1", buy(10)) for _ in range(20)))

    answers = run(storm())
    assert {answer.status for answer in answers} == {200}
    assert len({str(answer.data) for answer in answers}) == 1
    assert Input.objects.filter(type="BUY").count() == 1
    desk.tick()
    assert ann.holdings == {"APEX": 10}


def test_a_key_of_yesterday_is_free_again_and_its_answer_is_dropped(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick()
    run(send(ann, "k1", buy(10)))
    run(send(ann, "k2", buy(10)))
    KeptAnswer.objects.update(kept_at=timezone.now() - timedelta(hours=25))
    assert run(send(ann, "k1", buy(20))).status == 200
    assert repeats.prune() == 1
    assert [kept.key for kept in KeptAnswer.objects.all()] == ["k1"]
