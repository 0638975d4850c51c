"""Agents, their keys and the journal of everything that entered the world, for looking up."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString

from agents.engine.rules import POINT, ROLES
from agents.models import Agent, Alliance, ApiKey, Input, Manipulation, Message, Source
from market.admin import account, account_links
from market.common.read_only import (
    Among,
    BigTableAdmin,
    ReadOnlyAdmin,
    dollars,
    label,
    link,
    links,
)
from market.models import Account


class RoleFilter(Among):
    title, parameter_name, values = "role", "role", tuple(role.name for role in ROLES)


class SourceFilter(Among):
    title, parameter_name, values = "source", "source", tuple(Source)


class WaitingFilter(admin.SimpleListFilter):
    title, parameter_name = "verdict", "verdict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "Waiting"), ("done", "Done"), ("refused", "Refused")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "waiting":
                return queryset.filter(waiting__isnull=False)
            case "done":
                return queryset.filter(verdict__success=True)
            case "refused":
                return queryset.filter(verdict__success=False)
        return queryset


@admin.register(Agent)
class AgentAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "role", "state", "points", "net_worth", "is_house", "created_at")
    list_display_links = ("id", "name")
    list_filter = ("status", RoleFilter, "is_house")
    ordering = ("-id",)
    search_fields = ("name", "=id")
    hidden = ("webhook_secret", "status", "reputation", "folded_name", "origin")
    more = ("state", "points", "net_worth", "look_up")
    computed = {"equity": Subquery(Account.objects.filter(id=OuterRef("id")).values("equity"))}

    @admin.display(description="status", ordering="status")
    def state(self, agent: Agent) -> str:
        return label(agent.status)

    @admin.display(description="reputation", ordering="reputation")
    def points(self, agent: Agent) -> str:
        return f"{agent.reputation / POINT:.2f}"

    @admin.display(description="net worth", ordering="equity")
    def net_worth(self, agent: Any) -> str:
        return dollars(agent.equity)

    @admin.display(description="look up")
    def look_up(self, agent: Agent) -> SafeString:
        return links(
            link("account", "market_account_change", agent.id),
            link("inputs", "agents_input_changelist", find=account(agent.id)),
            link("keys", "agents_apikey_changelist", find=agent.name),
            account_links(agent.id),
        )


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "agent", "created_at", "revoked_at", "is_live")
    list_select_related = ("agent",)
    ordering = ("-created_at",)
    search_fields = ("prefix", "agent__name")
    hidden = ("digest",)
    more = ("is_live",)

    @admin.display(description="live", boolean=True)
    def is_live(self, key: ApiKey) -> bool:
        return key.revoked_at is None


@admin.register(Input)
class InputAdmin(BigTableAdmin):
    list_display = ("id", "received_at", "who", "type", "parameters", "source", "tick", "answer")
    list_filter = (WaitingFilter, SourceFilter, "is_quarantined")
    list_select_related = ("operator", "verdict")
    search_help_text = "An id, a number, an agent's name, account:1000 or tick:9."
    hidden = ("account",)
    more = ("who", "tick", "answer", "message")
    finds_uuid = "public_id"
    finds_number = "id"
    finds_tick = "verdict__tick"
    finds_account = ("account",)
    computed = {"agent_name": Subquery(Agent.objects.filter(id=OuterRef("account")).values("name"))}

    @admin.display(description="who")
    def who(self, input: Any) -> str | SafeString:
        if input.account is None:
            return f"operator {input.operator}" if input.operator else "an operator"
        return link(input.agent_name or input.account, "agents_agent_change", input.account)

    @admin.display(description="tick")
    def tick(self, input: Input) -> int | None:
        return input.answer.tick if input.answer else None

    @admin.display(description="verdict")
    def answer(self, input: Input) -> str:
        return verdict_on(input)

    @admin.display(description="message")
    def message(self, input: Input) -> str:
        return input.answer.message if input.answer else ""


@admin.register(Manipulation)
class ManipulationAdmin(BigTableAdmin):
    list_display = ("tick", "crime", "who", "symbol", "first_tick", "last_tick")
    search_help_text = "A symbol, an agent's name, account:1000 or tick:9."
    hidden = ("accounts",)
    more = ("who",)
    finds_symbol = "symbol"
    finds_tick = "tick"
    computed = {  # a scheme has one head or two
        "one": Subquery(Agent.objects.filter(id=OuterRef("accounts__0")).values("name")),
        "other": Subquery(Agent.objects.filter(id=OuterRef("accounts__1")).values("name")),
    }

    def _of_any(self, accounts: list[int]) -> Q | None:
        return Q(accounts__overlap=accounts) if accounts else None

    @admin.display(description="who")
    def who(self, manipulation: Any) -> SafeString:
        named = zip(manipulation.accounts, (manipulation.one, manipulation.other), strict=False)
        return links(*(link(name or id, "agents_agent_change", id) for id, name in named))


def _name_of(account: str) -> Subquery:
    return Subquery(Agent.objects.filter(id=OuterRef(account)).values("name"))


@admin.register(Message)
class MessageAdmin(BigTableAdmin):
    """What agents wrote to each other: an operator may look, as a supervisor of an exchange may."""

    list_display = ("tick", "from_agent", "to_agent", "text", "read_at")
    search_help_text = "An agent's name, account:1000 or tick:9."
    hidden = ("sender", "recipient")
    more = ("from_agent", "to_agent")
    finds_account = ("sender", "recipient")
    finds_tick = "tick"
    computed = {"sender_name": _name_of("sender"), "recipient_name": _name_of("recipient")}

    @admin.display(description="from")
    def from_agent(self, message: Any) -> SafeString:
        return link(message.sender_name or message.sender, "agents_agent_change", message.sender)

    @admin.display(description="to")
    def to_agent(self, message: Any) -> SafeString:
        name = message.recipient_name or message.recipient
        return link(name, "agents_agent_change", message.recipient)


@admin.register(Alliance)
class AllianceAdmin(BigTableAdmin):
    list_display = ("tick", "proposed_by", "proposed_to", "percent", "status", "formed_tick")
    list_filter = ("status",)
    search_help_text = "An agent's name, account:1000 or tick:9."
    hidden = ("proposer", "partner")
    more = ("proposed_by", "proposed_to")
    finds_account = ("proposer", "partner")
    finds_tick = "tick"
    computed = {"proposer_name": _name_of("proposer"), "partner_name": _name_of("partner")}

    @admin.display(description="proposed by")
    def proposed_by(self, alliance: Any) -> SafeString:
        name = alliance.proposer_name or alliance.proposer
        return link(name, "agents_agent_change", alliance.proposer)

    @admin.display(description="proposed to")
    def proposed_to(self, alliance: Any) -> SafeString:
        name = alliance.partner_name or alliance.partner
        return link(name, "agents_agent_change", alliance.partner)


def verdict_on(input: Input) -> str:
    """Return what became of an input, in a word or two."""
    if input.answer is None:
        return "Set aside, waiting" if input.is_quarantined else "Waiting"
    return f"{'Done' if input.answer.success else 'Refused'}: {input.answer.code}"
