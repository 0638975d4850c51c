"""A momentum trader: it buys what has risen over the last ticks, and sells it when that is over.

    python momentum.py http://127.0.0.1:8080 MyMomentum

It pays the spread each way, and prices here are close to a random walk: expect it to lose a little.
It shows how a bot remembers, and how it keeps its risk small.
"""

from collections import defaultdict, deque

from wss_client import Json, play

WINDOW = 10  # ticks
ENTER, LEAVE = 0.004, 0.0  # returns over the window
HOLD_TICKS = 15
DOLLARS = 20_000.0
MOST_POSITIONS = 4

prices: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=WINDOW))
bought_at: dict[str, int] = {}


def decide(told: Json) -> Json:
    lines = {line["symbol"]: line for line in told["market"]["watchlist"]}
    for symbol, line in lines.items():
        prices[symbol].append(line["price"])
    if not told["world"]["marketOpen"]:
        return {}
    held = {line["symbol"]: line["quantity"] for line in told["portfolio"]["positions"]}
    actions = [
        {"type": "SELL", "symbol": symbol, "quantity": quantity}
        for symbol, quantity in held.items()
        if trend(symbol) < LEAVE or told["tick"] - bought_at.get(symbol, 0) >= HOLD_TICKS
    ]
    rising = sorted(
        (s for s in lines if trend(s) > ENTER and s not in held), key=trend, reverse=True
    )
    for symbol in rising[: max(0, MOST_POSITIONS - len(held))]:
        if lines[symbol]["ask"] and not lines[symbol]["halted"]:
            bought_at[symbol] = told["tick"]
            actions.append(buy(symbol, lines[symbol]["ask"]))
    return {"actions": actions[:10]}


def buy(symbol: str, ask: float) -> Json:
    """Return an order that takes what is offered up to a little above the best, or nothing."""
    order = {"type": "BUY", "symbol": symbol, "quantity": max(1, int(DOLLARS / ask))}
    return {**order, "orderType": "LIMIT", "price": round(ask * 1.002, 2), "timeInForce": "IOC"}


def trend(symbol: str) -> float:
    known = prices[symbol]
    return known[-1] / known[0] - 1 if len(known) == WINDOW else 0.0


if __name__ == "__main__":
    play(decide, role="investment_banker")
