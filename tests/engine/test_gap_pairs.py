"""A pair, one long and one short with all the loans that they get, cannot live on what the treasury
writes off after a jump: less than the interest that it pays.
"""

from __future__ import annotations

import pytest

from market.engine.events import fair_menus, impact_of
from market.engine.rules import MarketRules, Sector

RULES = MarketRules()
KINDS = {kind.name: kind for kind in RULES.events.kinds}
POINTS = 2_000


def deficit(kind: str, margin: float) -> float:
    """Return what an event of a kind takes of one of the two beyond its margin, on average, as a
    part of its position.
    """
    impacts = (impact_of(KINDS[kind], (n + 0.5) / POINTS, RULES.events.tail) for n in range(POINTS))
    return sum(max(0.0, abs(impact) - margin) for impact in impacts) / POINTS


@pytest.mark.parametrize("sector", RULES.sectors, ids=lambda sector: sector.name)
@pytest.mark.parametrize("is_shorted", [False, True])
def test_a_pair_gains_less_by_jumps_than_it_pays_in_interest(
    sector: Sector, is_shorted: bool
) -> None:
    margin = sector.margin_bps / 10_000
    menu = fair_menus(RULES.events, is_shorted)[sector.name]
    events = RULES.events.company_rate * RULES.session.open_ticks  # a day
    gain = events * sum(chance * deficit(kind, margin) for kind, chance in menu)
    rate = RULES.macro_at_founding.interest_bps + RULES.margin.loan_spread_bps
    yearly = (1.0 - margin) * rate + RULES.lending.lowest_fee_bps
    assert gain < yearly / 10_000 / RULES.margin.days_in_year


def test_no_sector_lets_anyone_hold_more_than_ten_times_his_money() -> None:
    assert min(sector.margin_bps for sector in RULES.sectors) == 1_000
    assert RULES.margin_bps("Meme") == 5_000
    assert RULES.margin_bps("a sector that is not there") == 10_000
