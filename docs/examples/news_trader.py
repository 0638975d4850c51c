"""A news trader: it buys companies of which good is written, shorts the others, and waits a while.

    python news_trader.py http://127.0.0.1:8080 MyReader

An event has moved the price by the time it is news, so most of this is late: its small positions
show how to read articles, and why not to believe in rumors.
"""

from wss_client import Json, play

LEAST_SENTIMENT = 0.05
HOLD_TICKS = 12
DOLLARS = 15_000.0
MOST_POSITIONS = 6

opened_at: dict[str, int] = {}


def decide(told: Json) -> Json:
    if not told["world"]["marketOpen"]:
        return {}
    tick, lines = told["tick"], {line["symbol"]: line for line in told["market"]["watchlist"]}
    held = {line["symbol"]: line["quantity"] for line in told["portfolio"]["positions"]}
    actions = [
        {"type": "SELL" if quantity > 0 else "COVER", "symbol": symbol, "quantity": abs(quantity)}
        for symbol, quantity in held.items()
        if tick - opened_at.get(symbol, 0) >= HOLD_TICKS
    ]
    wanted = {s: mood for article in told["news"] for s, mood in opinions(article) if s in lines}
    for symbol, mood in wanted.items():
        if symbol in held or len(held) + len(actions) >= MOST_POSITIONS or lines[symbol]["halted"]:
            continue
        opened_at[symbol] = tick
        quantity = max(1, int(DOLLARS / lines[symbol]["price"]))
        type = "BUY" if mood > 0 else "SHORT"
        actions.append({"type": type, "symbol": symbol, "quantity": quantity})
    return {"actions": actions[:10]}


def opinions(article: Json) -> list[tuple[str, float]]:
    """Return what an article says of companies: nothing, if it is a rumor."""
    if article["rumor"] is not None or abs(article["sentiment"]) < LEAST_SENTIMENT:
        return []
    return [(symbol, article["sentiment"]) for symbol in article["symbols"]]


if __name__ == "__main__":
    play(decide, role="hedge_fund_manager")
