"""The example bots, run as their notes say, on a world that the test ticks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from wallstreetsim.lab.arena.file import ArenaFile, Bot, read
from wallstreetsim.lab.arena.match import play
from wallstreetsim.machine.actions import ACTIONS

if TYPE_CHECKING:
    from tests.manual.exchange import Exchange

pytestmark = pytest.mark.django_db

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
TRADERS = {
    "market_maker.py": "MyMaker",
    "momentum.py": "MyMomentum",
    "news_trader.py": "MyReader",
    "llm_bot.py": "MyModel",
}
BOTS = ("ticker.py", *TRADERS, "whistleblower.py")
TICKS, FILLS, MOST_LINES = 200, 20, 80
SEEDS = ("1", "2", "3", "4", "5")
LOT, WASHED = 137, "NOVA"


def test_each_bot_is_short() -> None:
    for name in BOTS:
        assert len((EXAMPLES / name).read_text().splitlines()) < MOST_LINES, name


def test_together_they_play_two_hundred_ticks(exchange: Exchange) -> None:
    """A crook washes trades under the whistleblower's eyes."""
    address = exchange.address
    commands = [[sys.executable, str(EXAMPLES / "ticker.py"), address]]
    for script, name in {**TRADERS, "whistleblower.py": "MyWatcher"}.items():
        commands.append([sys.executable, str(EXAMPLES / script), address, name])
    with model() as (url, asked):
        said = exchange.run(
            *commands,
            ticks=TICKS,
            between=0.05,
            each_tick=lambda tick: wash(exchange, tick),
            LLM_URL=url,
        )
    for command, one in zip(commands, said, strict=True):
        assert "Traceback" not in one.output, (command, one.output)
    assert len(said[0].output.splitlines()) > TICKS / 2
    fills, statuses, tips = standing(exchange)
    assert {fills[name] >= FILLS for name in TRADERS.values()} == {True}, fills
    assert set(statuses.values()) == {"active"}
    assert tips, said[-1].output
    assert len(asked) > TICKS / 10
    assert all("untrusted" not in question for question in asked)


def wash(exchange: Exchange, tick: int) -> None:
    """Let the crook trade with itself, every few ticks, between the quotes."""
    order: dict[str, Any] = {
        "symbol": WASHED,
        "quantity": LOT,
        "orderType": "LIMIT",
        "selfTrade": "allow",
    }
    order["price"] = Decimal(str(exchange.price(WASHED)))
    if tick == 5:
        crook(exchange, "BUY", {"symbol": WASHED, "quantity": 2 * LOT})
    elif tick > 8 and tick % 3 == 0:
        crook(exchange, "SELL", order)
        crook(exchange, "BUY", order)
        crook(exchange, "CANCEL_ALL", {"symbol": WASHED})


def crook(exchange: Exchange, type: str, given: dict[str, Any]) -> None:
    row = exchange.raw("crook", type, ACTIONS[type].parse(given))
    exchange.committed(lambda: exchange.submit(row))


def standing(exchange: Exchange) -> tuple[dict[str, int], dict[str, str], list[str]]:
    """Return the bots' fills, their statuses, and the whistleblower's tips that were right."""
    from agents.models import Agent
    from market.models import Account
    from sec.models import Tip

    bots = {agent.name: agent for agent in Agent.objects.filter(name__startswith="My")}
    counts = dict(Account.objects.values_list("id", "trade_count"))
    fills = {name: counts[agent.id] for name, agent in bots.items()}
    statuses = {name: agent.status for name, agent in bots.items()}
    judged = Tip.objects.filter(status__in=("charged", "right"))
    return fills, statuses, [str(tip) for tip in judged]


@contextmanager
def model() -> Iterator[tuple[str, list[str]]]:
    """Run a stand-in for a language model, which buys what is first on the list, and sells it."""
    asked: list[str] = []

    class Model(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(body["messages"][-1]["content"])
            answer = {"choices": [{"message": {"content": json.dumps(opinion(asked[-1]))}}]}
            payload = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1", asked
    server.shutdown()
    thread.join()
    server.server_close()


def opinion(question: str) -> dict[str, Any]:
    shown = json.loads(question)
    held = shown["positions"]
    sell = [{"type": "SELL", "symbol": symbol, "quantity": held[symbol]} for symbol in held]
    bought = shown["market"][0]["symbol"]
    buy = {"type": "BUY", "symbol": bought, "quantity": 10, "rationale": "it is the largest"}
    return {"actions": sell or [buy, {"type": "FLEE", "symbol": bought, "quantity": 1}]}


def test_the_example_of_an_arena_is_one() -> None:
    arena = read((EXAMPLES / "bots.yaml").read_bytes())
    careers = play(arena, ticks=5, seed="1", directory=EXAMPLES).careers
    assert len(careers) == 4
    assert not any(career.lost_turns for career in careers)


def test_the_market_maker_earns_in_most_worlds() -> None:
    """Its inventory marked at the price; offline, so that the seeds decide alone."""
    bot = Bot("maker", "quant", (sys.executable, "market_maker.py"))
    gains = []
    for seed in SEEDS:
        [career] = play(ArenaFile((bot,)), ticks=TICKS, seed=seed, directory=EXAMPLES).careers
        assert career.fills >= FILLS
        assert career.status == "active"
        gains.append(career.equity[-1] - career.endowment)
    assert sum(gain > 0 for gain in gains) >= len(SEEDS) - 1, gains
