"""Fresh worlds, as `make run` founds them: is somebody convicted within two days, and nobody who is
honest? Besides the house, with its crooks, some honest outsiders trade in them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypedDict

from agents.engine.facts import Manipulation
from market.engine.rules import Switches
from market.engine.values import Tick
from sec.engine.cases import PENDING
from sec.engine.outcome import AccusedState, CaseState
from sec.engine.rules import BRIBERY, CRIME_NAMES, INSIDER_TRADING
from wallstreetsim.lab.surveillance.house_schemes import SchemeWatch, proven
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


class Against(NamedTuple):
    """A case, who is accused in it, since when, and how it stood at the end: convicted is who was
    so at any time.
    """

    case: CaseState
    account: int
    tick: Tick
    status: str


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
    """Schemes of a crime: how many have been finished, how many of them the record proves, of how
    many their crook was accused, and how that stood in the end: convicted, undecided, or ended
    otherwise, for want of proof as a rule.

    `conducts` are what the scorecard counts as one: a proven scheme, but all of an insider's, for
    it is their habit that shows; `caught` those of which the crook was accused.

    An accusation is of a scheme by a case of its crime, in its company, since its first tick, or
    by one that rests on its trades. Habits show in no single company: to an insider's schemes
    belongs every case from their first tick on.
    """

    finished: int
    proven: int
    accused: int
    conducts: int
    caught: int
    convicted: int
    undecided: int
    dismissed: int


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
        self.schemes = SchemeWatch(self)

    def advance(self) -> Outcome:
        self.schemes.before_tick()
        outcome = super().advance()
        self.schemes.after_tick(outcome)
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
    cases: dict[str, CaseState] = {}
    accused: dict[tuple[str, int], Tick] = {}
    statuses: dict[tuple[str, int], str] = {}
    convicted: dict[tuple[str, int], tuple[Tick, AccusedState]] = {}
    for outcome in stage.run():
        cases |= {case.id: case for case in outcome.sec.cases}
        for one in outcome.sec.accused:
            key = (one.case, one.account)
            accused.setdefault(key, stage.world.tick)
            if one.status in CONVICTED:
                convicted.setdefault(key, (stage.world.tick, one))
            statuses[key] = one.status if key not in convicted else convicted[key][1].status
    truths = [one.truth for one in stage.schemes.ended]
    guilty = {(truth.crime, account) for truth in truths for account in truth.accounts}
    return Found(
        seed=job["seed"],
        schemes=count_schemes(
            truths,
            proven(stage.schemes.ended),
            [Against(cases[c], a, tick, statuses[c, a]) for (c, a), tick in accused.items()],
        ),
        convictions=[
            _conviction(stage, tick, cases[one.case], one.account, guilty)
            for tick, one in convicted.values()
        ],
    )


def count_schemes(
    truths: Iterable[Manipulation], proven: Sequence[Manipulation], against: Sequence[Against]
) -> dict[str, Schemes]:
    """Count schemes by crime, beside what came of them."""
    schemes: dict[str, Schemes] = {}
    conducts: dict[tuple[str, Hashable], bool] = {}  # whether one was caught
    for truth in truths:
        statuses = {one.status for one in against if _is_of(truth, one)}
        is_proven, is_convicted = truth in proven, not CONVICTED.isdisjoint(statuses)
        is_pending = not PENDING.isdisjoint(statuses)
        counted = schemes.setdefault(truth.crime, _none())
        counted["finished"] += 1
        counted["proven"] += is_proven
        counted["accused"] += bool(statuses)
        if is_proven:
            of = truth.accounts if truth.crime == INSIDER_TRADING else truth
            conducts[truth.crime, of] = conducts.get((truth.crime, of), False) or bool(statuses)
        counted["convicted"] += is_convicted
        counted["undecided"] += is_pending and not is_convicted
        counted["dismissed"] += bool(statuses) and not is_pending and not is_convicted
    for (crime, _), is_caught in conducts.items():
        schemes[crime]["conducts"] += 1
        schemes[crime]["caught"] += is_caught
    return schemes


def _none() -> Schemes:
    return Schemes(
        finished=0,
        proven=0,
        accused=0,
        conducts=0,
        caught=0,
        convicted=0,
        undecided=0,
        dismissed=0,
    )


def _is_of(truth: Manipulation, against: Against) -> bool:
    """Say whether a case against an account is one of a scheme."""
    case, account, tick, _ = against
    if case.crime != truth.crime or account not in truth.accounts:
        return False
    is_there = truth.crime == INSIDER_TRADING or case.symbol in (None, truth.symbol)
    return (is_there and truth.first_tick <= tick) or any(
        trade.symbol == truth.symbol
        and truth.first_tick <= trade.tick <= truth.last_tick
        and account in (trade.buyer, trade.seller)
        for trade in case.trades
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
    yield (
        f"{'crime':16} {'finished':>9} {'proven':>9} {'accused':>9} {'conducts':>9} {'caught':>9}"
        f" {'recall':>9} {'convicted':>9} {'undecided':>9} {'dismissed':>9} {'in worlds':>9}"
    )
    for crime in CRIME_NAMES:
        of_crime = [world["schemes"][crime] for world in found if crime in world["schemes"]]
        if of_crime:
            proven = sum(one["proven"] for one in of_crime)
            conducts = sum(one["conducts"] for one in of_crime)
            caught = sum(one["caught"] for one in of_crime)
            recall = f"{caught / conducts:.2f}" if conducts else "-"
            of_record = "-" if crime == BRIBERY else str(proven)  # no trade shows a bribe
            yield (
                f"{crime:16} {sum(one['finished'] for one in of_crime):9} {of_record:>9}"
                f" {sum(one['accused'] for one in of_crime):9} {conducts:9} {caught:9} {recall:>9}"
                f" {sum(one['convicted'] for one in of_crime):9}"
                f" {sum(one['undecided'] for one in of_crime):9}"
                f" {sum(one['dismissed'] for one in of_crime):9}"
                f" {sum(bool(one['convicted']) for one in of_crime):9}"
            )
    yield (
        "conducts: what the record proves, all that one insider does as one; caught: of them, those"
        " whose crook was accused; undecided: cases still open at the end; dismissed: for want of"
        " proof, as a rule"
    )


def passes(found: Sequence[Found]) -> bool:
    """Say whether somebody is convicted in nine of ten worlds, and nobody who is honest."""
    convicting = sum(bool(world["convictions"]) for world in found)
    honest = any(one["honest"] for world in found for one in world["convictions"])
    return convicting >= LEAST_CONVICTING * len(found) and not honest
