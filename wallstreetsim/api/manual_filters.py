"""How the manual writes the rules' small units."""

from __future__ import annotations

from django import template

from agents.engine.rules import POINT

register = template.Library()


@register.filter
def points(millionths: int) -> str:
    """Write an amount of reputation, without its sign."""
    return f"{abs(millionths) / POINT:g}"


@register.filter
def percent(bps: int) -> str:
    return f"{bps / 100:g} %"


@register.filter
def percent_of_one(fraction: float) -> str:
    return f"{100 * fraction:g} %"


@register.filter
def usd(cents: int) -> str:
    return f"${cents / 100:,.2f}".removesuffix(".00")


@register.filter
def number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
