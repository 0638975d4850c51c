"""What the research desk says: values, each with its tick, and as the wire shows it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, TypeAlias
from uuid import NAMESPACE_OID, uuid5

from market.engine.values import Bps, Cents, Shares, Tick

Item: TypeAlias = dict[str, Any]

BUY, SELL = "BUY", "SELL"

# The types of the stream `research`, as the tape and the wire name them.
ALERT, SIGNAL, CLOSED = "research:alert", "research:signal", "research:closed"
INSIGHT, NARRATIVE = "research:insight", "research:narrative"


def named(*parts: object) -> str:
    """Return the id of what these parts identify: the same whenever the tape is read."""
    return str(uuid5(NAMESPACE_OID, " ".join(map(str, parts))))


class Alert(NamedTuple):
    """What a checker has seen. `fields` are (name, value) pairs as they are shown; `weight` says
    how large it is beside others of its tick; `side` is the way it leans, if any.
    """

    tick: Tick
    kind: str
    source: str  # the checker
    symbol: str | None
    title: str
    description: str
    colour: int  # 0xRRGGBB
    fields: tuple[tuple[str, str], ...]
    weight: float
    side: str | None = None

    @property
    def type(self) -> str:
        return ALERT

    @property
    def id(self) -> str:
        return named("alert", self.tick, self.kind, self.source, self.symbol, self.title)

    def as_item(self) -> Item:
        return {
            "id": self.id,
            "tick": self.tick,
            "kind": self.kind,
            "source": self.source,
            "symbol": self.symbol,
            "side": self.side,
            "title": self.title,
            "description": self.description,
            "colour": self.colour,
            "fields": [{"name": name, "value": value} for name, value in self.fields],
            "weight": round(self.weight, 2),
        }


class Signal(NamedTuple):
    """A trade that the desk would make. Prices are cents; `account` is the stated account that
    `size` (shares) is for; `confidence` is a score of evidence from 0 to 100, no probability.
    """

    tick: Tick
    id: str
    symbol: str
    action: str  # BUY or SELL
    entry: Cents
    target: Cents
    stop: Cents
    confidence: int
    tier: str
    kind: str
    rationale: str
    factors: tuple[str, ...]
    warnings: tuple[str, ...]
    risk_reward: float
    size: Shares
    account: Cents
    expires: Tick

    @property
    def type(self) -> str:
        return SIGNAL

    def as_item(self) -> Item:
        return {
            "id": self.id,
            "tick": self.tick,
            "symbol": self.symbol,
            "action": self.action,
            "entry": self.entry / 100,
            "target": self.target / 100,
            "stop": self.stop / 100,
            "confidence": self.confidence,
            "tier": self.tier,
            "kind": self.kind,
            "rationale": self.rationale,
            "factors": list(self.factors),
            "warnings": list(self.warnings),
            "riskReward": self.risk_reward,
            "size": self.size,
            "account": self.account / 100,
            "expires": self.expires,
        }


class SignalClosed(NamedTuple):
    """What became of a signal: TARGET, STOP, EXPIRED or UNFILLED. `entry` and `exit` are cents in
    the shares of the closing tick, None where it never entered.
    """

    tick: Tick
    id: str
    kind: str
    symbol: str
    outcome: str
    entry: Cents | None
    exit: Cents | None
    return_bps: Bps
    chance_bps: Bps

    @property
    def type(self) -> str:
        return CLOSED

    def as_item(self) -> Item:
        return {
            "id": self.id,
            "tick": self.tick,
            "kind": self.kind,
            "symbol": self.symbol,
            "outcome": self.outcome,
            "entry": None if self.entry is None else self.entry / 100,
            "exit": None if self.exit is None else self.exit / 100,
            "returnPercent": self.return_bps / 100,
            "chancePercent": self.chance_bps / 100,
        }


class Insight(NamedTuple):
    """What an analyst says; `summary` holds the facts, in the units that are shown."""

    tick: Tick
    analyst: str
    text: str
    confidence: int
    actionable: tuple[str, ...]
    warnings: tuple[str, ...]
    summary: dict[str, Any]
    symbol: str | None = None

    @property
    def type(self) -> str:
        return INSIGHT

    @property
    def id(self) -> str:
        return named("insight", self.tick, self.analyst, self.symbol)

    def as_item(self) -> Item:
        return {
            "id": self.id,
            "tick": self.tick,
            "analyst": self.analyst,
            "symbol": self.symbol,
            "text": self.text,
            "confidence": self.confidence,
            "actionable": list(self.actionable),
            "warnings": list(self.warnings),
            "summary": self.summary,
        }


class Narrative(NamedTuple):
    """All of it in one paragraph. `stances` are by sector and for the index."""

    tick: Tick
    text: str
    stances: dict[str, str]
    confidence: int
    watch: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def type(self) -> str:
        return NARRATIVE

    @property
    def id(self) -> str:
        return named("narrative", self.tick)

    def as_item(self) -> Item:
        return {
            "id": self.id,
            "tick": self.tick,
            "text": self.text,
            "stances": self.stances,
            "confidence": self.confidence,
            "watch": list(self.watch),
            "sources": list(self.sources),
        }


ResearchEvent: TypeAlias = Alert | Signal | SignalClosed | Insight | Narrative


LONGEST_NAMES = {"title": 200, "kind": 24, "source": 16, "symbol": 12, "analyst": 12}  # characters


def check(event: ResearchEvent) -> None:
    """Raise ValueError or TypeError if an event cannot be recorded, or not be told."""
    for name, longest in LONGEST_NAMES.items():
        value = getattr(event, name, None)
        if value is not None and len(value) > longest:
            raise ValueError(f"the {name} of an event has {len(value)} characters")
    if "\\u0000" in json.dumps(event.as_item(), allow_nan=False):
        raise ValueError("an event holds a zero character")
