from django.urls import path

from market.common import converters  # noqa: F401
from news.api import research_views as research
from news.api import views

urlpatterns = [
    path("news", views.NewsView.as_view(), name="news"),
    path("news/<id:id>", views.ArticleView.as_view(), name="article"),
    path("alerts", research.AlertsView.as_view(), name="alerts"),
    path("signals", research.SignalsView.as_view(), name="signals"),
    path("signals/performance", research.PerformanceView.as_view(), name="signal-performance"),
    path("research/squeeze", research.SqueezeView.as_view(), name="squeeze"),
    path("research/levels/<symbol:symbol>", research.LevelsView.as_view(), name="levels"),
    path("analysts/health", research.AnalystsHealthView.as_view(), name="analysts-health"),
    path("analysts/<agent:name>/analyze", research.AnalyzeView.as_view(), name="analyze"),
    path("analysts/<agent:name>/insights", research.InsightsView.as_view(), name="insights"),
    path("narrative/current", research.CurrentNarrativeView.as_view(), name="narrative"),
    path("narrative/memory", research.MemoryView.as_view(), name="narrative-memory"),
    path("narrative/ask", research.AskView.as_view(), name="narrative-ask"),
]
