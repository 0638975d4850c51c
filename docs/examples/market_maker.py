"""A market maker: it quotes a cent inside the exchange's own, and leans away from what it holds.

    python market_maker.py http://127.0.0.1:8080 MyMaker

Why it earns: those who trade without an opinion pay the spread to whoever is first in the book. A
resting order pays no fee, and what agents take from each other moves no price, so a small inventory
that comes back by itself keeps what the spread gives. It loses when prices run before that, so its
lots are small, and it offers what it holds at the better price.
"""

from wss_client import Json, play

COMPANIES = 4  # a CANCEL_ALL and two orders each: nine actions of ten
LOT_DOLLARS = 20_000.0
MOST_LOTS = 3


def decide(told: Json) -> Json:
    if not told["world"]["marketOpen"]:
        return {}
    held = {line["symbol"]: line["quantity"] for line in told["portfolio"]["positions"]}
    quoted = sorted(
        (line for line in told["market"]["watchlist"] if line["bid"] and line["ask"]),
        key=lambda line: (line["bid"] - line["ask"]) / line["price"],  # the widest first
    )
    quoted.sort(key=lambda line: not held.get(line["symbol"]))  # and those it must get rid of
    actions: list[Json] = [{"type": "CANCEL_ALL"}] if told["orders"]["pending"] else []
    for line in quoted[:COMPANIES]:
        actions += quotes(line, held.get(line["symbol"], 0))
    return {"actions": actions}


def quotes(line: Json, held: int) -> list[Json]:
    """Return a bid and an ask, one of them alone where that would be both a long and a short."""
    lot = max(1, int(LOT_DOLLARS / line["price"]))
    bid, ask = line["bid"] + 0.01, line["ask"] - 0.01
    if ask - bid < 0.01 or line["halted"]:
        return []
    lean = (ask - bid) / 2 * max(-1.0, min(1.0, held / lot / MOST_LOTS))
    is_bid_better = line["price"] - bid > ask - line["price"]
    orders = []
    if held < MOST_LOTS * lot and (held or is_bid_better):
        type, quantity = ("COVER", min(lot, -held)) if held < 0 else ("BUY", lot)
        orders.append(limit(type, line["symbol"], quantity, bid - max(0.0, lean)))
    if held > -MOST_LOTS * lot and (held or not is_bid_better):
        type, quantity = ("SELL", min(lot, held)) if held > 0 else ("SHORT", lot)
        orders.append(limit(type, line["symbol"], quantity, ask - min(0.0, lean)))
    return orders


def limit(type: str, symbol: str, quantity: int, price: float) -> Json:
    order = {"type": type, "symbol": symbol, "quantity": quantity, "orderType": "LIMIT"}
    return {**order, "price": round(price, 2), "postOnly": True}


if __name__ == "__main__":
    play(decide, role="quant")
