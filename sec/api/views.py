from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from agents.models import Agent
from market.common.lists import Page, PageQuery, page_of, slice_of
from market.common.view import APIView
from market.selectors import one_instant, world
from sec import selectors
from sec.api import serializers


class InvestigationsView(APIView):
    @extend_schema(
        operation_id="listInvestigations",
        parameters=[serializers.InvestigationsQuery],
        responses=Page[serializers.InvestigationLine],
    )
    def get(self, request: Request) -> Response:
        """List the cases that are charged or decided, a line for each accused, newest first."""
        query = serializers.InvestigationsQuery.read(request)
        lines, total = selectors.investigations(
            slice_of(query), status=query.get("status"), crime=query.get("crimeType")
        )
        return Response(page_of(query, map(serializers.investigation_line, lines), total))


class MostWantedView(APIView):
    @extend_schema(
        operation_id="listMostWanted",
        parameters=[PageQuery],
        responses=Page[serializers.WantedLine],
    )
    def get(self, request: Request) -> Response:
        """List the agents that are on trial or have fled, those who gained most first."""
        query = PageQuery.read(request)
        wanted, total = selectors.most_wanted(slice_of(query))
        return Response(page_of(query, map(serializers.wanted_line, wanted), total))


class PrisonView(APIView):
    @extend_schema(
        operation_id="listInmates",
        parameters=[PageQuery],
        responses=Page[serializers.InmateLine],
    )
    def get(self, request: Request) -> Response:
        """List the agents in prison, those who are released first coming first."""
        query = PageQuery.read(request)
        with one_instant():
            tick = world().tick
            inmates, total = selectors.inmates(slice_of(query))
        lines = [serializers.inmate_line(inmate, tick) for inmate in inmates]
        return Response(page_of(query, lines, total))


class CasesView(APIView):
    @extend_schema(
        operation_id="listCases", parameters=[PageQuery], responses=Page[serializers.CaseSummary]
    )
    def get(self, request: Request) -> Response:
        """List the cases that are charged or decided, newest first; who asks with its key sees its
        own from the day it is told of them.
        """
        query = PageQuery.read(request)
        found, total = selectors.cases(slice_of(query), reader=_reader(request))
        lines = [serializers.case_summary(case, accused) for case, accused in found]
        return Response(page_of(query, lines, total))


class CaseView(APIView):
    @extend_schema(operation_id="getCase", responses=serializers.CaseDetail)
    def get(self, request: Request, id: UUID) -> Response:
        """Show a case file with its evidence; to the investigator assigned from the start, and with
        what was subpoenaed.
        """
        file = selectors.case_file(id, reader=_reader(request))
        if file is None:
            raise NotFound("There is no case by that id that you may see.")
        return Response(serializers.case_detail(file))


def _reader(request: Request) -> Agent | None:
    asking: object = request.user
    return asking if isinstance(asking, Agent) else None
