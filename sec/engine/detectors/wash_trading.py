"""Wash trading: trades that leave everyone with what they had, or that hand value from one to
another.
"""

from __future__ import annotations

from market.engine.engine import Plain
from market.engine.values import Tick
from sec.engine.detectors.detector import Known
from sec.engine.detectors.rings import Rings
from sec.engine.detectors.tape import Added
from sec.engine.detectors.transfers import Transfers
from sec.engine.suspicion import Conduct, Suspicion, strongest


class WashTrading:
    """Looks for rings, and for pairs that trade far from the price."""

    def __init__(self, window_ticks: Tick) -> None:
        self.window_ticks = window_ticks
        self.rings = Rings()
        self.transfers = Transfers()

    def see(self, added: Added, known: Known) -> list[Suspicion]:
        """Return the rings and the transfers that a trade of the tick belongs to."""
        suspicions = self.rings.see(added, known) + self.transfers.see(added, known.ties)
        if added.tick % 50 == 0:
            self.rings.prune(added.tick - self.window_ticks)
            self.transfers.prune(added.tick - self.window_ticks)
        return suspicions

    def look(self, conduct: Conduct, known: Known) -> Suspicion | None:
        """Return the strongest suspicion against an account in a conduct."""
        found: list[Suspicion] = []
        for key in self.rings.met.with_account(conduct.account, conduct.symbol):
            ring = self.rings.of(key, conduct.last_tick, known)
            if ring is not None:
                found.append(ring)
        for key in self.transfers.given.with_account(conduct.account, conduct.symbol):
            found.append(self.transfers.of(key, conduct.last_tick, known.ties))
        return strongest(found, conduct)

    def forget(self, account: int, symbol: str | None) -> None:
        self.rings.forget(account, symbol)
        self.transfers.forget(account, symbol)

    def split(self, symbol: str, into: int, of: int) -> None:
        self.rings.met.split(symbol, into, of)
        self.transfers.given.split(symbol, into, of)

    def size(self) -> int:
        return len(self.rings.met.pairs) + len(self.transfers.given.pairs)

    def dump(self) -> Plain:
        return [self.rings.met.dump(), self.transfers.given.dump()]

    def load(self, state: Plain) -> None:
        self.rings.load(state[0])
        self.transfers.given.load(state[1])
