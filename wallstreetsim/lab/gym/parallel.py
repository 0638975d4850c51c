"""Several agents that trade in one world, as a PettingZoo environment."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from pettingzoo import ParallelEnv

from wallstreetsim.lab.gym.episode import (
    Action,
    Episode,
    Observation,
    action_space,
    observation_space,
)
from wallstreetsim.lab.gym.settings import EnvSettings
from wallstreetsim.lab.gym.trader import LARGEST_SEED

Infos = dict[str, dict[str, Any]]


class TradersEnv(ParallelEnv[str, Observation, Any]):  # type: ignore[misc]  # it has no types
    """All act at the same time, in the order of their names. See `settings.EnvSettings`."""

    metadata = {"name": "wallstreetsim_traders_v0", "render_modes": [], "is_parallelizable": True}

    def __init__(self, traders: int = 2, render_mode: None = None, **settings: Any) -> None:
        if traders < 1:
            raise ValueError("there must be a trader")
        self.settings = EnvSettings(**settings)
        self.render_mode = render_mode
        self.possible_agents = [f"trader_{number}" for number in range(traders)]
        self.agents: list[str] = []
        self.observation_spaces = {
            name: observation_space(self.settings) for name in self.possible_agents
        }
        self.action_spaces = {name: action_space(self.settings) for name in self.possible_agents}
        self._draw = np.random.default_rng()
        self.episode: Episode | None = None

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Observation], Infos]:
        """Found another world, of this seed, or one drawn."""
        if seed is not None:
            self._draw = np.random.default_rng(seed)
        drawn = str(self._draw.integers(LARGEST_SEED))
        self.agents = list(self.possible_agents)
        self.episode = Episode(self.settings, drawn, self.agents)
        return self._observations(), {name: self.episode.info(name) for name in self.agents}

    def step(
        self, actions: dict[str, Action]
    ) -> tuple[dict[str, Observation], dict[str, float], dict[str, bool], dict[str, bool], Infos]:
        """Run a tick. An agent that is bankrupt or has fled leaves; all do after the last tick."""
        episode = self.episode
        assert episode is not None, "reset it first"
        rewards = episode.step({name: actions[name] for name in self.agents})
        observations = self._observations()
        ended = {name: episode.has_ended(name) for name in self.agents}
        cut = dict.fromkeys(self.agents, episode.is_over)
        infos = {name: episode.info(name) for name in self.agents}
        self.agents = [name for name in self.agents if not (ended[name] or cut[name])]
        return observations, rewards, ended, cut, infos

    def _observations(self) -> dict[str, Observation]:
        assert self.episode is not None
        return {name: self.episode.observe(name) for name in self.agents}
