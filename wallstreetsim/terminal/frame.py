"""The frame that the pages share: its sections, its header, and how a page is made once a tick."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html
from django.utils.http import quote_etag

from agents.models import Agent
from agents.services import site_state
from market import selectors
from market.models import World
from wallstreetsim.api.unavailable_page import POLICY
from wallstreetsim.terminal import reader
from wallstreetsim.terminal.dashboard import VERSION
from wallstreetsim.terminal.newest import newest
from wallstreetsim.terminal.places import SECTIONS
from wallstreetsim.terminal.theme import ORIGIN, PLACE, THEMES, for_reader, theme_of

LAST_PAGE = 10_000
KEPT_PAGES = 256  # as of the last tick, whatever their parameters


@dataclass(frozen=True, slots=True)
class Frame:
    """What the frame shows of the world."""

    world: World

    @property
    def version(self) -> str:
        return VERSION

    @property
    def tick_seconds(self) -> int:
        return settings.TICK_SECONDS

    @property
    def state(self) -> str:
        """What the market does, in a word."""
        if self.world.is_paused and not self.world.steps_left:
            return "paused"
        return "open" if self.world.is_open else "closed"


Context = Callable[[World], Mapping[str, Any]]  # the world, as of the page's tick → the rest
Own = Callable[[str, Agent], str]  # a page → the same with the panels of an agent's own


def framed(
    request: HttpRequest,
    template: str,
    section: str,
    context: Context,
    *,
    status: int = 200,
    is_kept: bool = True,
    version: str = "",
    own: Own | None = None,
) -> HttpResponse:
    """Answer with a page as of the last tick. `context` is asked once a tick, `version` (of what
    else than the tick it shows) and address, however many look; a page that is unchanged is a 304.
    One that is not kept is made for each who looks.

    To an agent that is logged in, `own` gives the page with its own panels: nobody keeps that one.
    """
    last = newest()
    if last is None:
        return html(render_to_string("503.html"), status=503)
    digest = last.digest + version
    address = request.get_full_path()
    theme = theme_of(request)
    etag = quote_etag(
        f"{digest}{last.late_seconds}{theme}{address}{site_state.current_notice() or ''}"
    )
    agent = reader.agent_of(request)
    is_public = is_kept and agent is None
    if is_public and request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    page = _kept(digest, address) if is_kept else _Page()
    if page.content is None:
        with selectors.one_instant():
            world = selectors.world()
            page.content = render_to_string(
                template,
                {
                    **context(world),
                    "frame": Frame(world),
                    "sections": SECTIONS,
                    "current": section,
                    "theme": PLACE,
                    "themes": THEMES,
                    "origin": ORIGIN,
                    "address": address,
                },
                None if is_kept else request,
            )
    content = own(page.content, agent) if own and agent else page.content
    host = request.get_host()
    answer = html(
        for_reader(content, request, last), status=status, socket=f" ws://{host} wss://{host}"
    )
    patch_vary_headers(answer, ["Cookie"])
    if is_public:
        answer["ETag"] = etag
    if agent is not None:
        answer["Cache-Control"] = reader.NO_STORE
    return answer


class _Page:
    """A page of one tick, once it is made."""

    content: str | None = None


@lru_cache(maxsize=KEPT_PAGES)
def _kept(digest: str, address: str) -> _Page:
    return _Page()


def html(content: str, *, status: int = 200, socket: str = "") -> HttpResponse:
    """Answer with a page under the policy that all pages have."""
    policy = POLICY.format(socket=socket)
    content = content.replace("</header>", f"{notice()}</header>", 1)
    return HttpResponse(content, status=status, headers={"Content-Security-Policy": policy})


def notice() -> str:
    """Return what operators have to say, as each page shows it: whatever else of it is kept."""
    said = site_state.current_notice()
    if said is None:
        return '<p id="notice" role="status" data-live="5" hidden></p>'
    ends = said.ends_at.isoformat() if said.ends_at else ""
    return format_html(
        '<p id="notice" role="status" data-live="5" data-ends="{}">'
        '<span data-field="text">{}</span> <b data-field="countdown">{}</b></p>',
        ends,
        said.text,
        f"{said.ends_at:%H:%M} UTC" if said.ends_at else "",
    )


def one_of(given: str | None, known: Sequence[str], default: str) -> str:
    """Return a choice of the address, or the usual one where it is none of those there are."""
    return given if given is not None and given in known else default


def page_number(given: str) -> int:
    """Return a page's number from the address, 1 where it is none."""
    is_number = given.isascii() and given.isdecimal() and len(given) < 6
    return max(1, min(LAST_PAGE, int(given))) if is_number else 1
