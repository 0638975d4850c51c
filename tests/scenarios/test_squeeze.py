"""A squeeze in a world, from the score to the signal to what became of it.

The house sells nothing short, so that short interest is what agents make it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from news.research.rules import RESEARCH_RULES
from tests.scenarios.helpers import Told, tell

DAY = 70
SHORTED = 280_000  # of five million shares issued
SQUEEZE = RESEARCH_RULES.squeeze

STORY = f"""
seed: squeeze
ticks: 200
companies: 3
market: {{house: 6}}
rules: {{market: {{session: {{openTicks: 60, closedTicks: {DAY - 60}}}}}}}
agents:
  - {{name: bear, role: hedge_fund_manager, cash: 400000000}}
  - {{name: bull, role: hedge_fund_manager, cash: 400000000}}
steps:
"""


def _act(tick: int, agent: str, type: str, quantity: int, price: float | None = None) -> str:
    terms = "MARKET" if price is None else f"LIMIT, price: {price}"
    action = f"{{type: {type}, symbol: OMEGA, quantity: {quantity}, orderType: {terms}}}"
    return f"  - {{tick: {tick}, agent: {agent}, actions: [{action}]}}\n"


def _news(tick: int, event: str, impact: float) -> str:
    terms = f"{{event: {event}, symbol: OMEGA, impact: {impact}, duration: 5}}"
    return f"  - {{tick: {tick}, inject: {terms}}}\n"


@cache
def squeezed(shorted: int = SHORTED) -> Told:
    """Short a company on the first day, and let its price rise on the third, when that is known."""
    steps = [
        _act(50, "bull", "BUY", shorted, 203.5),
        _act(51, "bear", "SHORT", shorted, 203.5),
        _news(100, "EARNINGS_MISS", -0.02),  # what it has risen by until then is no squeeze
        *(_news(tick, "EARNINGS_BEAT", 0.04) for tick in (146, 149, 152)),
        *(_act(tick, "bear", "COVER", 1_500) for tick in range(147, 165, 2)),
    ]
    told = tell(STORY + "".join(sorted(steps, key=_tick)))
    assert {result["code"] for result in told["results"]} == {"OK"}
    return told


def _tick(step: str) -> int:
    return int(step.partition("tick: ")[2].partition(",")[0])


def _of(told: Told, part: str) -> list[dict[str, Any]]:
    return [one for one in told[part] if one["kind"] == "squeeze"]


def _score(title: str) -> int:
    return int(title.rpartition(" ")[2])


def test_a_squeeze_comes_from_score_to_signal_to_record() -> None:
    [alert] = _of(squeezed(), "alerts")
    assert (alert["symbol"], alert["side"]) == ("OMEGA", "BUY")
    assert _score(alert["title"]) >= SQUEEZE.alert
    short = {field["name"]: field["value"] for field in alert["fields"]}["Short interest"]
    assert short == f"{100 * SHORTED / 5_000_000:.1f}%"
    assert alert["tick"] >= 2 * DAY - 10, "before it is published, a close late"

    first = _of(squeezed(), "signals")[0]
    assert (first["symbol"], first["action"]) == ("OMEGA", "BUY")
    [score] = [factor for factor in first["factors"] if factor.startswith("squeeze score")]
    assert SQUEEZE.signal <= _score(score) < SQUEEZE.alert, "a signal comes before the alert"
    assert first["tick"] < alert["tick"]
    assert first["stop"] < first["entry"] < first["target"]
    end = first["closed"]
    assert end["outcome"] == "TARGET" and end["exit"] > end["entry"]
    assert end["returnPercent"] > 0 and 0 < end["chancePercent"] < 100


def test_the_same_rise_with_few_shorts_is_no_squeeze() -> None:
    told = squeezed(SHORTED // 20)
    assert _of(told, "alerts") == _of(told, "signals") == []
    assert any(one["kind"] == "breakout" and one["symbol"] == "OMEGA" for one in told["alerts"])
