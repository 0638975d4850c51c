"""What the desk does with rumors, what it writes, and how sentiment follows."""

from __future__ import annotations

import math

import pytest

from agents.engine.facts import (
    AllianceEnded,
    AllianceFormed,
    BribeExposed,
    CaseAppealed,
    CaseCharged,
    CaseDecided,
    Fled,
    StatusChanged,
)
from market.engine.engine import SURVEILLANCE
from market.engine.rules import EVENT_KINDS, Switches
from tests.news.newsroom import LIVING, Newsroom, kinds, numbers_in, reports
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World

STILL = Switches(never_closes=True, walk=False, maker=False)
GOOD, BAD = "very strong growth ahead for them", "a fraud scandal, I am told"


# Rumors


def test_a_rumor_moves_the_price_in_its_tick_and_leaves_the_fundamental_alone() -> None:
    with_it, without = Newsroom(), Newsroom()
    for room in (with_it, without):
        room.admit("ann")
    with_it.rumor("ann", GOOD)
    for room in (with_it, without):
        room.tick()
    impact = with_it.rumors[0].impact
    assert impact > 0
    moved, still = with_it.company().pricing, without.company().pricing
    assert math.log(moved.value / still.value) == pytest.approx(impact, rel=0.01)
    assert moved.fundamental == still.fundamental
    assert not with_it.company().is_halted


def test_a_rumor_costs_its_author_reputation() -> None:
    room = Newsroom()
    room.admit("ann", "ina", roles=("quant", "influencer"))
    room.rumor("ann", GOOD)
    room.rumor("ina", GOOD)
    room.tick()
    assert room.codes == ["OK", "OK"]
    assert room.reputation("ann") == pytest.approx(45, abs=0.1)
    assert room.reputation("ina") == pytest.approx(48, abs=0.1)


def test_who_has_not_the_reputation_spreads_none() -> None:
    room = Newsroom()
    room.admit("ann")
    room.world.registry.change_reputation(room.accounts["ann"], -46_000_000, "test")
    room.rumor("ann", GOOD)
    room.tick()
    assert room.codes == ["INSUFFICIENT_REPUTATION"]
    assert room.rumors == []


def test_an_author_spreads_two_a_day() -> None:
    room = Newsroom(companies=1, switches=STILL)
    room.admit("ann")
    for _ in range(3):
        room.rumor("ann", GOOD)
    room.tick()
    assert room.codes == ["OK", "OK", "RATE_LIMITED"]
    room.tick(630)
    room.rumor("ann", GOOD)
    room.tick()
    assert room.codes == ["OK"]


def test_a_newcomer_waits_for_a_day() -> None:
    room = Newsroom(companies=1, switches=STILL)
    room.tick()
    room.admit("ann")
    room.rumor("ann", GOOD)
    room.tick()
    assert room.codes == ["FORBIDDEN"]
    room.tick(628)
    room.rumor("ann", GOOD)
    room.tick()
    assert room.codes == ["OK"]


def test_nothing_is_said_of_what_does_not_trade() -> None:
    room = Newsroom()
    room.admit("ann")
    room.operate("HALT", symbol="APEX", ticks=5)
    room.rumor("ann", GOOD)
    room.rumor("ann", GOOD, "NONE")
    room.tick()
    assert room.codes == ["OK", "MARKET_HALTED", "INVALID_SYMBOL"]
    shut = Newsroom(companies=1, switches=Switches(maker=False))
    shut.admit("ann")
    shut.tick(390)
    shut.rumor("ann", GOOD)
    shut.tick()
    assert shut.codes == ["MARKET_HALTED"]


def test_its_article_is_unverified_quotes_it_and_names_nobody() -> None:
    room = Newsroom()
    room.admit("ann")
    room.rumor("ann", BAD)
    (article,) = [a for a in room.tick() if a.section == "rumor"]
    assert "nverified" in article.headline
    assert article.quote == BAD
    assert article.agents == ()
    assert "ann" not in f"{article.headline} {article.summary}".split()
    assert article.sentiment < -0.5
    assert article.symbols == ("APEX",)


def test_an_event_that_bears_it_out_pays_its_author_and_is_reported() -> None:
    room = Newsroom()
    room.admit("ann", "bob")
    room.rumor("ann", GOOD)
    room.rumor("bob", BAD)
    room.tick()
    before = room.reputation("ann")
    room.inject("EARNINGS_BEAT", 0.05, target={"symbol": "APEX"})
    articles = room.tick()
    assert "RUMOR_TRUE" in kinds(articles)
    assert room.reputation("ann") == pytest.approx(before + 8, abs=0.1)


def test_what_nothing_comes_of_is_denied_after_a_day_and_moves_nothing() -> None:
    room = Newsroom(companies=1, switches=STILL)
    room.admit("ann")
    room.rumor("ann", BAD)
    room.tick(630)
    before = room.reputation("ann")
    articles = room.tick()
    (denial,) = [a for a in articles if a.kind == "RUMOR_FALSE"]
    assert denial.sentiment == 0
    assert room.reputation("ann") == pytest.approx(before - 1, abs=0.1)


def test_repeats_by_the_same_author_count_half() -> None:
    room = Newsroom()
    room.admit("ann")
    room.rumor("ann", GOOD)
    room.rumor("ann", GOOD)
    room.tick()
    first, second = room.rumors
    assert second.strength == pytest.approx(first.strength / 2)


# Sentiment


def test_sentiment_fades_by_a_twentieth_a_tick_and_is_gone_after_fifty() -> None:
    room = Newsroom(switches=STILL)
    room.admit("ann")
    room.rumor("ann", BAD)
    room.tick()
    first = room.company().sentiment
    assert first < -0.5
    room.tick()
    assert room.company().sentiment == pytest.approx(first * 0.95, abs=1e-4)
    room.tick(48)
    assert room.company().sentiment == pytest.approx(first * 0.95**49, abs=1e-4)
    room.tick()
    assert room.company().sentiment == 0
    assert room.company("NOVA").sentiment == 0


def test_the_whole_market_s_news_is_every_company_s() -> None:
    room = Newsroom()
    room.inject("MARKET_CRASH", -0.05)
    room.tick()
    assert all(c.sentiment < 0 for c in room.world.market.companies.values())


# Events


def _cases() -> list[tuple[str, dict[str, str], float]]:
    targets: list[dict[str, str]] = [
        *({"symbol": symbol} for symbol in ("APEX", "NOVA", "MEME")),
        {"sector": "Technology"},
        {},
    ]
    return [
        (kind.name, target, impact)
        for kind in EVENT_KINDS
        for target in targets
        for impact in (0.04, -0.04, 0.0)
    ]


@pytest.mark.parametrize("seed", ["a", "b"])
def test_every_event_whatever_its_sign_and_subject_has_a_true_and_short_article(seed: str) -> None:
    room = Newsroom(seed, switches=Switches(never_closes=True, halts=False))
    happened: set[str] = set()
    for kind, target, impact in _cases():
        room.inject(kind, impact, target=target)
        articles = [a for a in room.tick() if a.occasion.type == kind]
        if room.codes != ["OK"]:
            continue  # this kind does not happen to such a subject, or to such an end
        happened.add(kind)
        assert len(articles) == 1, (kind, target, impact)
        (article,) = articles
        occasion = article.occasion
        assert (occasion.symbol, occasion.sector) == (target.get("symbol"), target.get("sector"))
        assert occasion.impact == impact
        assert article.sentiment * impact >= 0
        assert (article.sentiment == 0) == (impact == 0)
        check_text(room, article)
    assert happened == {kind.name for kind in EVENT_KINDS}


def check_text(room: Newsroom, article: object) -> None:
    """Every article is short, whole, and every number in it is a figure of its facts."""
    from news.engine.articles import Article

    assert isinstance(article, Article)
    names = [c.listing.name for c in room.world.market.companies.values()]
    names += [member.name for member in room.world.registry.members.values()]
    names += list(room.world.market.companies)
    assert len(article.headline.split()) < 15, article.headline
    assert len(article.summary.split()) < 50, article.summary
    for text in (article.headline, article.summary):
        assert "{" not in text and "  " not in text and text == text.strip()
        for number in numbers_in(text, names):
            assert reports(number, article.figures.values()), (number, article)


def test_an_event_s_article_tells_of_its_halt() -> None:
    room = Newsroom()
    room.inject("MERGER_RUMOR", 0.28, target={"symbol": "APEX"})
    articles = room.tick()
    (article,) = [a for a in articles if a.occasion.type == "MERGER_RUMOR"]
    until = room.company().reopens_tick
    assert room.company().is_halted and f"halted until tick {until}" in article.summary
    assert article.is_breaking  # the first article of the world, and a large one
    assert article.topic == "merger" and article.category == "breaking"


def test_news_of_an_event_and_its_jump_come_in_the_same_tick_and_once() -> None:
    still = STILL
    told, other = Newsroom(switches=still), Newsroom(switches=still)
    for room in (told, other):
        room.tick()
    told.inject("ANALYST_UPGRADE", 0.03, target={"symbol": "APEX"})
    told.tick()
    other.tick()
    jump = math.log(told.company().pricing.value / other.company().pricing.value)
    assert jump == pytest.approx(math.log(1.03), rel=0.01)


# Agents


def _tell(room: Newsroom, *facts: tuple[object, ...]) -> list[object]:
    """Run a tick in which an engine above tells these facts."""
    steps = room.world.steps[SURVEILLANCE]

    def add() -> None:
        for fact in facts:
            room.world.facts.add(fact)

    steps.append(add)
    try:
        return list(room.tick())
    finally:
        steps.pop()


def test_every_thing_that_agents_do_has_its_article() -> None:
    room = Newsroom(switches=STILL)
    room.admit("ann", "bob")
    a, b = room.accounts["ann"], room.accounts["bob"]
    facts: list[tuple[tuple[object, ...], str]] = [
        (AllianceFormed(9, "x", a, b, 20), "ALLIANCE"),
        (AllianceFormed(9, "y", a, b, 0), "ALLIANCE_LOOSE"),
        (AllianceEnded(9, "x", a, b, b, False, ""), "ALLIANCE_ENDS"),
        (AllianceEnded(9, "x", a, b, b, True, ""), "BETRAYAL"),
        (BribeExposed(9, "x", a, b, 500_000, False), "BRIBE_DETECTED"),
        (BribeExposed(9, "x", a, b, 500_000, True), "BRIBE_REPORTED"),
        (CaseCharged(9, "c", a, "pump_and_dump", "APEX"), "CHARGE INVESTIGATION"),
        (CaseDecided(9, "c", a, "pump_and_dump", "APEX", "convicted", 1_000, 3_000), "CONVICTED"),
        (CaseAppealed(9, "c", a, "pump_and_dump", "APEX"), "APPEALED"),
        (CaseDecided(9, "c", a, "pump_and_dump", "APEX", "overturned", 0, 0), "OVERTURNED"),
        (CaseCharged(9, "d", a, "bribery", None), "CHARGE INVESTIGATION"),
        (CaseDecided(9, "d", a, "bribery", None, "acquitted", 0, 0), "ACQUITTED"),
        (CaseCharged(9, "e", a, "bribery", None), "CHARGE INVESTIGATION"),
        (CaseDecided(9, "e", a, "bribery", None, "settled", 60_000, 0), "SETTLED"),
        (CaseCharged(9, "f", a, "bribery", None), "CHARGE INVESTIGATION"),
        (CaseDecided(9, "f", a, "bribery", None, "dismissed", 0, 0), "DISMISSED"),
        (Fled(9, a, "Nowhere", False, 7_000), "ESCAPED"),
        (Fled(9, a, "Nowhere", True, 0), "CAUGHT"),
        (StatusChanged(9, a, "active", "imprisoned", "", 3_000), "IMPRISONED"),
        (StatusChanged(9, a, "active", "suspended", "", 300), "SUSPENDED"),
        (StatusChanged(9, a, "imprisoned", "active", ""), "RELEASED"),
    ]
    for fact, expected in facts:
        articles = _tell(room, fact)
        written = kinds(articles)  # type: ignore[arg-type]
        assert len(written) == 1 and written[0] in expected.split(), (fact, written)
        check_text(room, articles[0])


def test_a_case_that_was_never_public_stays_secret() -> None:
    room = Newsroom(switches=STILL)
    room.admit("ann")
    a = room.accounts["ann"]
    assert _tell(room, CaseDecided(9, "s", a, "bribery", None, "dismissed", 0, 0)) == []


def test_agents_stories_wait_for_room_and_are_dropped_when_stale() -> None:
    room = Newsroom(switches=STILL)
    names = [f"agent{n}" for n in range(12)]
    room.admit(*names)
    accounts = [room.accounts[name] for name in names]
    pairs = [(one, other) for one in accounts for other in accounts if one < other][:60]
    facts = [AllianceFormed(9, f"x{n}", *pair, 10) for n, pair in enumerate(pairs)]
    at_once = _tell(room, *facts)
    assert len(at_once) == RULES.news.judgement.articles_a_tick
    later = sum(len(room.tick()) for _ in range(30))
    assert 0 < later < len(facts) - len(at_once) + 1
    assert room.desk.waiting == []


# Headlines


def test_no_headline_comes_twice_within_fifty_ticks() -> None:
    room = Newsroom(switches=Switches(never_closes=True, halts=False))
    for _ in range(60):
        room.inject("SHORT_SQUEEZE", 0.001, target={"symbol": "APEX"})
        room.inject("SHORT_SQUEEZE", 0.001, target={"symbol": "APEX"})
        room.tick()
    lately: dict[str, int] = {}
    for article in room.articles:
        assert article.tick - lately.get(article.headline, -100) >= 50, article.headline
        lately[article.headline] = article.tick
        check_text(room, article)


# Operators


def test_an_operator_retracts_and_pins_articles() -> None:
    room = Newsroom()
    room.admit("ann")
    room.rumor("ann", BAD)
    (article,) = [a for a in room.tick() if a.section == "rumor"]
    assert room.company().sentiment < 0
    room.operate("RETRACT_ARTICLE", article=article.id, reason="it is libel")
    room.tick()
    assert room.codes == ["OK"]
    assert room.company().sentiment == 0
    assert room.last is not None
    (mark,) = room.last.reports["news"].marks
    assert mark.is_retracted and mark.article == article.id and mark.reason == "it is libel"
    room.operate("RESTORE_ARTICLE", article=article.id, reason="it is not")
    room.operate("PIN_ARTICLE", article=article.id, reason="of interest")
    room.tick()
    assert room.desk.marks[article.id].is_pinned
    assert not room.desk.marks[article.id].is_retracted


@pytest.mark.parametrize("which", ["later", "foreign"])
def test_no_article_that_is_not_written_can_be_retracted(which: str) -> None:
    room = Newsroom()
    later = f"{room.desk.prefix}{999:012x}"
    id = {"later": later, "foreign": "00000000-0000-4000-8000-000000000001"}[which]
    room.operate("RETRACT_ARTICLE", article=id, reason="wrong")
    room.tick()
    assert room.codes == ["BAD_REQUEST"]


# The machine


@pytest.mark.parametrize("stop", [25, 391, 631])
def test_a_desk_that_is_kept_and_loaded_goes_on_as_if_it_never_stopped(stop: int) -> None:
    room = Newsroom("kept", switches=LIVING, companies=12)
    room.admit("ann", "bob")
    room.rumor("ann", GOOD)
    room.rumor("bob", BAD, "NOVA")
    room.tick(stop)
    copy = World.load(RULES, room.world.dump())
    for _ in range(60):
        assert copy.advance([]).digest == room.world.advance([]).digest
    assert copy.by_name["news"].dump() == room.world.by_name["news"].dump()


def test_stories_that_wait_are_kept() -> None:
    room = Newsroom(switches=STILL)
    names = [f"agent{n}" for n in range(6)]
    room.admit(*names)
    first, *others = (room.accounts[name] for name in names)
    _tell(room, *(AllianceFormed(9, "x", first, other, 10) for other in others))
    assert room.desk.waiting
    copy = World.load(RULES, room.world.dump())
    assert copy.advance([]).digest == room.world.advance([]).digest
