"""The trial of the research desk's signals finds what earns, and nothing where nothing does."""

from __future__ import annotations

from random import Random

import pytest

from news.research.rules import RESEARCH_RULES
from wallstreetsim.lab.realism import newsletter
from wallstreetsim.lab.realism.newsletter import Closed, Tried, holm, judge, students_tail

KINDS = [type.kind for type in RESEARCH_RULES.signals.types]


def drawn(mean: float, days: int = 40, each: int = 5, shared: float = 0.0) -> list[Closed]:
    """Return returns of so many days; `shared` is how far those of a day move together."""
    random = Random(f"{mean} {days} {each} {shared}")
    return [
        (day, mean + move + random.gauss(0.0, 40.0))
        for day in range(days)
        for move in [random.gauss(0.0, shared)]
        for _ in range(each)
    ]


def of(kind: str, *runs: dict[str, list[Closed]]) -> Tried:
    return next(one for one in judge(runs) if one.kind == kind)


@pytest.mark.parametrize(
    ("t", "freedom", "chance"),
    [(0.0, 5, 0.5), (1.0, 1, 0.25), (2.0, 10, 0.03669), (-2.0, 10, 0.96331), (2.5, 1_000, 0.00629)],
)
def test_the_tail_of_students_distribution(t: float, freedom: int, chance: float) -> None:
    assert students_tail(t, freedom) == pytest.approx(chance, abs=2e-5)


def test_holms_correction() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.5}) == pytest.approx(
        {"a": 0.04, "b": 0.09, "c": 0.09, "d": 0.5}
    )


def test_a_type_that_earns_is_found_among_all() -> None:
    runs = [{kind: drawn(0.001 * n) for n, kind in enumerate(KINDS)} for _ in range(1)]
    runs[0]["gap"] = drawn(25.0)
    tried = judge(runs)
    assert [one.kind for one in tried] == KINDS
    assert [one.kind for one in tried if one.earns] == ["gap"]


def test_a_type_that_loses_does_not_earn() -> None:
    one = of("gap", {"gap": drawn(-25.0)})
    assert one.verdict == "no lunch" and one.t < -3.0


def test_many_signals_of_one_day_are_no_more_than_that_day() -> None:
    apart, together = (of("gap", {"gap": drawn(0.0, shared=s)}) for s in (0.0, 200.0))
    crowded = drawn(0.0, each=50, shared=200.0)
    assert abs(of("gap", {"gap": crowded}).t) < 3.0
    assert apart.days == together.days == 40
    copied = of("gap", {"gap": [one for one in drawn(4.0) for _ in range(100)]})
    assert copied.t == pytest.approx(of("gap", {"gap": drawn(4.0)}).t)


def test_days_of_other_seeds_are_other_days() -> None:
    one, two = drawn(1.0, days=6), drawn(2.0, days=6)
    assert of("gap", {"gap": one}).verdict == "not enough"
    assert of("gap", {"gap": one}, {"gap": two}).days == 12


def test_a_run_closes_signals_of_the_published_types() -> None:
    job = newsletter.jobs(house=8, days=1, companies=8)[0]
    closed = newsletter.run_job(job)
    assert closed and set(closed) <= set(KINDS)
    assert all(day == 0 for its in closed.values() for day, _ in its)
