"""Cases, for looking up, and what an operator may do to them: open, dismiss, overrule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from agents.models import Agent
from agents.services import operator
from market.common.read_only import Among, BigTableAdmin, link, links
from market.models import Company
from sec.engine.cases import CaseStatus
from sec.engine.operator_acts import DISMISS_CASE, OPEN_CASE, OVERRULE_CASE
from sec.engine.rules import CRIME_NAMES
from sec.models import Bribe, Investigation, Penalty, Suspicion, Tip, Violation

ACTS = {OPEN_CASE: "Open", DISMISS_CASE: "Dismiss", OVERRULE_CASE: "Overrule"}
CRIMES = [(name, name.replace("_", " ").capitalize()) for name in CRIME_NAMES]


def _name_of(field: str) -> Subquery:
    return Subquery(Agent.objects.filter(id=OuterRef(field)).values("name"))


def _agent_link(name: str | None, account: int | None) -> str | SafeString:
    return "" if account is None else link(name or account, "agents_agent_change", account)


class CrimeFilter(Among):
    title, parameter_name, values = "crime", "crime", CRIME_NAMES


class StatusFilter(Among):
    title, parameter_name, values = "status", "status", tuple(s.value for s in CaseStatus)


class ActForm(forms.Form):
    """One act upon cases, with its reason: a case is opened against an agent, or an open one is
    dismissed or overruled, for one accused or for all.
    """

    act = forms.ChoiceField(choices=list(ACTS.items()))
    reason = forms.CharField(max_length=200)
    case = forms.UUIDField(required=False)
    agent = forms.CharField(max_length=50, required=False)
    crime = forms.ChoiceField(choices=CRIMES, required=False)
    symbol = forms.CharField(max_length=12, required=False)

    def clean_agent(self) -> str:
        agent = str(self.cleaned_data["agent"])
        if agent and not Agent.objects.filter(name__iexact=agent).exists():
            raise forms.ValidationError(f"There is no agent {agent}.")
        return agent

    def clean_symbol(self) -> str:
        symbol = str(self.cleaned_data["symbol"]).upper()
        if symbol and not Company.objects.filter(symbol=symbol).exists():
            raise forms.ValidationError(f"There is no company {symbol}.")
        return symbol

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        needed = ("agent", "crime") if given.get("act") == OPEN_CASE else ("case",)
        for field in needed:
            if field in given and not given[field]:
                self.add_error(field, "Is needed.")
        return given

    def parameters(self) -> dict[str, object]:
        """Return what the act needs to know beside its reason."""
        given = self.cleaned_data
        names = ("agent", "crime", "symbol") if given["act"] == OPEN_CASE else ("case", "agent")
        return {name: str(given[name]) for name in names if given[name]}

    def complaints(self) -> list[str]:
        return [f"{field}: {error}" for field, errors in self.errors.items() for error in errors]


@admin.register(Investigation)
class InvestigationAdmin(BigTableAdmin):
    list_display = ("tick", "id", "crime", "symbol", "source", "who", "stands", "closed_tick")
    list_display_links = ("id",)
    list_filter = (CrimeFilter,)
    ordering = ("-tick", "id")
    search_help_text = "A case's id, a symbol or tick:9."
    hidden = ("investigator",)
    more = ("who", "stands", "assigned_to", "look_up")
    finds_uuid = "id"
    finds_symbol = "symbol"
    finds_tick = "tick"
    computed = {"investigator_name": _name_of("investigator")}
    change_form_template = "admin/sec/investigation/change_form.html"
    change_list_template = "admin/sec/investigation/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(self.act_view)
        return [path("act/", act, name="sec_investigation_act"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        form = {"may_act": _operator(request) is not None, "crimes": CRIMES}
        return super().changelist_view(request, form | (extra_context or {}))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        form = {"may_act": _operator(request) is not None}
        return super().change_view(request, object_id, form_url, form | (extra_context or {}))

    @method_decorator(require_POST)
    def act_view(self, request: HttpRequest) -> HttpResponse:
        """Submit one operator's act upon a case to the next tick."""
        user = _operator(request)
        if user is None:
            raise PermissionDenied
        form = ActForm(request.POST)
        if form.is_valid():
            act, reason = form.cleaned_data["act"], form.cleaned_data["reason"]
            operator.submit(operator=user, type=act, reason=reason, **form.parameters())
            messages.success(request, f"{ACTS[act]} waits for the next tick.")
        for complaint in form.complaints():
            messages.error(request, complaint)
        case = form.cleaned_data.get("case")
        if case is not None and Investigation.objects.filter(id=case).exists():
            return HttpResponseRedirect(reverse("admin:sec_investigation_change", args=[case]))
        return HttpResponseRedirect(reverse("admin:sec_investigation_changelist"))

    @admin.display(description="accused")
    def who(self, case: Investigation) -> SafeString:
        accounts = [row.account for row in case.accused.all()]
        named = dict(Agent.objects.filter(id__in=accounts).values_list("id", "name"))
        return links(*(link(named.get(id, str(id)), "agents_agent_change", id) for id in accounts))

    @admin.display(description="status")
    def stands(self, case: Investigation) -> str:
        return ", ".join(row.status for row in case.accused.all())

    @admin.display(description="investigator")
    def assigned_to(self, case: Any) -> str | SafeString:
        return _agent_link(case.investigator_name, case.investigator)

    @admin.display(description="look up")
    def look_up(self, case: Investigation) -> SafeString:
        return links(
            link("accused", "sec_violation_changelist", find=str(case.id)),
            link("penalties", "sec_penalty_changelist", find=str(case.id)),
            link("suspicions", "sec_suspicion_changelist", find=str(case.id)),
            link("tips", "sec_tip_changelist", find=str(case.id)),
        )


@admin.register(Violation)
class ViolationAdmin(BigTableAdmin):
    list_display = ("tick", "who", "status", "fine_cents", "sentence_ticks", "charged_tick")
    list_display_links = ("tick",)
    list_filter = (StatusFilter,)
    search_help_text = "A case's id, an agent's name, account:1000 or tick:9."
    hidden = ("account",)
    more = ("who",)
    money = (
        *("gain_cents", "notional_cents", "fine_cents", "collected_cents"),
        *("escrowed_cents", "owed_cents"),
    )
    finds_uuid = "investigation"
    finds_tick = "tick"
    finds_account = ("account",)
    computed = {"agent_name": _name_of("account")}

    @admin.display(description="accused")
    def who(self, row: Any) -> str | SafeString:
        return _agent_link(row.agent_name, row.account)


@admin.register(Penalty)
class PenaltyAdmin(BigTableAdmin):
    list_display = ("tick", "kind", "who", "cents", "ticks", "investigation")
    search_help_text = "A case's id, an agent's name, account:1000 or tick:9."
    hidden = ("account",)
    more = ("who",)
    money = ("cents",)
    finds_uuid = "investigation"
    finds_tick = "tick"
    finds_account = ("account",)
    computed = {"agent_name": _name_of("account")}

    @admin.display(description="who")
    def who(self, row: Any) -> str | SafeString:
        return _agent_link(row.agent_name, row.account)


@admin.register(Suspicion)
class SuspicionAdmin(BigTableAdmin):
    """Those below the threshold too: `investigation` is empty there."""

    list_display = ("tick", "crime", "who", "symbol", "confidence", "investigation")
    list_filter = (CrimeFilter,)
    search_help_text = "A case's id, a symbol, an agent's name, account:1000 or tick:9."
    hidden = ("accounts",)
    more = ("who",)
    finds_uuid = "investigation"
    finds_symbol = "symbol"
    finds_tick = "tick"

    def _of_any(self, accounts: list[int]) -> Q | None:
        return Q(accounts__overlap=accounts) if accounts else None

    @admin.display(description="who")
    def who(self, row: Suspicion) -> SafeString:
        named = dict(Agent.objects.filter(id__in=row.accounts).values_list("id", "name"))
        return links(
            *(link(named.get(id, str(id)), "agents_agent_change", id) for id in row.accounts)
        )


@admin.register(Bribe)
class BribeAdmin(BigTableAdmin):
    list_display = ("tick", "id", "giver", "taker", "cents", "status", "answered_tick")
    list_display_links = ("id",)
    ordering = ("-tick", "id")
    search_help_text = "An id, an agent's name, account:1000 or tick:9."
    hidden = ("briber", "target")
    more = ("giver", "taker")
    money = ("cents", "kept_cents")
    finds_uuid = "id"
    finds_tick = "tick"
    finds_account = ("briber", "target")
    computed = {"briber_name": _name_of("briber"), "target_name": _name_of("target")}

    @admin.display(description="briber")
    def giver(self, row: Any) -> str | SafeString:
        return _agent_link(row.briber_name, row.briber)

    @admin.display(description="target")
    def taker(self, row: Any) -> str | SafeString:
        return _agent_link(row.target_name, row.target)


@admin.register(Tip)
class TipAdmin(BigTableAdmin):
    list_display = ("tick", "id", "informer", "about", "crime", "status", "bounty_cents")
    list_display_links = ("id",)
    ordering = ("-tick", "id")
    search_help_text = "A case's id, an agent's name, account:1000 or tick:9."
    hidden = ("account", "accused")
    more = ("informer", "about")
    money = ("bounty_cents",)
    finds_uuid = "investigation"
    finds_tick = "tick"
    finds_account = ("account", "accused")
    computed = {"informer_name": _name_of("account"), "accused_name": _name_of("accused")}

    @admin.display(description="informer")
    def informer(self, row: Any) -> str | SafeString:
        return _agent_link(row.informer_name, row.account)

    @admin.display(description="about")
    def about(self, row: Any) -> str | SafeString:
        return _agent_link(row.accused_name, row.accused) or row.symbol


def _operator(request: HttpRequest) -> User | None:
    """Return who asks, if that is somebody who may act on cases."""
    user = request.user
    may = isinstance(user, User) and user.has_perm("sec.change_investigation")
    return user if may and isinstance(user, User) else None
