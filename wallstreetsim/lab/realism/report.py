"""The report: runs in parallel, their facts beside the naive engine's, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from wallstreetsim.lab.realism import newsletter
from wallstreetsim.lab.realism.adversaries import BANDS, DAYS, SIZES, UNMARKED
from wallstreetsim.lab.realism.adversary import SEEDS, Earned, earned_by
from wallstreetsim.lab.realism.facts import FACTS, Result, judge
from wallstreetsim.lab.realism.figures import figures
from wallstreetsim.lab.realism.history import History
from wallstreetsim.lab.realism.lunch import Lunch, lunches
from wallstreetsim.lab.realism.naive import naive_history
from wallstreetsim.lab.realism.newsletter import Tried
from wallstreetsim.lab.realism.observe import HOUSE_AGENTS, Observer

RunAll: TypeAlias = Callable[[str, Sequence[Mapping[str, Any]]], Iterator[Any]]

LEAST_FACTS = 11
MOST_NAIVE_FACTS = 6  # the naive engine must fail half of them


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured, and the verdict."""

    size: dict[str, Any]
    facts: list[Result]
    naive: list[Result]
    lunches: list[Lunch]
    earned: list[Earned]
    signals: list[Tried]
    figures: dict[str, float | list[float]]
    notes: dict[str, dict[str, float]]  # by seed

    @property
    def passed(self) -> int:
        return sum(fact.passes for fact in self.facts)

    @property
    def naive_passed(self) -> int:
        return sum(fact.passes for fact in self.naive)

    @property
    def passes(self) -> bool:
        return (
            self.passed >= LEAST_FACTS
            and self.naive_passed <= MOST_NAIVE_FACTS
            and not any(lunch.is_free for lunch in self.lunches)
            and not any(earned.is_free for earned in self.earned)
            and not any(tried.earns for tried in self.signals)
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "size": self.size,
            "passes": self.passes,
            "facts": [fact._asdict() for fact in self.facts],
            "naive": [fact._asdict() for fact in self.naive],
            "noFreeLunch": [lunch._asdict() | {"free": lunch.is_free} for lunch in self.lunches],
            "adversaries": [earned._asdict() | {"free": earned.is_free} for earned in self.earned],
            "signals": [tried._asdict() | {"verdict": tried.verdict} for tried in self.signals],
            "figures": self.figures,
            "runs": self.notes,
        }

    def as_text(self) -> str:
        """Return the tables as people read them."""
        lines = [f"{'fact':38} {'range':58} {'median':34} {'in range':>8}  verdict  naive"]
        for fact, naive in zip(self.facts, self.naive, strict=True):
            lines.append(
                f"{fact.name:38} {fact.range:58} {_medians(fact):34} {fact.share_in_range:8.0%}"
                f"  {_verdict(fact):7}  {_verdict(naive)} ({_medians(naive)})"
            )
        lines += [
            "",
            f"{self.passed} of {len(self.facts)} facts pass (at least {LEAST_FACTS} must)",
        ]
        lines.append(
            f"the naive engine passes {self.naive_passed} (at most {MOST_NAIVE_FACTS} may)"
        )
        lines += ["", f"{'strategy':30} {'n':>6} {'gross bp':>9} {'t':>7} {'net bp':>9} {'t':>7}"]
        for x in self.lunches:
            lines.append(
                f"{x.strategy:30} {x.observations:6} {x.gross_bp:9.2f} {x.gross_t:7.2f}"
                f" {x.net_bp:9.2f} {x.net_t:7.2f}  {'FREE' if x.is_free else 'no lunch'}"
            )
        if self.earned:
            lines += [
                "",
                f"{'adversary':36} {'companies':>9} {'days':>5} {'$ a day':>13} {'t':>8}"
                f" {'Sharpe':>8} {'held $':>15} {'written off $':>14} {'without news $':>14}",
            ]
        for one in self.earned:
            verdict = ("FREE" if one.is_free else "no lunch") if one.is_marked else "no mark"
            lines.append(
                f"{one.adversary:36} {one.companies:9} {one.days:5} {one.mean:13,.0f} {one.t:8.2f}"
                f" {one.sharpe:8.2f} {one.capacity:15,.0f} {one.written_off:14,.0f}"
                f" {one.without_news:14,.0f}  {verdict}"
            )
        lines += self._signals_as_text()
        lines += ["", "without a pass mark:"]
        lines += [f"  {name}: {_figure(value)}" for name, value in self.figures.items()]
        lines += ["", "each run:"]
        for seed, notes in self.notes.items():
            lines.append(
                f"  {seed}: " + ", ".join(f"{name} {value:.4g}" for name, value in notes.items())
            )
        return "\n".join(lines)

    def _signals_as_text(self) -> list[str]:
        if not self.signals:
            return []
        head = f"{'signal of the research desk':30} {'n':>6} {'days':>5} {'net bp':>9} {'t':>7}"
        lines = ["", f"{head} {'p':>7} {'p, Holm':>8}"]
        for x in self.signals:
            p, p_holm = ("-" if one is None else f"{one:.3f}" for one in (x.p, x.p_holm))
            lines.append(
                f"{x.kind:30} {x.signals:6} {x.days:5} {x.mean_bp:9.2f} {x.t:7.2f}"
                f" {p:>7} {p_holm:>8}  {x.verdict}"
            )
        return lines


def measure(
    *,
    days: int,
    companies: int,
    seeds: int,
    house: int = HOUSE_AGENTS,
    adversaries: bool = False,
    signal_days: int = 0,
    run: RunAll,
    tell: Callable[[str], None] = lambda line: None,
) -> tuple[Report, list[History]]:
    """Run the machine on seeds named 1, 2, …, and report; the runs come in the order of seeds.

    `run` runs jobs of an experiment, here or elsewhere, and gives their results in their order.
    The research desk's signals are tried for `signal_days` on each of their seeds, if any.
    """
    names = [str(number + 1) for number in range(seeds)]
    histories = []
    earned: list[Earned] = []
    tried = run("adversaries", _trials(house)) if adversaries else None
    letters = run("newsletter", newsletter.jobs(house, signal_days)) if signal_days else None
    jobs = [{"seed": n, "days": days, "companies": companies, "house": house} for n in names]
    runs = run("realism", jobs)
    if tried is not None:
        earned = _earned(tried, tell)
    signals = newsletter.judge(list(letters)) if letters is not None else []
    for name, one in zip(names, runs, strict=True):
        histories.append(History.from_plain(one))
        tell(f"seed {name} is done")
    size = {"days": days, "companies": companies, "seeds": seeds, "houseAgents": house}
    return report_on(histories, size, earned, signals), histories


def _trials(house: int) -> list[Mapping[str, Any]]:
    """Return the jobs in which the adversaries try, in worlds of both sizes and on seeds of their
    own.
    """
    return [
        {"seed": seed, "band": band, "companies": companies, "house": house, "days": DAYS[band]}
        for companies in SIZES
        for band in range(len(BANDS))
        for seed in SEEDS
    ]


def _earned(tried: Iterator[Any], tell: Callable[[str], None]) -> list[Earned]:
    """Return what the adversaries have earned in their trials."""
    earned = []
    for companies in SIZES:
        for _ in BANDS:
            done = [next(tried) for _ in SEEDS]
            tell(f"the adversaries among {companies} companies are done")
            for name in done[0]:
                mine = [run[name] for run in done]
                is_marked = name not in UNMARKED
                earned.append(earned_by(name, mine, companies, is_marked=is_marked))
    return earned


def report_on(
    histories: list[History],
    size: dict[str, Any],
    earned: list[Earned] | None = None,
    signals: list[Tried] | None = None,
) -> Report:
    """Measure everything on these runs; what adversaries and signals earned was measured on runs of
    their own.
    """
    naive = [naive_history(history) for history in histories]
    return Report(
        size,
        [judge(fact, histories) for fact in FACTS],
        [judge(fact, naive) for fact in FACTS],
        lunches(histories),
        earned or [],
        signals or [],
        figures(histories),
        {history.seed: history.notes for history in histories},
    )


def run_job(job: Mapping[str, Any]) -> dict[str, Any]:
    """Run the machine on a seed, and return its history as plain data."""
    observer = Observer(job["seed"], companies=job["companies"], house=job["house"])
    return observer.run(job["days"]).as_plain()


def _medians(fact: Result) -> str:
    return ", ".join(f"{name} {value:.3g}".strip() for name, value in fact.medians.items())


def _verdict(fact: Result) -> str:
    return "pass" if fact.passes else "FAIL"


def _figure(value: float | list[float]) -> str:
    if isinstance(value, list):
        return " ".join(f"{one:.2f}" for one in value)
    return f"{value:.3g}"
