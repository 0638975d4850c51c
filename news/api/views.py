from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from market.common.lists import Page, page_of, slice_of
from market.common.view import APIView
from market.selectors import one_instant, world
from news import selectors
from news.api import serializers
from news.models import Article


class NewsView(APIView):
    @extend_schema(
        operation_id="listNews",
        parameters=[serializers.NewsQuery],
        responses=Page[serializers.Article],
    )
    def get(self, request: Request) -> Response:
        """List the articles, newest first."""
        query = serializers.NewsQuery.read(request)
        rows = selectors.articles(
            category=query.get("category"), symbol=query.get("symbol"), words=query.get("q", "")
        )
        with one_instant():
            active, page = dict(world().active_events), list(rows[slice_of(query)])
            total = rows.count()
        return Response(page_of(query, [serializers.article(row, active) for row in page], total))


class ArticleView(APIView):
    @extend_schema(operation_id="getArticle", responses=serializers.ArticleDetail)
    def get(self, request: Request, id: UUID) -> Response:
        """Show one article."""
        with one_instant():
            try:
                row, active = selectors.article(id), dict(world().active_events)
            except Article.DoesNotExist:
                raise NotFound("There is no article of that id.") from None
        return Response(serializers.article_detail(row, active))
