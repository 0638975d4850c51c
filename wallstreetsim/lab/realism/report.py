"""The report: runs in parallel, their facts beside the naive engine's, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from wallstreetsim.lab.realism.facts import FACTS, Result, judge
from wallstreetsim.lab.realism.figures import figures
from wallstreetsim.lab.realism.history import History
from wallstreetsim.lab.realism.lunch import Lunch, lunches
from wallstreetsim.lab.realism.naive import naive_history
from wallstreetsim.lab.realism.observe import HOUSE_AGENTS, Observer

LEAST_FACTS = 11
MOST_NAIVE_FACTS = 6  # the naive engine must fail half of them


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured, and the verdict."""

    size: dict[str, Any]
    facts: list[Result]
    naive: list[Result]
    lunches: list[Lunch]
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
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "size": self.size,
            "passes": self.passes,
            "facts": [fact._asdict() for fact in self.facts],
            "naive": [fact._asdict() for fact in self.naive],
            "noFreeLunch": [lunch._asdict() | {"free": lunch.is_free} for lunch in self.lunches],
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
        lines += ["", "without a pass mark:"]
        lines += [f"  {name}: {_figure(value)}" for name, value in self.figures.items()]
        lines += ["", "each run:"]
        for seed, notes in self.notes.items():
            lines.append(
                f"  {seed}: " + ", ".join(f"{name} {value:.4g}" for name, value in notes.items())
            )
        return "\n".join(lines)


def measure(
    *,
    days: int,
    companies: int,
    seeds: int,
    house: int = HOUSE_AGENTS,
    processes: int = 2,
    tell: Callable[[str], None] = lambda line: None,
) -> tuple[Report, list[History]]:
    """Run the machine on seeds named 1, 2, …, and report; the runs come in the order of seeds."""
    names = [str(number + 1) for number in range(seeds)]
    histories = []
    with ProcessPoolExecutor(processes) as pool:
        runs = [pool.submit(_run, name, days, companies, house) for name in names]
        for name, run in zip(names, runs, strict=True):
            histories.append(run.result())
            tell(f"seed {name} is done")
    size = {"days": days, "companies": companies, "seeds": seeds, "houseAgents": house}
    return report_on(histories, size), histories


def report_on(histories: list[History], size: dict[str, Any]) -> Report:
    """Measure everything on these runs."""
    naive = [naive_history(history) for history in histories]
    return Report(
        size,
        [judge(fact, histories) for fact in FACTS],
        [judge(fact, naive) for fact in FACTS],
        lunches(histories),
        figures(histories),
        {history.seed: history.notes for history in histories},
    )


def _run(seed: str, days: int, companies: int, house: int) -> History:
    return Observer(seed, companies=companies, house=house).run(days)


def _medians(fact: Result) -> str:
    return ", ".join(f"{name} {value:.3g}".strip() for name, value in fact.medians.items())


def _verdict(fact: Result) -> str:
    return "pass" if fact.passes else "FAIL"


def _figure(value: float | list[float]) -> str:
    if isinstance(value, list):
        return " ".join(f"{one:.2f}" for one in value)
    return f"{value:.3g}"
