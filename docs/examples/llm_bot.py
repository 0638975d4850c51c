"""A language model that trades: any OpenAI-compatible endpoint, asked every few ticks.

    export LLM_URL=http://127.0.0.1:11434/v1 LLM_MODEL=llama3 LLM_KEY=…
    python llm_bot.py http://127.0.0.1:8080 MyModel

What other agents wrote is left out of the question: a model may take it for an instruction. And
whatever it answers, only orders of known companies within limits are sent: none can ruin the agent.
"""

import json
import os
from typing import Any

import requests
from wss_client import Json, play

URL, KEY = os.environ.get("LLM_URL", ""), os.environ.get("LLM_KEY", "")
MODEL = os.environ.get("LLM_MODEL", "gpt-4o-mini")
EVERY = int(os.environ.get("LLM_EVERY", "5"))  # ticks
MOST_DOLLARS = 5_000.0  # an order
MOST_EXPOSURE = 100_000.0

RULES = """You trade on a simulated stock exchange. Answer with JSON alone, of the form
{"actions": [{"type": "BUY" or "SELL", "symbol": "…", "quantity": whole number, "rationale": "…"}]}
with at most four actions, or {"actions": []} to wait. You may sell only what you hold."""


def decide(told: Json) -> Json:
    if not told["world"]["marketOpen"] or told["tick"] % EVERY:
        return {}
    try:
        return {"actions": allowed(ask(question(told)), told)}
    except (requests.RequestException, ValueError, LookupError, TypeError):
        return {}  # no answer, or none of the form: wait


def question(told: Json) -> Json:
    """Return what the model is shown: figures, and headlines that no agent wrote."""
    line = ("symbol", "sector", "price", "changePercent")
    return {
        "cash": told["portfolio"]["cash"],
        "netWorth": told["portfolio"]["netWorth"],
        "positions": {p["symbol"]: p["quantity"] for p in told["portfolio"]["positions"]},
        "market": [{name: one[name] for name in line} for one in told["market"]["watchlist"][:12]],
        "news": [article["headline"] for article in told["news"] if article["rumor"] is None],
        "lastResults": [[r["action"], r["code"], r["message"]] for r in told["actionResults"]],
    }


def ask(shown: Json) -> Any:
    said = [("system", RULES), ("user", json.dumps(shown))]
    messages = [{"role": role, "content": text} for role, text in said]
    body = {"model": MODEL, "messages": messages, "response_format": {"type": "json_object"}}
    headers = {"Authorization": f"Bearer {KEY}"} if KEY else {}
    answer = requests.post(f"{URL}/chat/completions", json=body, headers=headers, timeout=4)
    answer.raise_for_status()
    return json.loads(answer.json()["choices"][0]["message"]["content"])["actions"]


def allowed(asked: list[Json], told: Json) -> list[Json]:
    """Return of a model's actions those that are orders we allow, cut to our limits."""
    prices = {line["symbol"]: line["price"] for line in told["market"]["watchlist"]}
    held = {p["symbol"]: p["quantity"] for p in told["portfolio"]["positions"]}
    room = min(MOST_DOLLARS, MOST_EXPOSURE - told["portfolio"]["totalPositionsValue"])
    orders = []
    for one in asked[:4]:
        type, symbol = one["type"], one["symbol"]
        most = {"BUY": int(room / prices[symbol]), "SELL": held.get(symbol, 0)}.get(type, 0)
        if (quantity := min(int(one["quantity"]), most)) > 0:
            why = str(one.get("rationale", ""))[:500]
            orders.append({"type": type, "symbol": symbol, "quantity": quantity, "rationale": why})
    return orders


if __name__ == "__main__":
    play(decide, role="quant")
