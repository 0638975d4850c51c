"""What an engine is: a pure part of the machine, of one app, with the same few methods in each.

The world holds its engines in one ordered tuple, lowest first. In every tick it begins each of
them, runs each step of the day over all that have a method for it, in the tuple's order, and asks
each for its report and its part of the digest. Engines call those below them directly; what must
reach an engine above or beside travels as a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar, cast

from market.engine.action import Action, OperatorAct
from market.engine.random_source import RandomSource
from market.engine.rules import Switches
from market.engine.values import Tick

Plain: TypeAlias = Any  # numbers, strings, lists and dicts: what JSON can hold
Step: TypeAlias = Callable[[], None]

T = TypeVar("T")

# The steps of a tick, in their order. A step of this name is run for every engine that has one.
OPEN = "open"  # the day opens or closes; what is due at this hour
STOPS = "stops"
DECIDE = "decide"  # house agents decide, on what they saw at the end of the last tick
INPUTS = "inputs"  # what is asked from outside is performed, then what the house decided
AUCTIONS = "auctions"
IMPACTS = "impacts"  # the last chance to hand a PriceImpact to the tick's prices
PRICES = "prices"
AFTER_PRICES = "after_prices"  # prices are this tick's; splits have happened
MARGIN = "margin"
SURVEILLANCE = "surveillance"  # the SEC looks and punishes
NEWS = "news"  # the news desk writes of what has happened
CLOSE = "close"  # the tick's last figures; nothing decides anything after it
STEPS = (
    *(OPEN, STOPS, DECIDE, INPUTS, AUCTIONS, IMPACTS, PRICES, AFTER_PRICES),
    *(MARGIN, SURVEILLANCE, NEWS, CLOSE),
)


class InvariantBroken(Exception):
    """What must always be true of the machine is not: the tick may not be committed."""


class PriceImpact(NamedTuple):
    """A fact: what moves a company's price in this tick's price step, beside flow and noise.

    `log_return` is added to the price alone; the fundamental stays, so that it fades.
    """

    symbol: str
    log_return: float
    source: str  # the id of the rumor or article


class Facts:
    """What the engines tell each other in one tick: typed values, in the order they were added."""

    def __init__(self) -> None:
        self._by_type: dict[type, list[Any]] = {}

    def add(self, fact: tuple[Any, ...]) -> None:
        """Add a fact: a named tuple, whose type tells what it is."""
        self._by_type.setdefault(type(fact), []).append(fact)

    def of(self, kind: type[T]) -> list[T]:
        """Return this tick's facts of a type so far, oldest first."""
        return cast("list[T]", self._by_type.get(kind, []))

    def clear(self) -> None:
        self._by_type = {}


class Engine(Protocol):
    """One engine. Its constructor takes a `Surroundings`."""

    @property
    def name(self) -> str:
        """Return the name under which its state, report and digest part are kept: its app's."""

    def actions(self) -> tuple[Action, ...]:
        """Return the actions that agents may send to this engine."""

    def operator_acts(self) -> tuple[OperatorAct, ...]:
        """Return what an operator may have this engine do."""

    def steps(self) -> Mapping[str, Step]:
        """Return its methods by the step of the day in which each is run."""

    def found(self) -> None:
        """Prepare tick 0 of a new world; the companies are listed then."""

    def begin_tick(self, tick: Tick) -> None:
        """Forget what the last tick changed."""

    def report(self) -> Any:
        """Return, as plain values, what the tick changed. Reads only; asked once, at its end."""

    def standing(self) -> Any:
        """Return a report of the same shape as if this tick had changed everything that stands."""

    def concerned(self) -> Iterable[int]:
        """Return the accounts whose own stream the tick's report has something for."""

    def digest_part(self) -> bytes:
        """Return bytes that differ whenever the tick decided something else."""

    def check(self, *, full: bool) -> None:
        """Raise InvariantBroken, naming the account or company; `full`: look at all there is."""

    def dump(self) -> Plain:
        """Return all that it remembers between two ticks."""

    def load(self, state: Plain) -> None:
        """Become what `dump` described; called on a fresh engine, after those below it."""


class Surroundings:
    """What an engine is made with: rules, switches, draws, facts, and the engines below it."""

    def __init__(self, rules: Any, switches: Switches, streams: RandomSource, facts: Facts) -> None:
        self.rules = rules
        self.switches = switches
        self.streams = streams
        self.facts = facts
        self._engines: list[Any] = []

    def engine(self, kind: type[T]) -> T:
        """Return the engine of this class, which must stand below. Raises LookupError."""
        for engine in self._engines:
            if isinstance(engine, kind):
                return engine
        raise LookupError(f"no {kind.__name__} stands below")

    def add(self, engine: Engine) -> None:
        self._engines.append(engine)


EngineFactory: TypeAlias = Callable[[Surroundings], Engine]
