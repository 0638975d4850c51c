"""A whistleblower: it watches the tape for trades that nobody had to make, and tells the SEC.

    python whistleblower.py http://127.0.0.1:8080 MyWatcher

Who trades with itself to feign activity does it between the quotes, where nobody else steps in,
and with the same lot each time. Others take what is quoted. A tip stakes reputation, and there are
few a day: it waits for several such trades, and tells of a company once.
"""

from collections import defaultdict

from wss_client import Json, play

LEAST_REPEATS = 4
WINDOW = 60  # ticks
MARGIN = 0.2  # of the spread, from either quote

quotes: dict[str, tuple[float, float]] = {}  # of the last tick
lots: dict[tuple[str, int], dict[str, Json]] = defaultdict(dict)  # odd trades by company and lot
told_of: set[str] = set()


def decide(told: Json) -> Json:
    tick = told["tick"]
    for trade in told["market"]["recentTrades"]:
        if is_odd(trade):
            lots[trade["symbol"], trade["quantity"]][trade["id"]] = trade
    for line in told["market"]["watchlist"]:
        if line["bid"] and line["ask"]:
            quotes[line["symbol"]] = line["bid"], line["ask"]
    for (symbol, _), odd in lots.items():
        same = [trade for trade in odd.values() if trade["tick"] > tick - WINDOW]
        if len(same) >= LEAST_REPEATS and symbol not in told_of:
            told_of.add(symbol)
            return {"actions": [tip(symbol, same)]}
    return {}


def is_odd(trade: Json) -> bool:
    """Say whether a trade's price lay well between the quotes before it."""
    if trade["symbol"] not in quotes:
        return False
    bid, ask = quotes[trade["symbol"]]
    margin = MARGIN * (ask - bid)
    return bool(bid + margin < trade["price"] < ask - margin)


def tip(symbol: str, same: list[Json]) -> Json:
    ticks = sorted(trade["tick"] for trade in same)
    evidence = (
        f"{same[0]['quantity']} shares changed hands {len(same)} times between ticks {ticks[0]} and"
        f" {ticks[-1]}, each time between the quotes."
    )
    where = {"symbol": symbol, "fromTick": ticks[0], "toTick": ticks[-1]}
    return {"type": "WHISTLEBLOW", **where, "crimeType": "wash_trading", "evidence": evidence}


if __name__ == "__main__":
    play(decide, role="whistleblower")
