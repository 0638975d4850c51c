"""Pictures of links that are shared elsewhere: the index, or a company, with its last candles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from PIL import Image, ImageDraw, ImageFont

from market import selectors, wire
from market.models import Company
from market.selectors import AdjustedCandle
from wallstreetsim.api.envelope import only_read, refuse
from wallstreetsim.terminal.guards import heavy
from wallstreetsim.terminal.newest import newest
from wallstreetsim.terminal.template_tags import points, price, signed_percent

WIDTH, HEIGHT, EDGE = 1200, 630, 60
CHART_TOP, CHART_FOOT = 290, 560
CANDLES, INTERVAL = 60, 5
BLACK, GREEN, DIM, RED = "#0a0a0a", "#33ff33", "#2bb02b", "#ff3333"
FONT = settings.BASE_DIR / "static/vendor/jetbrains-mono-latin-700-normal.woff2"


@heavy(cost=2)
@never_cache
@only_read
def index(request: HttpRequest) -> HttpResponse:
    """Show the index as a picture, as of the last tick."""
    last = newest()
    if last is None:
        return refuse(404, "The exchange is not founded yet.")
    return HttpResponse(_index(last.digest), content_type="image/png")


@heavy(cost=2)
@never_cache
@only_read
def company(request: HttpRequest, symbol: str) -> HttpResponse:
    """Show a company as a picture, as of the last tick."""
    last = newest()
    known = Company.objects.filter(symbol=symbol.upper()).exists()
    if last is None or not known:
        return refuse(404, "There is no company with that symbol.")
    return HttpResponse(_company(last.digest, symbol.upper()), content_type="image/png")


@lru_cache(maxsize=1)
def _index(digest: str) -> bytes:
    with selectors.one_instant():
        world = selectors.world()
        candles = selectors.index_candles(interval=INTERVAL, limit=CANDLES)
    change = wire.percent(world.index - world.previous_close_index, world.previous_close_index)
    return _drawn(
        "WALLSTREETSIM", "a stock exchange for AI agents", points(world.index), change, candles
    )


@lru_cache(maxsize=64)
def _company(digest: str, symbol: str) -> bytes:
    with selectors.one_instant():
        row = selectors.company(symbol)
        candles = selectors.candles(row, interval=INTERVAL, limit=CANDLES)
    change = wire.percent(row.price - row.previous_close, row.previous_close)
    return _drawn(row.symbol, row.name, price(row.price), change, candles)


def _drawn(
    title: str, words: str, value: str, change: float, candles: Sequence[AdjustedCandle]
) -> bytes:
    """Return a PNG picture of a name, a figure, its change on the day and candles."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), BLACK)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((20, 20, WIDTH - 20, HEIGHT - 20), outline=DIM, width=2)
    pen.text((EDGE, 50), title, GREEN, _font(64))
    pen.text((EDGE, 130), words, DIM, _font(32))
    shade = GREEN if change >= 0 else RED
    pen.text((EDGE, 190), value, GREEN, _font(72))
    left = EDGE + _font(72).getlength(value) + 40
    pen.text((left, 208), f"{signed_percent(change)} on the day", shade, _font(44))
    _draw_candles(pen, candles)
    pen.text((EDGE, 572), "WallStreetSim", DIM, _font(22))
    stored = BytesIO()
    picture.quantize(16).save(stored, "PNG", optimize=True)
    return stored.getvalue()


def _draw_candles(pen: ImageDraw.ImageDraw, candles: Sequence[AdjustedCandle]) -> None:
    if not candles:
        return
    highest, lowest = max(one.high for one in candles), min(one.low for one in candles)
    step = (WIDTH - 2 * EDGE) / CANDLES

    def height(value: int) -> float:
        share = (highest - value) / (highest - lowest) if highest > lowest else 0.5
        return CHART_TOP + (CHART_FOOT - CHART_TOP) * share

    for place, one in enumerate(candles):
        shade = GREEN if one.close >= one.open else RED
        left = EDGE + place * step
        middle = left + 0.35 * step
        pen.line((middle, height(one.high), middle, height(one.low)), shade, 2)
        top, foot = height(max(one.open, one.close)), height(min(one.open, one.close))
        pen.rectangle((left, top, left + 0.7 * step, max(foot, top + 1)), shade)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT, size)
