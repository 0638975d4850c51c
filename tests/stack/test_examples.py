"""The bots of docs/examples, run as a reader would run them."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request

import pytest

from tests.ports import free_port
from tests.stack.running import CODE, Run, eventually


@pytest.mark.parametrize("bot", ["webhook_bot", "webhook_bot_aiohttp"])
def test_a_webhook_bot_trades(shared_run: Run, bot: str) -> None:
    name = bot.replace("_", "-")
    script = CODE / "docs" / "examples" / f"{bot}.py"
    process = subprocess.Popen(
        [sys.executable, str(script), shared_run.address, name, str(free_port())],
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: worth_of(shared_run, name) not in (None, 50_000_000))
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def worth_of(run: Run, name: str) -> float | None:
    """Return what an agent is worth; a quant that has paid a fee is not worth 50,000,000."""
    with urllib.request.urlopen(f"{run.address}/api/v1/agents?pageSize=100", timeout=5) as answer:
        agents = json.load(answer)["data"]["items"]
    return next((agent["netWorth"] for agent in agents if agent["name"] == name), None)
