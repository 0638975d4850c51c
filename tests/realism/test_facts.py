"""The report's own measures, on series whose answers are known, and a short run of the machine."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

np = pytest.importorskip("numpy", reason="the report's group 'realism' is not installed")

from wallstreetsim.lab.realism import facts, figures, lunch  # noqa: E402
from wallstreetsim.lab.realism.facts import FACTS, Bounds, Fact, judge  # noqa: E402
from wallstreetsim.lab.realism.history import CompanyHistory, Headline, History, Series  # noqa: E402
from wallstreetsim.lab.realism.naive import naive_history  # noqa: E402
from wallstreetsim.lab.realism.observe import Observer  # noqa: E402
from wallstreetsim.lab.realism.report import report_on  # noqa: E402

DRAW = np.random.default_rng(7)
COUNT = 7_800


def company(symbol: str = "APEX", returns: Series | None = None, **more: Series) -> CompanyHistory:
    if returns is None:
        returns = 0.001 * DRAW.standard_normal(COUNT)
    prices = 10_000 * np.exp(np.cumsum(np.nan_to_num(returns)))
    flat = np.full(len(returns), 10.0)
    volumes = DRAW.lognormal(5, 1, len(returns))
    given = {"prices": prices, "returns": returns, "volumes": volumes, "spreads": flat}
    given["flows"] = volumes * DRAW.choice([-1, 1], len(returns))
    return CompanyHistory(symbol, "Technology", 0.02, **(given | more))


def history(*companies: CompanyHistory) -> History:
    ticks = np.arange(len(companies[0].prices))
    index = companies[0].prices
    return History("1", 390, list(companies), ticks % 390.0, ticks // 390.0, index)


def measured(fact: str, *companies: CompanyHistory) -> dict[str, float]:
    found = next(one for one in FACTS if one.name.startswith(fact))
    figures_of = found.measure(history(*companies))
    return {name: float(np.median(values)) for name, values in figures_of.items()}


# Measures


def test_kurtosis_is_nought_for_a_gaussian_and_three_for_a_laplacian() -> None:
    assert facts.excess_kurtosis(DRAW.standard_normal(200_000)) == pytest.approx(0, abs=0.1)
    assert facts.excess_kurtosis(DRAW.laplace(size=400_000)) == pytest.approx(3, abs=0.4)


@pytest.mark.parametrize("index", [2.0, 3.0, 4.0])
def test_hill_finds_the_tail_of_a_pareto_law(index: float) -> None:
    assert facts.hill_index(DRAW.pareto(index, 100_000) + 1) == pytest.approx(index, rel=0.12)


def test_autocorrelation_sees_through_gaps() -> None:
    series = np.zeros(20_000)
    for n in range(1, len(series)):
        series[n] = 0.5 * series[n - 1] + DRAW.standard_normal()
    series[::50] = np.nan
    assert facts.autocorrelation(series, 3) == pytest.approx([0.5, 0.25, 0.125], abs=0.04)


@pytest.mark.parametrize("exponent", [0.2, 0.5, 0.9])
def test_a_decay_exponent_is_that_of_a_power_law(exponent: float) -> None:
    lags = np.arange(1.0, 101.0)
    assert facts.decay_exponent(0.3 * lags**-exponent) == pytest.approx(exponent, abs=0.03)


def test_an_intraday_profile_is_found_and_taken_out() -> None:
    u = 1 + 2 * np.exp(-(np.arange(COUNT) % 390) / 30)
    shaped = company(returns=0.001 * u * DRAW.standard_normal(COUNT))
    assert measured("|r| first 30", shaped)[""] == pytest.approx(2.25, rel=0.15)
    (flat,) = facts.flat_sizes(history(shaped))
    minutes = np.arange(COUNT) % 390
    assert flat[minutes < 30].mean() == pytest.approx(flat[minutes > 100].mean(), rel=0.15)


def test_halts_and_nights_do_not_count() -> None:
    returns = 0.001 * DRAW.standard_normal(COUNT)
    quiet = measured("excess kurtosis", company(returns=returns))[""]
    returns[100] = 0.3
    assert measured("excess kurtosis", company(returns=returns))[""] > 100
    returns[100] = np.nan
    assert measured("excess kurtosis", company(returns=returns))[""] == pytest.approx(
        quiet, abs=0.1
    )


def test_volatility_is_held_against_the_companys_own() -> None:
    calm = company(returns=0.01 / np.sqrt(390) * DRAW.standard_normal(COUNT))
    assert measured("daily volatility", calm)[""] == pytest.approx(0.5, rel=0.05)


def test_companies_of_a_sector_are_compared_with_those_outside_it() -> None:
    common, sector = (0.001 * DRAW.standard_normal(COUNT) for _ in range(2))
    noise = [0.001 * DRAW.standard_normal(COUNT) for _ in range(4)]
    inside = [company(f"T{n}", common + sector + noise[n]) for n in range(2)]
    outside = [replace(company(f"M{n}", common + noise[n]), sector="Meme") for n in (2, 3)]
    pairs = measured("pairwise", *inside, *outside)
    assert pairs["in its sector"] > pairs["outside it"] + 0.1


# Verdicts


def test_a_fact_passes_by_its_median_and_by_four_fifths_of_the_companies() -> None:
    def verdict(*values: float) -> bool:
        fact = Fact("it", (Bounds("", 0, 1),), lambda history: {"": np.array(values)})
        return judge(fact, [history(*(company() for _ in values))]).passes

    assert verdict(0.5, 0.5, 0.5, 0.5, 9.0)
    assert not verdict(0.5, 0.5, 0.5, 9.0, 9.0)
    assert not verdict(9.0, 9.0, 9.0, 0.5, 0.5)


def test_a_gaussian_walk_fails_at_least_half_of_the_facts() -> None:
    naive = naive_history(history(company("A"), company("B"), company("C")))
    verdicts = [judge(fact, [naive]) for fact in FACTS]
    assert len(FACTS) == 12
    assert sum(not verdict.passes for verdict in verdicts) >= 6


# Lunch and figures


def test_a_walk_gives_no_lunch_and_a_trend_does() -> None:
    rising = company(returns=0.0005 + 0.0001 * DRAW.standard_normal(COUNT))
    trending = {one.strategy.split(",")[0]: one for one in lunch.lunches([history(rising)])}
    assert trending["momentum"].is_free
    assert trending["buy and hold"].is_free
    assert not trending["reversal"].is_free
    assert not any(one.is_free for one in lunch.lunches([history(company())]))


def test_a_headline_that_drifts_on_is_a_lunch() -> None:
    returns = 0.0001 * DRAW.standard_normal(COUNT)
    told = [Headline(at, "APEX", 0.05) for at in range(200, 7_000, 200)]
    for headline in told:
        returns[headline.at + 2 : headline.at + 40] += 0.001
    run = history(company(returns=returns))
    run.headlines.extend(told)
    found = {one.strategy: one for one in lunch.lunches([run])}
    assert found["after the headline, a trade"].is_free


def test_moves_that_come_by_lot_have_a_fano_factor_of_one() -> None:
    assert figures.fano_factor(DRAW.standard_normal(100_000)) == pytest.approx(1, abs=0.15)


def test_dividing_by_the_volatility_takes_its_clusters_out() -> None:
    wild = np.exp(1.2 * np.sin(np.arange(50_000) / 1_000)) * DRAW.standard_normal(50_000)
    assert facts.excess_kurtosis(wild) > 3
    assert figures.whitened_kurtosis(wild) < 1.0


# The machine


@pytest.fixture(scope="module")
def run() -> History:
    return Observer("1", companies=4, house=8).run(2)


def test_a_run_is_whole_days_of_open_ticks(run: History) -> None:
    assert [len(c.prices) for c in run.companies] == [2 * 390 - 1] * 4
    assert list(np.flatnonzero(run.ticks_in_day == 0)) == [389]
    assert np.isnan([c.returns[389] for c in run.companies]).all(), "the night is left out"
    assert all(company.flows.any() for company in run.companies)


def test_the_same_seed_gives_the_same_run(run: History) -> None:
    again = Observer("1", companies=4, house=8).run(2)
    assert [c.prices.tolist() for c in again.companies] == [
        c.prices.tolist() for c in run.companies
    ]


def test_the_books_of_a_run_are_straight(run: History) -> None:
    assert run.notes["cash in all"] == run.notes["shares amiss"] == 0.0
    assert run.notes["share of ticks with the mid a spread off the price"] < 0.02
    assert sum(run.driver_shares) == pytest.approx(1.0)


def test_a_report_says_all_that_it_promises(run: History) -> None:
    report = report_on([run], {"days": 2})
    plain = report.as_json()
    assert [fact["name"] for fact in plain["facts"]] == [fact.name for fact in FACTS]
    assert len(plain["noFreeLunch"]) == len(lunch.lunches([run]))
    text = report.as_text()
    assert all(fact.name in text for fact in FACTS)
    assert "impact exponent" in text


def test_a_run_may_travel_as_plain_data(run: History) -> None:
    back = History.from_plain(json.loads(json.dumps(run.as_plain())))
    for mine, other in zip(run.companies, back.companies, strict=True):
        np.testing.assert_array_equal(mine.returns, other.returns)
        np.testing.assert_array_equal(mine.prices, other.prices)
    assert (run.headlines, run.metaorders, run.notes) == (
        back.headlines,
        back.metaorders,
        back.notes,
    )
    assert report_on([back], {}).as_json()["facts"] == report_on([run], {}).as_json()["facts"]
