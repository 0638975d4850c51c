"""The command line's address, its completions, and the page that lists commands and shortcuts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.cache import never_cache

from agents import standings
from agents.engine.names import folded
from agents.models import Agent
from market.models import Company
from wallstreetsim.api.envelope import only_read
from wallstreetsim.terminal import command
from wallstreetsim.terminal.command import COMMANDS, UnknownCommand
from wallstreetsim.terminal.frame import framed
from wallstreetsim.terminal.guards import counted_as
from wallstreetsim.terminal.places import SHORTCUTS


@never_cache
@only_read
def guide(request: HttpRequest) -> HttpResponse:
    """List the commands, the shortcuts and the places, for hands on keys and on glass."""
    return framed(request, "frame/help.html", "HELP", lambda _: _guide())


@never_cache
@only_read
def go(request: HttpRequest) -> HttpResponse:
    """Lead to where a line says, or say what is wrong with it."""
    line = request.GET.get("q", "")[: command.LONGEST]
    try:
        return HttpResponseRedirect(_address_of(line))
    except UnknownCommand as fault:
        said = str(fault)
    return framed(
        request,
        "frame/help.html",
        "HELP",
        lambda _: {**_guide(), "line": line, "fault": said},
        status=404,
    )


@never_cache
@only_read
@counted_as("completions")
def completions(request: HttpRequest) -> HttpResponse:
    """Give the lines that a line may become. Two queries at most."""
    line = request.GET.get("q", "")[: command.LONGEST].replace("\x00", "")
    wanted = command.wanted_for(line)
    return JsonResponse({"lines": command.completions(line, *_known(wanted))})


def _known(wanted: command.Wanted) -> tuple[list[str], list[str]]:
    symbols: list[str] = []
    names: list[str] = []
    if wanted.symbol is not None:
        companies = Company.objects.filter(symbol__startswith=wanted.symbol).order_by("symbol")
        symbols = list(companies.values_list("symbol", flat=True)[: command.SHOWN])
    if wanted.name is not None:
        agents = Agent.objects.filter(folded_name__startswith=folded(wanted.name))
        agents = agents.order_by("folded_name")
        names = list(agents.values_list("name", flat=True)[: command.SHOWN])
    return symbols, names


def _address_of(line: str) -> str:
    target = command.target_of(line.replace("\x00", ""))
    if target.symbol and not Company.objects.filter(symbol=target.symbol).exists():
        raise UnknownCommand(f"There is no company {target.symbol}, and no such command.")
    if target.name:
        try:
            standings.agent_like(target.name)
        except Agent.DoesNotExist:
            raise UnknownCommand(f"There is no agent {target.name}.") from None
    return target.address


def _guide() -> Mapping[str, Any]:
    return {"commands": COMMANDS, "shortcuts": SHORTCUTS}
