"""Signing in with a password, which can be guessed: so often from an address, and for a name."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from threading import Lock

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from market.common.client_address import address_of
from wallstreetsim.api.limits import LIMITS, spend
from wallstreetsim.feed.allowance import Allowance

View = Callable[..., HttpResponseBase]

# Of everybody together while Redis, which counts, is away: an operator may have to sign in then.
_WITHOUT_REDIS = Allowance(per_second=0.1, burst=5)
_LOCK = Lock()


def sign_in(view: View) -> View:
    """Count the tries of a sign-in form, whatever comes of them."""

    @wraps(view)
    def counted(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        seconds = _seconds_to_wait(request) if request.method == "POST" else 0
        return _too_often(seconds) if seconds else view(request, *args, **kwargs)

    return counted


def _seconds_to_wait(request: HttpRequest) -> int:
    """Count a try, and return how long to wait before the next if this is one too many."""
    name = request.POST.get("username", "")[:150].casefold()
    for who in (f"address:{address_of(request)}", f"name:{name}"):
        allowance = spend("signIn", who, LIMITS["signIn"])
        if allowance is None:
            with _LOCK:
                if not _WITHOUT_REDIS.take():
                    return 10
        elif not allowance.is_granted:
            return max(1, math.ceil(allowance.retry_seconds))
    return 0


def _too_often(seconds: int) -> HttpResponse:
    page = HttpResponse(render_to_string("429.html", {"seconds": seconds}), status=429)
    page["Retry-After"] = str(seconds)
    return page
