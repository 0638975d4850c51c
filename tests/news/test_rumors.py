"""How far a rumor reaches, what it moves, and whether it comes true."""

from collections.abc import Iterable

import pytest

from market.engine.events import Brewing
from market.engine.outcome import MarketEvent
from news.engine.rules import RumorRules
from news.engine.rumors import FALSE, TRUE, Author, Rumor, RumorBook, cost_of

RULES = RumorRules()
POINT = 1_000_000
SIGMA = 0.001
BUDGET = 3 * SIGMA


class Whispers:
    """A book of rumors about APEX, of Technology, with who is linked to whom."""

    def __init__(self, links: Iterable[tuple[int, int]] = ()) -> None:
        self.book = RumorBook(RULES)
        self.links = set(links)

    def spread(
        self,
        account: int = 1,
        sentiment: float = 1.0,
        *,
        tick: int = 100,
        role: str = "quant",
        points: int = 50,
        has_access: bool = False,
        brewing: Iterable[Brewing] = (),
        symbol: str = "APEX",
    ) -> Rumor:
        return self.book.spread(
            Author(account, role, points * POINT, has_access),
            id=f"rumor-{account}-{tick}",
            tick=tick,
            day=tick // 630,
            symbol=symbol,
            text="words",
            sentiment=sentiment,
            sigma=SIGMA,
            brewing=brewing,
            linked=lambda a, b: a == b or (a, b) in self.links or (b, a) in self.links,
        )

    def judge(self, tick: int, *events: MarketEvent) -> list[tuple[int, str]]:
        judged = self.book.judge(tick, events, {"APEX": "Technology"}.__getitem__)
        return [(rumor.account, rumor.verdict) for rumor in judged]


def event(
    tick: int,
    impact: float = 0.05,
    *,
    kind: str = "EARNINGS_BEAT",
    symbol: str | None = "APEX",
    sector: str | None = None,
) -> MarketEvent:
    return MarketEvent(1, tick, kind, symbol, sector, impact, 10)


def test_an_influencer_reaches_three_times_as_far_and_a_journalist_twice() -> None:
    ordinary = Whispers().spread().impact
    assert ordinary == pytest.approx(BUDGET / 4)
    assert Whispers().spread(role="influencer").impact == pytest.approx(3 * ordinary)
    assert Whispers().spread(role="financial_journalist").impact == pytest.approx(2 * ordinary)


def test_reputation_carries_a_rumor_up_to_the_longest_reach() -> None:
    assert Whispers().spread(points=25).reach == 0.5
    assert Whispers().spread(points=100).reach == 2.0
    assert Whispers().spread(role="influencer", points=100).reach == 4.0


def test_retail_traders_who_agree_carry_each_other_s_rumors_up_to_three() -> None:
    whispers = Whispers()
    reaches = [whispers.spread(account, role="retail_trader").reach for account in range(12)]
    assert reaches[:4] == [1.0, 1.25, 1.5, 1.75]
    assert reaches[-1] == 3.0


@pytest.mark.parametrize(
    "other",
    [
        {"role": "quant"},
        {"sentiment": -1.0},
        {"symbol": "NOVA"},
        {"tick": 80},
    ],
)
def test_only_recent_retail_traders_of_the_same_mind_carry_it(other: dict[str, object]) -> None:
    whispers = Whispers()
    whispers.spread(2, **{"role": "retail_trader", **other})  # type: ignore[arg-type]
    assert whispers.spread(1, role="retail_trader").reach == 1.0


def test_all_rumors_of_a_day_together_stay_within_the_budget() -> None:
    whispers = Whispers()
    impacts = [
        whispers.spread(account, role="influencer", points=100).impact for account in range(50)
    ]
    assert impacts[0] == pytest.approx(BUDGET)
    assert sum(impacts) == pytest.approx(BUDGET)
    assert whispers.spread(99, -1.0).impact == pytest.approx(-BUDGET / 4)  # a sign of its own
    assert whispers.spread(99, tick=700).impact == pytest.approx(BUDGET / 4)  # the next day


def test_what_author_or_friends_repeat_counts_half_then_a_quarter() -> None:
    whispers = Whispers(links=[(1, 2)])
    assert whispers.spread(1, 0.8).strength == 0.8
    assert whispers.spread(2, 0.8).strength == 0.4
    assert whispers.spread(1, 0.8, tick=729).strength == 0.2
    assert whispers.spread(3, 0.8).strength == 0.8  # a stranger
    assert whispers.spread(1, -0.8).strength == 0.8  # the other way


def test_neutral_words_move_nothing_and_are_not_judged() -> None:
    whispers = Whispers()
    assert whispers.spread(1, 0.0).impact == 0.0
    assert whispers.judge(5_000, event(5_000)) == []


def test_a_later_event_of_the_same_sign_makes_it_true() -> None:
    whispers = Whispers()
    whispers.spread(1, 0.5)
    whispers.spread(2, -0.5)
    assert whispers.judge(101) == []
    assert whispers.judge(102, event(102)) == [(1, TRUE)]
    assert whispers.judge(103, event(103, -0.05)) == [(2, TRUE)]


def test_an_event_of_its_own_tick_is_no_proof() -> None:
    whispers = Whispers()
    whispers.spread(1, 0.5, tick=100)
    assert whispers.judge(100, event(100)) == []


def test_its_time_is_up_after_a_day() -> None:
    whispers = Whispers()
    whispers.spread(1, 0.5, tick=100)
    assert whispers.judge(729) == []
    assert whispers.judge(730) == [(1, FALSE)]
    late = Whispers()
    late.spread(1, 0.5, tick=100)
    assert late.judge(730, event(730)) == [(1, TRUE)]


def test_its_sector_s_event_counts_from_one_percent() -> None:
    whispers = Whispers()
    whispers.spread(1, 0.5)
    assert whispers.judge(101, event(101, 0.009, symbol=None, sector="Technology")) == []
    assert whispers.judge(102, event(102, 0.02, symbol=None, sector="Energy")) == []
    assert whispers.judge(103, event(103, 0.02, symbol=None)) == []  # the whole market's
    assert whispers.judge(104, event(104, 0.01, symbol=None, sector="Technology")) == [(1, TRUE)]


def test_what_was_brewing_when_it_was_spread_does_not_count() -> None:
    whispers = Whispers()
    brewing = Brewing(3, "EARNINGS_BEAT", "APEX", 0.05, 10)
    whispers.spread(1, 0.5, brewing=[brewing])
    assert whispers.judge(103, event(103)) == []
    assert whispers.judge(120, event(120)) == [(1, TRUE)]  # the next one was not known yet


def test_truth_pays_but_not_who_had_access() -> None:
    book = Whispers()
    honest, insider = book.spread(1, 0.5), book.spread(2, 0.5, has_access=True)
    liar = book.spread(3, -0.5)
    book.judge(101, event(101))
    book.judge(800)
    rewards = [book.book.reward(rumor) for rumor in (honest, insider, liar)]
    assert rewards == [8 * POINT, 0, -1 * POINT]


def test_the_press_pays_less_for_a_rumor() -> None:
    assert cost_of("quant", RULES) == 5 * POINT
    assert cost_of("influencer", RULES) == cost_of("financial_journalist", RULES) == 2 * POINT


def test_the_book_comes_back_as_it_was() -> None:
    whispers = Whispers()
    whispers.spread(1, 0.5, brewing=[Brewing(3, "EARNINGS_BEAT", "APEX", 0.05, 10)])
    whispers.spread(2, -0.5)
    copy = RumorBook(RULES)
    copy.load(whispers.book.dump())
    assert copy.dump() == whispers.book.dump()
    assert copy.rumors == whispers.book.rumors
