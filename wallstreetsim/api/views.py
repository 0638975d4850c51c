from __future__ import annotations

import re
from functools import cache
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.request_agent import agent_of
from agents.api.serializers import BatchResult, LeaderboardQuery, action_result
from agents.engine.batch import MalformedBatch, parse_batch
from agents.models import Source
from agents.selectors import bankruptcies
from agents.services.intake import Taken, await_verdicts, take, try_out
from agents.services.repeats import LONGEST_KEY, OtherRequest, Repeatable
from agents.standings import count_active, ranking
from market import selectors
from market.common.client_address import request_id_of
from market.common.fields import Choice, Query
from market.common.lists import Page, PageQuery, page_of, slice_of
from market.common.refusals import Conflict
from market.common.view import APIView
from market.selectors import note_tick
from wallstreetsim.api import serializers
from wallstreetsim.api.configuration import Config, config
from wallstreetsim.api.envelope import JSON, only_read, without_parameters
from wallstreetsim.api.schema import batch_schema
from wallstreetsim.floor.app_parts import checking_views
from wallstreetsim.machine.actions import ACTIONS

MOST_ACTIONS = settings.RULES.agents.actions_per_request
WAITED_TICKS = 3
IDEMPOTENCY_KEY = "Idempotency-Key"
IDEMPOTENCY_HEADER = OpenApiParameter(
    IDEMPOTENCY_KEY,
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    OpenApiParameter.HEADER,
    description="Makes a request safe to repeat for 24 h: it has one effect and one answer.",
)

_KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")


class WaitQuery(Query):
    wait = Choice(
        choices=[0, 1],
        default=0,
        help_text=f"1 waits for the tick's verdict, {WAITED_TICKS} ticks at most.",
    )


class ActionsView(APIView):
    permission_classes = (IsAuthenticated,)
    limit = "actions"

    @extend_schema(
        operation_id="act",
        parameters=[WaitQuery, IDEMPOTENCY_HEADER],
        request={JSON: batch_schema(ACTIONS, most=MOST_ACTIONS)},
        responses=BatchResult,
    )
    def post(self, request: Request) -> Response:
        """Submit actions. `success` means accepted for the next tick, whose verdict counts."""
        wait = WaitQuery.read(request)["wait"] if request.query_params else 0
        try:
            asked = parse_batch(_actions_in(request.data), ACTIONS, most=MOST_ACTIONS)
        except MalformedBatch as malformed:
            raise ValidationError({"actions": [str(malformed)]}) from None
        if _is_dry_run(request.data):
            taken = try_out(
                agent=agent_of(request), asked=asked, table=ACTIONS, views=checking_views
            )
            return _answer(taken)
        try:
            taken = take(
                agent=agent_of(request),
                asked=asked,
                table=ACTIONS,
                views=checking_views,
                source=Source.API,
                repeatable=_repeatable(request),
                request_id=request_id_of(request._request),
            )
        except OtherRequest:
            raise Conflict("This Idempotency-Key was used for another request.") from None
        if wait:
            taken = await_verdicts(taken, intervals=WAITED_TICKS)
        note_tick(taken.tick)
        return _answer(taken)


def _answer(taken: Taken) -> Response:
    return Response({"tick": taken.tick, "results": [action_result(r) for r in taken.receipts]})


def _is_dry_run(body: Any) -> bool:
    is_dry_run = body.get("dryRun")
    if is_dry_run is not None and not isinstance(is_dry_run, bool):
        raise ValidationError({"dryRun": ["Must be true or false."]})
    return bool(is_dry_run)


def _actions_in(body: object) -> object:
    if not isinstance(body, dict):
        raise ValidationError("The body must be an object.")
    if "actions" not in body and "type" in body:
        raise ValidationError(
            {"actions": ['Wrap the action in a list: {"actions": [{"type": …}]}.']}
        )
    there_are = "Unknown field. There are: actions, dryRun."
    if unknown := {key: [there_are] for key in body if key not in ("actions", "dryRun")}:
        raise ValidationError(unknown)
    return body.get("actions")


def _repeatable(request: Request) -> Repeatable | None:
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        wanted = f"Must be 1 to {LONGEST_KEY} printable ASCII characters without spaces."
        raise ValidationError({IDEMPOTENCY_KEY: [wanted]})
    return Repeatable.of(key, request.data)


class StatusView(APIView):
    @extend_schema(operation_id="getWorldStatus", responses=serializers.WorldStatus)
    def get(self, request: Request) -> Response:
        """Show where the world stands."""
        with selectors.one_instant():
            world, totals, active = selectors.world(), selectors.totals(), count_active()
            events = selectors.active_events(world)
        moment = selectors.moment(world)
        return Response(serializers.world_status(world, moment, totals, active, events))


class TickView(APIView):
    @extend_schema(operation_id="getTick", responses=serializers.WorldTick)
    def get(self, request: Request) -> Response:
        """Show the last tick."""
        world = selectors.world()
        moment = selectors.moment(world)
        return Response(serializers.world_tick(world, moment, settings.TICK_SECONDS))


class LeaderboardView(APIView):
    @extend_schema(
        operation_id="getLeaderboard",
        parameters=[LeaderboardQuery],
        responses=Page[serializers.Standing],
    )
    def get(self, request: Request) -> Response:
        """Rank the active agents from outside by net worth less the gifts received, or sort them by
        something else.
        """
        query = LeaderboardQuery.read(request)
        ranked, total = ranking(
            slice_of(query), sort=query["sort"], house=query["house"], status="active"
        )
        return Response(page_of(query, map(serializers.standing, ranked), total))


class EventsView(APIView):
    @extend_schema(
        operation_id="listEvents",
        parameters=[PageQuery],
        responses=Page[serializers.MarketHappening],
    )
    def get(self, request: Request) -> Response:
        """List what happened to companies and the market: active events, then what is over, each
        newest first.
        """
        query = PageQuery.read(request)
        with selectors.one_instant():
            happened = selectors.happenings(slice_of(query), selectors.world())
        return Response(page_of(query, *happened))


class BankruptciesView(APIView):
    @extend_schema(
        operation_id="listBankruptcies",
        parameters=[PageQuery],
        responses=Page[serializers.BankruptcyLine],
    )
    def get(self, request: Request) -> Response:
        """List the agents that came to owe more than they had, newest first."""
        query = PageQuery.read(request)
        fallen, total = bankruptcies(slice_of(query))
        return Response(page_of(query, map(serializers.bankruptcy, fallen), total))


class ConfigView(APIView):
    reads_record = False

    @extend_schema(operation_id="getConfig", responses=Config)
    def get(self, request: Request) -> Response:
        """Show the live rules."""
        return Response(config())


@only_read
@without_parameters
def openapi(request: HttpRequest) -> HttpResponse:
    """Serve the OpenAPI schema."""
    return HttpResponse(openapi_document(), content_type=JSON)


@cache
def openapi_document() -> bytes:
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]
    return orjson.dumps(generator.get_schema(request=None, public=True))
