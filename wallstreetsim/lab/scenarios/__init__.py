"""Scenarios: experiments as files, run on the machine in memory, without a database or a clock."""

from wallstreetsim.lab.scenarios.file import read
from wallstreetsim.lab.scenarios.result import Result
from wallstreetsim.lab.scenarios.runner import run
from wallstreetsim.lab.scenarios.script import Injection, Scenario, Step, Trader
from wallstreetsim.lab.scenarios.yaml_text import BadScenario

__all__ = ["BadScenario", "Injection", "Result", "Scenario", "Step", "Trader", "read", "run"]
