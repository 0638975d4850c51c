"""The base of every view of the API."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework import views
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from market.common.fields import refuse_unknown
from market.common.instants import at_one_tick


class APIView(views.APIView):
    """REST framework's, which refuses the query parameters that its schema does not describe, and
    reads the record at one tick, which its answer names.

    What a view costs of the limit that it counts under is `cost_of` a request; one that `is_heavy`
    waits for its turn among those alone.
    """

    reads_record = True  # of the world, which has a tick
    is_heavy = False

    def cost_of(self, request: Request) -> int:
        """Return for how many requests one counts."""
        return 1

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Do as REST framework does, but read at one tick."""
        self.args, self.kwargs = args, kwargs
        self.headers = self.default_response_headers
        asked = self.request = self.initialize_request(request, *args, **kwargs)
        try:
            self.initial(asked, *args, **kwargs)
            response = self._handle(asked, *args, **kwargs)
        except Exception as error:
            response = self.handle_exception(error)
        self.response = self.finalize_response(asked, response, *args, **kwargs)
        return cast("HttpResponseBase", self.response)

    def _handle(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        method = str(request.method).lower()
        known = method in self.http_method_names
        handler = getattr(self, method, None) if known else None
        if handler is None:
            handler = self.http_method_not_allowed
        if method not in ("get", "head") or not self.reads_record:
            return cast("Response", handler(request, *args, **kwargs))
        with at_one_tick():
            return cast("Response", handler(request, *args, **kwargs))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise what refuses a request before its handler: who asks, how often, and for what."""
        super().initial(request, *args, **kwargs)
        method = str(request.method)
        if request.query_params and method in self.allowed_methods:
            view: Any = type(self)
            refuse_unknown(request, _described(view, "GET" if method == "HEAD" else method))


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
