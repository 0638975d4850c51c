"""The check of fresh worlds counts who is convicted, and holds nobody guilty who is not."""

from types import SimpleNamespace
from typing import cast

import pytest

from agents.engine.facts import Manipulation
from sec.engine.outcome import CaseState
from sec.engine.records import TradeSeen
from sec.engine.rules import INSIDER_TRADING, SPOOFING
from wallstreetsim.lab.surveillance.house_schemes import (
    Ended,
    bids_for_more,
    proven,
    sold_by_displays,
)
from wallstreetsim.lab.surveillance.stage import Guilt, Script, Setting, Stage
from wallstreetsim.lab.surveillance.worlds import (
    Against,
    Conviction,
    Found,
    FreshWorld,
    Schemes,
    count_schemes,
    lines,
    passes,
    run_job,
)


def world(*convictions: Conviction) -> Found:
    schemes = {
        "spoofing": Schemes(
            finished=3,
            proven=2,
            accused=2,
            conducts=2,
            caught=1,
            convicted=1,
            undecided=1,
            dismissed=0,
        )
    }
    return Found(seed="fresh/0", schemes=schemes, convictions=list(convictions))


def conviction(*, honest: bool = False, outside: bool = False) -> Conviction:
    return Conviction(
        tick=400, crime="spoofing", symbol="APEX", name="ann", outside=outside, honest=honest
    )


def test_nine_of_ten_worlds_must_convict_somebody_and_nobody_who_is_honest() -> None:
    convicting = [world(conviction()) for _ in range(9)]
    assert passes([*convicting, world()])
    assert not passes([*convicting[1:], world(), world()])
    assert not passes([*convicting, world(conviction(honest=True))])


def test_the_table_names_who_was_convicted_and_how_many_of_them_are_honest() -> None:
    _, line, *_, last = lines([world(conviction(honest=True, outside=True))])
    assert "spoofing in APEX: ann, an outsider, who is honest" in line
    assert last == ("somebody was convicted in 1 of 1 worlds; of the honest 1, 1 of them outsiders")


def test_the_table_counts_schemes_and_whose_crook_was_found_by_crime() -> None:
    assert (
        "spoofing                 6         4         4         4         2      0.50"
        "         2         2         0         2"
    ) in list(lines([world(), world()]))


def test_a_world_is_run_for_two_days_with_its_crooks() -> None:
    found = run_job(FreshWorld(seed="short", companies=6, house=24))
    assert sum(one["finished"] for one in found["schemes"].values()) > 0
    convicted = {one["crime"] for one in found["convictions"]}
    schemes = found["schemes"].items()
    assert {crime for crime, one in schemes if one["convicted"]} == convicted
    for _, one in schemes:
        assert one["finished"] >= one["proven"] >= one["conducts"] >= one["caught"]
        assert one["accused"] == one["convicted"] + one["undecided"] + one["dismissed"]
    assert sum(one["proven"] for _, one in schemes) > 0
    assert not [one for one in found["convictions"] if one["outside"]]


def case(crime: str, symbol: str, *trades: TradeSeen) -> CaseState:
    return CaseState(
        id="a",
        crime=crime,
        symbol=symbol,
        source="detector",
        opened_tick=100,
        first_tick=90,
        last_tick=100,
        confidence=0.7,
        investigator=None,
        has_detector=True,
        subpoena_tick=None,
        closed_tick=None,
        note="",
        orders=[],
        trades=list(trades),
        rumors=[],
        bribes=[],
        events=[],
        links=[],
        prices=[],
    )


def use(symbol: str, *, is_proven: bool = True, has_access: bool = False) -> Ended:
    return Ended(Manipulation(INSIDER_TRADING, (7,), symbol, 10, 20), is_proven, has_access)


def test_news_used_without_access_is_proven_by_the_third_time() -> None:
    lost = use("LOSS", is_proven=False)
    assert proven([use("AAA"), use("BBB"), lost]) == []
    thrice = [use("AAA"), use("BBB"), lost, use("CCC")]
    assert [truth.symbol for truth in proven(thrice)] == ["AAA", "BBB", "CCC"]
    assert len(proven([use("AAA", has_access=True)])) == 1


def test_a_scheme_counts_by_its_own_case_and_how_that_stood_in_the_end() -> None:
    first = Manipulation(SPOOFING, (7,), "APEX", 80, 120)
    later = Manipulation(SPOOFING, (7,), "APEX", 130, 170)
    against = Against(case(SPOOFING, "APEX"), 7, 100, "dismissed")
    counted = count_schemes([first, later], [first, later], [against])[SPOOFING]
    assert (counted["finished"], counted["proven"], counted["accused"]) == (2, 2, 1)
    assert (counted["dismissed"], counted["undecided"], counted["convicted"]) == (1, 0, 0)
    pending = against._replace(status="active")
    assert count_schemes([first], [], [against, pending])[SPOOFING]["undecided"] == 1


def test_all_that_an_insider_does_is_one_conduct_as_a_scripts_is() -> None:
    uses = [use("AAA").truth, use("BBB").truth._replace(first_tick=200), use("CCC").truth]
    other = uses[0]._replace(accounts=(8,))
    against = Against(case(INSIDER_TRADING, "AAA"), 7, 100, "convicted")
    counted = count_schemes([*uses, other], [*uses, other], [against])[INSIDER_TRADING]
    assert (counted["proven"], counted["accused"]) == (4, 2)
    assert (counted["conducts"], counted["caught"]) == (2, 1)
    spoofs = [Manipulation(SPOOFING, (7,), "APEX", first, first + 40) for first in (10, 90)]
    assert count_schemes(spoofs, spoofs, [])[SPOOFING]["conducts"] == 2


def test_a_case_that_rests_on_a_schemes_trades_is_one_of_it_however_old() -> None:
    truth = Manipulation(SPOOFING, (7,), "APEX", 130, 170)
    sold = TradeSeen("t", 140, "APEX", 100, 5, 8, 7, "b", "s", "BUY")
    older = Against(case(SPOOFING, "APEX", sold), 7, 100, "convicted")
    assert count_schemes([truth], [], [older])[SPOOFING]["convicted"] == 1
    apart = older._replace(case=case(SPOOFING, "APEX", sold._replace(tick=171)))
    assert count_schemes([truth], [], [apart])[SPOOFING]["accused"] == 0


@pytest.mark.parametrize(
    ("displays", "price", "is_proven"),
    [
        ({0, 1}, 101, True),
        ({0, 1}, 99, False),  # at a loss
        ({1}, 101, False),  # the other sale was by an offer alone
    ],
)
def test_a_spoof_is_proven_by_two_displays_that_something_was_sold_by_for_more(
    displays: set[int], price: int, is_proven: bool
) -> None:
    trades = [
        TradeSeen(f"t{tick}", tick, "APEX", price, 5, 8, 7, "b", "s", "BUY") for tick in (11, 14)
    ]
    stage = cast(Stage, SimpleNamespace(trades=trades, prices={"APEX": [100] * 20}))
    guilt = Guilt(SPOOFING, (7,), "APEX", first_tick=10)
    assert sold_by_displays(stage, guilt, displays)() == is_proven


def test_who_only_offers_shows_no_bid() -> None:
    shows: list[bool] = []

    def play(stage: Stage, symbol: str) -> Script:
        rich, poor = stage.actor(holdings={symbol: 10}), stage.actor(holdings={symbol: 10})
        yield
        for actor in (rich, poor):
            actor.sell(symbol, 1, stage.ask_price(symbol) + 50)
        rich.buy(symbol, 5, stage.bid(symbol) - 50)
        yield
        shows.extend(
            bids_for_more(stage, Guilt(SPOOFING, (one.id,), symbol)) for one in (rich, poor)
        )

    stage = Stage("displays", Setting(house=0, ticks=5))
    stage.add("displays", play, stage.symbols[0])
    for _ in stage.run():
        pass
    assert shows == [True, False]
