"""An action: what an agent may ask for, as one row of a table that all engines fill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from market.engine.parameters import Form, Malformed, Parameters
from market.engine.refusals import Code, Refused
from market.engine.values import Tick

NO_DATA: Mapping[str, Any] = {}
OK = Code.OK.value


class Family(StrEnum):
    TRADING = "trading"
    SOCIAL = "social"
    CORRUPTION = "corruption"
    LEGAL = "legal"


class Verdict(NamedTuple):
    """What became of an action, when the tick performed it.

    `data` is shown on the wire as it is.
    """

    success: bool
    code: str = OK
    message: str = ""
    data: Mapping[str, Any] = NO_DATA


class Actor(NamedTuple):
    """Who asks: an agent as it stands before the action."""

    account: int
    role: str
    status: str
    reputation: int  # millionths of a point
    tick: Tick  # in which the action is performed, or will be
    ordinal: int  # of the action among the account's in this tick, from 0: names its draws
    is_house: bool = False


# `perform` takes the engine whose action it is; `check` takes that engine too, or, in a web
# process, what its app knows of it from the rows: a value with the same reading methods.
Perform: TypeAlias = Callable[[Any, Actor, Parameters, str], Verdict]
Check: TypeAlias = Callable[[Any, Actor, Parameters], None]

# What of an agent's own an action may change for the better, and what another is judged by.
ALLIANCES, BLOCKS, MONEY, REPUTATION = "alliances", "blocks", "money", "reputation"
NOTHING: frozenset[str] = frozenset()

ACTIVE = frozenset({"active"})
NOT_IN_PRISON = frozenset({"active", "suspended"})
ANY_LIVING = frozenset({"active", "suspended", "imprisoned"})


def _nothing(engine: Any, actor: Actor, parameters: Parameters) -> None:
    """Refuse nothing."""


def _any_form(parameters: Parameters) -> None:
    """Accept every combination of parameters."""


@dataclass(frozen=True, slots=True)
class Action:
    """A type of action.

    `check` neither draws nor changes; raises Refused. `perform` is the tick's, after `check`: it
    changes everything or, raising Refused, nothing; the id is its input's, "" for a house agent's.
    """

    type: str
    summary: str
    engine: str  # the name of the engine that performs it
    family: Family
    parameters: Form
    perform: Perform
    check: Check = _nothing
    check_form: Callable[[Parameters], None] = _any_form  # raises Malformed
    statuses: frozenset[str] = ACTIVE  # of agents that may use it
    reputation_cost: int = 0  # millionths of a point, for the table that is published
    cooldown_ticks: Tick = 0
    places_order: bool = False
    alters: frozenset[str] = NOTHING  # so that an action after it may do what it could not
    judged_by: frozenset[str] = NOTHING

    def parse(self, given: Mapping[str, object]) -> Parameters:
        """Check what an action of this type carries, its type left out, and return it by name.

        Raises Malformed, or Refused where a number is beyond all bounds.
        """
        parameters, refusal = self.parameters.parse(given)
        self.check_form(parameters)  # first: what has not its form is not refused but malformed
        if refusal is not None:
            raise refusal
        return parameters


class CompanyStanding(NamedTuple):
    """A company, as far as an operator's acts concern it."""

    symbol: str
    sector: str
    reopens_tick: Tick | None  # of a halt
    restricted_through: int  # the last trading day on which shorts are restricted
    has_own_bands: bool


class WorldStanding(NamedTuple):
    """The world, as far as an operator's acts concern it: the machine's own or, on the operator's
    page, that of the rows.
    """

    is_paused: bool
    steps_left: int
    trading_day: int
    companies: Mapping[str, CompanyStanding]


def _makes_sense(world: WorldStanding, given: Parameters) -> None:
    """Refuse nothing."""


@dataclass(frozen=True, slots=True)
class OperatorAct:
    """What an operator may do to the world: a row of a table that the page, scenarios and the
    machine itself check by.

    `parameters` are named as the machine has them, a `reason` beside them. `check` refuses what
    makes no sense as the world stands. `perform` takes (the engine, parameters, id of the input).
    Both raise Refused.
    """

    type: str
    summary: str
    engine: str
    parameters: Form
    perform: Callable[[Any, Parameters, str], Verdict]
    check: Callable[[WorldStanding, Parameters], None] = _makes_sense

    def parse(self, given: Mapping[str, object]) -> Parameters:
        """Return checked parameters. Raises Refused: an operator's act is refused as a whole."""
        try:
            parameters, refusal = self.parameters.parse(given)
        except Malformed as malformed:
            raise Refused(Code.BAD_REQUEST, str(malformed)) from malformed
        if refusal is not None:
            raise refusal
        return parameters
