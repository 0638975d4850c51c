"""What researchers need besides: other rules, another house, sweeps, and files of every message."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.scenarios.helpers import EXAMPLES, tell
from wallstreetsim.lab.scenarios import BadScenario, read, run
from wallstreetsim.lab.scenarios.lobster import DICTIONARY, LEVELS, NO_ASK, NO_BID, LobsterWriter
from wallstreetsim.lab.scenarios.sweep import Setting, estimates, grid, parse_setting, scenario_of
from wallstreetsim.machine.published import hash_of, published, with_changes
from wallstreetsim.machine.rules import RULES

STORY = (EXAMPLES / "partial-fills.yaml").read_text()


# Rules


def test_a_published_number_can_be_another_and_is_charged() -> None:
    free, dear = (tell(f"{STORY}\nrules: {{market: {{takerFeeBps: {bps}}}}}") for bps in (0, 100))
    assert {trade["fee"] for trade in free["trades"]} == {0.0}
    assert all(trade["fee"] > 1.0 for trade in dear["trades"])


def test_every_kind_of_number_can_be_changed_by_its_published_name() -> None:
    changes = {
        "market": {
            "maker": {"halfSpread": 0.002, "endowment": 5, "levelMultiples": [1, 2]},
            "sectors": {"Meme": {"dailyVolatility": 0.5}},
        },
        "sec": {"tips": {"stake": 2.5}},
    }
    rules = with_changes(RULES, changes)
    assert rules.market.maker.half_spread == 0.002
    assert rules.market.maker.endowment_cents == 500
    assert rules.market.maker.level_multiples == (1.0, 2.0)
    assert {s.name: s.daily_volatility for s in rules.market.sectors}["Meme"] == 0.5
    assert rules.sec.tips.stake_millionths == 2_500_000
    shown = published(rules)
    assert shown["market"]["maker"]["endowment"] == 5
    assert hash_of(rules) != hash_of(RULES) == hash_of(with_changes(RULES, {}))
    assert with_changes(rules, {}) == rules


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ("{market: {takerFee: 1}}", "rules.market.takerFee: there is no such rule"),
        ("{market: 5}", "rules.market: must be a mapping"),
        ("{market: {takerFeeBps: 1.5}}", "must be a whole number"),
        ("{market: {takerFeeBps: -1}}", "must not be negative"),
        ("{market: {takerFeeBps: high}}", "must be a number"),
        ("{market: {sectors: {Tulips: {beta: 1}}}}", "must be a mapping whose keys are of Tech"),
        ("{house: {crimeRate: 1}}", "rules.house.crimeRate: there is no such rule"),
        ("{market: {maker: {endowment: 0.001}}}", "is too fine"),
    ],
)
def test_a_bad_rule_is_one_clear_error(rules: str, complaint: str) -> None:
    with pytest.raises(BadScenario, match=complaint):
        read(f"ticks: 1\nrules: {rules}\n".encode())


def test_the_house_is_who_the_file_says() -> None:
    quiet = "ticks: 40\ncompanies: 3\nmarket: {roster: [momentum]}\n"
    scenario = read(quiet.encode())
    assert scenario.switches.house == 1
    assert scenario.rules.house.roster == ("momentum",)
    busy = tell(quiet.replace("[momentum]", "[noise, noise, noise]"))
    assert len(busy["trades"]) > 2 * len(tell(quiet)["trades"])
    with pytest.raises(BadScenario, match=r"market.roster: must be a list of noise"):
        read(quiet.replace("momentum", "genius").encode())


# Sweeps


def test_a_sweep_gives_means_with_their_confidence(tmp_path: Path) -> None:
    out, told = tmp_path / "sweep.json", StringIO()
    words = [str(EXAMPLES / "living-market.yaml"), "--seeds", "2", "--processes", "1"]
    words += ["--set", "ticks=30", "--set", "rules.market.maker.halfSpread=0.0001,0.002"]
    call_command("sweep", *words, "--out", str(out), stdout=told)
    swept = json.loads(out.read_text())
    tight, wide = swept["cells"]
    assert tight["set"] == {"ticks": "30", "rules.market.maker.halfSpread": "0.0001"}
    spread = [cell["figures"]["spreadBps"]["mean"] for cell in (tight, wide)]
    assert spread[1] > spread[0] + 20
    assert tight["figures"]["spreadBps"]["margin"] > 0
    assert tight["rules"] != wide["rules"] and len(set(tight["digests"])) == 2
    assert "engine version" in told.getvalue() and "netWorth:ann" in told.getvalue()


def test_paths_lead_anywhere_in_the_file() -> None:
    changes = {"agents[2].cash": "7", "market.maker": "true", "rules.market.takerFeeBps": "3"}
    scenario = scenario_of(STORY, changes, "5")
    assert scenario.agents[2].cash == 700
    assert scenario.switches.maker and scenario.rules.market.taker_fee_bps == 3
    assert scenario.seed == "5"
    for path in ("agents[9].cash", "ticks.more", "", "agents[x]", "nothing"):
        with pytest.raises(BadScenario):
            scenario_of(STORY, {path: "1"}, "5")


def test_figures_and_grids() -> None:
    assert parse_setting("a.b=1, 2") == Setting("a.b", ("1", "2"))
    with pytest.raises(ValueError, match="give PATH"):
        parse_setting("a.b")
    assert len(grid([Setting("a", ("1", "2")), Setting("b", ("1", "2", "3"))])) == 6
    assert grid([]) == [{}]
    [estimate] = estimates([{"x": 1.0}, {"x": 3.0}]).values()
    assert estimate.mean == 2.0
    assert estimate.margin == pytest.approx(12.706)
    with pytest.raises(CommandError, match="more than"):
        call_command("sweep", str(EXAMPLES / "crowd.yaml"), "--seeds", "10000", "--set", "seed=1,2")


# Messages and books


def test_the_books_follow_from_the_messages_and_end_as_the_machines(tmp_path: Path) -> None:
    """Two days with halts, auctions and a night."""
    source = (EXAMPLES / "trading-day.yaml").read_text().replace("companies: 10", "companies: 2")
    source = source.replace("session: day", "session: day\n  house: 6\n  events: true")
    halt = "  - {tick: 50, inject: {halt: APEX, ticks: 5}}\n"
    source = source.replace("steps:\n", f"steps:\n{halt}")
    writer = LobsterWriter(tmp_path)
    result = run(read(source.encode()), look=writer.look)
    writer.close()
    assert (tmp_path / DICTIONARY).read_text().startswith("# Data dictionary")
    days = sorted(tmp_path.glob("APEX_*_message_*.csv"))
    assert [path.name[:15] for path in days] == ["APEX_2000-01-03", "APEX_2000-01-04"]
    seen: set[int] = set()
    orders: dict[int, list[int]] = {}
    traded = 0
    for path in days:
        messages, books = rows(path), rows(Path(str(path).replace("message", "orderbook")))
        assert len(messages) == len(books)
        times = [float(message[0]) for message in messages]
        assert times == sorted(times)
        for (_, *message), book in zip(messages, books, strict=True):
            type, number, size, price, direction = (int(part) for part in message)
            seen.add(type)
            if type == 1:
                orders[number] = [price, size, direction]
            elif type in (2, 3, 4):
                assert orders[number][0] == price and orders[number][2] == direction
                orders[number][1] -= size
                if not orders[number][1]:
                    del orders[number]
            traded += size if type in (4, 6) else 0
            if type != 6:
                assert [int(part) for part in book] == expected(orders.values())
            else:  # which orders an auction filled is not said
                orders = {n: o for n, o in orders.items() if in_book(o, book)}
    assert seen >= {1, 3, 4, 7}
    assert traded == sum(t.quantity for t in result.trades if t.symbol == "APEX")


def rows(path: Path) -> list[list[str]]:
    with path.open() as file:
        return list(csv.reader(file))


def expected(orders: Any) -> list[int]:
    """Return the row of the book that these orders make."""
    sides: dict[int, dict[int, int]] = {1: {}, -1: {}}
    for price, size, direction in orders:
        sides[direction][price] = sides[direction].get(price, 0) + size
    asks, bids = sorted(sides[-1].items()), sorted(sides[1].items(), reverse=True)
    row: list[int] = []
    for level in range(LEVELS):
        row += asks[level] if level < len(asks) else (NO_ASK, 0)
        row += bids[level] if level < len(bids) else (NO_BID, 0)
    return row


def in_book(order: list[int], book: list[str]) -> bool:
    return str(order[0]) in book
