"""How much accounts trade of each company: sums in which the past counts less and less."""

from __future__ import annotations

from collections.abc import Mapping

from market.engine.engine import Plain
from market.engine.values import Shares, Tick
from sec.engine.detectors.tape import Flow, FlowKey

FAST, SLOW = 0.97, 0.9942  # kept from tick to tick: half a sum in about 23 and in 120 ticks


class Volume:
    """Shares that an account traded of a company, what it bought net (of late), and in how many
    ticks it traded, the latest counting most; the first tick of all.
    """

    __slots__ = ("active", "fast", "first", "kept", "last", "net", "slow", "tick")

    def __init__(
        self,
        tick: Tick,
        fast: float = 0.0,
        slow: float = 0.0,
        net: float = 0.0,
        active: float = 0.0,
        kept: float = 0.0,
        last: int = 0,
        first: Tick | None = None,
    ) -> None:
        self.tick = tick
        self.first = tick if first is None else first
        self.fast = fast
        self.slow = slow
        self.net = net
        self.active = active
        self.kept = kept  # of the ticks in which it traded: those in which it went on as before
        self.last = last  # the sign of what it did last

    def add(self, tick: Tick, shares: Shares, net: Shares) -> None:
        gone = tick - self.tick
        kept = SLOW**gone
        lately = FAST**gone
        self.fast = self.fast * lately + shares
        self.slow = self.slow * kept + shares
        self.net = self.net * lately + net
        self.active = self.active * kept + 1.0
        sign = 1 if net > 0 else -1
        self.kept = self.kept * kept + (1.0 if sign == self.last else 0.0)
        self.last = sign
        self.tick = tick

    def at(self, tick: Tick) -> tuple[float, float]:
        """Return both sums as they are at a tick."""
        gone = tick - self.tick
        return self.fast * FAST**gone, self.slow * SLOW**gone


class Turnover:
    """Every agent's volumes."""

    def __init__(self, window_ticks: Tick) -> None:
        self.window_ticks = window_ticks
        self.volumes: dict[FlowKey, Volume] = {}

    def see(self, tick: Tick, flows: Mapping[FlowKey, Flow]) -> None:
        """Take in a tick's flows; forget who has not traded for the window."""
        volumes = self.volumes
        for key, flow in flows.items():
            volume = volumes.get(key)
            if volume is None:
                volume = volumes[key] = Volume(tick)
            volume.add(tick, flow.bought + flow.sold, flow.bought - flow.sold)
        if tick % 100 == 0:
            oldest = tick - self.window_ticks
            self.volumes = {key: one for key, one in volumes.items() if one.tick > oldest}

    def of(self, account: int, symbol: str, tick: Tick) -> tuple[float, float]:
        """Return the fast and the slow sum of an account in a company."""
        volume = self.volumes.get((account, symbol))
        return (0.0, 0.0) if volume is None else volume.at(tick)

    def persistence(self, account: int, symbol: str) -> float:
        """Return the chance that an account goes on the same way when it trades again."""
        volume = self.volumes.get((account, symbol))
        if volume is None:
            return 0.5
        return (volume.kept + 1.0) / (max(0.0, volume.active - 1.0) + 2.0)

    def split(self, symbol: str, into: int, of: int) -> None:
        for (_, name), volume in self.volumes.items():
            if name == symbol:
                volume.fast = volume.fast * into / of
                volume.slow = volume.slow * into / of
                volume.net = volume.net * into / of

    def dump(self) -> Plain:
        return [
            [*key, one.tick, one.fast, one.slow, one.net, one.active, one.kept, one.last, one.first]
            for key, one in self.volumes.items()
        ]

    def load(self, state: Plain) -> None:
        self.volumes = {
            (account, symbol): Volume(tick, fast, slow, net, active, kept, last, first)
            for account, symbol, tick, fast, slow, net, active, kept, last, first in state
        }
