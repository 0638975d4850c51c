from __future__ import annotations

from collections.abc import Sequence

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from market import selectors, wire
from market.api import serializers
from market.common.lists import Page, page_of, slice_of
from market.common.view import APIView
from market.models import Candle, Company


class StocksView(APIView):
    @extend_schema(
        operation_id="listStocks",
        parameters=[serializers.StocksQuery],
        responses=Page[serializers.Stock],
    )
    def get(self, request: Request) -> Response:
        """List the companies and their markets."""
        query = serializers.StocksQuery.read(request)
        rows = selectors.companies(sector=query.get("sector"), sort=query["sort"])
        day = selectors.trading_day()
        stocks = [serializers.stock(company, day) for company in rows[slice_of(query)]]
        return Response(page_of(query, stocks, rows.count()))


class StockView(APIView):
    @extend_schema(operation_id="getStock", responses=serializers.StockDetail)
    def get(self, request: Request, symbol: str) -> Response:
        """Show one company."""
        return Response(serializers.stock_detail(_company(symbol), selectors.trading_day()))


class HistoryView(APIView):
    @extend_schema(
        operation_id="getHistory",
        parameters=[serializers.HistoryQuery],
        responses=serializers.History,
    )
    def get(self, request: Request, symbol: str) -> Response:
        """Show the candles of a company."""
        query = serializers.HistoryQuery.read(request)
        interval = query["interval"] if query["interval"] == wire.DAY else int(query["interval"])
        rows = selectors.candles(_company(symbol), interval=interval, limit=query["limit"])
        candles = [serializers.candle(row) for row in rows]
        gap = _ends_early(candles, interval, query["limit"])
        return Response({"symbol": symbol, "interval": interval, "candles": candles, "gap": gap})


class IndexHistoryView(APIView):
    @extend_schema(
        operation_id="getIndexHistory",
        parameters=[serializers.HistoryQuery],
        responses=serializers.IndexHistory,
    )
    def get(self, request: Request) -> Response:
        """Show the candles of the market's index."""
        query = serializers.HistoryQuery.read(request)
        interval = query["interval"] if query["interval"] == wire.DAY else int(query["interval"])
        rows = selectors.index_candles(interval=interval, limit=query["limit"])
        candles = [serializers.candle(row) for row in rows]
        gap = _ends_early(candles, interval, query["limit"])
        return Response(
            {"name": wire.INDEX_NAME, "interval": interval, "candles": candles, "gap": gap}
        )


class OrderBookView(APIView):
    @extend_schema(
        operation_id="getOrderBook",
        parameters=[serializers.OrderBookQuery],
        responses=serializers.OrderBook,
    )
    def get(self, request: Request, symbol: str) -> Response:
        """Show the book of a company."""
        query = serializers.OrderBookQuery.read(request)
        with selectors.one_instant():
            tick, company = selectors.world().tick, _company(symbol, with_book=True)
        return Response(serializers.order_book(company, tick, query["depth"]))


class TradesView(APIView):
    @extend_schema(
        operation_id="listTrades",
        parameters=[serializers.TradesQuery],
        responses=serializers.Trades,
    )
    def get(self, request: Request, symbol: str) -> Response:
        """Show the last trades in a company."""
        query = serializers.TradesQuery.read(request)
        _company(symbol)
        trades = [
            serializers.trade(row) for row in selectors.recent_trades(symbol, limit=query["limit"])
        ]
        gap = len(trades) < query["limit"] and selectors.has_dropped_days()
        return Response({"symbol": symbol, "trades": trades, "gap": gap})


def _ends_early(candles: Sequence[object], interval: int | str, limit: int) -> bool:
    """Say whether a history is shorter than asked for because older days have been dropped."""
    is_kept = interval == wire.DAY or int(interval) >= Candle.COARSE
    return not is_kept and len(candles) < limit and selectors.has_dropped_days()


def _company(symbol: str, *, with_book: bool = False) -> Company:
    try:
        return selectors.company(symbol, with_book=with_book)
    except Company.DoesNotExist:
        raise NotFound("There is no company with that symbol.") from None
