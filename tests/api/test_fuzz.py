"""The published schema asked at random, rightly and wrongly: every answer is as it says, and none
is a fault of ours. `WSS_FUZZ_CALLS=5000` asks more often than there is time for here.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)

from agents.models import Input
from tests.api import contract
from tests.api.desk import Desk

CALLS = int(os.environ.get("WSS_FUZZ_CALLS", "300"))
TICK_EVERY = 25  # calls

# What has the right form may be refused all the same, such as an order for too much; and a public
# path refuses a wrong key, but wants none.
UNCHECKED = [positive_data_acceptance, ignored_auth]

TEXTS = [
    "What do you make of this, then?",
    "<script>alert(1)</script>",
    '=HYPERLINK("x"), said the spreadsheet',
    "\u202eevil in the other direction",
    "\x1b[31mred as it is on a terminal",
    "o" + "\u0301" * 300,
    "🙂" * 20,
]
Known = Mapping[str, list[Any]]  # values by the name of a field


@pytest.fixture
def desk(transactional_db: None, unlimited: None) -> Desk:
    """A world whose requests have connections of their own, as a server's."""
    return Desk()


@st.composite
def sensible(draw: st.DrawFn, operation: Any, known: Known) -> Case[Any]:
    """Return a request of the right form that may name what the world knows: no schema tells."""
    case: Case[Any] = draw(operation.as_strategy())
    given: dict[str, Any] = case.body if isinstance(case.body, dict) else {}
    for fields in (case.path_parameters, case.query, given, *given.get("actions", [])):
        for name in sorted(fields.keys() & known.keys()):
            if draw(st.integers(0, 3)):
                values = known[name]
                fields[name] = values[draw(st.integers(0, 10**6)) % len(values)]
    return case


def test_whatever_is_asked_is_answered_as_the_schema_says(desk: Desk) -> None:
    traders = [desk.register("ann", "quant"), desk.register("bob", "sec_investigator")]
    desk.tick()
    ids: list[Any] = [trader.id for trader in traders]
    agents, symbols = ["ann", "bob", *ids], ["APEX", "NEXUS"]
    known: Known = {
        **dict.fromkeys(("targetAgent", "with"), agents),
        **dict.fromkeys(("symbol", "targetSymbol"), symbols),
        **dict.fromkeys(("content", "proposal", "evidence", "request", "q"), TEXTS),
        **dict.fromkeys(("id", "orderId", "allianceId", "bribeId", "investigationId"), ids),
        "name": agents,
        "quantity": [1, 10, 1_000],
        "price": [1.0, desk.price()],
        "amount": [1_000, 5_000.5],
    }
    keys = st.sampled_from([*(trader.key for trader in traders * 5), "wss_wrong", None])
    api = schemathesis.openapi.from_wsgi("/openapi.json", get_wsgi_application())
    act = api["/api/v1/actions"]["POST"]
    operations: list[Any] = [api[path][method] for path in api for method in api[path]]
    operations += [act] * len(operations)  # a whole table is behind it
    asked = [sensible(operation, known) for operation in operations]
    asked += [o.as_strategy(generation_mode=GenerationMode.NEGATIVE) for o in operations]
    seen: Counter[int] = Counter()

    @settings(
        max_examples=CALLS,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(asked), key=keys)
    def ask(case: Case[Any], key: str | None) -> None:
        headers = {"Accept-Encoding": "identity"}  # the client does not decompress
        if key:
            headers["Authorization"] = f"Bearer {key}"
        is_act = case.operation.path == act.path
        answer = case.call_and_validate(
            headers=headers,
            excluded_checks=[*UNCHECKED, negative_data_rejection] if is_act else UNCHECKED,
        )
        body = answer.json()
        contract.check(case.method, case.operation.path, answer.status_code, body)
        if is_act and body["success"]:  # each action is refused alone
            results = body["data"]["results"]
            ids.extend(
                result["data"]["actionId"] for result in results if "actionId" in result["data"]
            )
            if case.meta and case.meta.components[ParameterLocation.BODY].mode.is_negative:
                assert not all(result["success"] for result in results), case.body
        if seen.total() % TICK_EVERY == 0:
            desk.tick()
        seen[answer.status_code] += 1

    ask()
    assert seen.keys() >= {200, 400, 401, 404}
    desk.tick(2)
    performed = Input.objects.filter(verdict__success=True).values("type").distinct()
    assert performed.count() >= 3, "little of it makes sense to the world"
    assert desk.floor.world is not None
    desk.floor.world.check(full=True)
