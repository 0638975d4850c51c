"""A company as the tape shows it, for tests of what the desk makes of it."""

from __future__ import annotations

from dataclasses import dataclass

from news.research.events import Alert


@dataclass
class View:
    symbol: str = "NOVA"
    name: str = "Nova Health"
    sector: str = "Healthcare"
    price: int = 10_000
    bid: int | None = 9_990
    ask: int | None = 10_010
    is_trading: bool = True
    tick_low: int = 10_000
    tick_high: int = 10_000
    split: tuple[int, int] | None = None
    sigma: float = 0.002
    day_change: float = 0.0
    volume_multiple: float = 1.0
    squeeze: int = 0
    short_restricted: bool = False

    def at(self, price: int, half: int = 10) -> View:
        """Move to a price, which is all that traded in the tick."""
        self.price = self.tick_low = self.tick_high = price
        self.bid, self.ask = price - half, price + half
        self.split = None
        return self

    def halted(self) -> View:
        self.is_trading, self.split = False, None
        return self


def alert(
    kind: str = "breakout", side: str | None = "BUY", symbol: str | None = "NOVA", tick: int = 1
) -> Alert:
    return Alert(
        tick,
        kind,
        kind,
        symbol,
        f"{symbol}: {kind}",
        "Seen on the tape.",
        0,
        (),
        1.0,
        side,
    )
