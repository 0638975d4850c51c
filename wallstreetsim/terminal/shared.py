"""Limits and words that the page's templates and scripts share, given as data attributes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LIMITS: Mapping[str, int] = MappingProxyType(
    {
        "pointTicks": 5,  # between two points of a line
        "points": 40,  # of a line
        "candles": 40,  # of the index, of as many ticks each as lie between two points
        "equityTicks": 50,  # between two points of an agent's line
        "equityPoints": 30,
        "movers": 5,  # gainers, and as many losers
        "moves": 3,  # price moves in the feed, a tick
        "bankruptcies": 8,
        "wanted": 8,
        "inmates": 8,
        "articles": 20,  # which tell of events and halts too
    }
)

WORDS: Mapping[str, str] = MappingProxyType(
    {
        # The state of a company, and the notes on it
        "halted": "HALT",
        "shortsRestricted": "NO SHORTS",
        "bandsSet": "BANDS",
        "haltedNote": "Halted {end}: {reason}",
        "shortsRestrictedNote": "Short sales are restricted",
        "bandsSetNote": "An operator has set the bands",
        "untilTick": "until tick {tick}",
        "untilResumed": "until resumed",
        # The bell
        "closesIn": "closes in {time}",
        "opensIn": "opens in {time}",
        # Lines of the feed
        "auction": "CROSS",  # in place of a taker's side
    }
)


def said(name: str, **values: object) -> str:
    """Return the words of that name with these values in them."""
    return WORDS[name].format(**values)
