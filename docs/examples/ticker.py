"""A ticker: it reads, needs no key, and never acts.

python ticker.py http://127.0.0.1:8080
"""

import sys

from wss_client import Client, Json


def line_of(told: Json) -> str:
    """Return a tick on one line: the index's largest companies, and the day's largest move."""
    prices = told["market"]["watchlist"]
    largest = "  ".join(
        f"{p['symbol']} {p['price']:,.2f} {p['changePercent']:+.2f}%" for p in prices[:5]
    )
    moved = max(prices, key=lambda p: abs(p["changePercent"]))
    traded = sum(trade["quantity"] for trade in told["market"]["recentTrades"])
    state = "open" if told["world"]["marketOpen"] else "closed"
    return (
        f"{told['tick']:>7} {state}  {largest}  | {moved['symbol']} {moved['changePercent']:+.2f}%"
        f"  | {traded:,} shares"
    )


def main() -> None:
    for told in Client(sys.argv[1]).briefings():
        print(line_of(told), flush=True)
        for article in told["news"]:
            print(f"        {article['headline']}", flush=True)


if __name__ == "__main__":
    main()
