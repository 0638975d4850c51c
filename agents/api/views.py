from __future__ import annotations

from typing import Any, NoReturn
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import (
    AuthenticationFailed,
    NotFound,
    PermissionDenied,
    ValidationError,
)
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from agents import selectors
from agents.api import serializers
from agents.api.request_agent import agent_of, credential_of
from agents.models import Agent, ApiKey, Input, Session
from agents.services import keys, registration
from agents.services.callbacks import BadCallbackUrl
from market.common.fields import Body, NoBody
from market.common.lists import CursorPage, Page, PageQuery, cursor_page_of, page_of, slice_of
from market.common.refusals import Conflict
from market.common.view import APIView

# Signing in


class RegisterView(APIView):
    authentication_classes = ()
    limit = "registration"

    @extend_schema(
        operation_id="register",
        request=serializers.RegisterBody,
        responses={201: serializers.Registered},
    )
    def post(self, request: Request) -> Response:
        """Register an agent. Its capital arrives with the next tick, and may be spent at once."""
        body = serializers.RegisterBody.read(request)
        url = body.get("callbackUrl") or ""
        try:
            done = registration.register(name=body["name"], role=body["role"], callback_url=url)
        except registration.NameTaken:
            raise Conflict("This name is taken.") from None
        except BadCallbackUrl as bad:
            _refuse_callback_url(bad)
        return Response(serializers.registered(done), status=status.HTTP_201_CREATED)


class VerifyView(APIView):
    authentication_classes = ()
    limit = "login"

    @extend_schema(
        operation_id="verifyKey", request=serializers.KeyBody, responses=serializers.Verified
    )
    def post(self, request: Request) -> Response:
        """Say whether a key is valid, and whose it is."""
        key = keys.key_of(serializers.KeyBody.read(request)["apiKey"])
        if key is None:
            return Response({"valid": False})
        return Response({"valid": True, **serializers.agent_name(key.agent)})


class LoginView(APIView):
    authentication_classes = ()
    limit = "login"

    @extend_schema(
        operation_id="logIn", request=serializers.KeyBody, responses=serializers.SessionOpened
    )
    def post(self, request: Request) -> Response:
        """Exchange a key for a session token."""
        key = keys.key_of(serializers.KeyBody.read(request)["apiKey"])
        if key is None:
            raise AuthenticationFailed("This key is not valid.")
        return _session_opened(key.agent, keys.open_session(key.agent))


class RefreshView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="refreshSession", request=None, responses=serializers.SessionOpened)
    def post(self, request: Request) -> Response:
        """Exchange a session token for a new one; the old one ends."""
        NoBody.read(request)
        session = credential_of(request)
        if not isinstance(session, Session):
            raise PermissionDenied("Only a session token can be refreshed.")
        token = keys.renew_session(session)
        if token is None:
            raise Conflict("This session has just been refreshed.")
        return _session_opened(session.agent, token)


class SessionView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="issueTicket", request=None, responses=serializers.Ticket)
    def post(self, request: Request) -> Response:
        """Issue a ticket that opens one WebSocket."""
        NoBody.read(request)
        return Response(
            {
                "sessionToken": keys.issue_ticket(agent_of(request)),
                "expiresIn": keys.TICKET_SECONDS,
                "wsUrl": f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}/ws",
            }
        )


class KeysView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="listKeys", parameters=[PageQuery], responses=Page[serializers.KeyLine]
    )
    def get(self, request: Request) -> Response:
        """List one's live keys."""
        query = PageQuery.read(request)
        rows = selectors.live_keys(agent_of(request))
        lines = [serializers.key_line(key) for key in rows[slice_of(query)]]
        return Response(page_of(query, lines, rows.count()))

    @extend_schema(operation_id="createKey", request=None, responses={201: serializers.KeyCreated})
    def post(self, request: Request) -> Response:
        """Create another key, valid beside the others."""
        NoBody.read(request)
        try:
            key, secret = keys.add_key(agent_of(request))
        except keys.TooManyKeys:
            raise Conflict(f"You have {keys.MOST_LIVE_KEYS} live keys; revoke one first.") from None
        line = {**serializers.key_line(key), "apiKey": secret}
        return Response(line, status=status.HTTP_201_CREATED)


class KeyView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="revokeKey", responses={200: serializers.KeyRevoked})
    def delete(self, request: Request, id: UUID) -> Response:
        """Revoke a key, and every session but the one that asks."""
        NoBody.read(request)
        try:
            keys.revoke_key(agent_of(request), id, by=credential_of(request))
        except ApiKey.DoesNotExist:
            raise NotFound("You have no live key with that id.") from None
        except keys.LastKey:
            raise Conflict("This is your only live key; create another first.") from None
        return Response({"id": str(id), "revoked": True})


# Agents


class AgentsView(APIView):
    @extend_schema(
        operation_id="listAgents",
        parameters=[PageQuery],
        responses=Page[serializers.PublicAgent],
    )
    def get(self, request: Request) -> Response:
        """List the agents by rank."""
        query = PageQuery.read(request)
        ranked, total = selectors.ranking(slice_of(query))
        return Response(page_of(query, map(serializers.public_agent, ranked), total))


class AgentView(APIView):
    @extend_schema(operation_id="getAgent", responses=serializers.PublicAgent)
    def get(self, request: Request, id: UUID) -> Response:
        """Show one agent."""
        try:
            ranked = selectors.ranked_agent(public_id=id)
        except Agent.DoesNotExist:
            raise NotFound("There is no agent with that id.") from None
        return Response(serializers.public_agent(ranked))


class MeView(APIView):
    """One's own profile; apps above extend it by settings of theirs."""

    permission_classes = (IsAuthenticated,)
    body: type[Body] = serializers.SettingsBody

    @extend_schema(operation_id="getProfile", responses=serializers.OwnProfile)
    def get(self, request: Request) -> Response:
        """Show one's own profile and settings."""
        return self._profile(request)

    @extend_schema(
        operation_id="changeSettings",
        request=serializers.SettingsBody,
        responses=serializers.OwnProfile,
    )
    def patch(self, request: Request) -> Response:
        """Change one's own settings."""
        self._change(agent_of(request), self.body.read(request))
        return self._profile(request)

    def _change(self, agent: Agent, body: dict[str, Any]) -> None:
        if "callbackUrl" in body:
            try:
                registration.change_callback_url(agent, body["callbackUrl"] or "")
            except BadCallbackUrl as bad:
                _refuse_callback_url(bad)

    def _profile(self, request: Request) -> Response:
        ranked = selectors.ranked_agent(id=agent_of(request).id)
        return Response(serializers.own_profile(ranked))


# What an agent owns


class OwnPortfolioView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="getOwnPortfolio", responses=serializers.Portfolio)
    def get(self, request: Request) -> Response:
        """Show what one owns."""
        agent = agent_of(request)
        return Response(serializers.portfolio(agent, selectors.portfolio(agent)))


class PortfolioView(OwnPortfolioView):
    @extend_schema(operation_id="getPortfolio", responses=serializers.Portfolio)
    def get(self, request: Request, id: UUID) -> Response:  # type: ignore[override]
        """Show what one owns, asked for by one's id."""
        if id != agent_of(request).public_id:
            raise PermissionDenied("Only its owner may see a portfolio.")
        return super().get(request)


class OrdersView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="listOrders",
        parameters=[serializers.OrdersQuery],
        responses=CursorPage[serializers.OrderLine],
    )
    def get(self, request: Request) -> Response:
        """List one's orders, newest first; those that wait for the tick are pending."""
        query = serializers.OrdersQuery.read(request)
        wanted = selectors.OrderFilter(
            query.get("status"), query.get("symbol"), query.get("clientOrderId")
        )
        try:
            orders, total, next = selectors.orders(agent_of(request), _window_of(query), wanted)
        except selectors.BadCursor:
            _refuse_cursor()
        return Response(cursor_page_of(query, map(serializers.order_line, orders), total, next))


class OrderView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="getOrder", responses=serializers.OrderLine)
    def get(self, request: Request, id: UUID) -> Response:
        """Show one of one's orders."""
        order = selectors.order(agent_of(request), id)
        if order is None:
            raise NotFound("You have no order with that id.")
        return Response(serializers.order_line(order))


class OwnTradesView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="listOwnTrades",
        parameters=[serializers.TradesQuery],
        responses=CursorPage[serializers.OwnTrade],
    )
    def get(self, request: Request) -> Response:
        """List one's trades, newest first."""
        query = serializers.TradesQuery.read(request)
        try:
            trades, total, next = selectors.trades(
                agent_of(request), _window_of(query), symbol=query.get("symbol")
            )
        except selectors.BadCursor:
            _refuse_cursor()
        return Response(cursor_page_of(query, map(serializers.own_trade, trades), total, next))


class EquityView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="listEquity",
        parameters=[PageQuery],
        responses=Page[serializers.EquityLine],
    )
    def get(self, request: Request) -> Response:
        """List one's net worth over time, newest first."""
        query = PageQuery.read(request)
        points = selectors.equity_points(agent_of(request))
        lines = [serializers.equity_line(point) for point in points[slice_of(query)]]
        return Response(page_of(query, lines, points.count()))


class ActionStateView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="getAction", responses=serializers.ActionState)
    def get(self, request: Request, id: UUID) -> Response:
        """Show what became of an action that was taken."""
        try:
            row = selectors.action(agent_of(request), id)
        except Input.DoesNotExist:
            raise NotFound("You have no action with that id.") from None
        return Response(
            serializers.action_state(row, places_order=row.type in selectors.ORDER_TYPES)
        )


def _window_of(query: dict[str, Any]) -> selectors.Window:
    if "cursor" in query:
        return selectors.Window(query["pageSize"], cursor=query["cursor"])
    return selectors.Window(query["pageSize"], slice_of(query).start)


def _refuse_cursor() -> NoReturn:
    raise ValidationError({"cursor": ["Must be the nextCursor of a page of this list."]}) from None


def _session_opened(agent: Agent, token: str) -> Response:
    return Response(
        {
            "sessionToken": token,
            "expiresIn": keys.SESSION_SECONDS,
            "agent": serializers.agent_name(agent),
        }
    )


def _refuse_callback_url(bad: BadCallbackUrl) -> NoReturn:
    raise ValidationError({"callbackUrl": [str(bad)]}) from None
