"""What each view of the research desk shows of an entry, and in which form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from news.research import events
from news.research.events import Alert, Insight, Narrative, Signal, SignalClosed
from wallstreetsim.feed.batches import Batch
from wallstreetsim.feed.research import catalog
from wallstreetsim.feed.research.audience import ViewAudience
from wallstreetsim.feed.research.messages import market_data, message_of, snake
from wallstreetsim.feed.research.views import Kind, Unknown, View, view_of
from wallstreetsim.feed.research_frames import ResearchEntry

AT = "2026-01-01T00:00:00+00:00"
SYMBOLS = {"APEX", "NEXUS"}

APEX_SELLOFF = Alert(
    5, "selloff", "selloff", "APEX", "APEX falls", "Fast.", 1, (("Move", "-3 %"),), 2.0, "SELL"
)
RECAP = Alert(5, "recap", "recap", None, "The day", "Quiet.", 1, (), 1.0)
SIGNAL = Signal(
    *(5, "s1", "APEX", "SELL", 10_000, 9_000, 10_500, 61, "HIGH", "selloff", "It falls."),
    *(("falls",), (), 2.0, 10, 10_000_000, 90),
)
CLOSED = SignalClosed(6, "s1", "selloff", "APEX", "TARGET", 10_000, 9_000, 1_000, 400)
INSIGHT = Insight(5, "macro", "Rates.", 50, (), (), {"ratePercent": 5.0})
OF_APEX = Insight(5, "market", "APEX.", 50, (), (), {}, "APEX")
NARRATIVE = Narrative(5, "All.", {"TECHNOLOGY": "bullish"}, 50, (), ("s1",))
ALL = (APEX_SELLOFF, RECAP, SIGNAL, CLOSED, INSIGHT, OF_APEX, NARRATIVE)


def entry(seq: int, *said: Any) -> ResearchEntry:
    """Return an entry, as JSON gives it back."""
    told = [
        {"type": one.type, "channel": "research", "data": [json.loads(json.dumps(one.as_item()))]}
        for one in said
    ]
    return ResearchEntry(epoch=1, seq=seq, tick=seq + 100, timestamp=AT, events=told)


def shown_on(view: View) -> list[Any]:
    items = [(one.type, one.as_item()) for one in ALL]
    return [one for one, item in zip(ALL, items, strict=True) if view.shows(item)]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (View(Kind.UNIFIED), list(ALL)),
        (View(Kind.MARKET, "APEX"), [APEX_SELLOFF, SIGNAL, CLOSED, OF_APEX]),
        (View(Kind.MARKET, "NEXUS"), []),
        (View(Kind.SIGNALS), [APEX_SELLOFF, SIGNAL, CLOSED]),
        (View(Kind.AGENTS, "macro"), [INSIGHT]),
        (View(Kind.AGENTS, "gamma"), []),
        (View(Kind.NARRATIVE), [NARRATIVE]),
    ],
)
def test_a_view_shows_what_belongs_to_it(view: View, expected: list[Any]) -> None:
    assert shown_on(view) == expected


@pytest.mark.parametrize("said", ALL)
def test_a_message_has_the_fields_that_the_table_names(said: Any) -> None:
    message = message_of((said.type, said.as_item()), AT)
    described = next(one for one in catalog.MESSAGES if one.type == message["type"])
    assert tuple(message.keys() - {"type"}) and set(message) == {"type", *described.fields}


def test_each_socket_is_said_to_have_what_it_shows() -> None:
    views = {
        "unified": View(Kind.UNIFIED),
        "market_symbol": View(Kind.MARKET, "APEX"),
        "signals": View(Kind.SIGNALS),
        "agent_name": View(Kind.AGENTS, "macro"),
        "narrative": View(Kind.NARRATIVE),
    }
    for socket in catalog.SOCKETS:
        view = views[socket.name]
        types = {message_of((o.type, o.as_item()), AT)["type"] for o in shown_on(view)}
        assert types | ({"market_data"} if view.symbol else set()) == set(socket.items)


def test_an_alert_carries_its_embed() -> None:
    message = message_of((events.ALERT, APEX_SELLOFF.as_item()), AT)
    assert message["alert_type"] == "selloff" and message["symbol"] == "APEX"
    assert message["content"] == "APEX falls\nFast."
    assert message["embed"]["title"] == "APEX falls" and message["embed"]["timestamp"] == AT
    assert message["embed"]["fields"] == [{"name": "Move", "value": "-3 %", "inline": True}]


def test_fields_are_in_snake_case_and_what_else_is_a_key_stays() -> None:
    assert snake({"riskReward": 1, "stances": {"TECHNOLOGY": {"aB": [{"cD": 1}]}}}) == {
        "risk_reward": 1,
        "stances": {"TECHNOLOGY": {"a_b": [{"c_d": 1}]}},
    }
    price = {"symbol": "APEX", "changePercent": 1.0, "volume24h": 5}
    data = {"symbol": "APEX", "change_percent": 1.0, "volume24h": 5}
    assert market_data(price) == {"type": "market_data", "symbol": "APEX", "data": data}


def test_a_signal_says_whether_it_is_open() -> None:
    statuses = [message_of((o.type, o.as_item()), AT)["signal"]["status"] for o in (SIGNAL, CLOSED)]
    assert statuses == ["OPEN", "CLOSED"]


@pytest.mark.parametrize("name", ["apex", "APEX", "aPeX"])
def test_symbols_come_in_any_case(name: str) -> None:
    assert view_of(Kind.MARKET, name, symbols=SYMBOLS).channel == "market_APEX"


@pytest.mark.parametrize("name", ["market", "MARKET", "MarketAgent", "marketagent"])
def test_analysts_come_in_any_case_and_by_either_name(name: str) -> None:
    assert view_of(Kind.AGENTS, name, symbols=SYMBOLS).channel == "agent_market"


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        (Kind.MARKET, "ENRON", "no such company"),
        (Kind.MARKET, "", "no such company"),
        (Kind.AGENTS, "madoff", "There are: market"),
        (Kind.AGENTS, "AgentMarket", "There are: market"),
    ],
)
def test_unknown_names_are_refused(kind: Kind, name: str, says: str) -> None:
    with pytest.raises(Unknown, match=says):
        view_of(kind, name, symbols=SYMBOLS)


# Fan-out


class Heard:
    """A client that keeps what it is told."""

    def __init__(self) -> None:
        self.view: str | None = None
        self.batches: list[Batch] = []

    def tell(self, batch: Batch) -> None:
        self.batches.append(batch)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(frame.text) for batch in self.batches for frame in batch.frames]


class Prices:
    """A public entry in which one company's price changed."""

    timestamp = AT

    def __init__(self, seq: int, symbol: str) -> None:
        self.seq = self.tick = seq
        self.symbol = symbol

    def changed_price(self, symbol: str) -> dict[str, Any] | None:
        return {"symbol": symbol, "changePercent": 1.5} if symbol == self.symbol else None


def joined(audience: ViewAudience, view: View, *, research: int, public: int) -> Heard:
    client = Heard()
    audience.join(view, client, {"research": research, "public": public})  # type: ignore[arg-type]
    return client


def test_each_message_names_the_one_before_it_on_its_view() -> None:
    audience = ViewAudience()
    unified = joined(audience, View(Kind.UNIFIED), research=3, public=9)
    narrative = joined(audience, View(Kind.NARRATIVE), research=3, public=9)
    audience.tell_research(entry(4, RECAP, SIGNAL))
    audience.tell_research(entry(5, NARRATIVE))
    audience.tell_research(entry(6, INSIGHT))
    audience.tell_research(entry(7, NARRATIVE))
    places = [(m["stream"], m["prev"], m["seq"], m["tick"]) for m in unified.messages]
    assert places == [
        ("research", 3, 4, 104),
        ("research", 4, 4, 104),
        ("research", 4, 5, 105),
        ("research", 5, 6, 106),
        ("research", 6, 7, 107),
    ]
    assert [(m["prev"], m["seq"]) for m in narrative.messages] == [(3, 5), (5, 7)]
    assert {m["timestamp"] for m in unified.messages} == {AT}


def test_streams_are_counted_apart() -> None:
    audience = ViewAudience()
    apex = joined(audience, View(Kind.MARKET, "APEX"), research=3, public=100)
    audience.tell_prices(Prices(101, "APEX"))
    audience.tell_prices(Prices(102, "NEXUS"))
    audience.tell_research(entry(4, APEX_SELLOFF, RECAP))
    audience.tell_prices(Prices(103, "APEX"))
    told = [(m["type"], m["stream"], m["prev"], m["seq"]) for m in apex.messages]
    assert told == [
        ("market_data", "public", 100, 101),
        ("alert", "research", 3, 4),
        ("market_data", "public", 101, 103),
    ]


def test_a_message_is_made_once_for_all_who_follow_a_view() -> None:
    audience = ViewAudience()
    one, other = (joined(audience, View(Kind.SIGNALS), research=3, public=9) for _ in range(2))
    audience.tell_research(entry(4, SIGNAL))
    assert one.batches[0] is other.batches[0]


def test_who_joins_later_begins_after_what_was_sent_last() -> None:
    audience = ViewAudience()
    joined(audience, View(Kind.SIGNALS), research=3, public=9)
    audience.tell_research(entry(4, SIGNAL))
    audience.tell_research(entry(5, INSIGHT))
    late = joined(audience, View(Kind.SIGNALS), research=5, public=9)
    audience.tell_research(entry(6, CLOSED))
    assert [(m["prev"], m["seq"]) for m in late.messages] == [(4, 6)]


def test_who_left_is_told_nothing_and_a_view_without_followers_is_forgotten() -> None:
    audience = ViewAudience()
    client = joined(audience, View(Kind.UNIFIED), research=3, public=9)
    audience.leave(client)  # type: ignore[arg-type]
    audience.tell_research(entry(4, SIGNAL))
    assert client.messages == [] and not audience._following
