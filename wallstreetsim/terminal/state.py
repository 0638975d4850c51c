"""The page of the world: its economy, what happens in it, who fell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from agents import selectors as agents
from market import selectors
from wallstreetsim.api.envelope import only_read
from wallstreetsim.machine.rules import RULES
from wallstreetsim.terminal.frame import framed

SHOWN = 20


@never_cache
@only_read
def world(request: HttpRequest) -> HttpResponse:
    return framed(request, "world/page.html", "WORLD", _world)


def _world() -> Mapping[str, Any]:
    row = selectors.world()
    happened, _ = selectors.happenings(slice(0, SHOWN), row)
    fallen, bankruptcies = agents.bankruptcies(slice(0, SHOWN))
    return {
        "row": row,
        "moment": selectors.moment(row),
        "session": RULES.market.session,
        "active_events": selectors.active_events(row),
        "happenings": happened,
        "fallen": fallen,
        "bankruptcies": bankruptcies,
    }
