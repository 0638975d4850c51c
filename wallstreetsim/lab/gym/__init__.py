"""The machine as an environment for learning: `gymnasium.make("wallstreetsim/Trader-v0")` for one
agent, `parallel.TradersEnv` for several. Needs the group `lab` (gymnasium, pettingzoo).
"""

from gymnasium.envs.registration import register, registry

TRADER = "wallstreetsim/Trader-v0"

if TRADER not in registry:
    register(id=TRADER, entry_point="wallstreetsim.lab.gym.trader:TraderEnv")
