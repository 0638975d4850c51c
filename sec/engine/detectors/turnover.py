"""How much accounts trade of each company: sums in which the past counts less and less."""

from __future__ import annotations

from collections.abc import Iterable

from market.engine.engine import Plain
from market.engine.values import Shares, Tick
from sec.engine.detectors.tape import Flows

PRUNED_EVERY = 100  # ticks
KEPT_PRIOR, PRIOR_TICKS = 2.6, 4.0  # before anything is seen: of so many ticks it goes on in some
FAST, SLOW = 0.97, 0.9942  # kept from tick to tick: half a sum in about 23 and in 120 ticks


class Volume:
    """Shares that an account traded of a company, what it bought net (of late), and in how many
    ticks it traded, the latest counting most; the first tick of all.
    """

    __slots__ = ("active", "fast", "first", "habit", "kept", "last", "net", "slow", "tick")

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
        self.habit = 0.5  # the chance, by what it did before, of the side that it took last

    def add(self, tick: Tick, shares: Shares, net: Shares) -> None:
        gone = tick - self.tick
        kept = SLOW**gone
        lately = FAST**gone
        self.fast = self.fast * lately + shares
        self.slow = self.slow * kept + shares
        self.net = self.net * lately + net
        self.active = self.active * kept + 1.0
        sign = 1 if net > 0 else -1
        if self.last:
            before = (self.kept * kept + KEPT_PRIOR) / (max(0.0, self.active - 2.0) + PRIOR_TICKS)
            self.habit = min(1.0, before) if sign == self.last else max(0.0, 1.0 - before)
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
        self.volumes: dict[str, dict[int, Volume]] = {}  # by company and account

    def see(self, tick: Tick, flows: Flows) -> None:
        """Take in a tick's flows; forget who has not traded for the window."""
        for symbol, of_company in flows.by_company.items():
            volumes = self.volumes.get(symbol)
            if volumes is None:
                volumes = self.volumes[symbol] = {}
            for account, flow in of_company.items():
                volume = volumes.get(account)
                if volume is None:
                    volume = volumes[account] = Volume(tick)
                volume.add(tick, flow.bought + flow.sold, flow.bought - flow.sold)
        oldest = tick - self.window_ticks
        for symbol in due(tick, self.volumes):
            volumes = self.volumes[symbol]
            self.volumes[symbol] = {a: one for a, one in volumes.items() if one.tick > oldest}

    def volume_of(self, account: int, symbol: str) -> Volume | None:
        volumes = self.volumes.get(symbol)
        return None if volumes is None else volumes.get(account)

    def of(self, account: int, symbol: str, tick: Tick) -> tuple[float, float]:
        """Return the fast and the slow sum of an account in a company."""
        volume = self.volume_of(account, symbol)
        return (0.0, 0.0) if volume is None else volume.at(tick)

    def habit(self, account: int, symbol: str) -> float:
        """Return the chance, by what an account did before, of the side that it took last: most go
        on for a while as they have begun.
        """
        volume = self.volume_of(account, symbol)
        return 0.5 if volume is None else volume.habit

    def split(self, symbol: str, into: int, of: int) -> None:
        for volume in self.volumes.get(symbol, {}).values():
            volume.fast = volume.fast * into / of
            volume.slow = volume.slow * into / of
            volume.net = volume.net * into / of

    def size(self) -> int:
        return sum(len(volumes) for volumes in self.volumes.values())

    def dump(self) -> Plain:
        """Return all companies, in their order, by which they are pruned."""
        return [
            [
                symbol,
                [
                    [
                        account,
                        one.tick,
                        one.fast,
                        one.slow,
                        one.net,
                        one.active,
                        one.kept,
                        one.last,
                        one.first,
                    ]
                    for account, one in volumes.items()
                ],
            ]
            for symbol, volumes in self.volumes.items()
        ]

    def load(self, state: Plain) -> None:
        self.volumes = {
            symbol: {account: Volume(*sums) for account, *sums in volumes}
            for symbol, volumes in state
        }


def due(tick: Tick, companies: Iterable[str]) -> list[str]:
    """Return the companies whose turn it is to be pruned: a few each tick, not all in one."""
    return [symbol for n, symbol in enumerate(companies) if (tick + n) % PRUNED_EVERY == 0]
