"""Endpoints and deliveries, for looking up, and an operator's acts on endpoints."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from market.common.read_only import BigTableAdmin, ReadOnlyAdmin
from webhooks.models import Delivery, Endpoint
from webhooks.services import endpoints

BY_OPERATOR = "an operator has disabled it"


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyAdmin):
    list_display = (
        "agent",
        "state",
        "circuit",
        "briefed_tick",
        "deliveries",
        "failures",
        "failures_in_row",
        "last_response_ms",
        "last_error",
    )
    list_filter = ("state", "circuit", "is_banned")
    list_select_related = ("agent",)
    search_fields = ("agent__name", "=agent__id")
    ordering = ("agent_id",)
    hidden = ("previous_secret", "claim")
    actions = ("disable", "enable", "resend")

    @admin.action(description="Disable: send nothing more there", permissions=["operate"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        self._do(request, queryset, "Disabled", lambda one: endpoints.disable(one, BY_OPERATOR))

    @admin.action(description="Enable, once a ping is answered", permissions=["operate"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        self._do(request, queryset, "Enabled", endpoints.enable)

    @admin.action(description="Resend the newest briefing now", permissions=["operate"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        self._do(request, queryset, "Resent the newest briefing to", endpoints.resend)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def _do(
        self,
        request: HttpRequest,
        queryset: QuerySet[Endpoint],
        done: str,
        act: Callable[[Endpoint], None],
    ) -> None:
        """Do it to each, and note who did it."""
        for endpoint in queryset.select_related("agent"):
            act(endpoint)
            self.log_change(request, endpoint, f"{done} this endpoint")
        messages.success(request, f"{done} {queryset.count()} endpoints.")


@admin.register(Delivery)
class DeliveryAdmin(BigTableAdmin):
    list_display = (
        "sent_at",
        "endpoint",
        "kind",
        "tick",
        "attempt",
        "outcome",
        "status",
        "response_ms",
        "actions",
        "error",
    )
    list_filter = ("kind", "outcome")
    search_fields = ("=id",)
    ordering = ("-sent_at",)
