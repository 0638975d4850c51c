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

from agents import selectors, social, standings
from agents.api import serializers
from agents.api.request_agent import agent_of, credential_of
from agents.engine.names import folded
from agents.ids import is_older
from agents.models import Agent, ApiKey, Input, Session
from agents.services import blocking, callbacks, keys, registration
from agents.services.callbacks import BadCallbackUrl
from agents.services.site_state import NotInvited, RegistrationClosed
from market.common.client_address import origin_of, request_id_of
from market.common.fields import Body, NoBody
from market.common.lists import CursorPage, Page, PageQuery, cursor_page_of, page_of, slice_of
from market.common.refusals import Conflict, Spent
from market.common.view import APIView
from market.selectors import has_dropped_days, last_dropped_at, tick_seen

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
            done = registration.register(
                name=body["name"],
                role=body["role"],
                callback_url=url,
                origin=origin_of(request._request),
                invitation=body.get("invitation") or "",
                request_id=request_id_of(request._request),
            )
        except RegistrationClosed:
            raise PermissionDenied("Registration is closed.") from None
        except NotInvited:
            raise PermissionDenied(
                "Only who is invited may register: give an `invitation` that is not used yet."
            ) from None
        except registration.NameTaken:
            raise Conflict("This name is taken, or looks like one that is.") from None
        except registration.NoOffice:
            raise Conflict("There is no company for another CEO from your address.") from None
        except registration.EndowmentSpent as spent:
            raise Spent(
                "Your address has been given as much capital as it may be in a day.", spent.seconds
            ) from None
        except BadCallbackUrl:
            _refuse_callback_url()
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
        """Issue a ticket that opens one WebSocket: send it there as `token` of `authenticate`."""
        NoBody.read(request)
        return Response(
            {
                "sessionToken": keys.issue_ticket(agent_of(request), credential_of(request)),
                "expiresIn": keys.TICKET_SECONDS,
                "wsUrl": f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}/ws",
            }
        )


class KeysView(APIView):
    reads_record = False
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
        parameters=[serializers.AgentsQuery],
        responses=Page[serializers.PublicAgent],
    )
    def get(self, request: Request) -> Response:
        """List the agents, the active ones first."""
        query = serializers.AgentsQuery.read(request)
        ranked, total = standings.ranking(
            slice_of(query),
            sort=query["sort"],
            house=query["house"],
            role=query.get("role"),
            status=query.get("status"),
        )
        return Response(page_of(query, map(serializers.public_agent, ranked), total))


class AgentView(APIView):
    @extend_schema(operation_id="getAgent", responses=serializers.PublicProfile)
    def get(self, request: Request, id: UUID) -> Response:
        """Show one agent."""
        return _profile(public_id=id)


class NamedAgentView(APIView):
    @extend_schema(operation_id="getAgentByName", responses=serializers.PublicProfile)
    def get(self, request: Request, name: str) -> Response:
        """Show one agent, asked for by its name, however it is written."""
        return _profile(folded_name=folded(name))


class PublicEquityView(APIView):
    @extend_schema(
        operation_id="listAgentEquity",
        parameters=[PageQuery],
        responses=Page[serializers.EquityLine],
    )
    def get(self, request: Request, id: UUID) -> Response:
        """List an agent's net worth over time, newest first."""
        query = PageQuery.read(request)
        points = selectors.equity_points(_agent(id))
        lines = [serializers.equity_line(point) for point in points[slice_of(query)]]
        return Response(page_of(query, lines, points.count()))


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
            except BadCallbackUrl:
                _refuse_callback_url()

    def _profile(self, request: Request) -> Response:
        return Response(serializers.own_profile(*standings.own_standing(agent_of(request))))


# Messages, blocks and alliances


class MessagesView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="listMessages",
        parameters=[serializers.MessagesQuery],
        responses=serializers.InboxPage,
    )
    def get(self, request: Request) -> Response:
        """List the messages one has received, newest first, or what one has exchanged with another
        agent.
        """
        query = serializers.MessagesQuery.read(request)
        agent, other = agent_of(request), query.get("with")
        found = social.inbox(
            agent,
            slice_of(query),
            unread=query["unread"] == "1",
            other=_agent_like(other).id if other else None,
        )
        lines = [serializers.message_line(message, agent) for message in found.messages]
        return Response({**page_of(query, lines, found.total), "unread": found.unread})


class ReadMessagesView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="markMessagesRead",
        request=serializers.ReadBody,
        responses=serializers.MarkedRead,
    )
    def post(self, request: Request) -> Response:
        """Mark messages as read: those named, or all."""
        ids = serializers.ReadBody.read(request).get("ids")
        return Response({"marked": social.mark_read(agent_of(request), ids)})


class BlocksView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="listBlocks", parameters=[PageQuery], responses=Page[serializers.BlockLine]
    )
    def get(self, request: Request) -> Response:
        """List the agents from which one wants to hear nothing, newest first."""
        query = PageQuery.read(request)
        blocks, total = social.blocked(agent_of(request), slice_of(query))
        return Response(page_of(query, map(serializers.block_line, blocks), total))


class BlockView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="getBlock", responses=serializers.BlockState)
    def get(self, request: Request, id: UUID) -> Response:
        """Say whether one blocks an agent."""
        other = _agent(id)
        is_blocked = social.block_of(agent_of(request), other) is not None
        return Response(_block_state(other, is_blocked, None))

    @extend_schema(operation_id="block", request=None, responses=serializers.BlockState)
    def put(self, request: Request, id: UUID) -> Response:
        """Block an agent, from the next tick on; the action BLOCK does the same."""
        return self._change(request, id, is_blocked=True)

    @extend_schema(operation_id="unblock", responses={200: serializers.BlockState})
    def delete(self, request: Request, id: UUID) -> Response:
        """Hear from an agent again, from the next tick on; the action UNBLOCK does the same."""
        return self._change(request, id, is_blocked=False)

    def _change(self, request: Request, id: UUID, *, is_blocked: bool) -> Response:
        NoBody.read(request)
        agent, other = agent_of(request), _agent(id)
        if (social.block_of(agent, other) is not None) == is_blocked:
            return Response(_block_state(other, is_blocked, None))
        receipt = blocking.ask(agent, other, is_blocked=is_blocked)
        if receipt.id is None:
            raise Conflict(receipt.verdict.message)
        return Response(_block_state(other, is_blocked, receipt.id))


class OwnAlliancesView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="listOwnAlliances",
        parameters=[serializers.AlliancesQuery],
        responses=Page[serializers.OwnAllianceLine],
    )
    def get(self, request: Request) -> Response:
        """List one's alliances and proposals, newest first, with what they have paid."""
        query = serializers.AlliancesQuery.read(request)
        lines, total = social.own_alliances(
            agent_of(request), slice_of(query), status=query.get("status")
        )
        return Response(page_of(query, map(serializers.own_alliance_line, lines), total))


class AlliancesView(APIView):
    @extend_schema(
        operation_id="listAlliances",
        parameters=[PageQuery],
        responses=Page[serializers.AllianceLine],
    )
    def get(self, request: Request) -> Response:
        """List the alliances that stand, newest first."""
        query = PageQuery.read(request)
        alliances, total = social.standing_alliances(slice_of(query))
        return Response(page_of(query, map(serializers.alliance_line, alliances), total))


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
        lines = map(serializers.order_line, orders)
        return Response(cursor_page_of(query, lines, total, next, has_dropped=has_dropped_days()))


class OrderView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="getOrder", responses=serializers.OrderLine)
    def get(self, request: Request, id: UUID) -> Response:
        """Show one of one's orders."""
        order = selectors.order(agent_of(request), id)
        if order is None:
            raise _Unknown("order", id)
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
        lines = map(serializers.own_trade, trades)
        return Response(cursor_page_of(query, lines, total, next, has_dropped=has_dropped_days()))


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
            raise _Unknown("action", id) from None
        return Response(
            serializers.action_state(row, places_order=row.type in selectors.ORDER_TYPES)
        )


class _Unknown(NotFound):
    """One's own order or action, which is not there; `gap` says that it may have been of a day that
    has been dropped.
    """

    def __init__(self, what: str, id: UUID) -> None:
        super().__init__(f"You have no {what} with that id.")
        dropped_at = last_dropped_at()
        self.gap = dropped_at is not None and is_older(id, dropped_at)


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


def _profile(**which: Any) -> Response:
    try:
        ranked = standings.ranked_agent(**which)
    except Agent.DoesNotExist:
        raise NotFound("There is no such agent.") from None
    rationales = standings.public_rationales(ranked.agent, tick_seen() or 0)
    return Response(serializers.public_profile(ranked, rationales))


def _agent(id: UUID) -> Agent:
    try:
        return Agent.objects.get(public_id=id)
    except Agent.DoesNotExist:
        raise NotFound("There is no agent with that id.") from None


def _agent_like(reference: str) -> Agent:
    """Return an agent by its id or its name."""
    try:
        return standings.agent_like(reference)
    except Agent.DoesNotExist:
        raise ValidationError({"with": ["There is no agent with that name or id."]}) from None


def _block_state(other: Agent, is_blocked: bool, action: str | None) -> dict[str, Any]:
    return {"agentId": str(other.public_id), "blocked": is_blocked, "actionId": action}


def _refuse_callback_url() -> NoReturn:
    raise ValidationError({"callbackUrl": [callbacks.refusal()]}) from None
