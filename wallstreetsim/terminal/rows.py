"""The rows of which the terminal has hundreds, each as the texts that its partial has room for.

static/dashboard/*.js write the same texts into the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote as as_path

from news.models import Article
from wallstreetsim.terminal import dashboard
from wallstreetsim.terminal.dashboard import Dashboard, FeedLine, Quote, Standing
from wallstreetsim.terminal.template_tags import (
    compact,
    direction,
    joined,
    line_points,
    mood,
    price,
    short_role,
    signed_percent,
    whole_dollars,
)

Texts = Mapping[str, object]

HIDDEN = " hidden"  # an attribute


def of(board: Dashboard) -> Mapping[str, Sequence[Texts]]:
    """Return the rows of the panels that have many, in order, by the panel's list."""
    quotes = [_quote(quote) for quote in board.quotes]
    return {
        "quotes": quotes,
        "ticker": quotes[: len(board.ticker)],
        "feed": [_feed_line(line) for line in board.feed],
        "articles": [_article(article) for article in board.articles],
        "standings": [_standing(standing) for standing in board.standings],
    }


def _quote(quote: Quote) -> Texts:
    change, state = quote.day_change_percent, quote.state
    bands = f"{price(quote.low_band)}–{price(quote.high_band)}" if quote.high_band else ""
    return {
        "symbol": quote.symbol,
        "name": quote.name,
        "sector": quote.sector,
        "direction": direction(change),
        "state": state,
        "note": quote.note if state else "",
        "note_on_price": bands and f"Bands {bands}",
        "last_direction": direction(quote.change),
        "price": price(quote.price),
        "change": signed_percent(change),
        "bid": price(quote.bid),
        "ask": price(quote.ask),
        "bands": bands,
        "volume": compact(quote.volume),
        "closes": joined(quote.closes),
        "points": line_points(quote.closes),
    }


def _feed_line(line: FeedLine) -> Texts:
    return {
        **line._asdict(),
        "unless_written": "" if line.headline else HIDDEN,
        "if_written": HIDDEN if line.headline else "",
    }


def _article(article: Article) -> Texts:
    return {
        "mood": mood(article.sentiment),
        "category": article.category,
        "tick": article.tick,
        "address": dashboard.address_of(article),
        "headline": article.headline,
    }


def _standing(standing: Standing) -> Texts:
    return {
        "direction": direction(standing.change_percent),
        "house": " data-house" if standing.is_house else "",
        "rank": standing.rank,
        "address": f"/agents/{as_path(standing.name, safe='')}",
        "name": standing.name,
        "role": short_role(standing.role),
        "curve": joined(standing.curve),
        "points": line_points(standing.curve),
        "net_worth": whole_dollars(standing.net_worth),
        "change": signed_percent(standing.change_percent),
    }
