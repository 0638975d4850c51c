"""The base of every view of the API."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from rest_framework import views
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from market.common.fields import refuse_unknown


class APIView(views.APIView):
    """REST framework's, which refuses the query parameters that its schema does not describe."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise what refuses a request before its handler: who asks, how often, and for what."""
        super().initial(request, *args, **kwargs)
        if request.query_params:
            view: Any = type(self)
            refuse_unknown(request, _described(view, str(request.method)))


@cache
def _described(view: Any, method: str) -> tuple[str, ...]:
    """Return the query parameters of a method, as `@extend_schema` describes them."""
    handler = getattr(view, method.lower(), None)
    schema_of = getattr(handler, "kwargs", {}).get("schema")
    if schema_of is None:
        return ()
    schema = schema_of()
    schema.view, schema.method = view(), method
    schema.view.request, schema.view.kwargs = None, {}
    return tuple(name for one in schema.get_override_parameters() for name in _names(one))


def _names(described: Any) -> Iterable[str]:
    if isinstance(described, type) and issubclass(described, Serializer):
        return list(described().fields)
    return [described.name] if described.location == "query" else []
