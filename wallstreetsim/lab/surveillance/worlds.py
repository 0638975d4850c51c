"""Fresh worlds, as `make run` founds them: is somebody convicted within two days, and nobody who is
honest? Besides the house, with its crooks, some honest outsiders trade in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias, TypedDict

from agents.engine.facts import Manipulation
from market.engine.rules import Switches
from market.engine.values import Tick
from sec.engine.outcome import AccusedState, CaseState
from sec.engine.rules import BRIBERY, CRIME_NAMES, INSIDER_TRADING
from wallstreetsim.lab.surveillance.look_alikes import TUNING_LOOK_ALIKES
from wallstreetsim.lab.surveillance.measure import CONVICTED
from wallstreetsim.lab.surveillance.stage import Part, Setting, Stage
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import Outcome, World

DAYS = 2
LEAST_CONVICTING = 0.9  # of the worlds
# The honest outsiders, each kind in a company of its own: they trade as long as the world runs.
OUTSIDERS = (
    "market maker",
    "two market makers",
    "day traders",
    "momentum herd",
    "pair trader",
    "public strategy",
)


_Against: TypeAlias = tuple[CaseState, int, Tick]  # a case, who is accused in it, since when


class FreshWorld(TypedDict):
    """What to run: a world of a seed, and how many companies and house agents live in it."""

    seed: str
    companies: int
    house: int


class Conviction(TypedDict):
    """A conviction; `honest`: who has done no such thing, `outside`: who is no house agent."""

    tick: Tick
    crime: str
    symbol: str | None
    name: str
    outside: bool
    honest: bool


class Schemes(TypedDict):
    """Schemes of a crime: how many have been finished, of how many their crook was accused, by a
    case of one in their company, and of how many it was convicted. Habits show in no single
    company: to an insider's schemes belongs every case from their first tick on.
    """

    finished: int
    accused: int
    convicted: int


class Found(TypedDict):
    """What came of a world: its convictions, and its crooks' schemes by crime."""

    seed: str
    schemes: dict[str, Schemes]
    convictions: list[Conviction]


class LivingStage(Stage):
    """A whole world: it closes at night, and its house has crooks."""

    def __init__(self, seed: str, companies: int, house: int) -> None:
        super().__init__(seed, Setting(house=0, ticks=DAYS * RULES.market.session.day_ticks))
        self.world = World(RULES, seed, Switches(events=True, house=house))
        self.world.found(companies)
        self.symbols = list(self.world.market.companies)
        self.prices = {s: [c.price] for s, c in self.world.market.companies.items()}
        self.is_open = True  # for those who are registered before the first tick

    def advance(self) -> Outcome:
        outcome = super().advance()
        self.is_open = outcome.moment.is_open
        return outcome

    def _resume(self, part: Part) -> None:
        if self.is_open:
            super()._resume(part)


def jobs(worlds: int, *, companies: int, house: int) -> list[FreshWorld]:
    """Return the worlds to run."""
    return [FreshWorld(seed=f"fresh/{n}", companies=companies, house=house) for n in range(worlds)]


def run_job(job: FreshWorld) -> Found:
    """Run a world for two days, and return who was convicted in it."""
    stage = LivingStage(job["seed"], job["companies"], job["house"])
    for kind, symbol in zip(OUTSIDERS, stage.symbols, strict=False):
        stage.add(kind, TUNING_LOOK_ALIKES[kind], symbol)
    truths: list[Manipulation] = []  # a scheme each
    cases: dict[str, CaseState] = {}
    accused: dict[tuple[str, int], Tick] = {}
    convicted: dict[tuple[str, int], tuple[Tick, AccusedState]] = {}
    for outcome in stage.run():
        truths += stage.world.facts.of(Manipulation)
        cases |= {case.id: case for case in outcome.sec.cases}
        for one in outcome.sec.accused:
            accused.setdefault((one.case, one.account), stage.world.tick)
            if one.status in CONVICTED:
                convicted.setdefault((one.case, one.account), (stage.world.tick, one))
    guilty = {(truth.crime, account) for truth in truths for account in truth.accounts}
    return Found(
        seed=job["seed"],
        schemes=_schemes(
            truths,
            [(cases[case], account, tick) for (case, account), tick in accused.items()],
            [(cases[one.case], one.account, tick) for tick, one in convicted.values()],
        ),
        convictions=[
            _conviction(stage, tick, cases[one.case], one.account, guilty)
            for tick, one in convicted.values()
        ],
    )


def _schemes(
    truths: Iterable[Manipulation], accused: Sequence[_Against], convicted: Sequence[_Against]
) -> dict[str, Schemes]:
    """Count schemes by crime, beside who was accused and who was convicted."""
    schemes: dict[str, Schemes] = {}
    for truth in truths:
        counted = schemes.setdefault(truth.crime, Schemes(finished=0, accused=0, convicted=0))
        counted["finished"] += 1
        counted["accused"] += any(_is_of(truth, one) for one in accused)
        counted["convicted"] += any(_is_of(truth, one) for one in convicted)
    return schemes


def _is_of(truth: Manipulation, against: _Against) -> bool:
    """Say whether a case against an account is one of a scheme."""
    case, account, tick = against
    return (
        case.crime == truth.crime
        and account in truth.accounts
        and truth.first_tick <= tick
        and (truth.crime == INSIDER_TRADING or case.symbol in (None, truth.symbol))
    )


def _conviction(
    stage: Stage, tick: Tick, case: CaseState, account: int, guilty: set[tuple[str, int]]
) -> Conviction:
    member = stage.world.registry.members[account]
    # Bribes have no scheme to be told of; the ledger shows them.
    is_guilty = case.crime == BRIBERY or (case.crime, account) in guilty
    return Conviction(
        tick=tick,
        crime=case.crime,
        symbol=case.symbol,
        name=member.name,
        outside=not member.is_house,
        honest=not is_guilty,
    )


def lines(found: Sequence[Found]) -> Iterator[str]:
    """Yield the table that people read: a line a conviction, and what they come to."""
    for world in found:
        finished = sum(of_crime["finished"] for of_crime in world["schemes"].values())
        yield f"{world['seed']}: {finished} schemes, {len(world['convictions'])} convicted"
        for one in world["convictions"]:
            whose = "an outsider" if one["outside"] else "of the house"
            doubt = ", who is honest" if one["honest"] else ""
            where = f" in {one['symbol']}" if one["symbol"] else ""
            yield f"  tick {one['tick']:5}  {one['crime']}{where}: {one['name']}, {whose}{doubt}"
    yield from _lines_by_crime(found)
    convicting = sum(bool(world["convictions"]) for world in found)
    honest = [one for world in found for one in world["convictions"] if one["honest"]]
    yield (
        f"somebody was convicted in {convicting} of {len(found)} worlds;"
        f" of the honest {len(honest)}, {sum(one['outside'] for one in honest)} of them outsiders"
    )


def _lines_by_crime(found: Sequence[Found]) -> Iterator[str]:
    yield f"{'crime':16} {'finished':>9} {'accused':>9} {'convicted':>9} {'in worlds':>9}"
    for crime in CRIME_NAMES:
        of_crime = [world["schemes"][crime] for world in found if crime in world["schemes"]]
        if of_crime:
            finished = sum(one["finished"] for one in of_crime)
            accused = sum(one["accused"] for one in of_crime)
            convicted = sum(one["convicted"] for one in of_crime)
            worlds = sum(bool(one["convicted"]) for one in of_crime)
            yield f"{crime:16} {finished:9} {accused:9} {convicted:9} {worlds:9}"


def passes(found: Sequence[Found]) -> bool:
    """Say whether somebody is convicted in nine of ten worlds, and nobody who is honest."""
    convicting = sum(bool(world["convictions"]) for world in found)
    honest = any(one["honest"] for world in found for one in world["convictions"])
    return convicting >= LEAST_CONVICTING * len(found) and not honest
