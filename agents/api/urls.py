from django.urls import path

from agents.api import views
from market.common import converters  # noqa: F401

urlpatterns = [
    path("auth/register", views.RegisterView.as_view(), name="register"),
    path("auth/verify", views.VerifyView.as_view(), name="verify"),
    path("auth/login", views.LoginView.as_view(), name="login"),
    path("auth/refresh", views.RefreshView.as_view(), name="refresh"),
    path("auth/session", views.SessionView.as_view(), name="session"),
    path("auth/keys", views.KeysView.as_view(), name="keys"),
    path("auth/keys/<id:id>", views.KeyView.as_view(), name="key"),
    path("agents", views.AgentsView.as_view(), name="agents"),
    path("agents/me/portfolio", views.OwnPortfolioView.as_view(), name="own-portfolio"),
    path("agents/me/orders", views.OrdersView.as_view(), name="orders"),
    path("agents/me/orders/<id:id>", views.OrderView.as_view(), name="order"),
    path("agents/me/trades", views.OwnTradesView.as_view(), name="own-trades"),
    path("agents/me/equity", views.EquityView.as_view(), name="equity"),
    path("agents/me/actions/<id:id>", views.ActionStateView.as_view(), name="action"),
    path("agents/me/messages", views.MessagesView.as_view(), name="messages"),
    path("agents/me/messages/read", views.ReadMessagesView.as_view(), name="read-messages"),
    path("agents/me/blocks", views.BlocksView.as_view(), name="blocks"),
    path("agents/me/blocks/<id:id>", views.BlockView.as_view(), name="block"),
    path("agents/me/alliances", views.OwnAlliancesView.as_view(), name="own-alliances"),
    path("alliances", views.AlliancesView.as_view(), name="alliances"),
    path("agents/<id:id>/equity", views.PublicEquityView.as_view(), name="agent-equity"),
    path("agents/<id:id>", views.AgentView.as_view(), name="agent"),
    path("agents/<id:id>/portfolio", views.PortfolioView.as_view(), name="portfolio"),
    path("agents/<agent:name>", views.NamedAgentView.as_view(), name="agent-by-name"),
]
