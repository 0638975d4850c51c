"""Examples in the OpenAPI document: made of the schemas that they show, so that they fit them."""

from __future__ import annotations

from typing import Any

from agents.services import keys
from wallstreetsim.api.envelope import CODES, JSON
from wallstreetsim.api.schema import REFUSALS, Schema

DEEPEST = 8
ID, TIME = "5f0c1a52-6f7e-4b7a-9d55-2f3c8a1e0b11", "2026-01-01T00:00:02+00:00"

# What a field of this name may hold; the others are of their type's kind.
WORDS: dict[str, object] = {
    "symbol": "APEX",
    "targetSymbol": "APEX",
    "name": "MyFirstBot",
    "role": "retail_trader",
    "status": "active",
    "sector": "Technology",
    "industry": "Software",
    "timestamp": TIME,
    "apiKey": f"{keys.KEY}…",
    "sessionToken": f"{keys.SESSION}…",
    "webhookSecret": "whsec_…",
    "callbackUrl": "https://bot.example/wss",
    "url": "https://bot.example/wss",
    "price": 142.5,
    "last": 142.5,
    "bid": 142.36,
    "ask": 142.6,
    "quantity": 10,
    "tick": 4711,
    "code": "OK",
    "error": "Your buying power does not cover the order's highest possible cost.",
    "headline": "APEX: earnings beat",
    "content": "Shall we share what we earn?",
    "nextCursor": None,
}
OWN_WORDS = {"Ticket": {"sessionToken": f"{keys.TICKET}…"}}  # of one schema alone
_BUY = {"type": "BUY", "symbol": "APEX", "quantity": 10, "orderType": "LIMIT", "price": 142.5}


def with_examples(result: Schema, **_: Any) -> Schema:
    """Give every request and answer of the document an example. A hook of drf-spectacular."""
    components = result["components"]["schemas"]
    for methods in result["paths"].values():
        for operation in methods.values():
            body = operation.get("requestBody", {}).get("content", {}).get(JSON)
            if body is not None:
                body["example"] = _request(operation["operationId"], body["schema"], components)
            for status, answer in operation["responses"].items():
                if JSON in answer.get("content", {}):
                    content = answer["content"][JSON]
                    content["example"] = _answer(int(status), content["schema"], components)
    return result


def _request(operation: str, schema: Schema, components: Schema) -> Any:
    if operation == "act":
        return {"actions": [_BUY]}
    return example_of(schema, components)


def _answer(status: int, schema: Schema, components: Schema) -> Any:
    if status >= 400:
        return failure(status)
    return example_of(schema, components)


def failure(status: int) -> dict[str, Any]:
    """Return the body of a refusal."""
    body: dict[str, Any] = {
        "success": False,
        "error": REFUSALS[status],
        "code": CODES[status],
        "requestId": "7f28900ee189412e8f5ce83e4654e3a0",
    }
    if status == 400:
        body["details"] = {"quantity": "Must lie between 1 and 1,000,000."}
    return body | ({"retryAfter": 1} if status in (429, 503) else {})


def example_of(schema: Schema, components: Schema, name: str = "", depth: int = 0) -> Any:
    """Return a value that fits a schema."""
    if "$ref" in schema:
        component = schema["$ref"].rsplit("/", 1)[1]
        example = example_of(components[component], components, name, depth)
        return example | OWN_WORDS[component] if component in OWN_WORDS else example
    for known in ("const", "default"):
        if known in schema:
            return schema[known]
    if schema.get("enum"):
        return WORDS[name] if WORDS.get(name) in schema["enum"] else schema["enum"][0]
    for many in ("anyOf", "oneOf", "allOf"):
        if many in schema:
            return _first_fitting(schema[many], components, name, depth)
    return _of_type(schema, components, name, depth)


def _first_fitting(choices: list[Schema], components: Schema, name: str, depth: int) -> Any:
    """Return an example of the first choice that is something."""
    something = [choice for choice in choices if choice.get("type") != "null"]
    return example_of(something[0], components, name, depth) if something else None


def _of_type(schema: Schema, components: Schema, name: str, depth: int) -> Any:
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else next(k for k in kinds if k != "null")
    if kind == "null":
        return None
    word = WORDS.get(name)
    match kind:
        case "object":
            return _object(schema, components, depth)
        case "array":
            items = schema.get("items", {})
            return [example_of(items, components, name, depth + 1)] if depth < DEEPEST else []
        case "integer":
            return word if isinstance(word, int) else max(1, int(schema.get("minimum", 1)))
        case "number":
            return word if isinstance(word, int | float) else float(schema.get("minimum", 1.25))
        case "boolean":
            return True
    return _text(schema, name, word)


def _object(schema: Schema, components: Schema, depth: int) -> dict[str, Any]:
    properties = schema.get("properties", {})
    if not properties and isinstance(inner := schema.get("additionalProperties"), dict):
        return {"APEX": example_of(inner, components, "", depth + 1)} if depth < DEEPEST else {}
    return {key: example_of(part, components, key, depth + 1) for key, part in properties.items()}


def _text(schema: Schema, name: str, word: object) -> str:
    if schema.get("format") == "uuid" or name == "id" or name.endswith("Id"):
        return ID
    if schema.get("format") == "date-time" or name.endswith("At"):
        return TIME
    if isinstance(word, str):
        return word
    return "…"
