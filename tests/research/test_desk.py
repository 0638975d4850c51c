"""The desk as a whole: how much it says in a burst, what a fault leaves out, what it remembers."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from news.research import tracking
from news.research.checkers import moves, volume
from news.research.desk import PUBLISHING, READING, ResearchDesk
from news.research.events import Alert
from news.research.public_entry import PublicEntry
from news.research.rules import RESEARCH_RULES
from news.research.tracking import Position
from tests.research.small_market import MARKET, SEASONED, SmallMarket, article, rumors

# What is sent


def test_a_market_wide_crash_sends_ten_alerts_a_tick_the_biggest_first_and_counts_the_rest() -> (
    None
):
    symbols = [f"C{number:02}" for number in range(40)]
    market = SmallMarket(symbols=symbols)
    market.run_to(1, 30)
    folds = []
    for tick in range(1, 13):  # each falls a little faster than the one before it
        fallen = {
            symbol: round(10_000 * (1 - 0.002 - 0.0002 * number) ** tick)
            for number, symbol in enumerate(symbols)
        }
        folds.append(market.tick(fallen, dict.fromkeys(symbols, 2_000)))
    for folded in folds:
        sent = folded.admission.sent
        weights = [alert.weight for alert in sent]
        assert len(sent) <= 10 and weights == sorted(weights, reverse=True)
        assert len(sent) == 10 or not folded.admission.omitted
    omitted = [folded.admission.omitted for folded in folds]
    assert max(omitted) >= 30, omitted
    busiest = folds[omitted.index(max(omitted))].admission
    about = {alert.symbol for alert in busiest.sent}
    assert about <= set(symbols[20:]), "of those that fell least"
    told = {a.symbol for f in folds for a in f.admission.sent if a.kind == moves.SELLOFF}
    assert len(told) > 10, "what is left out of a tick comes in a later one"


# What fails


def test_a_checker_that_fails_is_skipped_for_that_entry_and_the_others_speak(
    market: SmallMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [one for one in market.desk._checkers if one.name == "news"]
    others = tuple(one for one in market.desk._checkers if one.name != "news")

    def fail(desk: object) -> list[object]:
        raise ZeroDivisionError

    failing = broken[0]._replace(of_market=fail)  # type: ignore[arg-type]
    monkeypatch.setattr(market.desk, "_checkers", (failing, *others))
    market.run(12, volumes={"AAA": 900})
    assert volume.KIND in market.kinds("AAA", since=SEASONED)
    assert market.desk.health["news"][1:] == (market.ticks, 0, 12)
    monkeypatch.setattr(market.desk, "_checkers", (*broken, *others))
    market.tick(articles=[article("AAA", 0.5, is_breaking=True)])
    assert "news" in market.kinds("AAA", since=SEASONED)


def test_an_entry_that_cannot_be_read_is_passed_over_counted_and_logged_once(
    market: SmallMarket, caplog: pytest.LogCaptureFixture
) -> None:
    desk = market.desk
    for _ in range(5):
        market.ticks += 1
        folded = desk.hear(market.ticks, lambda _: [{"type": "tick:update", "data": {}}])
        assert folded.events == () and desk.tick == market.ticks
    assert desk.health[READING] == (market.ticks, market.ticks, 0, 5)
    [logged] = [one for one in caplog.records if one.levelname == "ERROR"]
    assert "reading" in logged.getMessage() and logged.exc_info
    market.run(10)
    market.tick(articles=[article("AAA", 0.5, is_breaking=True)])
    assert market.kinds("AAA", since=SEASONED) == ["news"]


def test_a_company_whose_update_is_rubbish_spoils_that_entry_only(market: SmallMarket) -> None:
    price = market.desk.companies["AAA"].price
    entry = PublicEntry(market.ticks + 1, {}, {"AAA": {"price": None}}, {}, [], [], {})
    assert market.desk.fold(entry) == ((), ((), (), 0))
    market.ticks += 1
    market.run(5)
    assert market.desk.companies["AAA"].price != price
    assert market.desk.health[READING].faults == 1


@pytest.mark.parametrize(
    ("part", "owner", "method"),
    [
        ("alerts", "_filter", "admit"),
        ("signals", "signals", "follow"),
        ("signals", "signals", "publish"),
        ("analysts", "analysts", "fold"),
        ("narrative", "narratives", "fold"),
    ],
)
def test_a_part_that_fails_is_left_out_and_counted_while_the_others_speak(
    market: SmallMarket, monkeypatch: pytest.MonkeyPatch, part: str, owner: str, method: str
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(part)

    with monkeypatch.context() as patch:
        patch.setattr(getattr(market.desk, owner), method, fail)
        market.run(3)
        folded = market.tick(articles=[article("AAA", 0.5, is_breaking=True)])
    assert market.desk.health[part].faults == 4
    assert market.desk.health[part].last_fault == market.ticks
    assert bool(folded.admission.sent) is (part != "alerts")
    market.run(3)
    assert market.desk.health[part].faults == 4
    assert market.desk.health[part].last_run == market.ticks


def test_no_signal_closes_twice_because_another_one_fails(
    market: SmallMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    signals = market.desk.signals
    for symbol in ("AAA", "BBB"):
        due = Position(symbol, "news", symbol, "BUY", 10_500, 9_500, 10, 50, 1, 10_000, 0, "STOP")
        signals.open.append(due)
    right = tracking.follow

    def fail(position: Position, *rest: Any) -> Any:
        if position.symbol == "BBB":
            raise ZeroDivisionError
        return right(position, *rest)

    with monkeypatch.context() as patch:
        patch.setattr("news.research.signals.follow", fail)
        market.run(3)
    assert len(signals.open) == 2 and signals.tallies == {}
    market.tick()
    assert signals.tallies["news"].closed == 2 and signals.open == []


@pytest.mark.parametrize(
    "broken",
    [{"title": "x" * 201}, {"description": "a zero \0 within"}, {"weight": float("nan")}],
    ids=["too long", "a zero", "no number"],
)
def test_what_cannot_be_recorded_is_not_said(
    market: SmallMarket, monkeypatch: pytest.MonkeyPatch, broken: dict[str, Any]
) -> None:
    sound = Alert(1, "news", "news", "AAA", "Sound", "", 0, (), 1.0)
    [checker] = [one for one in market.desk._checkers if one.name == "news"]
    seen = [sound, sound._replace(symbol="BBB", **broken)]
    told = checker._replace(of_market=lambda desk: seen)
    monkeypatch.setattr(market.desk, "_checkers", (told,))
    assert [event for event in market.tick().events if isinstance(event, Alert)] == [sound]
    assert market.desk.health[PUBLISHING].faults == 1


def test_a_copy_of_the_desk_counts_the_same_faults_and_logs_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    copy = ResearchDesk(RESEARCH_RULES, MARKET, (), is_copy=True)
    copy.hear(1, lambda _: ())
    assert copy.health[READING].faults == 1
    assert caplog.records == []


# What it remembers


def test_what_a_desk_remembers_goes_on_as_if_it_had_not_been_put_away() -> None:
    whole, cut = SmallMarket(), SmallMarket()
    for market in (whole, cut):
        market.run_to(1, 40)
        rumors(market, 3)
        market.walk("AAA", 0.004, 7, volume=1_500)
    plain = orjson.loads(orjson.dumps(cut.desk.dump()))
    cut.desk = SmallMarket().desk
    cut.desk.load(plain)
    for market in (whole, cut):
        market.walk("AAA", 0.004, 7, volume=1_500)
        market.run(400)
    assert cut.alerts == whole.alerts
    assert cut.desk.dump() == whole.desk.dump()


def test_a_split_is_no_selloff_and_the_past_is_restated(market: SmallMarket) -> None:
    before = market.view("AAA")
    sigma, usual = before.sigma, before.usual_volume
    for known in (market.prices, market.closes, market.highs, market.lows):
        known["AAA"] = round(known["AAA"] / 10)
    market.volumes["AAA"] *= 10
    split = {"type": "SPLIT", "symbol": "AAA", "into": 10, "of": 1}
    market.tick({"AAA": market.prices["AAA"]}, {"AAA": 1_000}, events=[split])
    assert market.view("AAA").split == (10, 1)
    assert market.view("AAA").usual_volume == pytest.approx(10 * usual, rel=0.05)
    market.run(12, volumes={"AAA": 1_000})
    assert market.view("AAA").split is None
    assert market.view("AAA").sigma == pytest.approx(sigma, rel=0.25)
    assert moves.SELLOFF not in market.kinds("AAA")
