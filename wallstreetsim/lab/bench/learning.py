"""The learning environment: steps a second of one agent among fifty of the house."""

from __future__ import annotations

import gymnasium

from wallstreetsim.lab.bench.figures import Baseline, Figure, seconds
from wallstreetsim.lab.gym import TRADER
from wallstreetsim.lab.gym.trader import TraderEnv
from wallstreetsim.machine.gc_control import collection_paused

STEPS, RUNS, HOUSE, COMPANIES = 300, 5, 50, 10


def gym_steps() -> Figure:
    """Measure steps a second, of actions drawn at random; the baseline is the bare machine."""
    speeds, bare = zip(*(_speeds(number) for number in range(RUNS)), strict=True)
    baseline = Baseline("the same world's ticks alone", list(bare))
    facts = {"house": HOUSE, "companies": COMPANIES, "books": 3, "levels": 5}
    return Figure("gym_steps", "steps/s", list(speeds), baseline, facts)


def _speeds(number: int) -> tuple[float, float]:
    """Return the steps a second of an episode, and the ticks a second of its world afterwards."""
    env = gymnasium.make(TRADER, companies=COMPANIES, house=HOUSE, ticks=STEPS)
    trader = env.unwrapped
    assert isinstance(trader, TraderEnv)
    env.reset(seed=number)
    env.action_space.seed(number)
    actions = [env.action_space.sample() for _ in range(STEPS)]
    with collection_paused():
        stepped = STEPS / seconds(lambda: [env.step(action) for action in actions])
        assert trader.episode is not None
        world = trader.episode.world
        return stepped, STEPS / seconds(lambda: [world.advance([]) for _ in range(STEPS)])
