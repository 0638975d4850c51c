"""What twenty fresh accounts in one hand can carry to one: each way, and what it yields.

The accounts come from one machine's loopback, so nothing links them: the worst case.
"""

from __future__ import annotations

from dataclasses import replace

from market.engine.values import Cents
from sec.engine.rules import PUMP_AND_DUMP
from tests.cast import UNMOVED, Player
from tests.engine.court import UNSEEN, Court, law_with

FRESH = 20
HELPERS = [Player(f"helper{n}", "50,000,000.00", leverage=5) for n in range(FRESH)]
DAY = 630


def gained(court: Court, name: str, before: Cents) -> Cents:
    return court.account(name).equity - before


def test_bribes_carry_a_fifth_of_the_takers_endowment_in_its_life() -> None:
    taker = Player("ivy", "100,000.00", role="sec_investigator")
    court = Court(*HELPERS, taker, rules=UNSEEN)
    before = court.account("ivy").equity
    for day in range(22):
        helper = HELPERS[day % FRESH].name
        bribe = court.act(helper, "BRIBE", targetAgent="ivy", amount=1_000)
        if bribe.success:
            court.act("ivy", "KEEP_BRIBE", bribeId=bribe.data["bribeId"])
        court.pass_ticks(1)
        court.leap_to((court.world.tick // DAY + 1) * DAY)
    assert gained(court, "ivy", before) == 2_000_000  # $20,000, and never more
    assert court.escrow == 0  # what she may not keep has gone back


def test_in_one_day_bribes_carry_one_percent() -> None:
    taker = Player("ivy", "100,000.00", role="sec_investigator")
    court = Court(*HELPERS, taker, rules=UNSEEN)
    before = court.account("ivy").equity
    court.submit(*(court.do(h.name, "BRIBE", targetAgent="ivy", amount=1_000) for h in HELPERS))
    offered = [r.verdict.data["bribeId"] for r in court.outcome.results]
    court.submit(*(court.do("ivy", "KEEP_BRIBE", bribeId=id) for id in offered))
    assert court.codes == ["OK"] + ["FORBIDDEN"] * (FRESH - 1)
    assert gained(court, "ivy", before) == 100_000


def test_bounties_on_sacrificed_helpers_carry_at_most_one_a_day_each_paid_five_times_over() -> None:
    helpers = [replace(h, holds={"APEX": 100_000}) for h in HELPERS[:5]]
    court = Court(*helpers, Player("tim", "25,000.00", role="whistleblower"))
    before = court.account("tim").equity
    fines = 0
    for helper in helpers:
        court.wash(helper.name, 6, shares=90_000)
    for helper in helpers:
        court.act(
            "tim",
            "WHISTLEBLOW",
            targetAgent=helper.name,
            crimeType="wash_trading",
            evidence="I know it, for it was I myself.",
        )
    court.pass_ticks(500)
    for helper in helpers:
        _, one = court.case_of(helper.name)
        assert one.status.value == "convicted"
        fines += one.fine_cents
    yielded = gained(court, "tim", before)
    assert yielded == 1_080_000 == fines // 25  # a fifth of one fine of five: $10,800
    assert yielded <= 5_000_000


def test_compensation_gives_a_helper_no_more_than_it_lost() -> None:
    court = Court(
        replace(HELPERS[0], holds={"APEX": 100_000}), *HELPERS[1:3], Player("tom", "50,000.00")
    )
    court.spread("helper0", +1)
    court.reprice("10.30")
    court.tick()
    hands = sum(court.account(n).equity for n in ("helper0", "helper1", "tom"))
    court.tick("helper0 SELL 100000 @ 10.30\nhelper1 BUY 99000 @ 10.30\ntom BUY 1000 @ 10.30")
    tom = court.account("tom").equity
    court.reprice("10.00")
    court.pass_ticks(400)
    _, one = court.case_of("helper0", PUMP_AND_DUMP)
    assert one.compensated_cents <= one.gain_cents == 100_000 * 30
    assert gained(court, "tom", tom) == 0  # what he lost from the price before the rumor
    after = sum(court.account(n).equity for n in ("helper0", "helper1", "tom"))
    assert after < hands


def test_flight_carries_nothing_to_others_and_loses_half() -> None:
    rules = law_with(flight=replace(UNMOVED.sec.flight, base_odds=1.0, most_odds=1.0))
    court = Court(replace(HELPERS[0], holds={"APEX": 1_000}), HELPERS[1], rules=rules)
    court.wash("helper0")
    court.pass_ticks(11)
    worth = court.account("helper0").equity
    other = court.account("helper1").equity
    court.tick("helper1 BUY 1000 @ 10.00")
    assert court.act("helper0", "FLEE").success
    court.pass_ticks(40)
    assert court.account("helper0").equity <= worth // 2 + 1
    assert court.account("helper1").equity <= other


def test_an_investigator_of_ones_own_earns_at_most_its_share_of_a_case() -> None:
    court = Court(
        replace(HELPERS[0], holds={"APEX": 100_000}),
        Player("ivy", "100,000.00", role="sec_investigator"),
    )
    court.member("ivy").admitted_tick = -10_000
    before = court.account("ivy").equity
    court.wash("helper0", 20, shares=90_000)
    court.pass_ticks(400)
    _, one = court.case_of("helper0")
    assert gained(court, "ivy", before) == min(one.fine_cents * 2 // 100, 500_000)
    assert one.fine_cents * 2 // 100 < 500_000 < one.fine_cents


def test_a_short_sellers_proceeds_cannot_be_given_away_before_default() -> None:
    court = Court(
        Player("sid", "1,000,000.00", leverage=2),
        Player("bob", "9,000,000.00"),
        *(Player(f"ivy{n}", "100,000.00", role="sec_investigator") for n in range(20)),
        rules=UNSEEN,
    )
    court.tick("bob BUY 150000 @ 10.00\nsid SHORT 150000 @ 10.00")
    assert court.cash("sid") > 200_000_000  # of which 150 million cents are not his
    court.submit(
        *(court.do("sid", "BRIBE", targetAgent=f"ivy{n}", amount=100_000) for n in range(20))
    )
    assert set(court.codes) == {"INSUFFICIENT_FUNDS"}
    court.submit(
        *(court.do("sid", "BRIBE", targetAgent=f"ivy{n}", amount=1_000) for n in range(20))
    )
    assert court.codes.count("OK") == 10  # $10,000 in a life, and not a cent of the proceeds
    assert court.account("sid").equity >= 99_000_000 - 1_000_000
