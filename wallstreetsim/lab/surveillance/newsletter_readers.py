"""Allies who follow what the research desk publishes for everyone: no crime, however alike their
orders look.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from news.research.events import BUY, Signal, SignalClosed
from wallstreetsim.lab.surveillance.stage import Actor, Script, Stage, uneven, wait


def newsletter_readers(
    stage: Stage, symbol: str, how: str = "alliance", count: int = 2, lag: int = 3
) -> Script:
    """Allies each follow the published signals of a company: in within some ticks of each, in sizes
    of their own, and out when the desk says that it is over. A stranger's rumors give the desk
    something to publish.
    """
    r = stage.random
    stage.subscribe()
    readers = [stage.actor(holdings={symbol: 40}) for _ in range(count)]
    author = stage.actor("influencer")
    for n, one in enumerate(readers[1:]):
        stage.link(readers[n], one, how, tick=3 + 3 * n)
    followed: dict[str, int] = {}  # the side of each signal that is followed, by id
    rumors = sorted(r.sample(range(60, 360), 4))
    yield from wait(10)
    while True:
        if stage.tick in rumors:
            author.rumor(symbol, 1 if stage.change(symbol, 60) > 0 else -1)
        for side in _asked(stage, symbol, followed):
            for one in readers:
                _trade_soon(stage, one, symbol, side, r.randint(0, lag))
        yield


def _asked(stage: Stage, symbol: str, followed: dict[str, int]) -> Iterator[int]:
    """Yield which way a reader of the last tick's newsletter trades."""
    for event in stage.newsletter:
        if isinstance(event, Signal) and event.symbol == symbol:
            followed[event.id] = 1 if event.action == BUY else -1
            yield followed[event.id]
        elif isinstance(event, SignalClosed) and event.id in followed:
            yield -followed.pop(event.id)


def _trade_soon(stage: Stage, one: Actor, symbol: str, side: int, lag: int) -> None:
    size = uneven(stage.random, 2 * stage.unit(symbol), 0.4)
    act = partial(one.trade, side, symbol, size)
    stage.at(stage.tick - stage.setting.shift + lag, act)
