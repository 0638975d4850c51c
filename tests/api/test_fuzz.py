"""The published schema asked at random, rightly and wrongly: every answer is as it says, and none
is a fault of ours. `WSS_FUZZ_CALLS=5000` asks more often than there is time for here.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest

from tests.api import contract
from tests.api.desk import Desk

CALLS = int(os.environ.get("WSS_FUZZ_CALLS", "300"))
SEED = int(os.environ.get("WSS_FUZZ_SEED", "7"))
TICK_EVERY = 25  # calls
NEVER = {"/api/v1/docs"}  # a page for people

WORDS = [
    *("", "APEX", "ann", "bob", "quant", "1", "-1", "0", "true", "null", "NaN", "1e400", "٣"),
    *(
        "a" * 600,
        "<script>alert(1)</script>",
        '=HYPERLINK("x")',
        "\u202eevil",
        "a\x00b",
        "\x1b[31m",
    ),
    *("o" + "\u0301" * 300, "../../etc/passwd", "' OR 1=1 --", "%00", "🙂", "\ud83d"),
]
NUMBERS = [0, 1, -1, 2, 10, 99, 10**6, 10**18, 10**39, -(10**18), 0.1, -0.01, 1e-9, 1.5, 1e300]
ODD: list[Any] = [None, True, False, [], {}, [[]], {"a": {"b": []}}, *NUMBERS, *WORDS]


class Operation(NamedTuple):
    """One operation of the schema."""

    method: str
    path: str
    described: dict[str, Any]


def operations() -> Iterator[Operation]:
    for path, described in sorted(contract.document()["paths"].items()):
        for method, operation in sorted(described.items()):
            if path not in NEVER and method in ("get", "put", "post", "patch", "delete"):
                yield Operation(method, path, operation)


class Fuzzer:
    """Draws requests from the schema; one part in three of each is not as it should be."""

    def __init__(self, seed: int, ids: list[str], keys: list[str | None]) -> None:
        self.random = Random(seed)
        self.ids, self.keys = ids, keys
        self.schemas = contract.document()["components"]["schemas"]

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def request(self, operation: Operation) -> tuple[str, str | None, str | None]:
        """Return a path with its query, a body and a key."""
        path, query = operation.path, {}
        for parameter in operation.described.get("parameters", []):
            name, schema = parameter["name"], parameter.get("schema", {})
            if parameter["in"] == "path":
                path = path.replace(
                    f"{{{name}}}", quote(self.word(schema), safe="", errors="surrogatepass") or "x"
                )
            elif parameter["in"] == "query" and self.chance(0.4):
                query[name] = self.word(schema)
        if self.chance(0.05):
            query["unknown"] = "1"
        text = urlencode(query, errors="surrogatepass")
        body = None
        content = operation.described.get("requestBody", {}).get("content", {})
        if content:
            schema = next(iter(content.values()))["schema"]
            body = json.dumps(self.value(schema))
            if self.chance(0.03):
                body = body[: len(body) // 2]
        return f"{path}?{text}" if text else path, body, self.random.choice(self.keys)

    def word(self, schema: dict[str, Any]) -> str:
        """Return what may stand in a path or a query."""
        if self.chance(0.3):
            return str(self.random.choice(WORDS))
        if schema.get("format") == "uuid" or (not schema.get("enum") and self.chance(0.2)):
            return self.random.choice(self.ids)
        value = self.value(schema)
        return value if isinstance(value, str) else json.dumps(value)

    def value(self, schema: dict[str, Any], depth: int = 0) -> Any:
        """Return a value by a schema, or one that is not by it."""
        if depth and self.chance(0.08):
            return self.random.choice(ODD)
        if "$ref" in schema:
            return self.value(self.schemas[schema["$ref"].rpartition("/")[2]], depth)
        for choice in ("oneOf", "anyOf", "allOf"):
            if choice in schema:
                return self.value(self.random.choice(schema[choice]), depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        match schema.get("type"):
            case "object":
                return self.object(schema, depth)
            case "array":
                few = self.random.randrange(schema.get("minItems", 0), 4)
                return [self.value(schema.get("items", {}), depth + 1) for _ in range(few)]
            case "integer":
                low, high = schema.get("minimum", -5), schema.get("maximum", 10**6)
                return self.random.choice([low, high, low - 1, high + 1, 10])
            case "number":
                return self.random.choice([schema.get("minimum", 0), 10.25, 99.99, 1e9, 0.001])
            case "boolean":
                return self.chance(0.5)
            case "string":
                return self.string(schema)
        return self.random.choice(ODD)

    def object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        needed = schema.get("required", [])
        made = {
            name: self.value(described, depth + 1)
            for name, described in schema.get("properties", {}).items()
            if (name in needed and not self.chance(0.05)) or self.chance(0.4)
        }
        if self.chance(0.05):
            made["agentId"] = self.random.choice(self.ids)
        return made

    def string(self, schema: dict[str, Any]) -> str:
        if schema.get("format") == "uuid":
            return self.random.choice(self.ids)
        if self.chance(0.2):
            return str(self.random.choice(WORDS))
        longest = min(schema.get("maxLength", 20), 40)
        known = ["APEX", "ann", "bob", "NEXUS", "What do you make of this?"]
        drawn = self.random.choice(known)[:longest]
        return drawn.ljust(min(schema.get("minLength", 0), 600), "x")


@pytest.mark.usefixtures("unlimited")
def test_whatever_is_asked_is_answered_as_the_schema_says(desk: Desk) -> None:
    traders = [desk.register("ann", "quant"), desk.register("bob", "sec_investigator")]
    desk.tick()
    nobody = "00000000-0000-4000-8000-000000000000"
    ids = [*(trader.id for trader in traders), nobody]
    keys = [None, "wss_wrong", *(trader.key for trader in traders * 4)]
    fuzzer, asked = Fuzzer(SEED, ids, keys), list(operations())
    seen: Counter[int] = Counter()
    for number in range(CALLS):
        operation = asked[number % len(asked)] if number < len(asked) else None
        operation = operation or fuzzer.random.choice(asked)
        path, body, key = fuzzer.request(operation)
        answer = desk.ask(operation.method.upper(), path, body, key)
        assert answer.status < 500, (operation.method, path, body, answer.body)
        seen[answer.status] += 1
        if number % TICK_EVERY == 0:
            desk.tick()
    assert seen.keys() >= {200, 400, 401, 404}
    desk.tick(2)
    assert desk.floor.world is not None
    desk.floor.world.check(full=True)
