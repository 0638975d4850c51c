"""The operator's desk: the world as it stands, and the acts that pause, step and halt it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from agents.admin import verdict_on
from agents.models import Input
from agents.services import operator
from market.common.read_only import ReadOnlyAdmin, dollars
from market.engine.operator_acts import (
    FREE_BANDS,
    HALT,
    INJECT,
    RESTRICT_SHORTS,
    SET_BANDS,
    UNHALT,
)
from market.models import Company, World
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import MOST_STEPS, PAUSE, RESUME, STEP

admin.site.site_header = "WallStreetSim"
admin.site.site_title = "WallStreetSim"
admin.site.index_title = "The record, and the operator's desk"

# When the tick is fired follows from the settings; an operator paces the world by inputs.
for _schedule in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(_schedule)

ACTS_SHOWN = 20

EVENTS = [
    (kind.name, kind.name.replace("_", " ").capitalize()) for kind in RULES.market.events.kinds
]
SECTORS = [(sector.name, sector.name) for sector in RULES.market.sectors]

ACTS = {
    PAUSE: "Pause",
    RESUME: "Resume",
    STEP: "Step",
    HALT: "Halt",
    UNHALT: "Resume trading",
    RESTRICT_SHORTS: "Restrict shorts",
    SET_BANDS: "Set bands",
    FREE_BANDS: "Usual bands",
    INJECT: "Let it happen",
}
TIMED = (STEP, HALT, SET_BANDS)
FORMS = {  # of the page, with the acts that are its buttons
    "desk": (PAUSE, RESUME, STEP),
    "halts": (HALT, UNHALT, RESTRICT_SHORTS, SET_BANDS, FREE_BANDS),
    "events": (INJECT,),
}
TYPED = "typed"  # in the session: what was typed into a form and refused
OF_ALL = (HALT, UNHALT, SET_BANDS, FREE_BANDS, INJECT)
OF_A_COMPANY = (HALT, UNHALT, RESTRICT_SHORTS, SET_BANDS, FREE_BANDS, INJECT)
NEEDED = {  # beside the reason
    STEP: ("ticks", f"Give a number from 1 to {MOST_STEPS:,}."),
    RESTRICT_SHORTS: ("symbol", "Name the company."),
    SET_BANDS: ("percent", "Give the bands' distance from their centre, 0.01 to 100 %."),
    INJECT: ("event", "Choose the event."),
}


class ActForm(forms.Form):
    """One act: each button is one, and the reason goes with all of them.

    A halt or its end, bands and what happens are of the company named, or of all if that is said;
    without ticks halts and bands last until they are ended.
    """

    act = forms.ChoiceField(choices=list(ACTS.items()))
    reason = forms.CharField(max_length=200)
    ticks = forms.IntegerField(min_value=1, max_value=MOST_STEPS, required=False)
    symbol = forms.CharField(max_length=12, required=False)
    all_companies = forms.BooleanField(required=False)
    percent = forms.DecimalField(
        min_value=Decimal("0.01"), max_value=100, decimal_places=2, required=False
    )
    event = forms.ChoiceField(choices=EVENTS, required=False)
    sector = forms.ChoiceField(choices=SECTORS, required=False)
    impact = forms.DecimalField(min_value=-99, max_value=10_000, decimal_places=2, required=False)

    def clean_symbol(self) -> str:
        symbol = str(self.cleaned_data["symbol"]).upper()
        if symbol and not Company.objects.filter(symbol=symbol).exists():
            raise forms.ValidationError(f"There is no company {symbol}.")
        return symbol

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        needed, complaint = NEEDED.get(given.get("act", ""), ("", ""))
        if needed in given and given[needed] in (None, ""):
            self.add_error(needed, complaint)
        if given.get("act") == INJECT:
            if "impact" in given and given["impact"] is None:
                self.add_error("impact", "Give the event's impact, -99 to 10,000 %.")
            if given.get("symbol") and given.get("sector"):
                self.add_error("sector", "An event concerns a company or a sector, not both.")
        if given.get("act") in OF_ALL and not self.errors:
            is_of_some = bool(given["symbol"] or (given["act"] == INJECT and given["sector"]))
            if is_of_some == given["all_companies"]:
                self.add_error("symbol", "Name the company, or choose all companies.")
        return given

    def parameters(self) -> dict[str, object]:
        """Return what the act needs to know beside its reason."""
        given, act = self.cleaned_data, self.cleaned_data["act"]
        chosen: dict[str, object] = {}
        if act in TIMED and given["ticks"] is not None:
            chosen["ticks"] = given["ticks"]
        if act in OF_A_COMPANY and given["symbol"]:
            chosen["symbol"] = given["symbol"]
        if act == SET_BANDS:
            chosen["bps"] = int(given["percent"] * 100)
        if act == INJECT:
            chosen["event"], chosen["sector"] = given["event"], given["sector"] or None
            chosen["impact"], chosen["duration"] = float(given["impact"] / 100), given["ticks"] or 0
        return chosen

    def complaints(self) -> list[str]:
        return [f"{field}: {error}" for field, errors in self.errors.items() for error in errors]


@admin.register(World)
class WorldAdmin(ReadOnlyAdmin):
    # The seed is secret while the epoch lasts, from operators too.
    hidden = ("id", "index", "seed", "dollar_volume_day")
    more = ("index_points", "volume_24h")

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(self.act_view)
        return [path("act/", act, name="market_world_act"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one world: show it."""
        world = World.objects.first()
        if world is None:
            return super().changelist_view(request, extra_context)
        return HttpResponseRedirect(_page_of(world))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        desk = {
            "may_act": _operator(request) is not None,
            "acts": [
                (act, _what(act), verdict_on(act)) for act in operator.recent_acts(ACTS_SHOWN)
            ],
            "typed": request.session.pop(TYPED, {}),
            "inputs_waiting": Input.objects.waiting().count(),
            "most_steps": MOST_STEPS,
            "event_kinds": EVENTS,
            "sectors": SECTORS,
        }
        return super().change_view(request, object_id, form_url, desk | (extra_context or {}))

    @method_decorator(require_POST)
    def act_view(self, request: HttpRequest) -> HttpResponse:
        """Submit one operator's act to the next tick."""
        user = _operator(request)
        if user is None:
            raise PermissionDenied
        form = ActForm(request.POST)
        if form.is_valid():
            act, reason = form.cleaned_data["act"], form.cleaned_data["reason"]
            operator.submit(operator=user, type=act, reason=reason, **form.parameters())
            messages.success(request, f"{ACTS[act]} waits for the next tick.")
        else:
            request.session[TYPED] = _typed(request)
        for complaint in form.complaints():
            messages.error(request, complaint)
        return HttpResponseRedirect(reverse("admin:market_world_changelist"))

    @admin.display(description="index")
    def index_points(self, world: World) -> str:
        return f"{world.index / 100:,.2f}"

    @admin.display(description="volume of the last day of ticks")
    def volume_24h(self, world: World) -> str:
        return dollars(world.dollar_volume_day)


def _operator(request: HttpRequest) -> User | None:
    """Return who asks, if that is somebody who may act on the world."""
    user = request.user
    return user if isinstance(user, User) and user.has_perm("market.change_world") else None


def _typed(request: HttpRequest) -> dict[str, dict[str, str]]:
    """Return what was typed into the form that an act is of, by the form's name."""
    act = request.POST.get("act", "")
    return {name: request.POST.dict() for name, acts in FORMS.items() if act in acts}


def _what(act: Input) -> str:
    """Return what an act was about beside its company, in percent as the form takes it."""
    given = act.parameters
    if "event" in given:
        return f"{given['event']}, {100 * given['impact']:+g} %"
    return f"{given['bps'] / 100:g} %" if "bps" in given else ""


def _page_of(world: World) -> str:
    return reverse("admin:market_world_change", args=[world.pk])
