"""What stands before a page: whose turn it is, how often one may ask, and who must be logged in."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode

from agents.models import Agent
from market.common.client_address import address_of
from wallstreetsim.api.envelope import View, for_people_or, refuse
from wallstreetsim.api.limits import LIMITS, Allowance, spend
from wallstreetsim.terminal import reader
from wallstreetsim.terminal.frame import html

AgentView = Callable[[HttpRequest, Agent], HttpResponse]


def heavy(cost: int) -> Callable[[View], View]:
    """Have a page wait for its turn among the heavy ones, and count for so many of an address's."""

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            refused = _refusal(request, address_of(request), cost)
            return refused or view(request, *args, **kwargs)

        counted.is_heavy = True  # type: ignore[attr-defined]
        return counted

    return decorate


def counted_as(scope: str) -> Callable[[View], View]:
    """Have what scripts ask for count under a limit of its own, by address."""

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            refused = _refusal(request, address_of(request), 1, scope)
            return refused or view(request, *args, **kwargs)

        return counted

    return decorate


def only_logged_in(view: AgentView) -> Callable[..., HttpResponse]:
    """Show a view to an agent that is logged in; lead all others to where they log in, a script by
    a 401.
    """

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        agent = reader.agent_of(request)
        if agent is not None:
            is_read = request.method in ("GET", "HEAD")  # what acts counts as the API's
            answer = (is_read and refusal_of(request, agent)) or view(request, agent)
            answer["Cache-Control"] = reader.NO_STORE
            return answer
        if reader.wants_json(request):
            return refuse(401, "You are not logged in any more.")
        back = request.get_full_path() if request.method == "GET" else reader.back_of(request)
        return HttpResponseRedirect(f"{reverse('login')}?{urlencode({'next': back})}")

    return guarded


def refusal_of(request: HttpRequest, agent: Agent) -> HttpResponse | None:
    """Count a page that is made for an agent alone; return the answer if it is one too many."""
    return _refusal(request, f"agent:{agent.id}", 1)


def _refusal(
    request: HttpRequest, who: str, cost: int, scope: str = "pages"
) -> HttpResponse | None:
    allowance = spend(scope, who, LIMITS[scope], cost=cost)
    request.allowance = allowance  # type: ignore[attr-defined]
    if allowance is None or allowance.is_granted:
        return None
    return for_people_or(_too_fast, _too_fast_as_data)(request)


def _too_fast(request: HttpRequest) -> HttpResponse:
    seconds = _seconds_to_wait(request)
    page = html(render_to_string("429.html", {"seconds": seconds}), status=429)
    page["Retry-After"] = str(seconds)
    return page


def _too_fast_as_data(request: HttpRequest) -> HttpResponse:
    seconds = _seconds_to_wait(request)
    answer = refuse(429, f"Too many requests; wait {seconds} s.", retry_after=seconds)
    answer["Retry-After"] = str(seconds)
    return answer


def _seconds_to_wait(request: HttpRequest) -> int:
    allowance: Allowance = request.allowance  # type: ignore[attr-defined]
    return max(1, math.ceil(allowance.retry_seconds))
