"""The research desk on the wire: what a request may ask, and the shapes of the answers."""

from __future__ import annotations

from typing import TypedDict

from rest_framework import serializers

from market.api.serializers import SYMBOL, CompanyFilter
from market.common.fields import Body, Choice, Pattern, Text
from market.common.lists import PageQuery
from news.research.checkers import checkers
from news.research.events import BUY, SELL
from news.research.rules import RESEARCH_RULES
from news.research.signal_rules import TIERS
from news.research.wire import CLOSED, OPEN

LONGEST_QUESTION = 280
CHECKERS = checkers(RESEARCH_RULES)


class OfCompany(PageQuery):
    symbol = CompanyFilter(required=False)


class AlertsQuery(OfCompany):
    kind = Choice([kind for checker in CHECKERS for kind in checker.kinds], required=False)
    source = Choice(  # type: ignore[assignment]  # which a field has, too
        [checker.name for checker in CHECKERS], required=False, help_text="The checker."
    )


class SignalsQuery(OfCompany):
    kind = Choice([type.kind for type in RESEARCH_RULES.signals.types], required=False)
    tier = Choice(TIERS, required=False)
    action = Choice((BUY, SELL), required=False)
    status = Choice((OPEN, CLOSED), required=False)


class InsightsQuery(OfCompany):
    pass


class AnalyzeBody(Body):
    symbol = Pattern(SYMBOL, required=False, help_text="Of a company; without one, of all.")

    def validate_symbol(self, value: str) -> str:
        return value.upper()


class AskBody(Body):
    question = Text(max_length=LONGEST_QUESTION)

    def validate_question(self, value: str) -> str:
        if not any(character.isalnum() for character in value) or "\0" in value:
            raise serializers.ValidationError("Must say something.")
        return value


class Field(TypedDict):
    name: str
    value: str


class Alert(TypedDict):
    """What a checker saw. `weight` says how large it is beside others; `side` the way it leans."""

    id: str
    tick: int
    kind: str
    source: str
    symbol: str | None
    side: str | None
    title: str
    description: str
    colour: int
    fields: list[Field]
    weight: float


class Signal(TypedDict):
    """A trade that the desk would make, and what became of it. `confidence` is a score of evidence,
    no probability; `size` is in shares, for a stated account; `chancePercent` is what chance gives.
    """

    id: str
    tick: int
    symbol: str
    action: str
    entry: float
    target: float
    stop: float
    confidence: int
    tier: str
    kind: str
    rationale: str
    factors: list[str]
    warnings: list[str]
    riskReward: float
    size: int
    account: float
    expires: int
    status: str
    outcome: str | None
    closedTick: int | None
    entryPaid: float | None
    exitPaid: float | None
    returnPercent: float | None
    chancePercent: float | None


class Record(TypedDict):
    """The record of one type of signal; `hitRate` and `chance` are fractions of those that reached
    their target or their stop, `intervalBps` holds the mean return with 95 %.
    """

    type: str
    n: int
    unfilled: int
    hitRate: float | None
    chance: float | None
    meanReturnBps: float | None
    intervalBps: list[float] | None
    evidence: str


class Performance(TypedDict):
    tick: int
    types: list[Record]


class Squeeze(TypedDict):
    """A company's squeeze score, 0 to 100, and its parts. Short interest is that of the last close
    but one, of the shares issued.
    """

    symbol: str
    name: str
    sector: str
    tick: int
    score: int
    parts: dict[str, float]
    shortInterestPercent: float | None
    price: float
    dayChangePercent: float
    volumeMultiple: float


class Level(TypedDict):
    price: float
    distancePercent: float
    stage: str | None


class Levels(TypedDict):
    """Prices at which much has traded, the lowest first."""

    symbol: str
    tick: int
    price: float
    levels: list[Level]


class Said(TypedDict):
    """What an analyst says; every number of it is in `dataSummary`."""

    id: str
    tick: int
    analyst: str
    symbol: str | None
    insight: str
    confidence: int
    actionable: list[str]
    warnings: list[str]
    dataSummary: dict[str, float | str | None]


class Insight(Said):
    """What an analyst has said by itself; `prose` is what a language model made of it, later, where
    one is set up.
    """

    prose: str | None


class Analysis(Said):
    timestamp: str


class AnalystHealth(TypedDict):
    analyst: str
    status: str
    hint: str | None
    lastInsightTick: int | None
    insights: int


class CheckerHealth(TypedDict):
    checker: str
    everyTicks: int
    lastRunTick: int | None
    lastFaultTick: int | None
    faults: int
    alertsToday: int


class PartHealth(TypedDict):
    """A part of the desk beside its checkers; what fails is left out of that tick."""

    part: str
    lastFaultTick: int | None
    faults: int


class Health(TypedDict):
    """How the desk is: at work since `startedAt`, and `behindTicks` behind the exchange."""

    startedAt: str | None
    tick: int
    behindTicks: int
    analysts: list[AnalystHealth]
    checkers: list[CheckerHealth]
    parts: list[PartHealth]


class Narrative(TypedDict):
    """All that the analysts see, in one paragraph; `stances` are of sectors and of the index.
    `prose` is what a language model made of the text, where one is set up, later.
    """

    id: str
    tick: int
    text: str
    prose: str | None
    stances: dict[str, str]
    confidence: int
    watch: list[str]
    sources: list[str]


class CurrentNarrative(Narrative):
    stale: bool


class Memory(TypedDict):
    narratives: list[Narrative]


class Answer(TypedDict):
    """What the desk knows of a question; `sources` are the ids of what says so."""

    question: str
    answer: str
    found: bool
    sources: list[str]
    tick: int
