"""Tips: their stake, what opens a case, what earns a bounty, and what they never tell."""

from __future__ import annotations

import pytest

from market.engine.parameters import Malformed
from sec.engine.cases import Source
from sec.engine.rules import BRIBERY, PUMP_AND_DUMP
from tests.cast import Player
from tests.engine.court import INVESTIGATOR, UNSEEN, Court

WASHER = Player("ann", "1,000,000.00", holds={"APEX": 100_000})
WORDS = "She trades with herself all day long."


def tell(court: Court, name: str, accused: str = "ann", crime: str = "wash_trading") -> str:
    verdict = court.act(name, "WHISTLEBLOW", targetAgent=accused, crimeType=crime, evidence=WORDS)
    return str(verdict.code)


def test_a_tip_opens_what_is_half_as_certain() -> None:
    court = Court(WASHER, "bob", INVESTIGATOR)
    court.wash("ann", 1)
    assert tell(court, "bob") == "OK"
    case, _ = court.case_of("ann")
    assert case.source is Source.TIP
    assert case.id == court.outcome.results[-1].id
    assert court.reputation("bob") == 45


def test_an_investigators_tip_weighs_double() -> None:
    def is_opened(name: str) -> bool:
        court = Court(Player("ann", holds={"APEX": 1_000}), "bob", INVESTIGATOR)
        court.spread("ann", +1)
        court.reprice("10.30")
        court.tick()
        court.tick("ann SELL 1 @ 10.30\nbob BUY 1 @ 10.30")
        found = court.sec.book.faint[0]
        court.sec.book.faint[0] = found._replace(confidence=0.2)
        court.sec.records.trades.clear()
        tell(court, name, crime=PUMP_AND_DUMP)
        return bool(court.sec.book.cases)

    assert (is_opened("bob"), is_opened("ivy")) == (False, True)


def test_a_tip_without_evidence_is_taken_alike_and_its_stake_is_lost_later() -> None:
    guilty, innocent = Court(WASHER, "bob"), Court(WASHER, "bob")
    guilty.wash("ann", 2)
    innocent.pass_ticks(2)
    verdicts, alerts = [], []
    for court in (guilty, innocent):
        court.act("bob", "WHISTLEBLOW", targetAgent="ann", crimeType="wash_trading", evidence=WORDS)
        verdict = court.outcome.results[-1].verdict
        verdicts.append((verdict.code, verdict.message, court.reputation("bob")))
        court.pass_ticks(199)
        before = court.reputation("bob")
        court.submit()
        told = [a for a in court.outcome.market.alerts if a.account == court.ids["bob"]]
        alerts.append([(a.message, before) for a in told])
    assert verdicts[0] == verdicts[1]
    assert alerts[0] == alerts[1]  # neither case comes to a charge
    assert "stake is lost" in alerts[0][0][0]


def test_a_tip_on_an_open_case_is_taken_without_a_word() -> None:
    court = Court(WASHER, "bob", "cid", INVESTIGATOR)
    court.wash("ann", 6)
    tell(court, "bob")
    tell(court, "cid")
    case, _ = court.case_of("ann")
    assert len(case.tips) == 2
    assert len(court.sec.book.cases) == 1


def test_the_stake_comes_back_when_the_case_is_charged() -> None:
    court = Court(WASHER, "bob", INVESTIGATOR)
    court.wash("ann", 6)
    tell(court, "bob")
    while court.status("ann") != "charged":
        court.submit()
    assert court.reputation("bob") == 50


def test_the_first_right_tip_earns_a_tenth_of_what_is_collected() -> None:
    court = Court(WASHER, "bob", "cid", INVESTIGATOR)
    court.wash("ann", 6, shares=20_000)
    tell(court, "bob")
    tell(court, "cid")
    bob, cid = court.cash("bob"), court.cash("cid")
    court.pass_ticks(400)
    _, one = court.case_of("ann")
    assert court.cash("bob") - bob == one.fine_cents // 10
    assert court.cash("cid") == cid
    assert court.sec.tips.tips == {}


def test_a_whistleblowers_bounty_is_doubled() -> None:
    court = Court(WASHER, Player("bob", role="whistleblower"), INVESTIGATOR)
    court.wash("ann", 6, shares=20_000)
    tell(court, "bob")
    bob = court.cash("bob")
    court.pass_ticks(400)
    _, one = court.case_of("ann")
    assert court.cash("bob") - bob == one.fine_cents // 5


def test_who_is_linked_to_the_convicted_earns_nothing_and_who_traded_with_it_neither() -> None:
    court = Court(WASHER, "bob", INVESTIGATOR)
    court.wash("ann", 6, shares=20_000)
    tell(court, "bob")
    court.act("ann", "MESSAGE", targetAgent="bob", content="hello")
    court.act("bob", "MESSAGE", targetAgent="ann", content="hello yourself")
    bob = court.cash("bob")
    court.pass_ticks(400)
    assert court.status("ann") == "convicted"
    assert court.cash("bob") == bob

    court = Court(Player("ann", holds={"APEX": 1_000}), "bob", INVESTIGATOR)
    court.spread("ann", +1)
    court.reprice("10.30")
    court.tick()
    court.tick("ann SELL 1000 @ 10.30\nbob BUY 1000 @ 10.30")
    tell(court, "bob", crime=PUMP_AND_DUMP)
    court.pass_ticks(400)
    assert court.status("ann", PUMP_AND_DUMP) == "convicted"
    kinds = {p.kind for p in court.report.penalties}
    assert "bounty" not in kinds


def test_an_accomplice_who_tells_first_pays_half_and_earns_nothing() -> None:
    def fines(is_telling: bool) -> tuple[int, int]:
        court = Court("ann", INVESTIGATOR, rules=UNSEEN)
        bribe = court.act("ann", "BRIBE", targetAgent="ivy", amount=1_000).data["bribeId"]
        court.act("ivy", "KEEP_BRIBE", bribeId=bribe)
        if is_telling:
            tell(court, "ann", "ivy", BRIBERY)
        else:
            court.order("OPEN_CASE", agent="ivy", crime=BRIBERY, reason="a test")
        court.pass_ticks(100)
        ann, ivy = court.case_of("ann", BRIBERY)[1], court.case_of("ivy", BRIBERY)[1]
        assert ann.status.value == ivy.status.value == "convicted"
        return ann.fine_cents, ann.sentence_ticks

    fine, sentence = fines(False)
    half_fine, half_sentence = fines(True)
    assert (half_fine, half_sentence) == ((fine + 1) // 2, sentence // 2)


def test_one_may_tell_of_a_friend_once() -> None:
    court = Court(WASHER, "bob", INVESTIGATOR)
    court.act("ann", "MESSAGE", targetAgent="bob", content="hello")
    court.act("bob", "MESSAGE", targetAgent="ann", content="hello yourself")
    assert tell(court, "bob") == "OK"
    assert tell(court, "bob") == "INVALID_TARGET"


def test_nobody_tells_of_itself_or_without_reputation_or_six_times_a_day() -> None:
    court = Court(WASHER, "bob", "cid", INVESTIGATOR)
    assert tell(court, "ann") == "INVALID_TARGET"
    court.member("cid").reputation = 19_000_000
    assert tell(court, "cid") == "INSUFFICIENT_REPUTATION"
    assert [tell(court, "bob") for _ in range(6)] == ["OK"] * 5 + ["RATE_LIMITED"]


def test_a_company_and_two_ticks_find_who_it_was() -> None:
    court = Court(WASHER, "bob", INVESTIGATOR)
    court.wash("ann", 1)
    court.submit()
    last = court.world.tick
    given = {"symbol": "APEX", "crimeType": "wash_trading", "evidence": WORDS}
    assert court.act("bob", "WHISTLEBLOW", **given, fromTick=last, toTick=last).success
    assert not court.sec.book.cases
    assert court.act("bob", "WHISTLEBLOW", **given, fromTick=1, toTick=last).success
    assert court.status("ann") == "opened"
    given["symbol"] = "NONE"
    assert court.act("bob", "WHISTLEBLOW", **given, fromTick=1, toTick=2).code == "INVALID_SYMBOL"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"symbol": "APEX"},
        {"symbol": "APEX", "fromTick": 1},
        {"symbol": "APEX", "fromTick": 2, "toTick": 1},
        {"targetAgent": "ann", "symbol": "APEX"},
    ],
)
def test_a_tip_names_an_agent_or_a_company_and_ticks(given: dict[str, object]) -> None:
    court = Court("ann", "bob")
    with pytest.raises(Malformed):
        court.do("bob", "WHISTLEBLOW", crimeType="bribery", evidence=WORDS, **given)


def test_one_bounty_a_day() -> None:
    cast = [Player(f"ann{n}", "1,000,000.00", holds={"APEX": 100_000}) for n in range(2)]
    court = Court(*cast, "bob", INVESTIGATOR)
    for player in cast:
        court.wash(player.name, 6, shares=20_000)
        tell(court, "bob", player.name)
    bob = court.cash("bob")
    court.pass_ticks(400)
    _, one = court.case_of("ann0")
    assert court.cash("bob") - bob == one.fine_cents // 10


def test_tips_survive_a_restart() -> None:
    court = Court(WASHER, "bob", INVESTIGATOR)
    court.wash("ann", 6, shares=20_000)
    tell(court, "bob")
    bob = court.cash("bob")
    court.reload()
    court.pass_ticks(400)
    assert court.cash("bob") > bob
