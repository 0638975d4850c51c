"""Lists: a page at a time, and always the same frame around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypedDict, TypeVar

from rest_framework.exceptions import ValidationError

from market.common.fields import Number, Pattern, Query

Item = TypeVar("Item")

DEEPEST_PAGE = 1_000_000


class Page(TypedDict, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    page: int
    pageSize: int
    total: int
    hasMore: bool


class CursorPage(TypedDict, Generic[Item]):
    """One page of a list that grows at its head. `page` is null where a cursor was given;
    `nextCursor` leads on from this page, and nothing comes twice, whatever has come since. `gap`
    says that the list ends here because older days have been dropped.
    """

    items: list[Item]
    page: int | None
    pageSize: int
    total: int
    hasMore: bool
    nextCursor: str | None
    gap: bool


class PageQuery(Query):
    page = Number(min_value=1, max_value=DEEPEST_PAGE, default=1)
    pageSize = Number(min_value=1, max_value=100, default=50)


class CursorQuery(PageQuery):
    cursor = Pattern(
        r"\A[w0-9][0-9.]{0,40}\Z",
        required=False,
        help_text="Instead of `page`: the `nextCursor` of the page before.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "cursor" in attrs and "page" in self.initial_data:
            raise ValidationError({"cursor": ["Give page or cursor, one of them."]})
        return attrs


def slice_of(query: dict[str, Any]) -> slice:
    """Return which rows the page of a checked `PageQuery` wants."""
    start = (query["page"] - 1) * query["pageSize"]
    return slice(start, start + query["pageSize"])


def cursor_page_of(
    query: dict[str, Any],
    items: Iterable[Item],
    total: int,
    next: str | None,
    *,
    has_dropped: bool,
) -> CursorPage[Item]:
    """Frame the items of a checked `CursorQuery`."""
    return {
        "items": list(items),
        "page": None if "cursor" in query else query["page"],
        "pageSize": query["pageSize"],
        "total": total,
        "hasMore": next is not None,
        "nextCursor": next,
        "gap": has_dropped and next is None,
    }


def page_of(query: dict[str, Any], items: Iterable[Item], total: int) -> Page[Item]:
    """Frame the page's items."""
    return {
        "items": list(items),
        "page": query["page"],
        "pageSize": query["pageSize"],
        "total": total,
        "hasMore": slice_of(query).stop < total,
    }
