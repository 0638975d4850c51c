"""The pages for people: the terminal, and what is shown where there is no page."""

from __future__ import annotations

from functools import lru_cache

import orjson
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache

from wallstreetsim.api import envelope
from wallstreetsim.api.envelope import JSON, for_people_or, only_read, refuse
from wallstreetsim.feed.recovery_cache import Line, Lost, Reader, lines_after
from wallstreetsim.feed.selectors import Position
from wallstreetsim.terminal import dashboard, rows
from wallstreetsim.terminal.frame import html
from wallstreetsim.terminal.guards import heavy
from wallstreetsim.terminal.newest import newest
from wallstreetsim.terminal.places import SECTIONS
from wallstreetsim.terminal.theme import ORIGIN, PLACE, THEMES, for_reader, theme_of
from webhooks.selectors import behind_seconds

REPLAYED = frozenset(
    {"tick", "market:all", "leaderboard", "trades", "events", "news"}
)  # what is shown
STEPS = (-100, -10, -1, 1, 10, 100)  # ticks
SPEEDS = ("0.25", "0.5", "1", "2", "4", "8", "16")
REPLAYED_TICKS = 60  # given at a time
REPLAYED_BYTES = 4_000_000
KEPT_FIRST, KEPT_LAST = "@first-kept@", "@last-kept@"  # until a page is sent


@heavy(cost=2)
@never_cache
@only_read
def terminal(request: HttpRequest) -> HttpResponse:
    last = newest()
    if last is None:
        return html(render_to_string("503.html"), status=503)
    host = request.get_host()
    # Named, because to Safari 'self' does not cover a socket; which of the two, a proxy decides.
    page = for_reader(_terminal_at(last.digest), request, last)
    return html(page, socket=f" ws://{host} wss://{host}")


@lru_cache(maxsize=1)
def _terminal_at(digest: str) -> str:
    """Return the page as of the tick with this digest, or a later one.

    It is the same for everybody, so it is made once a tick.
    """
    board = dashboard.load()
    return render_to_string(
        "dashboard/page.html",
        {
            "board": board,
            "rows": rows.of(board),
            "sections": SECTIONS,
            "current": "HOME",
            "behind": behind_seconds(),
            "theme": PLACE,
            "themes": THEMES,
            "origin": ORIGIN,
        },
    )


@heavy(cost=4)
@never_cache
@only_read
def replay(request: HttpRequest) -> HttpResponse:
    """Show the terminal as a kept tick left it, by default the last."""
    kept = dashboard.kept()
    if kept is None:
        return html(render_to_string("503.html"), status=503)
    asked = request.GET.get("tick", str(kept.last))
    tick = int(asked) if asked.isdecimal() and asked.isascii() and len(asked) < 16 else -1
    page = _replay_at(kept.epoch, tick) if kept.first <= tick <= kept.last else None
    if page is None:
        context = {"kept": kept, "asked": asked}
        return html(render_to_string("replay_gone.html", context), status=404)
    # What moves is written in by hand: the page itself stays as it is.
    page = for_reader(page, request)
    return html(page.replace(KEPT_FIRST, str(kept.first)).replace(KEPT_LAST, str(kept.last)))


@lru_cache(maxsize=32)
def _replay_at(epoch: int, tick: int) -> str | None:
    board = dashboard.load_at(tick)
    if board is None or board.world.epoch != epoch:
        return None
    context = {
        "board": board,
        "rows": rows.of(board),
        "kept": {"first": KEPT_FIRST, "last": KEPT_LAST},
        "steps": STEPS,
        "speeds": SPEEDS,
        "sections": SECTIONS,
        "current": "REPLAY",
        "theme": PLACE,
        "themes": THEMES,
        "origin": ORIGIN,
    }
    return render_to_string("dashboard/replay.html", context)


@heavy(cost=10)
@never_cache
@only_read
def replay_ticks(request: HttpRequest) -> HttpResponse:
    """Give what the next ticks after one told the terminal, as many as fit."""
    kept = dashboard.kept()
    since = request.GET.get("since", "")
    if kept is None or not (since.isdecimal() and since.isascii() and len(since) < 16):
        return refuse(400, "Give since=, the tick before those you want.")
    if int(since) < kept.first - 1:
        return refuse(404, f"The tape keeps ticks {kept.first} to {kept.last}.")
    lines = _replayed(Position(kept.epoch, int(since), None), upto=kept.last)
    items = [orjson.Fragment(line.text) for line in lines if line.text]
    content = orjson.dumps({"first": kept.first, "last": kept.last, "items": items})
    return HttpResponse(content, content_type=JSON)


def _replayed(position: Position, *, upto: int) -> list[Line]:
    """Return the lines of the next ticks after a position, damaged ones passed over."""
    reader = Reader(REPLAYED, None, "")
    while True:
        try:
            return lines_after(
                position,
                reader,
                upto=upto,
                entries=REPLAYED_TICKS,
                size=REPLAYED_BYTES,
                first_is_whole=True,
            )
        except Lost:
            position = position._replace(public=position.public + 1)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return html(
        render_to_string("404.html", {"path": request.path, "theme": theme_of(request)}), status=404
    )


def _forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    return html(render_to_string("403.html", {"theme": theme_of(request)}), status=403)


forged = for_people_or(_forged, envelope.forged)  # a form without its token


def server_error(request: HttpRequest) -> HttpResponse:
    return html(render_to_string("500.html", {"theme": theme_of(request)}), status=500)
