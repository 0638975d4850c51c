"""A scenario as a value: a market, those who trade in it, and what they do when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from market.engine.listings import Listing
from market.engine.rules import Switches
from market.engine.values import Cents, Shares, Tick
from wallstreetsim.machine.rules import RULES, Rules

Action: TypeAlias = Mapping[str, Any]  # type and parameters as on the wire, numbers int or Decimal

DEFAULTS = Switches(never_closes=True, events=True)


@dataclass(frozen=True, slots=True)
class Trader:
    """An agent as the script sends it in. Cash and leverage are its role's unless given; a CEO's
    company is drawn unless given.
    """

    name: str
    role: str = "quant"
    cash: Cents | None = None
    leverage: int | None = None
    holdings: Mapping[str, Shares] = field(default_factory=dict)  # by symbol, from the public
    company: str | None = None  # of which a CEO is in office


@dataclass(frozen=True, slots=True)
class Injection:
    """An operator's input: what the script lets happen to the market."""

    type: str
    parameters: Mapping[str, Any]  # as the machine wants them


@dataclass(frozen=True, slots=True)
class Step:
    """What happens just before one tick: something to the market, then what one agent submits."""

    tick: Tick
    agent: str = ""
    actions: tuple[Action, ...] = ()
    injection: Injection | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One experiment. `companies` are listings, or how many to generate.

    Steps of the same tick keep their order.
    """

    ticks: Tick
    seed: str = "0"
    companies: int | tuple[Listing, ...] = 10
    switches: Switches = DEFAULTS
    agents: tuple[Trader, ...] = ()
    steps: tuple[Step, ...] = ()
    rules: Rules = RULES
