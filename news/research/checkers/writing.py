"""How checkers write alerts: numbers as they are shown, and the colours of the two sides."""

from __future__ import annotations

from market.engine.values import Cents, Tick
from news.research.companies import CompanyView
from news.research.events import BUY, SELL, Alert

GREEN, RED, AMBER, BLUE = 0x2E9E5B, 0xC0392B, 0xE0A030, 0x3A7BD5
COLOURS = {BUY: GREEN, SELL: RED, None: AMBER}

Fields = tuple[tuple[str, str], ...]


def of_company(
    company: CompanyView,
    tick: Tick,
    kind: str,
    source: str,
    *,
    title: str,
    description: str,
    fields: Fields,
    weight: float,
    side: str | None,
) -> Alert:
    """Return an alert about a company, with its price beside the other fields."""
    return Alert(
        tick=tick,
        kind=kind,
        source=source,
        symbol=company.symbol,
        title=title,
        description=description,
        colour=COLOURS[side],
        fields=(("Price", dollars(company.price)), *fields),
        weight=weight,
        side=side,
    )


def side_of(move: float) -> str:
    return BUY if move > 0 else SELL


def percent(fraction: float) -> str:
    return f"{100 * fraction:+.1f}%"


def dollars(amount: Cents) -> str:
    return f"${amount / 100:,.2f}"


def times(multiple: float) -> str:
    return f"{multiple:.1f}x"


def sigmas(number: float) -> str:
    return f"{abs(number):.1f} sigma"
