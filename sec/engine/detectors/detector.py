"""What a detector is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from market.engine.engine import Plain
from market.engine.values import Shares
from sec.engine.detectors.positions import Positions
from sec.engine.detectors.quoting import Quoting
from sec.engine.detectors.tape import Added
from sec.engine.detectors.ties import Ties
from sec.engine.detectors.turnover import Turnover
from sec.engine.suspicion import Conduct, Suspicion


class Known(NamedTuple):
    """What is known of agents: who is linked to whom, who heads which company, how much each
    trades, what positions are being built, who makes markets and what they hold.
    """

    ties: Ties
    chiefs: Mapping[str, int]  # by company
    turnover: Turnover
    positions: Positions
    quoting: Quoting
    held: Callable[[int, str], Shares]  # by an account, of a company


class Detector(Protocol):
    """One kind of crime looked for, tick by tick; what it remembers is bounded by its window."""

    def see(self, added: Added, known: Known) -> list[Suspicion]:
        """Take in a tick, and return what it makes suspect: something that the tick added to."""

    def look(self, conduct: Conduct, known: Known) -> Suspicion | None:
        """Return the strongest suspicion that what it remembers raises in a conduct."""

    def forget(self, account: int, symbol: str | None) -> None:
        """Forget an account's conduct in a company, or in all: a case of it has come to an end, or
        to a charge, so that what comes after it is another.
        """

    def split(self, symbol: str, into: int, of: int) -> None:
        """Restate what is remembered of a company in its new shares."""

    def size(self) -> int:
        """Return how many things it remembers."""

    def dump(self) -> Plain:
        """Return all that it remembers."""

    def load(self, state: Plain) -> None:
        """Become what `dump` described."""
