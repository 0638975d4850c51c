"""The manual says what the code enforces, and what it shows works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from market.engine.refusals import Code
from wallstreetsim.api import manual
from wallstreetsim.api.configuration import CHANGELOG, CONTRACT_VERSION
from wallstreetsim.api.envelope import CODES
from wallstreetsim.api.limits import LIMITS, SCOPES
from wallstreetsim.machine.actions import ACTIONS
from wallstreetsim.machine.rules import RULES

pytestmark = pytest.mark.django_db

MOST_WORDS = 12_000
ROOT = Path(__file__).parents[2]
WRITTEN_CODE = re.compile(r"""(?:"code": |complain\([^"\n]*|refusal\([^"\n]*)"([A-Z_]{4,})["]""")


def page(client: Client, query: str = "") -> str:
    response = client.get(f"/skill.md{query}")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    return response.content.decode()


def test_every_action_parameter_role_code_and_section_is_in_it(client: Client) -> None:
    text = page(client)
    for action in ACTIONS.values():
        assert f"**`{action.type}`**: {action.summary}" in text
        for parameter in action.parameters:
            assert f"| `{parameter.wire}` |" in text
    for crime in RULES.sec.penalties.crimes:
        assert f"| `{crime.name}` | " in text
    for operation in manual.operations():
        assert f"| `{operation.method} {operation.path}` | " in text
    for role in RULES.agents.roles:
        assert f"| `{role.name}` | ${role.capital_cents // 100:,} | {role.leverage} |" in text
    for code in {*Code, *CODES.values(), *written_codes()}:
        assert f"| `{code}` | " in text
    for title in manual.SECTIONS.values():
        assert f"\n## {title}\n" in text


def written_codes() -> set[str]:
    """Return the codes that answers name in the source itself, not from a list."""
    written = set()
    for app in ("agents", "market", "news", "sec", "webhooks", "wallstreetsim/feed"):
        for path in (ROOT / app).rglob("*.py"):
            written |= set(WRITTEN_CODE.findall(path.read_text()))
    assert written >= {"BAD_REQUEST", "UNAVAILABLE", "RATE_LIMITED"}
    return written


def test_the_limits_say_what_they_count(client: Client) -> None:
    text = page(client, "?section=limits")
    assert set(SCOPES) == set(LIMITS)
    assert "| actions | requests to `/actions`, each of up to 10 actions" in text


@pytest.mark.parametrize(("setting", "is_said"), [("loopback", True), ("off", False)])
def test_it_says_whether_webhooks_may_go_to_this_machine(
    monkeypatch: pytest.MonkeyPatch, setting: str, is_said: bool
) -> None:
    monkeypatch.setattr("django.conf.settings.WEBHOOK_ALLOW_PRIVATE", setting)
    text = manual.manual.__wrapped__("http://testserver", "webhooks")
    assert ("loopback" in text) is is_said


def test_it_is_one_page_of_plain_markdown(client: Client) -> None:
    text = page(client)
    assert text.startswith("---\nname: wallstreetsim\n")
    assert CONTRACT_VERSION in text
    assert len(text.split()) < MOST_WORDS
    assert "{{" not in text
    assert "{%" not in text
    assert "&lt;" not in text
    assert "&#x27;" not in text
    assert client.get("/skill").content.decode() == text


@pytest.mark.parametrize("section", manual.SECTIONS)
def test_a_section_can_be_had_alone(client: Client, section: str) -> None:
    text = page(client, f"?section={section}")
    assert text.startswith(f"## {manual.SECTIONS[section]}\n")
    assert text.strip() in page(client)


def test_bad_parameters_are_refused(client: Client) -> None:
    assert client.get("/skill.md?section=nothing").status_code == 400
    assert client.get("/skill.md?part=start").status_code == 400
    assert client.post("/skill.md").status_code == 405


def test_the_indexes_lead_to_it(client: Client) -> None:
    index = client.get("/llms.txt").content.decode()
    assert "http://testserver/skill.md" in index
    described = client.get("/.well-known/openapi-config.json").json()
    assert described == {
        "version": CONTRACT_VERSION,
        "openapi": "http://testserver/openapi.json",
        "asyncapi": "http://testserver/asyncapi.json",
        "skill": "http://testserver/skill.md",
        "config": "http://testserver/api/v1/config",
        "wsUrl": "ws://testserver/ws",
    }
    for name in ("openapi", "asyncapi", "skill", "config"):
        address = described[name]
        assert client.get(address.removeprefix("http://testserver")).status_code == 200


def test_config_has_the_contracts_version_and_its_changes(client: Client) -> None:
    api = client.get("/api/v1/config").json()["data"]["api"]
    assert api["contract"] == CONTRACT_VERSION == CHANGELOG[0][0]
    assert [change["version"] for change in api["changelog"]] == [v for v, _ in CHANGELOG]
