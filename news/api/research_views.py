from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from agents.engine.names import ANALYSTS
from market.common.lists import Page, PageQuery, page_of, slice_of
from market.common.view import APIView
from market.selectors import one_instant, world
from news.api import research_serializers as serializers
from news.research import analysts, answering, selectors, standing, startup, wire
from news.research.events import Item
from news.research.narrative import is_stale
from news.research.rules import RESEARCH_RULES
from news.research.standing import the_copy

ASKING_COSTS = 10  # requests: it reads more than any other


class NotYet(NotFound):
    default_detail = "The research desk has read nothing yet."


class Closed(APIException):
    """An analyst whose venue is not open."""

    status_code = 503

    def __init__(self, analyst: str) -> None:
        super().__init__(f"{analyst} has nothing to look at yet.")
        self.hint = analysts.HINTS[analyst]


class NoSuchAnalyst(NotFound):
    default_detail = "There is no such analyst."
    hint = f"There are: {', '.join(ANALYSTS)}."


class AlertsView(APIView):
    @extend_schema(
        operation_id="listAlerts",
        parameters=[serializers.AlertsQuery],
        responses=Page[serializers.Alert],
    )
    def get(self, request: Request) -> Response:
        """List the research desk's alerts, newest first."""
        query = serializers.AlertsQuery.read(request)
        rows = selectors.alerts(
            kind=query.get("kind"), symbol=query.get("symbol"), source=query.get("source")
        )
        with one_instant():
            page, total = list(rows[slice_of(query)]), rows.count()
        return Response(page_of(query, map(wire.alert, page), total))


class SignalsView(APIView):
    @extend_schema(
        operation_id="listSignals",
        parameters=[serializers.SignalsQuery],
        responses=Page[serializers.Signal],
    )
    def get(self, request: Request) -> Response:
        """List the research desk's signals and what became of them, newest first."""
        query = serializers.SignalsQuery.read(request)
        status = query.get("status")
        rows = selectors.signals(
            symbol=query.get("symbol"),
            kind=query.get("kind"),
            tier=query.get("tier"),
            action=query.get("action"),
            is_open=None if status is None else status == wire.OPEN,
        )
        with one_instant():
            page, total = list(rows[slice_of(query)]), rows.count()
        return Response(page_of(query, map(wire.signal, page), total))


class PerformanceView(APIView):
    @extend_schema(operation_id="getSignalPerformance", responses=serializers.Performance)
    def get(self, request: Request) -> Response:
        """Show the record of each type of signal, beside what chance gives."""
        return Response({"tick": selectors.tick(), "types": selectors.performance()})


class SqueezeView(APIView):
    is_heavy = True

    @extend_schema(
        operation_id="listSqueezes",
        parameters=[PageQuery],
        responses=Page[serializers.Squeeze],
    )
    def get(self, request: Request) -> Response:
        """List the companies by their squeeze scores, the highest first."""
        query = PageQuery.read(request)
        with the_copy().read() as desk:
            lines = selectors.squeezes(desk) if desk else []
        return Response(page_of(query, lines[slice_of(query)], len(lines)))


class LevelsView(APIView):
    is_heavy = True

    @extend_schema(operation_id="getLevels", responses=serializers.Levels)
    def get(self, request: Request, symbol: str) -> Response:
        """Show the prices of a company at which much has traded."""
        with the_copy().read() as desk:
            if desk is None:
                raise NotYet
            company = desk.companies.get(symbol.upper())
            if company is None:
                raise NotFound("There is no such company.")
            levels = [level.as_item() for level in selectors.levels_of(company)]
            shown = {"symbol": company.symbol, "tick": desk.tick, "price": company.price / 100}
        return Response({**shown, "levels": levels})


class AnalystsHealthView(APIView):
    is_heavy = True

    @extend_schema(operation_id="getAnalystsHealth", responses=serializers.Health)
    def get(self, request: Request) -> Response:
        """Show how the analysts and the checkers are."""
        with the_copy().read() as desk:
            shown = selectors.health(desk or standing.unread())
        behind = max(0, world().tick - shown["tick"])
        started_at = startup.started_at()
        began = {"startedAt": started_at and started_at.isoformat()}
        return Response({**began, "behindTicks": behind, **shown})


class AnalyzeView(APIView):
    is_heavy = True

    @extend_schema(
        operation_id="analyze",
        request=serializers.AnalyzeBody,
        responses=serializers.Analysis,
    )
    def post(self, request: Request, name: str) -> Response:
        """Ask an analyst what it makes of a company, or of all."""
        analyst = _analyst(name)
        symbol = serializers.AnalyzeBody.read(request).get("symbol")
        if analyst not in analysts.OPEN:
            raise Closed(analyst)
        with the_copy().read() as desk:
            if desk is None:
                raise NotYet
            if symbol is not None and symbol not in desk.companies:
                raise NotFound("There is no such company.")
            item = analysts.analyse(analyst, desk.room, symbol).as_item()
        return Response({**_insight(item), "timestamp": timezone.now().isoformat()})


class InsightsView(APIView):
    @extend_schema(
        operation_id="listInsights",
        parameters=[serializers.InsightsQuery],
        responses=Page[serializers.Insight],
    )
    def get(self, request: Request, name: str) -> Response:
        """List what an analyst has said by itself, newest first."""
        query = serializers.InsightsQuery.read(request)
        analyst = _analyst(name)
        if analyst not in analysts.OPEN:
            raise Closed(analyst)
        rows = selectors.insights(analyst=analyst, symbol=query.get("symbol"))
        with one_instant():
            page, total = list(rows[slice_of(query)]), rows.count()
        return Response(page_of(query, [_insight(wire.insight(row)) for row in page], total))


class CurrentNarrativeView(APIView):
    may_be_absent = True  # in a young world

    @extend_schema(operation_id="getNarrative", responses=serializers.CurrentNarrative)
    def get(self, request: Request) -> Response:
        """Show the newest narrative, and whether it has grown old."""
        row = selectors.narratives().first()
        if row is None:
            raise NotFound("There is no narrative yet.")
        stale = is_stale(row.tick, world().tick, RESEARCH_RULES.opinions)
        return Response({**wire.narrative(row), "stale": stale})


class MemoryView(APIView):
    @extend_schema(operation_id="listNarratives", responses=serializers.Memory)
    def get(self, request: Request) -> Response:
        """List the last ten narratives, newest first."""
        return Response({"narratives": [wire.narrative(row) for row in selectors.narratives()]})


class AskView(APIView):
    is_heavy = True

    def cost_of(self, request: Request) -> int:
        return ASKING_COSTS

    @extend_schema(
        operation_id="askNarrative", request=serializers.AskBody, responses=serializers.Answer
    )
    def post(self, request: Request) -> Response:
        """Ask the desk a question: it answers from what the exchange tells everybody."""
        question = serializers.AskBody.read(request)["question"]
        answer = answering.answer_question(question)
        return Response(
            {
                "question": question,
                "answer": answer.text,
                "found": answer.found,
                "sources": list(answer.sources),
                "tick": selectors.tick(),
            }
        )


def _analyst(name: str) -> str:
    analyst = analysts.named(name)
    if analyst is None:
        raise NoSuchAnalyst
    return analyst


def _insight(item: Item) -> Item:
    """Return an insight with the names of the terminal's document."""
    renamed = {"text": "insight", "summary": "dataSummary"}
    return {renamed.get(name, name): value for name, value in item.items()}
