"""One agent that trades, as a gymnasium environment."""

from __future__ import annotations

from typing import Any

import gymnasium

from wallstreetsim.lab.gym.episode import (
    Action,
    Episode,
    Observation,
    action_space,
    observation_space,
)
from wallstreetsim.lab.gym.settings import EnvSettings

NAME = "trader"
LARGEST_SEED = 2**31


class TraderEnv(gymnasium.Env[Observation, Any]):
    """A step is a tick, in which the agent does one thing. See `settings.EnvSettings`.

    An action is a place in each part of the action space, or an action as the contract has it.
    """

    metadata = {"render_modes": []}

    def __init__(self, render_mode: None = None, **settings: Any) -> None:
        self.settings = EnvSettings(**settings)
        space: Any = observation_space(self.settings)
        self.observation_space = space
        self.action_space = action_space(self.settings)
        self.render_mode = render_mode
        self.episode: Episode | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Found another world, of this seed, or one drawn."""
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(LARGEST_SEED))
        self.episode = Episode(self.settings, str(drawn), [NAME])
        return self.episode.observe(NAME), self.episode.info(NAME)

    def step(self, action: Action) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Run a tick. It terminates when the agent is bankrupt or has fled, and is truncated after
        the last tick.
        """
        assert self.episode is not None, "reset it first"
        rewards = self.episode.step({NAME: action})
        return (
            self.episode.observe(NAME),
            rewards[NAME],
            self.episode.has_ended(NAME),
            self.episode.is_over,
            self.episode.info(NAME),
        )
