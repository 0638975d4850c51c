"""What must not change what surveillance finds, and what must: a script is played as it is and
transformed, and the alerts are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, TypedDict

from market.engine.listings import generate_listings
from market.engine.random_source import RandomSource
from sec.engine.rules import (
    COORDINATION,
    INSIDER_TRADING,
    PUMP_AND_DUMP,
    SPOOFING,
    WASH_TRADING,
)
from wallstreetsim.lab.surveillance.measure import ATTEMPTS, Watched, watch
from wallstreetsim.lab.surveillance.proofs import traded_in_a_ring
from wallstreetsim.lab.surveillance.stage import (
    COMPANIES,
    HOUSE,
    LAB_RULES,
    Play,
    Script,
    Setting,
    Stage,
    uneven,
    wait,
)
from wallstreetsim.lab.surveillance.tuning_families import (
    ceo_buys,
    march,
    pump_openly,
    spoof_at_touch,
    wash_by_oneself,
    wash_by_ring,
)

SHIFT = 37
MORE_AGENTS = 50
CAUGHT, NOT_CAUGHT, VOID = "caught", "not caught", "void"

Found: TypeAlias = list[tuple[str, int, tuple[int, ...]]]  # crime, tick, accounts


class Change(TypedDict):
    """A job: a transformation of a script, by their names."""

    play: str
    change: str
    seed: str


class Comparison(TypedDict):
    """What was found of a script as it is, and of the transformed one. `holds` is None where the
    one as it is was not found, or either came to nothing.
    """

    play: str
    change: str
    before: str
    after: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Transformation:
    """How a run is changed, and whether its alerts must be the `same`, or one must still be there
    (`kept`), or gone.
    """

    must: str
    setting: Callable[[Setting, str], Setting] = lambda setting, seed: setting


SAME, KEPT, GONE = "same", "kept", "gone"


def _heavier(setting: Setting, seed: str) -> Setting:
    """Double the prices and halve the shares of the same companies."""
    listings = generate_listings(COMPANIES, RandomSource(seed), LAB_RULES.market)
    doubled = (replace(one, price=2 * one.price, shares=one.shares // 2) for one in listings)
    return replace(setting, listings=tuple(doubled))


CHANGES: Mapping[str, Transformation] = {
    "the same tape again": Transformation(SAME),
    "agents renamed": Transformation(SAME, lambda s, seed: replace(s, names="somebody")),
    "ticks shifted": Transformation(KEPT, lambda s, seed: replace(s, shift=SHIFT)),
    "prices doubled, shares halved": Transformation(KEPT, _heavier),
    "50 honest agents more": Transformation(
        KEPT, lambda s, seed: replace(s, house=HOUSE + MORE_AGENTS)
    ),
    "split over two allied accounts": Transformation(KEPT, lambda s, seed: replace(s, splits=True)),
}
PLAYS: Mapping[str, tuple[str, Play]] = {
    play.__name__: (crime, play)
    for crime, play in (
        (WASH_TRADING, wash_by_oneself),
        (SPOOFING, spoof_at_touch),
        (PUMP_AND_DUMP, pump_openly),
        (COORDINATION, march),
        (INSIDER_TRADING, ceo_buys),
    )
}


def ring_without_a_leg(stage: Stage, symbol: str) -> Script:
    """As `wash_by_ring`, but the last never sells to the first: shares go one way."""
    r = stage.random
    ring = [stage.actor(holdings={symbol: 50}, origin="ring") for _ in range(3)]
    yield from wait(r.randint(50, 100))
    stage.guilty(WASH_TRADING, ring, symbol)
    stage.proven_when(traded_in_a_ring(stage, symbol, ring, trades=9))
    for n in range(8):
        if n % 3 != 2:
            seller, buyer = ring[n % 3], ring[(n + 1) % 3]
            size, price = uneven(r, 1.5 * stage.unit(symbol)), stage.mid(symbol)
            offer = seller.sell(symbol, size, price)
            yield from wait(r.randint(5, 8))  # open to all
            buyer.buy(symbol, size, price, time_in_force="IOC")
            yield
            seller.cancel(offer)
        yield from wait(r.randint(5, 15))


def spoof_that_fills(stage: Stage, symbol: str) -> Script:
    """As `spoof_at_touch`, but what is shown is bought: nothing is taken back."""
    r = stage.random
    ann = stage.actor(holdings={symbol: 100})
    yield from wait(r.randint(50, 120))
    stage.guilty(SPOOFING, [ann], symbol)
    for _ in range(r.randint(10, 14)):
        offer = ann.sell(symbol, stage.unit(symbol), stage.ask_price(symbol) - 1)
        shown = ann.buy(symbol, 4 * stage.unit(symbol), stage.bid(symbol), post_only=True)
        yield from wait(2)
        ann.cancel(offer)
        yield
        while shown in ann.account.orders and stage.is_trading(symbol):
            ann.replace(shown, limit=stage.ask_price(symbol) + 4 * stage.half_spread(symbol))
            yield
        yield from wait(r.randint(3, 7))


REMOVALS: Mapping[str, tuple[str, Play, Play]] = {
    "one leg of the ring removed": (WASH_TRADING, wash_by_ring, ring_without_a_leg),
    "the spoof fills": (SPOOFING, spoof_at_touch, spoof_that_fills),
}


def changes(seeds: int) -> list[Change]:
    """Return the jobs: each script under each transformation, with so many seeds."""
    return [
        Change(play=play, change=change, seed=f"metamorphic/{play}/{seed}")
        for seed in range(seeds)
        for play in PLAYS
        for change in CHANGES
    ] + [
        Change(play=play.__name__, change=change, seed=f"metamorphic/{play.__name__}/{seed}")
        for seed in range(seeds)
        for change, (_, play, _) in REMOVALS.items()
    ]


def run_job(job: Change) -> Comparison:
    """Play a script as it is and transformed, and compare."""
    if job["change"] in REMOVALS:
        crime, play, other = REMOVALS[job["change"]]
        transformation = Transformation(GONE)
    else:
        crime, play = PLAYS[job["play"]]
        other, transformation = play, CHANGES[job["change"]]
    for attempt in range(ATTEMPTS):
        seed = f"{job['seed']}/{attempt}"
        before = watch([(job["play"], play)], seed, Setting())
        if _is_proven(before):
            break
    setting = transformation.setting(Setting(), seed)
    after = watch([(job["play"], other)], seed, setting)
    was, now = _state(before, crime), _state(after, crime)
    holds: bool | None = None
    if transformation.must == SAME:
        holds = _found(before) == _found(after)
    elif was == CAUGHT and transformation.must == GONE:
        holds = not any(case.crime == crime for case in after.cases.values())
    elif was == CAUGHT and now != VOID:
        holds = now == CAUGHT
    return Comparison(play=job["play"], change=job["change"], before=was, after=now, holds=holds)


def _is_proven(watched: Watched) -> bool:
    guilt = watched.stage.parts[0].guilt
    return guilt is not None and guilt.proven_tick is not None


def _state(watched: Watched, crime: str) -> str:
    guilt = watched.stage.parts[0].guilt
    assert guilt is not None
    if any(case.crime == crime and case.symbol == guilt.symbol for case in watched.cases.values()):
        return CAUGHT
    return NOT_CAUGHT if _is_proven(watched) else VOID


def _found(watched: Watched) -> Found:
    """Return the cases of a run."""
    return [
        (
            case.crime,
            case.opened_tick,
            tuple(sorted(one.account for one in watched.accused if one.case == case.id)),
        )
        for case in watched.cases.values()
    ]
