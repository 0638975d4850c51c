"""One run: scripts are played on a stage, and what the SEC and the naive rules made of them is
taken down. A job and its result are plain data, so that runs may be anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import NamedTuple, TypedDict

from agents.engine.facts import RumorSpread
from market.engine.values import Tick
from sec.engine.outcome import AccusedState, CaseState
from wallstreetsim.lab.surveillance.catalogue import CRIMES, LOOK_ALIKES
from wallstreetsim.lab.surveillance.full_record import FullRecord, FullRecords
from wallstreetsim.lab.surveillance.naive import NaiveRules
from wallstreetsim.lab.surveillance.stage import Guilt, Part, Play, Setting, Stage

ATTEMPTS = 8  # at a script that the market lets come to nothing
TOGETHER = 5  # look-alikes in a run, each in a company of its own
CONVICTED = frozenset({"convicted", "settled"})
CHARGED = CONVICTED | {"charged"}
BACKGROUND = "background"  # the house


class Job(TypedDict):
    """What to run. A crime is named by half, type, style and the place of its script; look-alikes
    by half and kinds, one for each company.
    """

    half: str
    crime: str
    style: str
    number: int
    kinds: list[str]
    ticks: Tick
    seed: str


class Alert(TypedDict):
    """A case that surveillance has opened, or an alert by a naive rule.

    `about` names the script whose accounts are in it; `right` says whether it is of the type and
    company of a guilty one of them, `also` whether the conduct may rightly be called so too.
    """

    crime: str
    tick: Tick
    about: str
    right: bool
    also: bool
    exact: bool  # it names the guilty, all of them and nobody else
    convicted: int  # accounts
    charged: int
    wronged: int  # convicted, and not guilty of it


class Played(TypedDict):
    """A script that was played. `proven` is the first tick at which the record suffices to prove
    it, by the script's own count and by the SEC's verifier, `counted` by the count alone; None
    for a look-alike.
    """

    name: str
    crime: str
    style: str
    proven: Tick | None
    counted: Tick | None


class Result(TypedDict):
    """A run: what was played, and the alerts. `voids` are attempts that came to nothing."""

    half: str
    played: list[Played]
    alerts: list[Alert]
    naive: list[Alert]
    voids: int


class Watched(NamedTuple):
    """A stage that has been run, and what was seen of the SEC."""

    stage: Stage
    cases: Mapping[str, CaseState]
    accused: Sequence[AccusedState]
    naive: NaiveRules
    records: Sequence[FullRecord]  # of the guilty parts

    def proven(self, guilt: Guilt) -> Tick | None:
        """Return since when guilt is proven: by its script, and by the verifier if it ever is."""
        if guilt.proven_tick is None:
            return None
        verified = [r.tick for r in self.records if r.guilt is guilt and r.tick is not None]
        return max([guilt.proven_tick, *verified])


def run_job(job: Job) -> Result:
    """Run a job, and return what came of it."""
    setting = Setting(ticks=job["ticks"])
    if job["kinds"]:
        plays = [(kind, LOOK_ALIKES[job["half"]][kind]) for kind in job["kinds"]]
        watched = watch(plays, job["seed"], setting)
        return result_of(watched, job["half"], "", 0)
    play = CRIMES[job["half"]][job["crime"]][job["style"]][job["number"]]
    for attempt in range(ATTEMPTS):
        watched = watch([(play.__name__, play)], f"{job['seed']}/{attempt}", setting)
        guilt = watched.stage.parts[0].guilt
        if guilt is not None and guilt.proven_tick is not None:
            return result_of(watched, job["half"], job["style"], attempt)
    return Result(half=job["half"], played=[], alerts=[], naive=[], voids=ATTEMPTS)


def watch(plays: Sequence[tuple[str, Play]], seed: str, setting: Setting) -> Watched:
    """Play scripts, each in a company of its own, and return what was seen."""
    stage = Stage(seed, setting)
    symbols = list(stage.symbols)
    Random(seed).shuffle(symbols)
    for (name, play), symbol in zip(plays, symbols, strict=False):
        stage.add(name, play, symbol)
    cases: dict[str, CaseState] = {}
    accused: dict[tuple[str, int], AccusedState] = {}
    naive = NaiveRules()
    records = FullRecords(stage)
    for outcome in stage.run():
        cases |= {case.id: case for case in outcome.sec.cases}
        accused |= {(one.case, one.account): one for one in outcome.sec.accused}
        naive.look(outcome, list(stage.world.facts.of(RumorSpread)))
        records.note()
    return Watched(stage, cases, list(accused.values()), naive, list(records.by_part.values()))


def result_of(watched: Watched, half: str, style: str, voids: int) -> Result:
    """Return a run's result as plain data."""
    parts = watched.stage.parts
    alerts = []
    for case in watched.cases.values():
        accused = [one for one in watched.accused if one.case == case.id]
        alerts.append(
            _alert(
                parts,
                case.crime,
                {one.account for one in accused},
                case.symbol,
                case.opened_tick,
                convicted={one.account for one in accused if one.status in CONVICTED},
                charged={one.account for one in accused if one.status in CHARGED},
            )
        )
    naive = [
        _alert(
            parts, one.crime, {one.account}, one.symbol, one.tick, convicted=set(), charged=set()
        )
        for one in watched.naive.alerts.values()
    ]
    played = [
        Played(
            name=part.name,
            crime=part.guilt.crime if part.guilt else "",
            style=style,
            proven=watched.proven(part.guilt) if part.guilt else None,
            counted=part.guilt.proven_tick if part.guilt else None,
        )
        for part in parts
    ]
    return Result(half=half, played=played, alerts=alerts, naive=naive, voids=voids)


def _alert(
    parts: Sequence[Part],
    crime: str,
    accounts: set[int],
    symbol: str | None,
    tick: Tick,
    *,
    convicted: set[int],
    charged: set[int],
) -> Alert:
    about = next((p for p in parts if accounts & {actor.id for actor in p.actors}), None)
    guilt = about.guilt if about is not None else None
    guilty = set(guilt.accounts) if guilt is not None else set()
    is_there = guilt is not None and symbol in (None, guilt.symbol) and bool(accounts & guilty)
    is_right = is_there and guilt is not None and crime == guilt.crime
    is_also = is_there and guilt is not None and crime in guilt.also
    rightly = guilty if is_right or is_also else set()
    return Alert(
        crime=crime,
        tick=tick,
        about=about.name if about is not None else BACKGROUND,
        right=is_right,
        also=is_also,
        exact=is_right and accounts == guilty,
        convicted=len(convicted),
        charged=len(charged),
        wronged=len(convicted - rightly),
    )
