from django.urls import path

from market.api import views
from market.common import converters  # noqa: F401

urlpatterns = [
    path("market/stocks", views.StocksView.as_view(), name="stocks"),
    path("market/stocks/<symbol:symbol>", views.StockView.as_view(), name="stock"),
    path("market/stocks/<symbol:symbol>/history", views.HistoryView.as_view(), name="history"),
    path("market/index/history", views.IndexHistoryView.as_view(), name="index-history"),
    path("market/orderbook/<symbol:symbol>", views.OrderBookView.as_view(), name="orderbook"),
    path("market/trades/<symbol:symbol>", views.TradesView.as_view(), name="trades"),
]
