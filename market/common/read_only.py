"""Looking things up in the record: pages that only show, and lists that stay fast over millions of
rows. What an operator changes is an input, never a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import OperationalError, connection, models, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from market.models import Account, Company
from market.wire import known_tick

MOST_COUNTED = 10_000
MOST_PAGES = 200
COUNT_MILLISECONDS = 300
FILTERED_BY = {"", "exact", "isnull", "id__exact", "in"}  # what the filters of a list link to
MOST_DIGITS = 18  # of a number that a column may hold

Column = Callable[[Any], object]


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """A table to look things up in: every field is shown, none can be edited."""

    actions: Any = None
    list_per_page = 100
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False

    money: ClassVar[Sequence[str]] = ()  # columns in cents, shown in dollars
    ends: ClassVar[Sequence[str]] = ()  # columns of ticks at which something ends, if that is known
    hidden: ClassVar[Sequence[str]] = ()  # fields that are nobody's business
    heavy: ClassVar[Sequence[str]] = ()  # fields that are not even read
    more: ClassVar[Sequence[str | Column]] = ()  # what a page shows beside the fields
    computed: ClassVar[Mapping[str, Any]] = {}  # annotations that columns read

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Let a list be narrowed by its filters alone: what is hidden could be found out letter by
        letter.
        """
        filters = self.get_list_filter(request)
        named = {f for f in filters if isinstance(f, str)}
        own = {getattr(f, "parameter_name", None) for f in filters if not isinstance(f, str)}
        field, _, how = lookup.partition("__")
        return lookup in {"pk", *own} or (field in named and how in FILTERED_BY)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(**self.computed)
        return rows.defer(*self.heavy)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        unseen = {*self.hidden, *self.heavy}
        names = [field.name for field in self.opts.concrete_fields if field.name not in unseen]
        return [*self._in_words(names), *self.more]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_fields(request, obj)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return a row by its key as it stands in a path; None if there can be none."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self._in_words(self.list_display)

    def _in_words(self, columns: Sequence[Any]) -> list[Any]:
        return [
            money(name) if name in self.money else end(name) if name in self.ends else name
            for name in columns
        ]


class EstimatingPaginator(Paginator[Any]):
    """Pages of a big table: the planner's estimate of all rows, and no count beyond 10,000 of some.

    The pages end before OFFSET begins to hurt; what lies deeper is found by searching.
    """

    @cached_property
    def count(self) -> int:
        if not self._rows.query.where:
            estimate = self._estimate()
            if estimate > MOST_COUNTED:
                return estimate
        return self._count_some()

    @cached_property
    def num_pages(self) -> int:
        return min(super().num_pages, MOST_PAGES)

    @property
    def _rows(self) -> QuerySet[Any]:
        assert isinstance(self.object_list, QuerySet)
        return self.object_list

    def _estimate(self) -> int:
        with connection.cursor() as cursor:
            table = self._rows.model._meta.db_table
            cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
            return int(cursor.fetchone()[0])

    def _count_some(self) -> int:
        """Count up to the limit; assume the limit when even that takes too long."""
        some = self._rows.order_by()[:MOST_COUNTED]
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {COUNT_MILLISECONDS}")
                found = some.count()
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
                return found
        except OperationalError:
            return MOST_COUNTED


class BigTableAdmin(ReadOnlyAdmin):
    """A table of millions of rows, newest first.

    A search is an equality that an index, or a short scan from the newest row, can answer: an id, a
    number, a symbol, an account's name, `tick:9` or `account:1000`, each by the field that
    `finds_…` names.
    """

    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    paginator = EstimatingPaginator
    search_fields = ("pk",)  # shows the box; `find` does the rest
    sortable_by = ()

    finds_uuid: ClassVar[str] = ""
    finds_number: ClassVar[str] = ""
    finds_symbol: ClassVar[str] = ""
    finds_tick: ClassVar[str] = ""
    finds_account: ClassVar[Sequence[str]] = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        found = self.find(term)
        return (queryset.none() if found is None else queryset.filter(found)), False

    def find(self, term: str) -> Q | None:
        """Return the condition that a search term stands for, or None for what cannot be here."""
        word, colon, value = term.partition(":")
        if colon and value.isdecimal():
            return self._find_by(word, int(value)) if len(value) <= MOST_DIGITS else None
        if self.finds_number and term.isdecimal() and len(term) <= MOST_DIGITS:
            return Q(**{self.finds_number: int(term)})
        if self.finds_uuid and (id := as_uuid(term)):
            return Q(**{self.finds_uuid: id})
        if self.finds_symbol and Company.objects.filter(symbol=term.upper()).exists():
            return self._of_company(term.upper())
        accounts = Account.objects.filter(name__iexact=term).values_list("id", flat=True)
        return self._of_any(list(accounts))

    def _find_by(self, word: str, value: int) -> Q | None:
        if word == "tick" and self.finds_tick:
            return Q(**{self.finds_tick: value})
        return self._of_any([value]) if word == "account" else None

    def _of_company(self, symbol: str) -> Q:
        return Q(**{self.finds_symbol: symbol})

    def _of_any(self, accounts: list[int]) -> Q | None:
        if not accounts or not self.finds_account:
            return None
        condition = Q()
        for field in self.finds_account:
            condition |= Q(**{f"{field}__in": accounts})
        return condition


class Among(admin.SimpleListFilter):
    """A filter whose values are known, so that no table is searched for them."""

    values: ClassVar[Sequence[str]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label(value)) for value in self.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{str(self.parameter_name): value}) if value else queryset


def money(name: str) -> Column:
    """Return a column that shows a field of cents in dollars."""

    @admin.display(description=name.replace("_", " "), ordering=name)
    def column(row: models.Model) -> str:
        return dollars(getattr(row, name))

    column.__name__ = name
    return column


def end(name: str) -> Column:
    """Return a column that shows a field of ticks, and a word for one that nobody knows."""

    @admin.display(description=name.replace("_", " "), ordering=name)
    def column(row: models.Model) -> str:
        tick = getattr(row, name)
        return "-" if tick is None else str(known_tick(tick) or "not known")

    column.__name__ = name
    return column


def dollars(cents: int | None) -> str:
    if cents is None:
        return "-"
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}${whole:,}.{part:02}"


def label(status: str) -> str:
    """Return a status or a code as a person would write it."""
    return status.replace("_", " ").capitalize()


def link(text: object, page: str, *arguments: object, find: object = "") -> SafeString:
    """Return a link to an admin page, such as `market_order_changelist`, or to a search on it."""
    address = reverse(f"admin:{page}", args=arguments)
    return format_html('<a href="{}{}">{}</a>', address, f"?q={find}" if find else "", text)


def links(*each: SafeString) -> SafeString:
    return format_html_join(" · ", "{}", ((one,) for one in each))


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
