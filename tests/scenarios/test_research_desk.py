"""A scenario's result tells what the research desk said, as the tape of a live exchange would."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from market.engine.rules import Switches
from news.research import public_entry
from tests.scenarios.helpers import Told, tell
from wallstreetsim.floor import book_changes, tape_events
from wallstreetsim.lab.research_desk import entry_of
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World

TALK = """
seed: talk
ticks: 260
companies: 6
market: {house: 12}
agents:
  - {name: ann, role: influencer}
rules: {news: {rumors: {authorAgeTicks: 0, rumorsADay: 9}}}
steps:
"""
PRAISE = "Word is that it is about to report excellent growth and a record profit, a great success"


@cache
def talk() -> Told:
    steps = [
        f"  - {{tick: {tick}, agent: ann, actions: [{{type: RUMOR, targetSymbol: {symbol},"
        f' content: "{PRAISE} {tick}"}}]}}'
        for tick, symbol in ((130, "APEX"), (150, "NOVA"), (170, "OMEGA"))
    ]
    return tell(TALK + "\n".join(steps) + "\n")


def test_alerts_and_signals_are_in_the_result() -> None:
    told = talk()
    assert [result["code"] for result in told["results"]] == ["OK"] * 3
    alerts = [one for one in told["alerts"] if one["source"] == "social"]
    assert alerts and alerts[0]["symbol"] in ("APEX", "NOVA", "OMEGA")
    assert not any(PRAISE in str(one) for one in told["alerts"]), "words of an agent"
    signals = [one for one in told["signals"] if one["kind"].startswith("social")]
    assert {one["symbol"] for one in signals} <= {one["symbol"] for one in alerts}
    first = signals[0]
    assert first["stop"] < first["entry"] < first["target"] or first["action"] == "SELL"


def test_a_signal_has_what_became_of_it() -> None:
    closed = [one["closed"] for one in talk()["signals"]]
    ended = [one for one in closed if one is not None]
    assert ended, "none has closed"
    assert set(ended[0]) == {"tick", "outcome", "entry", "exit", "returnPercent", "chancePercent"}
    assert all(one["outcome"] in ("TARGET", "STOP", "EXPIRED", "UNFILLED") for one in ended)


def test_the_desk_in_memory_reads_what_the_tape_holds() -> None:
    world = World(RULES, "both", Switches(events=True, house=12))
    world.found(6)
    for _ in range(60):
        books = book_changes.standing(world)
        outcome = world.advance([])
        at = datetime(2026, 1, 1, tzinfo=UTC)
        on_tape = tape_events.public_events(world, outcome, books, at)
        read, ours = public_entry.read(outcome.tick, on_tape), entry_of(world, outcome)
        for part in ("tick", "prices", "traded", "events", "articles", "short_interest"):
            assert getattr(read, part) == getattr(ours, part), part
        unlike = {"timestamp"}
        assert {k: v for k, v in read.update.items() if k not in unlike} == {
            k: v for k, v in ours.update.items() if k not in unlike
        }
