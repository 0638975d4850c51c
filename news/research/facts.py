"""Facts for a text: each as its summary shows it, and in the words that a template may use.

A template holds no digit, so that every number a reader meets is one of the facts.
"""

from __future__ import annotations

from typing import Any

from market.engine.values import BPS_IN_ONE, Bps, Cents
from news.engine.grammar import counted, dollars, percent


class Facts:
    """The facts of one text. `summary` has numbers as they are shown, with their signs."""

    def __init__(self) -> None:
        self.summary: dict[str, Any] = {}
        self.words: dict[str, str] = {}

    def word(self, name: str, text: str) -> None:
        """Take a name, a symbol, a word."""
        self.summary[name] = self.words[name] = text

    def count(self, name: str, number: int, noun: str = "", plural: str = "") -> None:
        """Take a number, of things if there is a noun."""
        self.summary[name] = number
        self.words[name] = counted(number, noun, plural) if noun else f"{number:,}"

    def dollars(self, name: str, cents: Cents) -> None:
        """Take a price."""
        self.summary[name] = cents / 100
        self.words[name] = dollars(cents)

    def percent(self, name: str, fraction: float) -> None:
        """Take a change; the words give its size only, for they say which way it went."""
        self.words[name] = percent(fraction)
        size = float(self.words[name].rstrip("%").replace(",", ""))
        self.summary[name] = -size if fraction < 0 else size

    def rate(self, name: str, bps: Bps) -> None:
        """Take a rate, exactly."""
        self.summary[name] = 100 * bps / BPS_IN_ONE
        self.words[name] = f"{self.summary[name]:.2f}%"

    def tenths(self, name: str, number: float) -> None:
        """Take a ratio, or another plain number."""
        self.words[name] = f"{number:,.1f}"
        self.summary[name] = float(self.words[name].replace(",", ""))

    def say(self, template: str) -> str:
        """Return a template with the facts in it."""
        return template.format_map(self.words)
