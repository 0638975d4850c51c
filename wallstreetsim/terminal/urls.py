"""Where the pages for people are."""

from django.templatetags.static import static
from django.urls import path, re_path
from django.views.generic import RedirectView

from market.common import converters  # noqa: F401
from wallstreetsim.terminal import (
    acting,
    agents,
    go,
    law,
    markets,
    news,
    own,
    pages,
    pictures,
    research,
    rules,
    sign_in,
    state,
    status,
    theme,
    tv,
)

urlpatterns = [
    path("", pages.terminal, name="terminal"),
    path("agents", agents.agents, name="agents-page"),
    re_path(r"^agents/(?!me$)(?P<reference>[^/]+)$", agents.agent, name="agent-page"),
    path("markets", markets.markets, name="markets-page"),
    path("markets/<symbol>", markets.company, name="company-page"),
    path("markets/<symbol>/picture.png", pictures.company, name="company-picture"),
    path("picture.png", pictures.index, name="index-picture"),
    path("sec", law.sec, name="sec-page"),
    path("sec/cases/<uuid:id>", law.case, name="case-page"),
    path("sec/scorecard", law.scorecard, name="scorecard-page"),
    path("help", go.guide, name="help-page"),
    path("go", go.go, name="go"),
    path("go/completions", go.completions, name="completions"),
    path("tv", tv.tv, name="tv-page"),
    path("world", state.world, name="world-page"),
    path("rules", rules.rules, name="rules-page"),
    path("status", status.status, name="status-page"),
    path("join", sign_in.join, name="join"),
    path("login", sign_in.login, name="login"),
    path("logout", sign_in.logout, name="logout"),
    path("me", own.portfolio, name="me"),
    path("me/history", own.history, name="my-history"),
    path("me/messages", own.messages, name="my-messages"),
    path("me/account", own.account, name="my-account"),
    path("me/trade", own.find_company, name="find-company"),
    path("me/act", acting.act, name="act"),
    path("me/socket", acting.socket_ticket, name="socket-ticket"),
    path("me/messages/read", acting.read_all, name="read-all"),
    path("me/callback", acting.set_callback, name="set-callback"),
    path("me/ping", acting.ping, name="ping"),
    path("theme/<slug:theme>", theme.choose, name="theme"),
    path("replay", pages.replay, name="replay"),
    path("replay/ticks", pages.replay_ticks, name="replay-ticks"),
    path("news", news.news, name="news-page"),
    path("research", research.research, name="research-page"),
    path("news/feed.xml", news.feed, name="news-feed"),
    path("news/<id:id>", news.article, name="article-page"),
    # Where browsers look for the icon of a page that names none, as admin's.
    path("favicon.ico", RedirectView.as_view(url=static("favicon.svg"))),
]
