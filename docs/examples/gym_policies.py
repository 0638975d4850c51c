"""Two policies in the learning environment: one acts at random, one makes a market. Plots both.

make lab && .venv/bin/python docs/examples/gym_policies.py --ticks 390 --out policies.png
"""

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import matplotlib
import numpy as np

import wallstreetsim.lab.gym  # noqa: F401  # registers the environment
from wallstreetsim.lab.gym.settings import TYPES

matplotlib.use("Agg")

from matplotlib import pyplot

Policy = Callable[[dict[str, Any], int], Any]

SIZE = 1  # the place of a hundred shares
BID, ASK = 1, 5  # the places of the offsets at the quotes
MOST_SHARES = 300


def at_random(space: gymnasium.Space[Any]) -> Policy:
    return lambda seen, tick: space.sample()


def market_making(seen: dict[str, Any], tick: int) -> Any:
    """Rest a bid and an offer in turn at the quotes, of what it does not hold too much of; every
    fourth tick cancel what has not been taken.
    """
    held = int(seen["positions"][0])
    if tick % 4 == 3:
        return np.array([TYPES.index("CANCEL_ALL"), 0, 0, 0])
    if tick % 2 == 0 and held < MOST_SHARES:
        return np.array([TYPES.index("BUY"), 0, SIZE, BID])
    if held > 0:
        return np.array([TYPES.index("SELL"), 0, SIZE, ASK])
    return np.array([0, 0, 0, 0])


def equity_of(env: gymnasium.Env[Any, Any], policy: Policy, seed: int) -> list[float]:
    """Play an episode and return what was earned, tick by tick."""
    seen, _ = env.reset(seed=seed)
    earned, is_over, tick = [0.0], False, 0
    while not is_over:
        seen, reward, terminated, truncated, _ = env.step(policy(seen, tick))
        earned.append(earned[-1] + float(reward))
        is_over, tick = terminated or truncated, tick + 1
    return earned


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=390)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("policies.png"))
    asked = parser.parse_args()
    env = gymnasium.make("wallstreetsim/Trader-v0", ticks=asked.ticks, house=50, companies=10)
    env.action_space.seed(asked.seed)
    policies = {"random": at_random(env.action_space), "market making": market_making}
    figure, axes = pyplot.subplots(figsize=(9, 4.5))
    for name, policy in policies.items():
        earned = equity_of(env, policy, asked.seed)
        axes.plot(earned, label=name, linewidth=1.0)
        print(f"{name}: {earned[-1]:+,.2f} dollars in {len(earned) - 1} ticks")
    axes.axhline(0, color="grey", linewidth=0.5)
    axes.set(xlabel="tick", ylabel="earned, $", title=f"seed {asked.seed}")
    axes.legend()
    figure.tight_layout()
    figure.savefig(asked.out)


if __name__ == "__main__":
    main()
