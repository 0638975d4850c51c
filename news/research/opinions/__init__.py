"""What each analyst makes of what the desk knows: a lean, and a text over facts.

The templates hold no digit: every number of a text is one of its facts.
"""

from __future__ import annotations

from collections.abc import Mapping

from news.research.opinions import of_economy, of_market, of_signals, of_squeezes, of_talk
from news.research.opinions.opinion import (
    DOWN,
    FLAT,
    MOST_LINES,
    UP,
    Desk,
    Opinion,
    Voice,
    lean_of,
)

__all__ = [
    "DOWN",
    "FLAT",
    "MOST_LINES",
    "OPINIONS",
    "UP",
    "Desk",
    "Opinion",
    "Voice",
    "lean_of",
]

OPINIONS: Mapping[str, Voice] = {
    "market": of_market.VOICE,
    "signal": of_signals.VOICE,
    "squeeze": of_squeezes.VOICE,
    "reddit": of_talk.VOICE,
    "macro": of_economy.VOICE,
}
