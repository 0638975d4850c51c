"""The scorecard counts what it says it counts."""

from typing import Any, cast

import pytest

from wallstreetsim.lab.surveillance.measure import Alert, Played, Result
from wallstreetsim.lab.surveillance.scorecard import Scorecard, jobs, score


def alert(**given: Any) -> Alert:
    usual: dict[str, Any] = {
        "crime": "spoofing",
        "tick": 100,
        "about": "spoof_to_buy",
        "right": True,
        "also": False,
        "exact": True,
        "convicted": 0,
        "charged": 0,
        "wronged": 0,
    }
    return cast(Alert, usual | given)


def implant(*alerts: Alert, style: str = "plain", proven: int = 95) -> Result:
    played = Played(name="spoof_to_buy", crime="spoofing", style=style, proven=proven, counted=80)
    return Result(half="held-out", played=[played], alerts=[*alerts], naive=[], voids=0)


def innocent(*alerts: Alert) -> Result:
    played = Played(name="fat finger", crime="", style="", proven=None, counted=None)
    return Result(half="held-out", played=[played], alerts=[*alerts], naive=[], voids=0)


def card(*results: Result) -> Scorecard:
    return score(
        results,
        half="held-out",
        types=["spoofing"],
        seeds=1,
        engine_version=4,
        engine_hash="e",
        date="2026-01-01",
    )


def test_recall_precision_and_latency_are_of_the_right_alerts() -> None:
    wrong = alert(right=False, exact=False, about="fat finger")
    figures = card(
        implant(alert(tick=130), alert(tick=101)),  # caught once, however many cases there are
        implant(alert(tick=90, exact=False)),  # before it is proven: no latency
        implant(style="evasive"),
        innocent(wrong),
        innocent(),
    ).figures
    (row,) = figures["types"]
    assert row["recall"] == pytest.approx(2 / 3)
    assert row["recallBy"] == {"plain": 1.0, "disguised": None, "evasive": 0.0}
    assert row["precision"] == 3 / 4
    assert (row["latencyMedian"], row["latencyP95"]) == (6, 6)
    assert row["latencyByCount"] == [21, 21]
    assert row["exact"] == 0.5
    assert figures["innocent"]["false"] == 1
    assert figures["innocent"]["per1200"] == 600
    assert any("precision" in one for one in figures["shortfalls"])
    assert "spoofing" in card(innocent()).as_text()


def test_who_is_convicted_wrongly_counts_against_it() -> None:
    figures = card(
        implant(alert(convicted=2, charged=2)),
        innocent(alert(about="fat finger", right=False, convicted=1, charged=1, wronged=1)),
    ).figures
    assert figures["convictions"] == {"convicted": 3, "wronged": 1, "precision": 2 / 3}
    assert any(one.startswith("convictions") for one in figures["shortfalls"])


def test_every_script_is_run_with_every_seed() -> None:
    planned = jobs("held-out", 2)
    crimes = [job for job in planned if job["crime"]]
    assert len(crimes) == 2 * 30
    assert len({job["seed"] for job in planned}) == len(planned)
    kinds = [kind for job in planned for kind in job["kinds"]]
    assert len(kinds) == 25 * 10
    assert {kinds.count(kind) for kind in kinds} == {10}
