from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

import agents.api.serializers
import agents.api.views
from agents.api.request_agent import agent_of
from agents.models import Agent
from agents.standings import own_standing
from market.common.fields import NoBody
from market.common.refusals import Conflict
from market.common.view import APIView
from market.models import Company
from webhooks import selectors
from webhooks.api import serializers
from webhooks.services import endpoints


class MeView(agents.api.views.MeView):
    """One's own profile, with the settings of one's webhook."""

    body = serializers.WebhookSettingsBody

    @extend_schema(operation_id="getProfile", responses=serializers.ProfileWithWebhook)
    def get(self, request: Request) -> Response:
        """Show one's own profile and settings."""
        return super().get(request)

    @extend_schema(
        operation_id="changeSettings",
        request=serializers.WebhookSettingsBody,
        responses=serializers.ProfileWithWebhook,
    )
    def patch(self, request: Request) -> Response:
        """Change one's own settings."""
        return super().patch(request)

    def _change(self, agent: Agent, body: dict[str, Any]) -> None:
        settings = body.get("webhook", {})
        _check_symbols(settings.get("symbols", []))
        super()._change(agent, body)
        if settings:
            endpoints.endpoint_of(agent)
            endpoints.change_settings(agent.id, settings)

    def _profile(self, request: Request) -> Response:
        agent = agent_of(request)
        profile = agents.api.serializers.own_profile(*own_standing(agent))
        return Response(serializers.profile_with_webhook(profile, selectors.endpoint(agent)))


class WebhookView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="getWebhook", responses=serializers.Webhook)
    def get(self, request: Request) -> Response:
        """Show one's endpoint: its state, its counters and its last deliveries."""
        agent = agent_of(request)
        endpoint, deliveries = selectors.endpoint(agent), selectors.last_deliveries(agent)
        return Response(serializers.webhook(agent, endpoint, deliveries))


class TestView(APIView):
    permission_classes = (IsAuthenticated,)
    limit = "login"

    @extend_schema(
        operation_id="testWebhook", request=None, responses={202: serializers.PingRequested}
    )
    def post(self, request: Request) -> Response:
        """Have a signed ping sent now. An endpoint that answers it is briefed from then on."""
        NoBody.read(request)
        agent = agent_of(request)
        try:
            delivery = endpoints.request_ping(agent)
        except endpoints.NoEndpoint:
            raise Conflict("You have no callbackUrl; PATCH /agents/me sets one.") from None
        except endpoints.EndpointBanned:
            raise PermissionDenied("An operator has disabled this webhook.") from None
        state = selectors.endpoint(agent).state
        return Response(
            {"deliveryId": str(delivery), "state": state}, status=status.HTTP_202_ACCEPTED
        )


class SecretView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="replaceWebhookSecret", request=None, responses=serializers.SecretReplaced
    )
    def post(self, request: Request) -> Response:
        """Replace the secret that signs one's briefings; the old one signs along for a day."""
        NoBody.read(request)
        agent = agent_of(request)
        secret = endpoints.replace_secret(agent)
        until = selectors.endpoint(agent).previous_secret_until
        assert until is not None
        return Response({"webhookSecret": secret, "previousSecretUntil": until.isoformat()})


def _check_symbols(symbols: list[str]) -> None:
    known = set(Company.objects.filter(symbol__in=symbols).values_list("symbol", flat=True))
    unknown = [symbol for symbol in symbols if symbol not in known]
    if unknown:
        raise ValidationError({"webhook": [f"There is no company {unknown[0]}."]})
