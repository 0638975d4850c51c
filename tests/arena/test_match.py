"""Matches: a bot that fails loses its turns and nobody else's, and a match can be played again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from wallstreetsim.lab.arena import table
from wallstreetsim.lab.arena.file import ArenaFile, BadScenario, Bot, read
from wallstreetsim.lab.arena.match import Career, Match, play

QUICK = ArenaFile(bots=(), companies=3)
TICKS = 6

BUYER = """
import json, sys
for line in sys.stdin:
    told = json.loads(line)
    reply = {"actions": [{"type": "BUY", "symbol": "APEX", "quantity": 1}]}
    print(json.dumps(reply), flush=True)
"""
ASLEEP = "import time; time.sleep(60)"
DYING = "import sys; sys.stdin.readline(); sys.exit(3)"
TALKING = "import sys\nfor line in sys.stdin: print('hello', flush=True)"
ENDLESS = "import sys\nsys.stdin.readline(); print('x' * 100_000, flush=True)\nsys.stdin.read()"
GREEDY = BUYER.replace("[{", "11 * [{")
UNFORMED = BUYER.replace('"symbol": "APEX", ', "").replace("[{", '["no action", {')
RECORDING = """
import json, sys
for line in sys.stdin:
    print(line, file=open("told.jsonl", "a"))
    print(json.dumps({"subscribe": {"symbols": ["APEX"], "includeOrderBook": True}}), flush=True)
"""


def bot(name: str, source: str) -> Bot:
    return Bot(name, "quant", (sys.executable, "-c", source))


def match(tmp_path: Path, *bots: Bot, seconds: float = 5.0, ticks: int = TICKS) -> Match:
    arena = ArenaFile(bots, QUICK.companies, QUICK.switches)
    return play(arena, ticks=ticks, seed="1", directory=tmp_path, seconds=seconds)


def careers(played: Match) -> dict[str, Career]:
    return {career.bot.name: career for career in played.careers}


def test_the_same_bots_play_the_same_match(tmp_path: Path) -> None:
    first, again = (match(tmp_path, bot("ann", BUYER), bot("bob", BUYER)) for _ in range(2))
    assert first.digest == again.digest
    assert first.is_reproducible
    for career in first.careers:
        assert career.fills == TICKS - 1
        assert not career.lost_turns and not career.refusals
    assert first.digest != match(tmp_path, bot("ann", BUYER)).digest


def test_who_fails_loses_turns_and_the_match_goes_on(tmp_path: Path) -> None:
    played = match(
        tmp_path,
        *(bot("dying", DYING), bot("talking", TALKING), bot("endless", ENDLESS)),
        *(bot("greedy", GREEDY), bot("unformed", UNFORMED), bot("ann", BUYER)),
        Bot("absent", "quant", ("no-such-program",)),
    )
    found = careers(played)
    lost = {name: dict(career.lost_turns) for name, career in found.items()}
    turns = TICKS - 1
    assert lost["dying"] == {"dead": turns} and "exit code 3" in found["dying"].why_lost
    assert lost["talking"] == {"nonsense": turns}
    assert lost["endless"] == {"dead": turns} and "too long" in found["endless"].why_lost
    assert lost["greedy"] == {"nonsense": turns} and "at most 10" in found["greedy"].why_lost
    assert lost["absent"] == {"dead": turns}
    assert lost["unformed"] == {} and found["unformed"].refusals["BAD_REQUEST"] == turns
    assert found["ann"].fills == turns
    assert played.is_reproducible
    assert "exit code 3" in table.as_text(played)


def test_who_hangs_is_waited_for_once_and_the_match_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wallstreetsim.lab.arena.players.START_SECONDS", 0.2)
    monkeypatch.setattr("wallstreetsim.lab.arena.players.END_SECONDS", 0.2)
    played = match(tmp_path, bot("asleep", ASLEEP), seconds=0.2)
    assert careers(played)["asleep"].lost_turns == {"late": TICKS - 1}
    assert not played.is_reproducible
    assert "Not reproducible" in table.as_text(played)
    assert table.as_json(played)["reproducible"] is False


def test_a_bot_hears_what_became_of_its_reply_and_gets_what_it_asked_for(tmp_path: Path) -> None:
    match(tmp_path, bot("recorder", RECORDING), bot("ann", BUYER), ticks=4)
    told = [
        json.loads(line) for line in (tmp_path / "told.jsonl").read_text().split("\n\n") if line
    ]
    assert [one["tick"] for one in told] == [1, 2, 3]
    assert "orderBooks" not in told[0]["market"]
    assert list(told[1]["market"]["orderBooks"]) == ["APEX"]
    assert told[1]["market"]["watchlist"][0]["symbol"] == "APEX"
    assert told[2]["leaderboard"]["totalAgents"] == 2


def test_a_callable_plays_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "def decide(told):\n    print('thinking')\n    return {'actions': []}\n"
    )
    arena = read(b"house: 0\ncompanies: 3\nbots:\n  - {name: mine, callable: 'mine:decide'}\n")
    [career] = play(arena, ticks=3, seed="1", directory=tmp_path).careers
    assert not career.lost_turns, career.why_lost


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{name: ann}", "must have a command or a callable"),
        ("{name: ann, command: []}", "command: must be a list of words"),
        ("{name: ann, callable: ann}", "callable: must be module:function"),
        ("{name: bank, command: [x]}", "bank is taken"),
        ("{name: ann, role: king, command: [x]}", "role: must be one of"),
        ("{name: ann, command: [x], speed: 1}", "unknown key"),
    ],
)
def test_a_bad_file_is_one_clear_error(line: str, complaint: str) -> None:
    with pytest.raises(BadScenario, match=complaint):
        read(f"bots:\n  - {line}\n".encode())


def test_figures_of_performance() -> None:
    assert table.drawdown([100, 120, 90, 130]) == 0.25
    assert table.sharpe([100, 100, 100]) is None
    assert table.sharpe([100, 110, 110], a_day=4) == pytest.approx(2.0)
