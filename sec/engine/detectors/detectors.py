"""All detectors together, and what they share."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from market.engine.engine import Plain
from market.engine.values import Shares, Tick
from sec.engine.detectors.coordination import Coordination
from sec.engine.detectors.detector import Detector, Known
from sec.engine.detectors.insider_trading import InsiderTrading
from sec.engine.detectors.positions import Positions
from sec.engine.detectors.pump_and_dump import PumpAndDump
from sec.engine.detectors.quoting import Quoting
from sec.engine.detectors.spoofing import Spoofing
from sec.engine.detectors.tape import Added
from sec.engine.detectors.ties import Ties
from sec.engine.detectors.turnover import Turnover
from sec.engine.detectors.wash_trading import WashTrading
from sec.engine.rules import (
    COORDINATION,
    INSIDER_TRADING,
    PUMP_AND_DUMP,
    SPOOFING,
    WASH_TRADING,
)
from sec.engine.suspicion import Conduct, Suspicion

LEAST_CONFIDENCE = 0.15  # of a suspicion that is worth keeping, for tips

_SIZES = struct.Struct("<9q")


class Detectors:
    """Shows each tick to every detector. `chiefs` are who heads each company, `held` what
    an account holds, as things stand.
    """

    def __init__(
        self,
        linked: Callable[[int, int], bool],
        chiefs: Mapping[str, int],
        held: Callable[[int, str], Shares],
        window_ticks: Tick,
    ) -> None:
        self.ties = Ties(linked, window_ticks)
        self.turnover = Turnover(window_ticks)
        self.positions = Positions(window_ticks)
        self.quoting = Quoting(window_ticks)
        self.known = Known(self.ties, chiefs, self.turnover, self.positions, self.quoting, held)
        self.by_crime: dict[str, Detector] = {
            WASH_TRADING: WashTrading(window_ticks),
            SPOOFING: Spoofing(window_ticks),
            PUMP_AND_DUMP: PumpAndDump(window_ticks),
            COORDINATION: Coordination(window_ticks),
            INSIDER_TRADING: InsiderTrading(window_ticks),
        }

    def see(self, added: Added) -> list[Suspicion]:
        """Return what a tick makes suspect, by detector."""
        self.ties.refresh(added.tick)
        self.turnover.see(added.tick, added.flows)
        self.quoting.see(added.tick, added.orders, added.quotes)
        self.positions.see(added, self.turnover)
        return [
            suspicion
            for detector in self.by_crime.values()
            for suspicion in detector.see(added, self.known)
            if suspicion.confidence >= LEAST_CONFIDENCE
        ]

    def look(self, crime: str, conduct: Conduct) -> Suspicion | None:
        """Return the strongest suspicion of a crime that its detector has of a conduct."""
        detector = self.by_crime.get(crime)
        return detector.look(conduct, self.known) if detector else None

    def forget(
        self, crime: str, account: int, symbol: str | None, *, keeps_habit: bool = False
    ) -> None:
        """Forget a conduct that a case has brought to a charge or an end. A habit of being early
        may be kept: it is not over when a case of it came to nothing for want of further times.
        """
        detector = self.by_crime.get(crime)
        if keeps_habit and isinstance(detector, InsiderTrading):
            detector.keep_habit(account, symbol)
        elif detector is not None:
            detector.forget(account, symbol)

    def split(self, symbol: str, into: int, of: int) -> None:
        """Restate what is remembered of a company in its new shares."""
        self.turnover.split(symbol, into, of)
        self.positions.split(symbol, into, of)
        for detector in self.by_crime.values():
            detector.split(symbol, into, of)

    # Keeping

    def sizes(self) -> list[int]:
        """Return how much is remembered: ties, volumes, positions, and by each detector."""
        sizes = [self.ties.size(), self.turnover.size(), self.quoting.size()]
        sizes.append(self.positions.size())
        return sizes + [detector.size() for detector in self.by_crime.values()]

    def digest_part(self) -> bytes:
        return _SIZES.pack(*self.sizes())

    def dump(self) -> Plain:
        return {
            "ties": self.ties.dump(),
            "turnover": self.turnover.dump(),
            "quoting": self.quoting.dump(),
            "positions": self.positions.dump(),
            "by_crime": {crime: one.dump() for crime, one in self.by_crime.items()},
        }

    def load(self, state: Plain) -> None:
        self.ties.load(state["ties"])
        self.turnover.load(state["turnover"])
        self.quoting.load(state["quoting"])
        self.positions.load(state["positions"])
        for crime, one in self.by_crime.items():
            one.load(state["by_crime"][crime])
