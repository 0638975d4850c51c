"""Lists: a page at a time, and always the same frame around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypedDict, TypeVar

from market.common.fields import Number, Query

Item = TypeVar("Item")

DEEPEST_PAGE = 1_000_000


class Page(TypedDict, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    page: int
    pageSize: int
    total: int
    hasMore: bool


class PageQuery(Query):
    page = Number(min_value=1, max_value=DEEPEST_PAGE, default=1)
    pageSize = Number(min_value=1, max_value=100, default=50)


def slice_of(query: dict[str, Any]) -> slice:
    """Return which rows the page of a checked `PageQuery` wants."""
    start = (query["page"] - 1) * query["pageSize"]
    return slice(start, start + query["pageSize"])


def page_of(query: dict[str, Any], items: Iterable[Item], total: int) -> Page[Item]:
    """Frame the page's items."""
    return {
        "items": list(items),
        "page": query["page"],
        "pageSize": query["pageSize"],
        "total": total,
        "hasMore": slice_of(query).stop < total,
    }
