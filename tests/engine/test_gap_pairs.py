"""A pair, one long and one short, cannot live on what the treasury writes off after a jump: each of
the two pays more for what it borrows, by the tick, than its jumps may leave unpaid.
"""

from __future__ import annotations

import pytest

from market.engine.events import fair_menus, impact_of
from market.engine.rules import MarketRules, Sector, Switches
from market.engine.values import BPS_IN_ONE
from tests.cast import Player, Stage, cents, listing

RULES = MarketRules()
KINDS = {kind.name: kind for kind in RULES.events.kinds}
POINTS = 2_000
LONG, SHORT = -1, 1  # the sign of the jump that hurts
OF_INITIAL = {LONG: RULES.margin.long_weight / 10, SHORT: RULES.margin.short_weight / 10}


def deficit(kind: str, side: int, margin: float, beta: float = 1.0) -> float:
    """Return what an event of a kind takes of a position beyond its equity, on average, as a part
    of the position's value.
    """
    impacts = (impact_of(KINDS[kind], (n + 0.5) / POINTS, RULES.events.tail) for n in range(POINTS))
    return sum(max(0.0, side * beta * impact - margin) for impact in impacts) / POINTS


def gain(sector: Sector, side: int, margin: float, *, is_shorted: bool) -> float:
    """Return what a day's events take of a position beyond its equity, by the rules' own rates."""
    menu, events = fair_menus(RULES.events, is_shorted)[sector.name], RULES.events
    company = events.company_rate * sum(c * deficit(kind, side, margin) for kind, c in menu)
    market = sum(r * deficit(kind, side, margin, sector.beta) for kind, r in events.market_rates)
    return (company + market) * RULES.session.open_ticks


def price(side: int, margin: float) -> float:
    """Return what a day's loan and borrowed shares cost, as a part of the position's value."""
    rate = RULES.macro_at_founding.interest_bps + RULES.margin.loan_spread_bps
    yearly = (1.0 - margin) * rate + (RULES.lending.lowest_fee_bps if side == SHORT else 0.0)
    return yearly / BPS_IN_ONE / RULES.margin.days_in_year


def events_on_average() -> float:
    """Return the regimes' multiple of the event rate, over a long time."""
    regimes = {regime.name: regime for regime in RULES.climate.regimes}
    chances = dict.fromkeys(regimes, 1 / len(regimes))
    for _ in range(2_000):
        after = dict.fromkeys(regimes, 0.0)
        for name, chance in chances.items():
            onward = dict(regimes[name].onward)
            for other, move in onward.items():
                after[other] += chance * move
            after[name] += chance * (1.0 - sum(onward.values()))
        chances = after
    return sum(chance * regimes[name].events for name, chance in chances.items())


@pytest.mark.parametrize("sector", RULES.sectors, ids=lambda sector: sector.name)
@pytest.mark.parametrize("is_shorted", [False, True], ids=["", "shorted"])
@pytest.mark.parametrize("side", [LONG, SHORT], ids=["long", "short"])
def test_jumps_leave_less_unpaid_than_a_position_pays(
    sector: Sector, side: int, is_shorted: bool
) -> None:
    """Each of a pair alone, for the other may hold no loan; and at the least equity that it may sit
    on, for prices take it there, or a partner at the collar.
    """
    initial = sector.margin_bps / BPS_IN_ONE
    least = initial * OF_INITIAL[side]
    usual = events_on_average()
    assert 1.0 < usual < 1.1
    assert usual * gain(sector, side, least, is_shorted=is_shorted) < price(side, least)
    wildest = max(regime.events for regime in RULES.climate.regimes)
    assert wildest * gain(sector, side, initial, is_shorted=is_shorted) < price(side, initial)


def test_no_sector_lets_anyone_hold_more_than_ten_times_his_money() -> None:
    assert min(sector.margin_bps for sector in RULES.sectors) == 1_000
    assert RULES.margin_bps("Meme") == 5_000
    assert RULES.margin_bps("a sector that is not there") == 10_000


# The same, on the machine


@pytest.mark.parametrize(
    ("sector", "kind", "side"),
    [
        ("Meme", "MEME_PUMP", SHORT),
        ("Healthcare", "FDA_REJECTION", LONG),
        ("Technology", "SHORT_SQUEEZE", SHORT),
        ("Technology", "CEO_SCANDAL", LONG),
    ],
)
def test_what_is_written_off_is_what_jumps_exceed_the_equity_by(
    sector: str, kind: str, side: int
) -> None:
    points = 16
    impacts = [impact_of(KINDS[kind], (n + 0.5) / points, 2.5) for n in range(points)]
    margin = RULES.margin_bps(sector) / BPS_IN_ONE
    written_off = [jumped(sector, kind, side, impact) for impact in impacts]
    expected = [max(0.0, side * impact - margin) for impact in impacts]
    assert any(expected)
    assert written_off == pytest.approx(expected, abs=0.002)


def jumped(sector: str, kind: str, side: int, impact: float) -> float:
    """Return what the treasury writes off for a position with all the loan it gets, when an event
    is worth this: a part of the position.
    """
    stage = Stage(
        Player("ann", "1,000,000.00", leverage=10),
        Player("bob", "900,000,000.00", holds={"APEX": 100_000}),
        companies=[listing(price="100.00", sector=sector, shares=10**8)],
        switches=Switches(never_closes=True, maker=False, walk=False),
    )
    value = BPS_IN_ONE * 1_000_000 // RULES.margin_bps(sector)
    verbs = ("BUY", "SELL") if side == LONG else ("SHORT", "BUY")
    stage.tick(f"bob {verbs[1]} {value // 100} @ 100.00\nann {verbs[0]} {value // 100} @ 100.00")
    stage.operate("INJECT", event=kind, symbol="APEX", impact=impact, duration=5)
    lost = 0
    while stage.company().is_halted or (stage.holding("ann") and stage.world.tick < 60):
        stage.submit()
        entries = stage.outcome.market.entries
        lost += sum(entry.cents for entry in entries if entry.kind == "write_off")
    return lost / cents(f"{value}.00")
