"""Whatever is sent, the answer is our JSON, with the right status and never a 5xx."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from market.common.instants import tick_of_data
from tests.api import contract
from tests.api.desk import Desk, Trader, buy
from wallstreetsim.api.middleware import refused

VERIFY = "/auth/verify"


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "{'apiKey': 'x'}",
        '{"apiKey": "x",}',
        '{"apiKey": "x"} {}',
        '{"apiKey": NaN}',
        '{"apiKey": Infinity}',
        '{"apiKey": -Infinity}',
        '{"apiKey": "x", "apiKey": "y"}',
        '{"a": {"b": 1, "b": 2}}',
        '{"apiKey": ' + "9" * 41 + "}",
        '{"apiKey": ' + "9" * 5_000 + "}",
        '{"apiKey": 0.' + "9" * 50_000 + "}",
        '{"apiKey": 1e99999999999999999999}',
        '{"apiKey": 1e-99999999999999999999}',
        '{"apiKey": 01}',
        '{"apiKey": ١}',
        '{"apiKey": "\\u0000"}',
        '{"apiKey": "\\ud800"}',
        '{"\\udfff": 1}',
        '{"apiKey": "a\tb"}',
        '{"apiKey": "\\x41"}',
        "[" * 33,
        "[" * 100_000,
        '{"a":' * 50_000,
        '{"apiKey": ' + "[" * 32 + "]" * 32 + "}",
        "\ufeff{}",
        "x",
        "[]",
        "null",
        "true",
        "1.5",
        '"x"',
        "{}",
        '{"apikey": "x"}',
        '{"apiKey": "x", "more": 1}',
        '{"apiKey": {}}',
        '{"apiKey": true}',
    ],
)
def test_what_is_not_plain_json_is_refused(desk: Desk, body: str) -> None:
    answer = desk.ask("POST", VERIFY, body)
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")


def test_escapes_that_make_a_character_are_read(desk: Desk) -> None:
    assert desk.ask("POST", VERIFY, '{"apiKey": "\\ud83d\\ude00"}').data == {"valid": False}


def test_brackets_in_a_string_are_no_nesting(desk: Desk) -> None:
    assert desk.post(VERIFY, {"apiKey": "[" * 50 + '\\"' + "{" * 50}).status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "application/xml",
        "*/*",
        "x",
    ],
)
def test_anything_but_json_is_unsupported(desk: Desk, content_type: str) -> None:
    answer = desk.ask("POST", VERIFY, '{"apiKey": "x"}', content_type=content_type)
    assert (answer.status, answer.code) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=UTF-8", "application/json;x=y"]
)
def test_json_is_supported(desk: Desk, content_type: str) -> None:
    assert desk.ask("POST", VERIFY, '{"apiKey": "x"}', content_type=content_type).status == 200


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"apiKey": "\xe9"}', "{}".encode("utf-16")])
def test_anything_but_utf8_is_unsupported(desk: Desk, body: bytes) -> None:
    answer = desk.ask("POST", VERIFY, body)
    assert (answer.status, answer.code) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("path", [VERIFY, "/actions", "/auth/register", "/api/v1/auth/session"])
def test_a_huge_body_is_too_large(desk: Desk, path: str) -> None:
    answer = desk.ask("POST", path, '{"apiKey": "' + "x" * 256 * 1024 + '"}')
    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")


def test_a_large_body_is_read(desk: Desk) -> None:
    body = json.dumps({"apiKey": "x"}) + " " * (255 * 1024)
    assert desk.ask("POST", VERIFY, body).status == 200


BODILESS = {
    ("POST", "/auth/session"): 200,
    ("POST", "/auth/keys"): 201,
    ("POST", "/auth/refresh"): 403,  # not with a key
    ("DELETE", "/auth/keys/00000000-0000-4000-8000-000000000000"): 404,
}


@pytest.mark.parametrize(("method", "path"), BODILESS)
def test_what_needs_no_body_takes_none_or_an_empty_one(ann: Trader, method: str, path: str) -> None:
    for body, kind in (
        (None, ""),
        ("{}", "application/json"),
        ("", "text/xml"),
        ("", "application/x-www-form-urlencoded"),
    ):
        answer = ann.desk.ask(method, path, body, ann.key, content_type=kind)
        assert answer.status == BODILESS[method, path]


@pytest.mark.parametrize(("method", "path"), BODILESS)
@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"\xff{{{", "text/xml", 415),
        (b"{}", "text/plain", 415),
        (b"\xff", "application/json", 415),
        (b"{", "application/json", 400),
        (b" ", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"foo": 1}', "application/json", 400),
        (b"{}" + b" " * 256 * 1024, "application/json", 413),
    ],
)
def test_what_needs_no_body_ignores_none(
    ann: Trader, method: str, path: str, body: bytes, content_type: str, status: int
) -> None:
    answer = ann.desk.ask(method, path, body, ann.key, content_type=content_type)
    assert (answer.status, bool(answer.code)) == (status, True)
    assert ann.get("/auth/keys").data["total"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v2/actions",
        "/auth/nothing",
        "/actions/",
        "/actions/5",
        "/market/nothing",
        "/market/stocks/",
        "/market/stocks/NOSUCH",
        "/market/stocks/NOSUCH/history",
        "/market/stocks/A%00B",
        "/market/stocks/APEX;DROP",
        "/market/stocks/%FF",
        "/market/orderbook/NOSUCH",
        "/market/trades/NOSUCH",
        "/world/nothing",
        "/api/v1/agents/5",
        "/api/v1/agents/00000000-0000-4000-8000-000000000000",
        "/api/v1/agents/%c0%ae%c0%ae",
        "/api/v1/" + "a" * 5_000,
        "/nothing",
        "/../etc/passwd",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_not_found(desk: Desk, method: str, path: str) -> None:
    answer = desk.ask(method, path, None if method == "GET" else "{}")
    assert (answer.status, answer.code) in [(404, "NOT_FOUND"), (405, "BAD_REQUEST")]
    assert method == "POST" or answer.status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/market/stocks"),
        ("DELETE", "/world/status"),
        ("PUT", "/config"),
        ("PROPFIND", "/world/tick"),
        ("TRACE", "/world/events?page=1"),
        ("GET", "/auth/register"),
        ("GET", "/auth/login"),
    ],
)
def test_a_wrong_method_is_refused(desk: Desk, method: str, path: str) -> None:
    answer = desk.ask(method, path)
    assert (answer.status, answer.code) == (405, "BAD_REQUEST")


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/replay", "/replay/ticks", "/health", "/ready", "/metrics", "/ws/stats"),
        *("/openapi.json", "/docs", "/api/v1/health", "/api/v1/openapi.json", "/api/v1/docs"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "BREW"])
def test_what_is_only_read_is_refused_in_our_words(db: None, method: str, path: str) -> None:
    answer = Desk.__new__(Desk).ask(method, path)
    assert (answer.status, answer.code) == (405, "BAD_REQUEST")
    assert answer.headers["Allow"] == "GET, HEAD"


def test_head_takes_the_parameters_of_get(desk: Desk) -> None:
    client = Client()
    assert client.head("/world/events?page=1").status_code == 200
    assert client.head("/world/events?colour=1").status_code == 400


def test_a_body_that_may_be_empty_is_not_required(desk: Desk) -> None:
    paths = contract.document()["paths"]
    needed = {
        (method, path): operation["requestBody"]["required"]
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "requestBody" in operation
    }
    assert needed["post", "/api/v1/actions"]
    assert needed["post", "/api/v1/auth/register"]
    assert not needed["patch", "/api/v1/agents/me"]
    assert not needed["post", "/api/v1/agents/me/messages/read"]


def test_what_is_always_null_is_described_as_null() -> None:
    quote = contract.document()["components"]["schemas"]["Quote"]
    assert quote["properties"]["author"] == {"type": "null"}


def test_who_asks_what_a_path_allows_is_told(ann: Trader) -> None:
    answer = ann.desk.ask("OPTIONS", "/auth/keys", key=ann.key)
    assert answer.data == {"methods": ["GET", "POST", "HEAD", "OPTIONS"]}
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    assert ann.desk.ask("OPTIONS", "/world/tick").status == 200
    assert ann.desk.ask("OPTIONS", "/agents/me").status == 401


QUERIES = [
    "page=0",
    "page=-1",
    "page=",
    "page=x",
    "page=1.0",
    "page=1e3",
    "page=%D9%A1",  # an Arabic one
    "page=+1",
    "page=%201",
    "page=1000001",
    "page=99999999999999999999999999",
    "page=%00",
    "page=%FF",
    "pageSize=0",
    "pageSize=101",
    "pageSize=true",
    "pageSize[]=5",
]
LISTS = ["/market/stocks", "/api/v1/agents", "/world/leaderboard", "/world/prison"]


@pytest.mark.parametrize("query", QUERIES[:-1])
@pytest.mark.parametrize("path", LISTS)
def test_a_bad_page_is_refused_not_guessed(desk: Desk, path: str, query: str) -> None:
    answer = desk.get(f"{path}?{query}")
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert list(answer.body["details"]) == [query.partition("=")[0]]


@pytest.mark.parametrize(
    "path",
    [
        "/market/stocks?sector=Tulips",
        "/market/stocks?sort=name",
        "/market/stocks?sort=--price",
        "/market/stocks?sort=",
        "/market/stocks/APEX/history?interval=2",
        "/market/stocks/APEX/history?interval=%D9%A5",
        "/market/stocks/APEX/history?limit=1001",
        "/market/orderbook/APEX?depth=0",
        "/market/orderbook/APEX?depth=51",
        "/market/trades/APEX?limit=501",
        "/market/trades/APEX?limit=-1",
    ],
)
def test_a_bad_parameter_is_refused_not_guessed(desk: Desk, path: str) -> None:
    answer = desk.get(path)
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert len(answer.body["details"]) == 1


def test_a_bad_order_status_is_refused(ann: Trader) -> None:
    assert ann.get("/agents/me/orders?status=lost").status == 400


def test_a_bad_wait_is_refused(ann: Trader) -> None:
    assert ann.post("/actions?wait=2", {"actions": [buy(1)]}).status == 400
    assert ann.orders == []


def test_a_host_that_is_not_ours_is_refused(desk: Desk) -> None:
    for host in ("evil.example", "a b", "testserver:x", ""):
        answer = desk.ask("GET", "/world/tick", Host=host)
        assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    for path in ("/world/tick", "/", "/health"):
        answer = desk.ask("GET", path, Host="evil.example")
        assert (answer.status, answer.body["error"]) == (400, "This host name is not allowed.")


def test_a_thousand_parameters_are_too_many(desk: Desk) -> None:
    answer = desk.get("/market/stocks?" + "&".join(f"p{n}=1" for n in range(1_100)))
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("accept", ["text/html", "image/png", "x", "", "application/xml;q=1"])
def test_the_answer_is_json_whatever_is_accepted(desk: Desk, accept: str) -> None:
    assert desk.get("/world/tick", Accept=accept).status == 200


# What every answer bears


def test_a_request_keeps_its_safe_name(desk: Desk) -> None:
    assert desk.get("/world/tick", **{"X-Request-ID": "a.b_c-9"}).headers["X-Request-ID"] == (
        "a.b_c-9"
    )
    for unsafe in ("a b", "<x>", "é", "x" * 65, ""):
        given = desk.get("/world/tick", **{"X-Request-ID": unsafe}).headers["X-Request-ID"]
        assert given not in ("", unsafe)


@pytest.mark.parametrize("path", ["/world/tick", "/nothing", "/agents/me", "/health", "/ready"])
def test_every_answer_bears_an_id_and_the_tick(desk: Desk, path: str) -> None:
    desk.tick(2)
    answer = desk.get(path)
    assert answer.headers["X-Request-ID"]
    assert answer.headers["X-WSS-Tick"] == "2"


@pytest.mark.parametrize("path", ["/markets", "/api/v1/world/tick"])
def test_the_tick_of_an_answer_is_forgotten_with_it(desk: Desk, path: str) -> None:
    desk.tick(2)
    assert Client().get(path).headers["X-WSS-Tick"] == "2"
    assert tick_of_data() is None


def test_a_request_that_cannot_be_read_is_told_the_tick_that_is_known(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("market.common.instants.TICK_IS_FRESH_SECONDS", 0)  # it is old at once
    desk.tick(2)
    desk.get("/world/tick")
    desk.tick()
    assert refused(400, "No.").headers["X-WSS-Tick"] == "2", "nobody is asked"


# What breaks on our side


def test_a_fault_of_ours_is_told_without_a_trace(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr("market.selectors.world", fail)
    answer = desk.get("/world/tick")
    assert (answer.status, answer.code) == (500, "INTERNAL")
    assert "secret" not in json.dumps(answer.body)
    assert "a secret of ours" in caplog.text


def test_before_the_founding_the_exchange_is_unavailable(db: None) -> None:
    empty = Desk.__new__(Desk)
    answer = empty.get("/world/tick")
    assert (answer.status, answer.code) == (503, "UNAVAILABLE")
    assert answer.headers["Retry-After"] == str(answer.body["retryAfter"])
    assert empty.get("/market/stocks").data["items"] == []


# Query parameters


def _readable() -> list[str]:
    """Return every path of the API that may be read, its places filled in."""
    from tests.api import contract

    filled = {"{name}": "ann", "{symbol}": "APEX", "{id}": "00000000-0000-4000-8000-000000000000"}
    paths = [path for path, methods in contract.document()["paths"].items() if "get" in methods]
    for place, value in filled.items():
        paths = [path.replace(place, value) for path in paths]
    return paths


def test_an_unknown_parameter_is_refused_everywhere(ann: Trader, unlimited: None) -> None:
    paths = _readable()
    assert len(paths) > 20
    for path in [*paths, "/api/v1/openapi.json", "/api/v1/docs"]:
        answer = ann.get(f"{path}?nope=1&limit[]=5")
        assert (answer.status, answer.code) == (400, "BAD_REQUEST"), path
        assert set(answer.body["details"]) == {"nope", "limit[]"}, path


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/auth/session"), ("POST", "/auth/keys"), ("PATCH", "/agents/me")],
)
def test_what_changes_something_refuses_an_unknown_parameter_too(
    ann: Trader, method: str, path: str
) -> None:
    assert ann.desk.ask(method, f"{path}?nope=1", "{}", ann.key).status == 400
    assert ann.get("/auth/keys").data["total"] == 1


def test_a_refusal_names_the_parameters_that_there_are(desk: Desk) -> None:
    details = desk.get("/market/stocks?symbol=NOPE").body["details"]
    assert details["symbol"] == "Unknown parameter. There are: page, pageSize, sector, sort."
    assert "none" in desk.get("/market/stocks/APEX?x=1").body["details"]["x"]


def test_a_refused_body_names_the_fields_that_there_are_and_the_one_that_is_missing(
    desk: Desk,
) -> None:
    refused = desk.post("/auth/register", {"username": "Zoe", "role": "quant"}).body
    assert refused["error"].startswith("username: Unknown field. There are: name, role,")
    assert list(refused["details"]) == ["username", "name"]


def test_a_parameter_given_twice_is_refused(desk: Desk) -> None:
    answer = desk.get("/market/stocks?page=1&page=2")
    assert (answer.status, list(answer.body["details"])) == (400, ["page"])


def test_a_refused_choice_names_the_choices(ann: Trader) -> None:
    details = ann.get("/agents/me/orders?status=lost").body["details"]
    assert details["status"].startswith("Must be one of: pending, open,")
    details = ann.desk.get("/market/stocks/APEX/history?interval=2").body["details"]
    assert details["interval"].startswith("Must be one of: 1, 5, 15, 60")
    refused = ann.desk.post("/auth/register", {"name": "dee", "role": "king"})
    assert "retail_trader" in refused.body["details"]["role"]


# Encodings, and what every answer bears against being misused


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity", ""])
@pytest.mark.parametrize("path", [VERIFY, "/actions"])
def test_a_body_with_a_content_encoding_is_unsupported(
    ann: Trader, path: str, encoding: str
) -> None:
    import gzip

    for body in (gzip.compress(b'{"apiKey": "x"}'), b'{"apiKey": "x"}'):
        answer = ann.desk.ask("POST", path, body, ann.key, **{"Content-Encoding": encoding})
        assert (answer.status, answer.code) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "path", ["/", "/replay", "/docs", "/admin/login/", "/world/tick", "/nothing", "/health", "/x"]
)
def test_every_answer_has_the_same_security_headers(desk: Desk, path: str) -> None:
    from django.test import Client

    desk.tick()
    answer = Client().get(path)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    policy = answer["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert policy.startswith(("default-src 'none'", "default-src 'self'"))


# The tick of an answer is that of its data


@pytest.mark.parametrize(
    "path",
    [
        "/market/stocks",
        "/market/stocks/APEX",
        "/world/leaderboard",
        "/agents/me/orders",
        "/actions",
        "/agents/me",
        "/market/orderbook/APEX",
        "/world/status",
    ],
)
def test_an_answer_bears_the_tick_of_its_data(ann: Trader, path: str) -> None:
    for _ in range(3):
        ann.desk.tick()  # the process has seen an older one a moment ago
        tick = ann.desk.floor.world.tick if ann.desk.floor.world else -1
        answer = ann.try_act(buy(1, price=1.0)) if path == "/actions" else ann.get(path)
        assert answer.headers["X-WSS-Tick"] == str(tick)


FILTERS = frozenset(
    "action category crimeType house interval kind role sector sort source status tier".split()
)
PATH_NAMES = {"symbol": "APEX", "name": "macro"}


def _filters() -> list[tuple[str, str, list[str] | None]]:
    """Return each parameter of a query that takes one of a few values: path, name, values; and
    those of that name that the schema says nothing of.
    """
    found = []
    for template, operations in contract.document()["paths"].items():
        path = re.sub(r"{(\w+)}", lambda name: PATH_NAMES.get(name[1], "me"), template)
        for one in operations.get("get", {}).get("parameters", ()):
            if one["in"] == "query" and ("enum" in one["schema"] or one["name"] in FILTERS):
                found.append((path, one["name"], one["schema"].get("enum")))
    return found


def test_a_value_that_a_filter_does_not_know_is_refused_with_those_it_knows(ann: Trader) -> None:
    filters = _filters()
    assert {name for _, name, _ in filters} >= FILTERS
    for path, name, values in filters:
        assert values, (path, name)
        for wrong in ("nonsense", str(values[0]).swapcase() + " "):
            answer = ann.get(f"{path}?{name}={wrong}")
            assert (answer.status, answer.code) == (400, "BAD_REQUEST"), (path, name)
            wanted = f"Must be one of: {', '.join(map(str, values))}."
            assert answer.body["details"] == {name: wanted}, (path, name)


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/news", "/alerts", "/signals", "/analysts/macro/insights"),
        *("/agents/me/orders", "/agents/me/trades"),
    ],
)
def test_a_company_that_there_is_not_is_no_filter(ann: Trader, path: str) -> None:
    for wrong in ("NOSUCH", "AP EX", "%00"):
        answer = ann.get(f"{path}?symbol={wrong}")
        assert (answer.status, list(answer.body["details"])) == (400, ["symbol"])
    details = ann.get(f"{path}?symbol=nosuch").body["details"]
    assert "no company with that symbol" in details["symbol"]
    assert ann.get(f"{path}?symbol=apex").status == 200


def test_ones_orders_of_a_company_are_found_in_any_case_of_letters(desk: Desk, ann: Trader) -> None:
    ann.act(buy(1))
    desk.tick()
    for path in ("/agents/me/orders", "/agents/me/trades"):
        found = ann.get(f"{path}?symbol=apex").data
        assert found["total"] == 1 == ann.get(f"{path}?symbol=APEX").data["total"]
