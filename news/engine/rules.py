"""What a rumor costs and moves, and when something is news: one frozen value."""

from dataclasses import dataclass

from agents.engine.rules import POINT
from market.engine.values import Tick


@dataclass(frozen=True, slots=True)
class RumorRules:
    """What a rumor costs, who may spread one, how far it reaches and how it is judged."""

    shortest: int = 10  # characters
    longest: int = 280
    cost: int = 5 * POINT
    press_cost: int = 2 * POINT  # an influencer's or a journalist's
    author_age_ticks: Tick = 630
    rumors_a_day: int = 2
    influencer_reach: float = 3.0
    journalist_reach: float = 2.0
    chorus_step: float = 0.25  # a retail trader's reach grows by, with each other one who agrees
    chorus_ticks: Tick = 20
    longest_chorus: float = 3.0
    usual_reputation: int = 50 * POINT
    longest_reach: float = 4.0
    budget_sigmas: float = 3.0  # of σ0, per company, sign and day, over all authors
    repeat_factor: float = 0.5
    repeat_ticks: Tick = 630
    judged_ticks: Tick = 630
    least_sector_impact: float = 0.01
    true_reward: int = 8 * POINT
    false_cost: int = 1 * POINT


@dataclass(frozen=True, slots=True)
class JudgementRules:
    """When something is news. Sigmas are of the company's own tick or day, volumes its usual."""

    articles_a_tick: int = 4  # of those that may be left out; rumors are their authors'
    breaking_one_in: int = 20
    breaking_impact: float = 0.20
    repeat_ticks: Tick = 50  # within which no headline is used twice
    move_sigmas: float = 8.0  # a single tick's
    largest_moves: int = 10  # of a day, each of which is news
    # Below this no move is among a day's largest, in a market of so many companies.
    least_large_move: float = 0.003
    least_large_move_each: float = 0.00009
    grouped_from: int = 4  # so many companies at once are one story
    walk_ticks: Tick = 3  # between reports of a halted company's price
    day_move_levels: tuple[float, ...] = (2.5, 4.0, 6.0, 9.0, 13.0)  # in daily sigmas
    day_move_cooldown: Tick = 30
    gap_sigmas: float = 1.0  # of a day, at the open
    gaps_reported: int = 3
    volatile_multiple: float = 3.0  # of the usual size of a move, over the last ticks
    volatile_memory: float = 0.95
    volatile_cooldown: Tick = 630
    volume_multiple: float = 20.0
    volume_cooldown: Tick = 315
    extremes_days: int = 5  # before this one, that a breakout goes beyond
    extremes_cooldown: Tick = 630
    extremes_pause: Tick = 10  # between two of any companies
    sector_levels: tuple[float, ...] = (1.0, 2.0, 3.0, 4.5)  # in daily sigmas of the sector
    sector_cooldown: Tick = 60
    block_multiple: float = 4.0
    block_cooldown: Tick = 100
    block_cents: int = 100_000_000
    pair_cooldown: Tick = 60
    macro_step_bps: int = 10
    movers_listed: int = 10
    agent_story_ticks: Tick = 20  # that a story of agents may wait for room


@dataclass(frozen=True, slots=True)
class NewsRules:
    """The rules of the news as one value."""

    sentiment_decay: float = 0.95
    sentiment_ticks: Tick = 50
    largest_impact: float = 0.05  # that an article may have on a price, either way
    rumors: RumorRules = RumorRules()
    judgement: JudgementRules = JudgementRules()
