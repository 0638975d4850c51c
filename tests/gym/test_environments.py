"""The environments pass their libraries' own tests, and are the machine and nothing else."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import parallel_api_test, parallel_seed_test

from wallstreetsim.lab.gym import TRADER
from wallstreetsim.lab.gym.episode import Episode
from wallstreetsim.lab.gym.parallel import TradersEnv
from wallstreetsim.lab.gym.settings import TYPES, EnvSettings
from wallstreetsim.machine.published import with_changes
from wallstreetsim.machine.rules import RULES

SMALL: dict[str, Any] = {"companies": 4, "house": 6, "ticks": 20}
BUY, SELL = TYPES.index("BUY"), TYPES.index("SELL")
AT_MARKET = 0  # the place of that offset
NOTHING = (0, 0, 0, 0)


def trader(**settings: Any) -> gymnasium.Env[Any, Any]:
    return gymnasium.make(TRADER, **(SMALL | settings))


def test_one_agents_environment_passes_gymnasiums_test() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of boxes without bounds
        check_env(trader().unwrapped, skip_render_check=True)


def test_several_agents_environment_passes_pettingzoos_tests() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parallel_api_test(TradersEnv(traders=3, **SMALL), num_cycles=30)
        parallel_seed_test(lambda: TradersEnv(traders=2, **SMALL), num_cycles=10)


def test_the_reward_is_the_change_of_equity_after_fees() -> None:
    env = trader(house=0, events=False)
    observation, info = env.reset(seed=1)
    equity = info["equity"]
    assert observation["account"][1] == equity == 50_000_000
    rewards = []
    for action in ((BUY, 0, 2, AT_MARKET), NOTHING, (SELL, 0, 2, AT_MARKET), NOTHING):
        observation, reward, *_, info = env.step(np.array(action))
        rewards.append(float(reward))
    assert sum(rewards) == pytest.approx(info["equity"] - equity)
    assert sum(rewards) < 0  # the spread, and a fee each way
    assert observation["positions"][0] == 0


def test_an_agent_sees_its_account_the_books_and_the_news() -> None:
    env = trader(books=2, levels=3, news=2)
    observation, _ = env.reset(seed=3)
    episode: Episode = env.unwrapped.episode  # type: ignore[attr-defined]
    assert observation["books"].shape == (2, 2, 3, 2)
    company = episode.companies[0]
    assert company.best_bid is not None and company.best_ask is not None
    assert observation["books"][0, :, 0, 0].tolist() == [
        company.best_bid / 100,
        company.best_ask / 100,
    ]
    assert observation["news"].tolist() == [[-1.0, 0.0, 0.0]] * 2
    observation, *_ = env.step(np.array((BUY, 1, 0, AT_MARKET)))
    assert observation["positions"].tolist() == [0, 10]


def test_an_offset_places_an_order_between_the_quotes() -> None:
    env = trader(house=0, events=False, offsets=(None, 0.0))
    env.reset(seed=1)
    episode: Episode = env.unwrapped.episode  # type: ignore[attr-defined]
    order = episode.wire_action("trader", (BUY, 0, 1, 1))
    company = episode.companies[0]
    assert company.best_bid is not None and company.best_ask is not None
    assert order is not None and order["orderType"] == "LIMIT"
    assert company.best_bid <= 100 * order["price"] <= company.best_ask
    assert episode.wire_action("trader", NOTHING) is None


def test_it_ends_with_the_last_tick_or_with_bankruptcy() -> None:
    env = trader(ticks=3)
    env.reset(seed=1)
    ends = [env.step(np.array(NOTHING))[2:4] for _ in range(3)]
    assert ends == [(False, False), (False, False), (False, True)]
    ruin = with_changes(RULES, {"market": {"takerFeeBps": 10_000}})
    env = trader(rules=ruin, ticks=50, role="retail_trader", house=0)
    env.reset(seed=1)
    terminated = False
    for _ in range(40):
        _, _, terminated, _, _ = env.step({"type": "BUY", "symbol": "APEX", "quantity": 100})
        if terminated:
            break
    assert terminated


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="books must lie"):
        EnvSettings(companies=2, books=3)
    with pytest.raises(ValueError, match="must not be empty"):
        EnvSettings(sizes=())
    with pytest.raises(KeyError):
        EnvSettings(role="king")
    with pytest.raises(ValueError, match="must be a trader"):
        TradersEnv(traders=0)
