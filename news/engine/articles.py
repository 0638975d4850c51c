"""An article, and the story that it is written of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from market.engine.orders import Company
from market.engine.values import Cents, Tick
from news.engine import grammar

# The sections, one of which every article is in; BREAKING is a word for those that are.
MARKET, COMPANY, REGULATORY, RUMOR = "market", "company", "regulatory", "rumor"
SECTIONS = (MARKET, COMPANY, REGULATORY, RUMOR)
BREAKING = "breaking"

# The topics under them.
EARNINGS, MERGER, PRODUCT = "earnings", "merger", "product"
ANALYSIS, CRIME = "analysis", "crime"
TOPICS = (EARNINGS, MERGER, PRODUCT, ANALYSIS, CRIME)
CATEGORIES = (BREAKING, *SECTIONS, *TOPICS)

Figure = int | float


class Occasion(NamedTuple):
    """The market event that an article is about; without a number it is about none."""

    number: int = 0
    type: str = ""
    symbol: str | None = None
    sector: str | None = None
    impact: float | None = None  # a fraction
    duration: Tick = 0


NO_OCCASION = Occasion()


class Mention(NamedTuple):
    """An agent that an article names."""

    account: int
    id: str
    name: str


class Article(NamedTuple):
    """An article as it was written. `figures` are the exact numbers behind those in the text."""

    number: int
    id: str
    tick: Tick
    section: str
    topic: str  # "" for none
    kind: str  # of the template
    headline: str
    summary: str
    sentiment: float
    symbols: tuple[str, ...]
    agents: tuple[Mention, ...]
    is_breaking: bool
    occasion: Occasion
    quote: str  # a rumor's words, which are their author's
    rumor: str  # its id
    figures: Mapping[str, Figure]

    @property
    def category(self) -> str:
        return category_of(self.section, self.is_breaking)


@dataclass(slots=True)
class Story:
    """What may become an article: its kind, whom it is about, and the facts that fill a template.

    `values` are the facts as words, `figures` the same as numbers. `is_needed`: it is news however
    much else there is. `waits`: it may come a few ticks later.
    """

    kind: str
    section: str
    key: str  # the subject, which names its draws
    weight: float = 0.0
    topic: str = ""
    sentiment: float = 0.0
    symbols: tuple[str, ...] = ()
    accounts: tuple[int, ...] = ()
    is_needed: bool = False
    is_major: bool = False
    waits: bool = False
    occasion: Occasion = NO_OCCASION
    quote: str = ""
    rumor: str = ""
    values: dict[str, str] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)

    def company(self, company: Company) -> None:
        """Put in a company's names."""
        name = grammar.short_name(company.listing.name, company.symbol)
        self.values["company"] = name
        self.values["company_s"] = grammar.possessive(name)
        self.values["symbol"] = company.symbol
        self.values["sector"] = sector_name(company.listing.sector)

    def words(self, name: str, text: str) -> None:
        self.values[name] = text

    def dollars(self, name: str, cents: Cents) -> None:
        self.values[name] = grammar.dollars(cents)
        self.figures[name] = cents / 100

    def percent(self, name: str, fraction: float) -> None:
        """Put in a size in percent, without its sign, and the same with "a" or "an" before it."""
        self.values[name] = grammar.percent(fraction)
        self.values[f"a_{name}"] = grammar.indefinite(self.values[name])
        self.figures[name] = round(100.0 * fraction, 6)

    def signed(self, name: str, fraction: float) -> None:
        self.values[name] = grammar.signed_percent(fraction)
        self.figures[name] = round(100.0 * fraction, 6)

    def rate(self, name: str, bps: int) -> None:
        self.values[name] = grammar.rate(bps)
        self.figures[name] = bps / 100

    def counted(self, name: str, number: int, noun: str, plural: str = "") -> None:
        self.values[name] = grammar.counted(number, noun, plural)
        self.figures[name] = number

    def number(self, name: str, number: int) -> None:
        self.values[name] = f"{number:,}"
        self.figures[name] = number

    def times(self, name: str, multiple: float) -> None:
        """Put in how many times as much as usual."""
        self.values[name] = f"{multiple:,.1f}"
        self.figures[name] = round(multiple, 6)

    def tick(self, name: str, tick: Tick) -> None:
        self.values[name] = f"tick {tick:,}"
        self.figures[name] = tick

    def points(self, name: str, hundredths: int) -> None:
        """Put in an index in points."""
        self.values[name] = f"{hundredths // 100:,}.{hundredths % 100:02d}"
        self.figures[name] = hundredths / 100

    def dump(self) -> dict[str, object]:
        """Return it as plain data."""
        return {
            "kind": self.kind,
            "section": self.section,
            "key": self.key,
            "weight": self.weight,
            "topic": self.topic,
            "sentiment": self.sentiment,
            "symbols": list(self.symbols),
            "accounts": list(self.accounts),
            "values": dict(self.values),
            "figures": dict(self.figures),
        }

    @classmethod
    def load(cls, plain: dict[str, Any]) -> Story:
        """Return the story of agents that `dump` described, which waits for room."""
        kept = dict(plain)
        kept["symbols"], kept["accounts"] = tuple(kept["symbols"]), tuple(kept["accounts"])
        return cls(**kept, waits=True)


def category_of(section: str, is_breaking: bool) -> str:
    """Return the word for an article: breaking news is that first, wherever it belongs."""
    return BREAKING if is_breaking else section


def tone(change: float, scale: float) -> float:
    """Return a sentiment from -1 to 1 for a change, half of the way at `scale`."""
    return round(change / (abs(change) + scale), 4) if change else 0.0


def sector_name(sector: str) -> str:
    """Return a sector as one says it."""
    return {"RealEstate": "real estate", "Meme": "meme", "Crypto": "crypto"}.get(
        sector, sector.lower()
    )
