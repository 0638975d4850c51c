"""What the pages' templates and scripts share, given to scripts as data attributes: limits, words,
how figures are written and drawn, and what a script must know of the feed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wallstreetsim.api.health import LATE_INTERVALS
from wallstreetsim.feed.channels import PUBLIC
from wallstreetsim.feed.codes import Close

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
        "lines": 60,  # of a kind in the feed
        "trades": 8,  # of them that one tick adds
        "lateTicks": LATE_INTERVALS,  # after so many without one, the world has stopped
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

# How figures are written (template_tags.py and dashboard/format.js) and drawn.
UNITS = ((10**3, "K"), (10**6, "M"), (10**9, "B"), (10**12, "T"))
LEAST_CHANGE = 0.005  # a smaller one is written as zero
LEAST_MOOD = 0.05  # a milder article is neutral
BAR_CELLS = 36  # of the trading day
LINE_WIDTH, LINE_HEIGHT = 100, 20  # the drawing space of a line, whatever its size on the page
CANDLES_WIDTH, CANDLES_HEIGHT = 300, 60  # of the index
CANDLE_WIDTH = 0.7  # of its place
DEPTH_WIDTH, DEPTH_HEIGHT = 400, 120
DEPTH_MARGIN = 0.05  # of the span of prices, on either side
DEPTH_REACH = 0.1  # of the best price: levels further from it would leave the others no room
HEAT_PERCENT = (0.1, 0.75, 2.0)  # from where on a sector is a little, rather, very hot or cold

# Why the feed closed a socket that need not come again.
CLOSINGS = {
    Close.ORIGIN: "REFUSED",
    Close.TOO_FAST: "TOO FAST",
    Close.TOO_MANY_SOCKETS: "TOO MANY SOCKETS",
}

TO_SCRIPTS: Mapping[str, object] = MappingProxyType(
    {
        "limits": dict(LIMITS),
        "words": dict(WORDS),
        "figures": {
            "units": UNITS,
            "leastChange": LEAST_CHANGE,
            "leastMood": LEAST_MOOD,
            "barCells": BAR_CELLS,
            "line": {"width": LINE_WIDTH, "height": LINE_HEIGHT},
            "candles": {
                "width": CANDLES_WIDTH,
                "height": CANDLES_HEIGHT,
                "candle": CANDLE_WIDTH,
            },
            "heatPercent": HEAT_PERCENT,
            "depth": {
                "width": DEPTH_WIDTH,
                "height": DEPTH_HEIGHT,
                "margin": DEPTH_MARGIN,
                "reach": DEPTH_REACH,
            },
        },
        "feed": {
            "channels": PUBLIC,
            "closings": {int(code): word for code, word in CLOSINGS.items()},
        },
    }
)


def said(name: str, **values: object) -> str:
    """Return the words of that name with these values in them."""
    return WORDS[name].format(**values)
