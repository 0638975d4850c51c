"""The operator's desk: the world as it stands, and the acts that pause, step and halt it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
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
from agents.engine.names import folded
from agents.engine.operator_acts import CANCEL_ORDERS, RELEASE, SUSPEND
from agents.models import Agent, Input
from agents.services import operator
from market import selectors, wire
from market.common.read_only import ReadOnlyAdmin, dollars
from market.engine import halts
from market.engine.action import CompanyStanding, WorldStanding
from market.engine.operator_acts import (
    FREE_BANDS,
    HALT,
    INJECT,
    RESTRICT_SHORTS,
    SET_BANDS,
    UNHALT,
    market_acts,
)
from market.engine.refusals import Refused
from market.models import Company, Halt, World
from wallstreetsim.api.health import is_late
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import MOST_STEPS, PAUSE, RESUME, STEP, world_acts

admin.site.site_header = "WallStreetSim"
admin.site.site_title = "WallStreetSim"
admin.site.index_title = "The record, and the operator's desk"

# When the tick is fired follows from the settings; an operator paces the world by inputs.
for _schedule in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(_schedule)

ACTS_SHOWN = 20
NOTES = 500  # of the last halts, among which the reason of one that lasts is looked for
REVOKE_KEYS = "REVOKE_KEYS"  # done at once: it is no input of the machine's

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
    SUSPEND: "Suspend",
    RELEASE: "End suspension",
    CANCEL_ORDERS: "Cancel orders",
    REVOKE_KEYS: "Revoke keys",
}
TIMED = (STEP, HALT, SET_BANDS, SUSPEND)
OF_AN_AGENT = (SUSPEND, RELEASE, CANCEL_ORDERS, REVOKE_KEYS)
TYPED = "typed"  # in the session: what was typed and refused, or is to be confirmed
TO_CONFIRM = "to_confirm"  # in the session: an act upon all companies
# What an operator's act is checked by, as the machine checks it.
TABLE = {act.type: act for act in (*market_acts(RULES.market), *world_acts())}
OF_ALL = (HALT, UNHALT, SET_BANDS, FREE_BANDS, INJECT)
OF_A_COMPANY = (HALT, UNHALT, RESTRICT_SHORTS, SET_BANDS, FREE_BANDS, INJECT)
NEEDED = {  # beside the reason
    STEP: ("ticks", f"Give a number from 1 to {MOST_STEPS:,}."),
    RESTRICT_SHORTS: ("symbol", "Name the company."),
    SET_BANDS: ("percent", "Give the bands' distance from their centre, 0.01 to 100 %."),
    INJECT: ("event", "Choose the event."),
    SUSPEND: ("ticks", f"Give a number from 1 to {MOST_STEPS:,}."),
}


class ActForm(forms.Form):
    """One act: each button is one, and the reason goes with all of them.

    A halt or its end, bands and what happens are of the company named, or of all if that is said
    and confirmed; without ticks halts and bands last until they are ended.
    """

    found_agent: Agent | None = None  # whom an act concerns

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
    agent = forms.CharField(max_length=50, required=False)
    confirmed = forms.BooleanField(required=False)

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
        if given.get("act") in OF_AN_AGENT and "agent" in given:
            self._find_agent(given["agent"])
        if given.get("act") in OF_ALL and not self.errors:
            is_of_some = bool(given["symbol"] or (given["act"] == INJECT and given["sector"]))
            if is_of_some == given["all_companies"]:
                self.add_error("symbol", "Name the company, or choose all companies.")
        return given

    def _find_agent(self, name: str) -> None:
        self.found_agent = Agent.objects.filter(folded_name=folded(name)).first() if name else None
        if self.found_agent is None:
            complaint = f"There is no agent {name}." if name else "Name the agent."
            self.add_error("agent", complaint)

    @property
    def needs_confirmation(self) -> bool:
        given = self.cleaned_data
        return given["act"] in OF_ALL and given["all_companies"] and not given["confirmed"]

    def parameters(self) -> dict[str, object]:
        """Return what the act needs to know beside its reason."""
        given, act = self.cleaned_data, self.cleaned_data["act"]
        chosen: dict[str, object] = {}
        if act in TIMED and given["ticks"] is not None:
            chosen["ticks"] = given["ticks"]
        if act in OF_A_COMPANY and given["symbol"]:
            chosen["symbol"] = given["symbol"]
        if act in OF_AN_AGENT and self.found_agent is not None:
            chosen["agent"] = self.found_agent.name
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
        state = self.admin_site.admin_view(self.state_view)
        return [
            path("act/", act, name="market_world_act"),
            path("state/", state, name="market_world_state"),
            *super().get_urls(),
        ]

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
        companies = list(Company.objects.values_list("symbol", "name").order_by("symbol"))
        to_confirm = request.session.pop(TO_CONFIRM, None)
        desk = {
            "companies": companies,
            "to_confirm": to_confirm,
            "confirm_label": to_confirm and ACTS[to_confirm["act"]],
            **_state(),
            "may_act": _operator(request) is not None,
            "acts": [
                (act, _what(act), verdict_on(act)) for act in operator.recent_acts(ACTS_SHOWN)
            ],
            "typed": request.session.pop(TYPED, {}),
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
        complaints = form.complaints() if not form.is_valid() else _nonsense(form)
        if complaints:
            request.session[TYPED] = request.POST.dict()
        elif form.needs_confirmation:
            request.session[TYPED] = request.session[TO_CONFIRM] = request.POST.dict()
        else:
            messages.success(request, _do(form, user))
        for complaint in complaints:
            messages.error(request, complaint)
        return HttpResponseRedirect(reverse("admin:market_world_changelist"))

    def state_view(self, request: HttpRequest) -> HttpResponse:
        """Show how things stand, for the page that shows it to be kept up to date."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return render(request, "admin/market/world/state.html", _state())

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


def _nonsense(form: ActForm) -> list[str]:
    """Return why an act makes no sense as the world stands, by the machine's own rule. While
    others wait, whatever they make of the world, that is the machine's to say.
    """
    act = TABLE.get(form.cleaned_data["act"])
    if act is None or Input.objects.waiting().filter(account=None).exists():
        return []
    given = {name: value for name, value in form.parameters().items() if value is not None}
    try:
        act.check(_standing(), act.parse(given))
    except Refused as refused:
        return [refused.message]
    return []


def _standing() -> WorldStanding:
    """Return the world of the rows as the acts' checks see it."""
    world = World.objects.get()
    rows = Company.objects.values_list(
        "symbol", "sector", "reopens_tick", "restricted_through", "band_override_bps"
    )
    companies = {row[0]: CompanyStanding(*row[:4], has_own_bands=row[4] > 0) for row in rows}
    day = selectors.moment(world).trading_day
    return WorldStanding(world.is_paused, world.steps_left, day, companies)


def _do(form: ActForm, user: User) -> str:
    """Submit an act to the next tick, or do what need not wait for it; say which."""
    act, reason = form.cleaned_data["act"], form.cleaned_data["reason"]
    if act == REVOKE_KEYS and form.found_agent is not None:
        revoked = operator.revoke_keys(operator=user, agent=form.found_agent, reason=reason)
        return f"{form.found_agent.name} has no key any more; {revoked} were revoked."
    operator.submit(operator=user, type=act, reason=reason, **form.parameters())
    return f"{ACTS[act]} waits for the next tick."


class Shown(NamedTuple):
    """What keeps a company from trading as usual, and since when and why."""

    symbol: str
    what: str
    until: str
    note: str


def _state() -> dict[str, Any]:
    """Return how things stand: the world's health, and what is halted, bounded or restricted."""
    world = World.objects.get()
    day = selectors.moment(world).trading_day
    last = Halt.objects.order_by("-id").values_list("symbol", "reason", "note")[:NOTES]
    notes = {(symbol, reason): note for symbol, reason, note in reversed(last)}
    companies = Company.objects.defer("bids", "asks").order_by("symbol")
    shown = [one for company in companies for one in _shown(company, day, notes)]
    age = (timezone.now() - world.claimed_at).total_seconds() if world.claimed_at else None
    return {
        "world": world,
        "age": age,
        "is_late": is_late(world),
        "stands_still": world.stands_still,
        "shown": shown,
        "inputs_waiting": Input.objects.waiting().count(),
    }


def _shown(
    company: Company, day: int, notes: Mapping[tuple[str | None, str], str]
) -> Iterator[Shown]:
    symbol = company.symbol

    def note_of(reason: str) -> str:
        return notes.get((symbol, reason)) or notes.get((None, reason)) or ""

    if company.is_halted:
        until = wire.known_tick(company.reopens_tick)
        end = "until it is resumed" if until is None else f"until tick {until:,}"
        yield Shown(symbol, f"halted: {company.halt_reason}", end, note_of(company.halt_reason))
    if company.band_override_bps:
        what = f"bands of {company.band_override_bps / 100:g} %"
        yield Shown(symbol, what, "", note_of(halts.ORDERED_BANDS))
    if company.restricted_through >= day:
        end = f"through day {company.restricted_through}"
        yield Shown(symbol, "shorts restricted", end, note_of(halts.RESTRICTION))


def _what(act: Input) -> str:
    """Return what an act was about beside its company, in percent as the form takes it."""
    given = act.parameters
    if "event" in given:
        return f"{given['event']}, {100 * given['impact']:+g} %"
    return f"{given['bps'] / 100:g} %" if "bps" in given else ""


def _page_of(world: World) -> str:
    return reverse("admin:market_world_change", args=[world.pk])
