"""How the terminal writes: cents become dollars here and nowhere before.

static/dashboard/format.js writes alike.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from html import escape
from json import dumps
from math import floor
from typing import Any

from django import template
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from wallstreetsim.terminal.modules import imports_of, later_imports_of
from wallstreetsim.terminal.places import SHORTCUTS
from wallstreetsim.terminal.shared import (
    BAR_CELLS,
    LEAST_CHANGE,
    LEAST_MOOD,
    LINE_HEIGHT,
    LINE_WIDTH,
    TO_SCRIPTS,
    UNITS,
)

register = template.Library()


@register.simple_tag
def shared() -> SafeString:
    """Write what scripts share with the templates, as data attributes of a page's body."""
    return format_html_join(
        " ", 'data-{}="{}"', ((name, dumps(value)) for name, value in TO_SCRIPTS.items())
    )


@register.simple_tag
def module(name: str) -> SafeString:
    """Run a script, and have the browser ask at once for all that it imports; static/frame/later.js
    does so for what it imports later.
    """
    now, later = _preloaded(imports_of(name)), _preloaded(later_imports_of(name))
    waiting = format_html('<template class="later">{}</template>', later) if later else ""
    return format_html('{}<script type="module" src="{}"></script>{}', now, static(name), waiting)


def _preloaded(names: Iterable[str]) -> SafeString:
    links = ((static(name),) for name in names)
    return format_html_join("", '<link rel="modulepreload" href="{}">', links)


@register.simple_tag
def rows(partial: str, texts: Iterable[Mapping[str, object]]) -> SafeString:
    """Write a row for each of these mappings of a partial's names. A page has hundreds: filling one
    in costs a tenth of rendering it.
    """
    form = _row_form(partial)
    return SafeString(
        "".join(
            form.format_map({name: escape(str(text)) for name, text in row.items()})
            for row in texts
        )
    )


@register.simple_tag
def blank_row(partial: str) -> SafeString:
    """Write a row without its texts, which a script copies and fills."""
    return SafeString(_row_form(partial).format_map(defaultdict(str)))


@cache
def _row_form(partial: str) -> str:
    """Return a partial that holds `{{ names }}` and nothing else of Django's, for `str.format`."""
    source = get_template(partial).template.source  # type: ignore[attr-defined]
    assert "{%" not in source, partial
    text = _NAME.sub("\0\\1\0", source).replace("{", "{{").replace("}", "}}")
    return re.sub("\0([a-z_]+)\0", r"{\1}", text)


_NAME = re.compile(r"{{ ([a-z_]+) }}")


@register.inclusion_tag("frame/keys.html")
def keys() -> Mapping[str, object]:
    """Write the command line and the list of shortcuts, which keys open, and their script."""
    return {"shortcuts": SHORTCUTS}


@register.filter
def mood(sentiment: float) -> str:
    """Return good, bad or neutral."""
    if abs(sentiment) < LEAST_MOOD:
        return "neutral"
    return "good" if sentiment > 0 else "bad"


@register.filter
def as_percent(fraction: float) -> str:
    """Write a fraction in percent, with its sign."""
    return signed_percent(100 * fraction)


@register.filter
def share(fraction: float | None) -> str:
    """Write a part of one with two decimals, as the scorecard does."""
    return "–" if fraction is None else f"{fraction:.2f}"


@register.filter
def as_hundredths(fraction: float) -> float:
    """Return a fraction in percent."""
    return 100 * fraction


@register.filter
def price(cents: int | None) -> str:
    """Dollars in a column of prices, whose heading says so."""
    return "–" if cents is None else f"{cents / 100:,.2f}"


@register.filter
def dollars(amount: object) -> str:
    """Write what the API gives, which is in dollars already, if it gives a number."""
    return f"{amount:,.2f}" if isinstance(amount, int | float) else "–"


@register.filter
def signed_dollars(amount: float) -> str:
    """Write a gain or a loss in dollars, with its sign."""
    sign = "-" if amount <= -LEAST_CHANGE else "+"
    return f"{sign}${abs(amount):,.2f}"


@register.filter
def magnitude(number: int) -> int:
    return abs(number)


@register.filter
def order_price(order: Mapping[str, Any]) -> str:
    """Write at what price an order trades: its limit, and the stop that it waits for."""
    limit, stop = order["price"], order["stopPrice"]
    shown = "market" if limit is None else dollars(limit)
    return shown if stop is None else f"{shown} from {dollars(stop)}"


@register.filter
def whole_dollars(cents: int) -> str:
    """Write every dollar, up to a billion of them: more has no room."""
    if abs(cents) >= 100 * 10**9:
        return compact_dollars(cents)
    return f"{_sign(cents)}${abs(cents) // 100:,}"


@register.filter
def crime_words(crime: str | None) -> str:
    """Write what a crime is called: wash_trading is "wash trading"."""
    return (crime or "").replace("_", " ")


@register.filter
def compact_dollars(cents: int) -> str:
    return f"{_sign(cents)}${compact(abs(cents) / 100)}"


@register.filter
def compact(number: float) -> str:
    """Write a large number with two decimals and its unit's letter, a small one whole."""
    if _rounded(number) < 1000:
        return f"{_rounded(number)}"
    for size, letter in UNITS:
        hundredths = _rounded(100 * number / size)
        written = f"{hundredths / 100:,.2f}{letter}"
        if hundredths < 100_000:
            break
    return written


@register.filter
def grouped(number: int) -> str:
    return f"{number:,}"


@register.filter
def signed(number: int) -> str:
    return f"{number:+,}"


@register.filter
def points(hundredths: int) -> str:
    return f"{hundredths / 100:,.2f}"


@register.filter
def signed_percent(value: float) -> str:
    sign = "-" if value <= -LEAST_CHANGE else "+"  # and never -0.00%
    return f"{sign}{_rounded(100 * abs(value)) / 100:,.2f}%"


@register.filter
def bps_percent(bps: int) -> str:
    return f"{bps / 100:.2f}%"


@register.filter
def clock(seconds: int) -> str:
    """Write a span of time as minutes and seconds, with hours when there are any."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


@register.filter
def direction(number: float) -> str:
    """Say whether a change is for the better; one that is written as zero is none."""
    return "up" if number >= LEAST_CHANGE else "down" if number <= -LEAST_CHANGE else "flat"


@register.filter
def arrow(number: float) -> str:
    return "▲" if number > 0 else "▼" if number < 0 else "·"


@register.filter
def short_role(role: str) -> str:
    """Shorten a role to what a column has room for: hedge_fund_manager, fund manager."""
    first, *rest = role.split("_")
    return " ".join(rest or [first])


@register.filter
def words(name: str) -> str:
    """Write a name of the wire as words: limit_band, limit band; takerBps, taker bps."""
    return _HUMP.sub(lambda found: f" {found[0].lower()}", name.replace("_", " "))


_HUMP = re.compile(r"(?<=[a-z0-9])[A-Z]")


@register.filter
def joined(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))


@register.filter
def line_points(values: Sequence[int]) -> str:
    """Place values, oldest first, in a line's drawing space, the lowest at its foot."""
    return points_between(values, min(values), max(values))


def points_between(values: Sequence[float], lowest: float, highest: float) -> str:
    """Place values, oldest first, in a line's drawing space between these bounds."""
    places = _places(len(values))
    span = highest - lowest
    if not span:
        return " ".join([f"{place},{LINE_HEIGHT / 2:.1f}" for place in places])
    foot, room = LINE_HEIGHT - 1, LINE_HEIGHT - 2
    return " ".join(
        [
            f"{place},{foot - room * (value - lowest) / span:.1f}"
            for place, value in zip(places, values, strict=True)
        ]
    )


@lru_cache
def _places(count: int) -> Sequence[str]:
    """Return how far from the left so many points of a line lie."""
    step = LINE_WIDTH / max(1, count - 1)
    return [f"{index * step:.1f}" for index in range(count)]


@register.simple_tag
def day_bar(tick_in_day: int, open_ticks: int, day_ticks: int) -> str:
    """Draw the day in cells of text: what is over, what is left of the session, the night."""
    over = BAR_CELLS * tick_in_day // day_ticks
    session = BAR_CELLS * open_ticks // day_ticks
    return "█" * over + "░" * (session - over) + "·" * (BAR_CELLS - max(over, session))


@register.simple_block_tag
def looped(content: SafeString) -> SafeString:
    """Write a tape's list twice, so that it can go round: the second time for eyes and pointers."""
    copy = SafeString(content.replace("<a ", '<a tabindex="-1" '))
    return format_html('<ul>{}</ul>\n<ul aria-hidden="true">{}</ul>', content, copy)


@register.simple_block_tag
def panel(content: SafeString, title: str, name: str) -> SafeString:
    """Frame a panel: a titled region of the page, by whose name its script finds it."""
    return format_html(
        '<section class="panel" id="{0}" aria-labelledby="{0}-title">'
        '<h2><span class="corner" aria-hidden="true">┌─</span><span class="title">'
        '<span aria-hidden="true">[ </span><span id="{0}-title">{1}</span>'
        '<span aria-hidden="true"> ]</span></span></h2>{2}</section>',
        name,
        title,
        content,
    )


def _rounded(number: float) -> int:
    """Round halves up, by the same steps here and in format.js."""
    return floor(number + 0.5)


def _sign(number: int) -> str:
    return "-" if number < 0 else ""
