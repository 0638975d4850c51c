"""Articles, which an operator may retract or pin, and rumors with their authors, for looking up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from agents.models import Agent
from agents.services import operator
from market.common.read_only import Among, BigTableAdmin, as_uuid, link
from news.engine.actions import PIN, RESTORE, RETRACT, UNPIN
from news.engine.articles import SECTIONS, TOPICS
from news.models import Article, InsightProse, NarrativeProse, Prose, Rumor

ACTS = {RETRACT: "Retract", RESTORE: "Take back the retraction", PIN: "Pin", UNPIN: "Unpin"}


class SectionFilter(Among):
    title, parameter_name, values = "section", "section", SECTIONS


class TopicFilter(Among):
    title, parameter_name, values = "topic", "topic", TOPICS


class MarkedFilter(admin.SimpleListFilter):
    title, parameter_name = "mark", "mark"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("pinned", "Pinned"), ("retracted", "Retracted")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "pinned":
                return queryset.filter(is_pinned=True)
            case "retracted":
                return queryset.filter(is_retracted=True)
        return queryset


class MarkForm(forms.Form):
    """One act on an article: each button is one, and the reason goes with all of them."""

    act = forms.ChoiceField(choices=list(ACTS.items()))
    reason = forms.CharField(max_length=200)


@admin.register(Article)
class ArticleAdmin(BigTableAdmin):
    list_display = ("number", "tick", "section", "topic", "headline", "is_breaking", "mark")
    list_display_links = ("number", "headline")
    list_filter = (SectionFilter, TopicFilter, MarkedFilter, "is_breaking")
    search_help_text = "An id, a number or tick:9."
    ordering = ("-number",)
    hidden = ("words",)
    more = ("mark",)
    finds_number = "number"
    finds_tick = "tick"
    change_form_template = "admin/news/article/change_form.html"

    def find(self, term: str) -> Q | None:
        if id := as_uuid(term):
            return Q(pk__in=Article.objects.with_id(id).values("pk"))
        return super().find(term)

    @admin.display(description="mark")
    def mark(self, article: Article) -> str:
        return "Pinned" if article.is_pinned else "Retracted" if article.is_retracted else ""

    def get_urls(self) -> list[URLPattern]:
        act = path("<int:number>/act", self.admin_site.admin_view(self.act), name="news_act")
        return [act, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {"acts": ACTS.items() if request.user.is_superuser else ()}
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **context}
        )

    @method_decorator(require_POST)
    def act(self, request: HttpRequest, number: int) -> HttpResponse:
        """Put an act on an article into the inbox."""
        if not isinstance(request.user, User) or not request.user.is_superuser:
            raise PermissionDenied
        article = get_object_or_404(Article, number=number)
        form = MarkForm(request.POST)
        if form.is_valid():
            operator.submit(
                operator=request.user,
                type=form.cleaned_data["act"],
                reason=form.cleaned_data["reason"],
                article=str(article.id),
            )
            messages.success(request, "The next tick does it.")
        else:
            messages.error(request, "Say why.")
        return HttpResponseRedirect(reverse("admin:news_article_change", args=[number]))


@admin.register(Rumor)
class RumorAdmin(BigTableAdmin):
    list_display = ("number", "tick", "author", "symbol", "text", "sentiment", "impact", "verdict")
    search_help_text = "An id, a number, a symbol, an agent's name, account:1000 or tick:9."
    ordering = ("-number",)
    hidden = ("account",)
    more = ("author",)
    finds_uuid = "id"
    finds_number = "number"
    finds_symbol = "symbol"
    finds_tick = "tick"
    finds_account = ("account",)
    computed = {"agent_name": Subquery(Agent.objects.filter(id=OuterRef("account")).values("name"))}

    @admin.display(description="author")
    def author(self, rumor: Any) -> SafeString:
        return link(rumor.agent_name or rumor.account, "agents_agent_change", rumor.account)


@admin.register(Prose)
class ProseAdmin(BigTableAdmin):
    list_display = ("article_id", "model", "written_at")
    ordering = ("-article_id",)
    finds_number = "article_id"


@admin.register(NarrativeProse)
class NarrativeProseAdmin(BigTableAdmin):
    list_display = ("narrative_id", "tick", "model", "written_at")
    ordering = ("-narrative_id",)
    finds_number = "narrative_id"


@admin.register(InsightProse)
class InsightProseAdmin(BigTableAdmin):
    list_display = ("insight_id", "tick", "model", "written_at")
    ordering = ("-insight_id",)
    finds_number = "insight_id"
