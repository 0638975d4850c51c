"""The toy's engine: agents greet each other, a greeting moves a price, and all are counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from market.engine import engine
from market.engine.action import Action, Actor, Family, OperatorAct, Verdict
from market.engine.engine import Plain, PriceImpact, Step, Surroundings
from market.engine.parameters import Form, Parameter, ParameterKind, Parameters
from market.engine.refusals import Code, Refused


class Greeting(NamedTuple):
    account: int
    symbol: str


class ToyReport(NamedTuple):
    greetings: list[Greeting]
    counts: dict[int, int]


class ToyEngine:
    name = "tests.toy"

    def __init__(self, surroundings: Surroundings) -> None:
        self.facts = surroundings.facts
        self.counts: dict[int, int] = {}
        self.greetings: list[Greeting] = []
        self.steps_run: list[str] = []

    def actions(self) -> tuple[Action, ...]:
        symbol = Parameter(
            "symbol", "symbol", ParameterKind.SYMBOL, required=True, minimum=1, maximum=12
        )
        return (
            Action(
                "GREET", "Greet.", self.name, Family.SOCIAL, Form(symbol), greet, check=check_greet
            ),
        )

    def operator_acts(self) -> tuple[OperatorAct, ...]:
        return ()

    def steps(self) -> Mapping[str, Step]:
        return {engine.IMPACTS: self.move, engine.NEWS: self.note}

    def move(self) -> None:
        self.steps_run.append("move")
        for greeting in self.greetings:
            self.facts.add(PriceImpact(greeting.symbol, 0.01, "a greeting"))

    def note(self) -> None:
        self.steps_run.append("note")

    def found(self) -> None:
        self.counts = {}

    def begin_tick(self, tick: int) -> None:
        self.greetings = []

    def report(self) -> ToyReport:
        return ToyReport(list(self.greetings), dict(self.counts))

    def standing(self) -> ToyReport:
        return self.report()

    def concerned(self) -> Iterable[int]:
        return [greeting.account for greeting in self.greetings]

    def digest_part(self) -> bytes:
        return repr(self.greetings).encode()

    def check(self, *, full: bool) -> None:
        assert all(self.counts.values())

    def dump(self) -> Plain:
        return [[account, count] for account, count in self.counts.items()]

    def load(self, state: Plain) -> None:
        self.counts = dict(state)


def check_greet(toy: ToyEngine, actor: Actor, parameters: Parameters) -> None:
    if toy.counts.get(actor.account, 0) >= 2:
        raise Refused(Code.CONFLICT, "Two greetings are enough.")


def greet(toy: ToyEngine, actor: Actor, parameters: Parameters, id: str) -> Verdict:
    check_greet(toy, actor, parameters)
    toy.counts[actor.account] = toy.counts.get(actor.account, 0) + 1
    toy.greetings.append(Greeting(actor.account, parameters["symbol"]))
    return Verdict(True, data={"greetings": toy.counts[actor.account]})
