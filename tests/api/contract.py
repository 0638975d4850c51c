"""Every answer in these tests is held against the published schema, which is the contract."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

PREFIX = "/api/v1"


def check(method: str, path: str, status: int, body: object) -> None:
    """Assert that an answer is as the schema says. Paths that it leaves out are not checked."""
    operation = _operation(method.lower(), path.removeprefix(PREFIX).partition("?")[0])
    if operation is None:
        return
    answers = operation["responses"]
    assert str(status) in answers, (method, path, status)
    answer = answers[str(status)]
    schema = {**answer["content"]["application/json"]["schema"], "components": _components()}
    errors = [error.message for error in Draft202012Validator(schema).iter_errors(body)]
    assert not errors, (method, path, errors)


@cache
def document() -> dict[str, Any]:
    from wallstreetsim.api.views import openapi_document

    return dict(json.loads(openapi_document()))


@cache
def _operation(method: str, path: str) -> dict[str, Any] | None:
    for template, operations in sorted(document()["paths"].items()):
        pattern = re.sub(r"{\w+}", "[^/]+", template.removeprefix(PREFIX))
        if method in operations and re.fullmatch(pattern, path):
            return dict(operations[method])
    return None


@cache
def _components() -> dict[str, Any]:
    """Return the components, none of whose answers may hold a field that is not described."""
    components = json.loads(json.dumps(document()["components"]))
    for schema in components["schemas"].values():
        if schema.get("type") == "object":
            schema["additionalProperties"] = False
    return dict(components)
