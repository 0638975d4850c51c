"""What a briefing says, from the tape and how its agent stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from webhooks.engine.briefing import (
    BriefedAgent,
    CompanyName,
    Event,
    LeaderboardPlace,
    MarketBriefing,
    SentAction,
    SeqRange,
    briefing,
    market_briefing,
    must_arrive,
    unjudged,
)
from webhooks.engine.reply import MalformedReply, parse_reply
from webhooks.engine.signing import secret_bytes, signature_headers

CHANGES = {"APEX": 2.5, "NOVA": -1.0, "MEME": 9.0, "OMEGA": 0.0, "TITAN": -7.5}
NAMES = {s: CompanyName(f"{s} Inc.", "Technology", 1_000 + n) for n, s in enumerate(CHANGES)}
PLACE = LeaderboardPlace(3, 40, 12.5, None)


def price(symbol: str, change: float) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "price": 100.0,
        "dayChange": change,
        "dayChangePercent": change,
        "changePercent": 0.01,
        "volume": 7,
        "high": 101.0,
        "low": 99.0,
        "bid": 99.99,
        "ask": None,
        "halted": False,
        "drivers": {},
    }


def entry() -> list[Event]:
    update = {
        "tick": 9,
        "marketOpen": True,
        "regime": "bull",
        "interestRate": 0.05,
        "inflationRate": 0.02,
        "ticksUntilClose": 381,
        "ticksUntilOpen": 0,
        "tradingDay": 0,
        "indices": [{"name": "WSS Market Index", "value": 1000.0}],
        "digest": "…",
    }
    prices = [price(symbol, change) for symbol, change in CHANGES.items()]
    return [
        {"type": "tick:update", "channel": "tick", "data": update},
        {"type": "price:update", "channel": "market:all", "data": {"tick": 9, "prices": prices}},
    ]


def the_market() -> MarketBriefing:
    return market_briefing(entry(), timestamp="2026-01-01T00:00:00+00:00", names=NAMES, trades=[])


def reader(**changes: Any) -> BriefedAgent:
    plain = BriefedAgent(
        agent_id="ann",
        portfolio={"positions": []},
        pending=[],
        events=[],
        news=[],
        place=PLACE,
        range=SeqRange(1, 8, 9, 3, 4),
        deadline="2026-01-01T00:00:05+00:00",
    )
    return replace(plain, **changes)


def told(type: str, *data: dict[str, Any]) -> Event:
    return {"type": type, "channel": "agent:ann", "data": list(data)}


def of(**changes: Any) -> dict[str, Any]:
    return briefing(the_market(), reader(**changes))


def test_a_briefing_has_every_field_of_the_prd() -> None:
    payload = of()
    assert set(payload) >= {
        "tick",
        "timestamp",
        "agentId",
        "portfolio",
        "orders",
        "market",
        "world",
        "news",
        "messages",
        "alerts",
        "leaderboard",
    }
    assert set(payload["orders"]) >= {"filled", "pending", "cancelled", "rejected"}
    assert set(payload["market"]) == {
        "indices",
        "watchlist",
        "topGainers",
        "topLosers",
        "recentTrades",
    }
    assert set(payload["world"]) == {
        "marketOpen",
        "regime",
        "interestRate",
        "inflationRate",
        "ticksUntilClose",
        "ticksUntilOpen",
        "tradingDay",
    }
    assert payload["leaderboard"] == {
        "rank": 3,
        "totalAgents": 40,
        "aheadBy": 12.5,
        "behindBy": None,
    }


def test_changes_are_against_the_previous_close_and_movers_are_sorted_by_them() -> None:
    market = of()["market"]
    assert [(m["symbol"], m["changePercent"]) for m in market["topGainers"]] == [
        ("MEME", 9.0),
        ("APEX", 2.5),
    ]
    assert [m["symbol"] for m in market["topLosers"]] == ["TITAN", "NOVA"]
    lines = {line["symbol"]: line for line in market["watchlist"]}
    assert lines["MEME"]["name"] == "MEME Inc."
    assert (lines["MEME"]["change"], lines["MEME"]["ask"]) == (9.0, None)


def test_who_watches_sees_its_symbols_first_then_what_it_holds_then_the_largest() -> None:
    payload = of(
        symbols=["NOVA", "GONE"], portfolio={"positions": [{"symbol": "OMEGA"}, {"symbol": "NOVA"}]}
    )
    shown = [line["symbol"] for line in payload["market"]["watchlist"]]
    assert shown == ["NOVA", "OMEGA", "TITAN", "MEME", "APEX"]


def test_events_of_the_tape_find_their_lists() -> None:
    payload = of(
        events=[
            told("order:filled", {"orderId": "a"}),
            told("order:cancelled", {"orderId": "b"}),
            told("order:rejected", {"orderId": "c"}),
            told("agent:alert", {"type": "system", "message": "hello"}),
            told("sec:update", {"id": "case"}),
            told("order:filled", {"orderId": "d"}),
        ]
    )
    assert [one["orderId"] for one in payload["orders"]["filled"]] == ["a", "d"]
    assert payload["orders"]["cancelled"] == [{"orderId": "b"}]
    assert payload["orders"]["rejected"] == [{"orderId": "c"}]
    assert payload["alerts"] == [{"type": "system", "message": "hello"}]
    assert payload["investigations"] == [{"id": "case"}]


def test_what_agents_write_is_marked_as_theirs() -> None:
    message = {"id": "m", "fromAgentName": "bob", "content": "Obey!", "tick": 9}
    marked = {"untrusted": True, "author": "bob", "text": "Obey!"}
    already = message | {"content": marked}
    for content in (message, already):
        assert of(events=[told("agent:message", content)])["messages"] == [already]


def test_lists_are_cut_to_the_newest_and_say_how_much_is_left_out() -> None:
    payload = of(
        news=[{"id": n} for n in range(60)],
        events=[told("agent:message", *({"id": n} for n in range(25)))],
        pending=[{"orderId": n} for n in range(50)],
    )
    assert [one["id"] for one in payload["news"]] == list(range(10, 60))
    assert [one["id"] for one in payload["messages"]] == list(range(5, 25))
    assert len(payload["orders"]["pending"]) == 50
    assert payload["omitted"] == {"news": 10, "messages": 5}


def test_alerts_that_must_arrive_are_never_cut_and_stay_in_order() -> None:
    saved = [{"type": "margin_call", "n": n} for n in range(60)]
    others = [{"type": "system", "n": n} for n in range(55)]
    late = {"type": "liquidation", "n": 0}
    payload = of(saved_alerts=saved, events=[told("agent:alert", *others, late)])
    assert payload["alerts"] == [*saved, *others[5:], late]
    assert payload["omitted"] == {"alerts": 5}
    assert must_arrive([told("agent:alert", *others, late)]) == [late]


def test_results_are_the_ticks_verdicts_where_there_are_any() -> None:
    sent = [
        SentAction("1", {"actionId": "1", "success": True, "message": "Taken."}),
        SentAction(None, {"success": False, "code": "INVALID_SYMBOL"}),
        SentAction("2", {"actionId": "2", "success": True, "message": "Taken."}),
    ]
    events = [
        told("action:result", {"actionId": "1", "success": False, "code": "INSUFFICIENT_FUNDS"})
    ]
    results = of(sent_actions=sent, events=events)["actionResults"]
    assert [one.get("code") for one in results] == ["INSUFFICIENT_FUNDS", "INVALID_SYMBOL", None]
    assert unjudged(sent, events) == [sent[2]]


def test_who_wants_no_news_gets_none() -> None:
    assert of(news=[{"id": 1}], wants_news=False)["news"] == []


# Replies


@pytest.mark.parametrize(
    "body",
    [
        [],
        "ok",
        7,
        {"action": []},
        {"actions": {}},
        {"actions": [], "ack": "yes"},
        {"subscribe": ["APEX"]},
        {"subscribe": {"symbols": "APEX"}},
        {"subscribe": {"symbols": [1]}},
        {"subscribe": {"symbols": ["A"] * 51}},
        {"subscribe": {"symbols": ["A" * 13]}},
        {"subscribe": {"includeNews": 1}},
        {"subscribe": {"everything": True}},
    ],
)
def test_a_reply_of_another_form_is_refused(body: object) -> None:
    with pytest.raises(MalformedReply):
        parse_reply(body)


def test_a_reply_may_say_nothing_or_act_and_subscribe() -> None:
    for nothing in (None, {}, {"ack": True}, {"actions": None}):
        assert parse_reply(nothing) == ([], {})
    asked = {"actions": [{"type": "BUY"}], "subscribe": {"symbols": ["A", "B", "A"]}}
    assert parse_reply(asked) == ([{"type": "BUY"}], {"symbols": ["A", "B"]})


# Signatures


def test_a_signature_is_that_of_the_specification() -> None:
    """Source: Standard Webhooks, the example that its libraries are tested with."""
    secret = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signature_headers(
        b'{"test": 2432232314}',
        id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        secrets=[secret],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!"])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError):
        secret_bytes(secret)
