"""The OpenAPI schema: our typed answers as components, each in its envelope; the actions from their
table.
"""

from __future__ import annotations

from typing import (
    Any,
    Literal,
    NotRequired,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework.permissions import IsAuthenticated

from agents.engine.actions import check_reference as check_alliance_reference
from agents.engine.batch import RATIONALE, ActionTable
from market.engine.action import Action
from market.engine.actions import check_order, check_reference, check_replacement
from market.engine.parameters import Parameter, ParameterKind
from wallstreetsim.api.envelope import JSON, Failure

Schema = dict[str, Any]

CANONICAL = "/api/v1/"

REFUSALS = {
    400: "The request has not the form that is described here.",
    401: "It bears no key or token, or one that is not valid.",
    403: "It is not allowed to whom it comes from.",
    404: "There is no such thing.",
    409: "It conflicts with what exists already.",
    413: "The body is too large.",
    415: "The body is not plain JSON in UTF-8.",
    429: "Too many requests.",
    500: "A fault of ours.",
    503: "The exchange cannot answer now.",
}

_SIMPLE: dict[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
}


def only_canonical(endpoints: list[tuple[str, Any, str, Any]]) -> list[tuple[str, Any, str, Any]]:
    """Leave out the bare paths: they lead to the same views."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(CANONICAL)]


class EnvelopeSchema(AutoSchema):
    """Describes a view by the types of its answers: `@extend_schema(responses=Stock)`."""

    def get_auth(self) -> list[Schema]:
        """A public view takes a key too: an agent then has a rate limit of its own."""
        needed: list[Schema] = super().get_auth()
        permissions = self.view.get_permissions()
        is_public = not any(isinstance(one, IsAuthenticated) for one in permissions)
        return [{}, *needed] if is_public else needed

    def map_parsers(self) -> list[str]:
        return [JSON]  # the parser reads every body, to refuse the others in its own words

    def _get_request_body(self, direction: str = "request") -> Schema | None:
        body: Schema | None = super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        if body is None:
            return None
        schema = next(iter(body["content"].values()))["schema"]
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = self.registry[(name, ResolvedComponent.SCHEMA)].schema
        return body | {"required": bool(schema.get("required"))}  # {} is as good as none

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Schema:
        schema: Schema = super()._map_basic_serializer(  # type: ignore[no-untyped-call]
            serializer, direction
        )
        return schema | {"additionalProperties": False} if direction == "request" else schema

    def _get_response_bodies(self, direction: str = "response") -> Schema:
        declared = self.get_response_serializers()
        answers = declared if isinstance(declared, dict) else {200: declared}
        bodies = {str(code): self._answer(type) for code, type in answers.items()}
        return bodies | {str(status): self._refusal(status) for status in self._refusals()}

    def _refusals(self) -> list[int]:
        """Return the statuses with which a request may be refused, or not be answered."""
        statuses = {400, 403, 429, 500, 503}  # 403: an address may be frozen
        if self.view.get_authenticators() or getattr(self.view, "limit", "") == "login":
            statuses.add(401)
        if "{" in self.path or getattr(self.view, "may_be_absent", False):
            statuses.add(404)
        if any(isinstance(one, IsAuthenticated) for one in self.view.get_permissions()):
            statuses.add(404)
        if self.method != "GET":
            statuses |= {409, 413, 415}
        return sorted(statuses)

    def _refusal(self, status: int) -> Schema:
        refusal: Schema = {
            "description": REFUSALS[status],
            "content": {JSON: {"schema": self._schema_of(Failure)}},
        }
        if status in (429, 503):
            seconds = {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}
            refusal["headers"] = {"Retry-After": seconds}
        return refusal

    def _answer(self, type: Any) -> Schema:
        framed = {
            "type": "object",
            "properties": {"success": {"const": True}, "data": self._schema_of(type)},
            "required": ["success", "data"],
        }
        description = (get_origin(type) or type).__doc__ or "Done."
        return {
            "description": description.strip().splitlines()[0],
            "content": {JSON: {"schema": framed}},
        }

    def _schema_of(self, hint: Any, bound: dict[Any, Any] | None = None) -> Schema:
        """Return the schema of a type; a typed dictionary's is a component."""
        bound = bound or {}
        if isinstance(hint, TypeVar):
            return self._schema_of(bound[hint])
        if hint in _SIMPLE:
            return dict(_SIMPLE[hint])
        origin, arguments = get_origin(hint), get_args(hint)
        if is_typeddict(origin or hint):
            return self._component(hint)
        if origin is list:
            return {"type": "array", "items": self._schema_of(arguments[0], bound)}
        if origin is dict:
            return {"type": "object", "additionalProperties": self._schema_of(arguments[1], bound)}
        if origin is Literal and len(arguments) == 1:
            return {"const": arguments[0]}
        if origin is Literal:
            return self._schema_of(type(arguments[0])) | {"enum": list(arguments)}
        if origin is NotRequired:
            return self._schema_of(arguments[0], bound)
        assert arguments, f"what is {hint} on the wire?"
        return {"anyOf": [self._schema_of(one) for one in arguments]}

    def _component(self, hint: Any) -> Schema:
        origin = get_origin(hint) or hint
        bound = dict(zip(getattr(origin, "__parameters__", ()), get_args(hint), strict=True))
        name = "".join(a.__name__ for a in bound.values()) + origin.__name__
        component: Any = ResolvedComponent(  # type: ignore[no-untyped-call]
            name, ResolvedComponent.SCHEMA, object=name
        )
        if component not in self.registry:
            self.registry.register(component)
            fields = get_type_hints(origin, include_extras=True)
            component.schema = {
                "type": "object",
                "properties": {key: self._schema_of(type, bound) for key, type in fields.items()},
                "required": [
                    k for k, type in fields.items() if get_origin(type) is not NotRequired
                ],
            }
            if origin.__doc__:
                component.schema["description"] = " ".join(origin.__doc__.split())
        return dict(component.ref)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "wallstreetsim.api.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key (wss_…) or a session token.",
        }


# Actions


def batch_schema(table: ActionTable, *, most: int) -> Schema:
    """Return the schema of a request to act."""
    return {
        "type": "object",
        "properties": {
            "actions": {
                "type": "array",
                "minItems": 1,
                "maxItems": most,
                "items": {"oneOf": [_action_schema(action) for action in table.values()]},
            },
            "dryRun": {
                "type": "boolean",
                "default": False,
                "description": "Do nothing, and answer what would become of the actions.",
            },
        },
        "required": ["actions"],
        "additionalProperties": False,
    }


def _action_schema(action: Action) -> Schema:
    properties = {p.wire: _parameter_schema(p) for p in action.parameters}
    return {
        "title": action.type,
        "description": action.summary,
        "type": "object",
        "properties": {
            "type": {"const": action.type},
            **properties,
            RATIONALE.wire: _parameter_schema(RATIONALE)
            | {"description": "Why, in your own words: public after the day's close."},
        },
        "required": ["type", *(p.wire for p in action.parameters if p.required)],
        "additionalProperties": False,
        **_CHECKED.get(action.check_form, {}),
    }


def _needs(kinds: tuple[str, ...], parameter: str) -> Schema:
    """Say that some kinds of order must have a parameter, and the others must not."""
    of_these = {"properties": {"orderType": {"enum": list(kinds)}}, "required": ["orderType"]}
    return {
        "if": of_these,
        "then": {"required": [parameter]},
        "else": {"not": {"required": [parameter]}},
    }


_ONE_ORDER: Schema = {
    "oneOf": [{"required": ["orderId"]}, {"required": ["clientOrderId"]}],
}
# What is checked of an action's parameters together, as a schema says it.
_CHECKED: dict[object, Schema] = {
    check_reference: _ONE_ORDER,
    check_alliance_reference: {
        "oneOf": [{"required": ["allianceId"]}, {"required": ["targetAgent"]}],
    },
    check_replacement: {
        **_ONE_ORDER,
        "anyOf": [{"required": ["quantity"]}, {"required": ["price"]}],
    },
    check_order: {
        "allOf": [
            _needs(("LIMIT", "STOP_LIMIT"), "price"),
            _needs(("STOP", "STOP_LIMIT"), "stopPrice"),
            {
                "if": {"properties": {"postOnly": {"const": True}}, "required": ["postOnly"]},
                "then": {
                    "properties": {
                        "orderType": {"const": "LIMIT"},
                        "timeInForce": {"enum": ["GTC", "DAY"]},
                    },
                    "required": ["orderType"],
                },
            },
        ]
    },
}


def _parameter_schema(parameter: Parameter) -> Schema:
    schema: Schema = {"default": parameter.assumed} if parameter.assumed is not None else {}
    low, high = parameter.minimum, parameter.maximum
    match parameter.kind:
        case ParameterKind.INTEGER:
            return schema | {"type": "integer", "minimum": low, "maximum": high}
        case ParameterKind.MONEY:
            bounds = {"minimum": low / 100, "maximum": high / 100}
            note = {"description": "Dollars, with at most two decimals."}
            return schema | {"type": "number", **bounds, **note}
        case ParameterKind.BOOLEAN:
            return schema | {"type": "boolean"}
        case ParameterKind.CHOICE:
            return schema | {"type": "string", "enum": list(parameter.choices)}
        case ParameterKind.UUID:
            return schema | {"type": "string", "format": "uuid"}
    return schema | {"type": "string", "minLength": low, "maxLength": high}
