"""The channels of the feed: their names, and who may subscribe to which."""

from __future__ import annotations

from collections.abc import Collection

from agents.engine.names import ANALYSTS

TICK = "tick"
MARKET_ALL = "market:all"
TRADES = "trades"
PUBLIC = (TICK, MARKET_ALL, TRADES, "leaderboard", "news", "events", "sec")
PUBLIC_STREAM = "public"
RESEARCH_STREAM = "research"
# The research desk's, which stand on its stream.
RESEARCH, SIGNALS, NARRATIVE = "research", "signals", "narrative"
LONGEST_NAME = 50


def of_symbol(symbol: str) -> str:
    return f"market:{symbol}"


def of_book(symbol: str) -> str:
    return f"book:{symbol}"


def of_agent(public_id: str) -> str:
    return f"agent:{public_id}"


def of_analyst(name: str) -> str:
    return f"analyst:{name}"


def is_research(channel: str) -> bool:
    """Say whether a channel stands on the stream of the research desk."""
    return channel in (RESEARCH, SIGNALS, NARRATIVE) or channel.startswith("analyst:")


def symbol_of(channel: str) -> str | None:
    """Return the symbol of a company's market channel, None for any other."""
    kind, _, name = channel.partition(":")
    return name if kind == "market" and channel != MARKET_ALL else None


def book_of(channel: str) -> str | None:
    """Return the symbol of a book's channel, None for any other."""
    kind, _, name = channel.partition(":")
    return name if kind == "book" else None


def refusal(channel: str, *, symbols: Collection[str], agent: str | None) -> str | None:
    """Say why a client, of this agent if of any, may not listen to a channel; None if it may."""
    if channel in PUBLIC:
        return None
    if len(channel) > LONGEST_NAME:
        return "The channel's name is too long."
    if channel in (RESEARCH, SIGNALS, NARRATIVE):
        return None
    kind, _, name = channel.partition(":")
    if kind in ("market", "book"):
        return None if name in symbols else "There is no such company."
    if kind == "analyst":
        return None if name in ANALYSTS else "There is no such analyst."
    if kind == "agent":
        return _refusal_of_agent(name, agent)
    return "There is no such channel."


def _refusal_of_agent(name: str, agent: str | None) -> str | None:
    if agent is None:
        return "Authenticate first: an agent's channel is for that agent alone."
    mine = of_agent(agent)
    return (
        None if name == agent else f"An agent's channel is for that agent alone; yours is {mine}."
    )
