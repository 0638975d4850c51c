"""The views of the research desk that a socket may be opened on, and what each of them shows."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from agents.engine.names import ANALYSTS
from market.wire import Wire
from news.research import analysts
from wallstreetsim.feed import channels
from wallstreetsim.feed.research_frames import is_on

Item: TypeAlias = tuple[str, Wire]  # its type on the stream `research`, and what the wire shows


class Kind(StrEnum):
    UNIFIED = "unified"
    MARKET = "market"
    SIGNALS = "signals"
    AGENTS = "agents"
    NARRATIVE = "narrative"


class View(NamedTuple):
    """One view; `name` is the company's symbol or the analyst, of those that have one."""

    kind: Kind
    name: str = ""

    @property
    def channel(self) -> str:
        """Its name on the wire."""
        if self.kind is Kind.MARKET:
            return f"market_{self.name}"
        return f"agent_{self.name}" if self.kind is Kind.AGENTS else self.kind.value

    @property
    def symbol(self) -> str | None:
        """The company whose prices it shows, if any."""
        return self.name if self.kind is Kind.MARKET else None

    def shows(self, item: Item) -> bool:
        """Say whether an item of the research desk belongs here."""
        type, content = item
        if self.kind is Kind.UNIFIED:
            return True
        if self.kind is Kind.MARKET:
            return content.get("symbol") == self.name
        return is_on(self._contract_channel, type, content)

    @property
    def _contract_channel(self) -> str:
        """The channel of /ws that shows the same."""
        if self.kind is Kind.AGENTS:
            return channels.of_analyst(self.name)
        return channels.SIGNALS if self.kind is Kind.SIGNALS else channels.NARRATIVE


class Unknown(Exception):
    """There is no such company or analyst; the message says which there are."""


def view_of(kind: Kind, name: str, *, symbols: Collection[str]) -> View:
    """Return the view of a path, whose name may be in any case of letters. Raises Unknown."""
    if kind is Kind.MARKET:
        if name.upper() not in symbols:
            raise Unknown("There is no such company: GET /market/stocks lists them.")
        return View(kind, name.upper())
    if kind is Kind.AGENTS:
        analyst = analysts.named(name)
        if analyst is None:
            raise Unknown(f"There is no such analyst. There are: {', '.join(ANALYSTS)}.")
        return View(kind, analyst)
    return View(kind)


def agent_of(analyst: str) -> str:
    """Return what the terminal calls an analyst: MarketAgent."""
    return f"{_TITLES.get(analyst, analyst.capitalize())}Agent"


_TITLES = {"darkpool": "DarkPool"}
