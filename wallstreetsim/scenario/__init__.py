"""Scenarios: experiments as files, run on the machine in memory, without a database or a clock."""

from wallstreetsim.scenario.file import read
from wallstreetsim.scenario.result import Result
from wallstreetsim.scenario.runner import run
from wallstreetsim.scenario.script import Injection, Scenario, Step, Trader
from wallstreetsim.scenario.yaml_text import BadScenario

__all__ = ["BadScenario", "Injection", "Result", "Scenario", "Step", "Trader", "read", "run"]
