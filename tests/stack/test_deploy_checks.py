"""What `manage.py check --deploy` refuses, and secrets that come from files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as code
from django.core.checks import ERROR
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from agents.models import Agent
from agents.services.encryption import decrypt, encrypt
from wallstreetsim import settings as read
from wallstreetsim.environment.deploy_checks import check_site, is_here

KEYS = ("k3y-of-many-characters-" * 3, "an0ther-key-of-enough-letters-" * 2)
SOUND = {
    "SECRET_KEY": KEYS[0],
    "WEBHOOK_KEY": KEYS[1],
    "DEBUG": False,
    "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]", "exchange.example.org"],
    "CSRF_TRUSTED_ORIGINS": ["https://exchange.example.org"],
    "BIND": "127.0.0.1",
    "TRUSTED_PROXIES": 1,
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "WEBHOOK_ALLOW_PRIVATE": "off",
}


@pytest.fixture
def site(settings: Any) -> Any:
    for name, value in SOUND.items():
        setattr(settings, name, value)
    return settings


def refused() -> list[str]:
    return [str(found.id) for found in check_site(None) if found.level >= ERROR]


def test_a_sound_site_is_not_refused(site: Any) -> None:
    assert refused() == []


@pytest.mark.parametrize(
    ("name", "value", "id"),
    [
        ("WEBHOOK_KEY", "", "wss.E001"),
        ("SECRET_KEY", "django-insecure-" + KEYS[0], "wss.E001"),
        ("SECRET_KEY", "short but fine otherwise", "wss.E001"),
        ("SECRET_KEY", "ab" * 40, "wss.E001"),
        ("WEBHOOK_KEY", KEYS[0], "wss.E001"),
        ("DEBUG", True, "wss.E002"),
        ("ALLOWED_HOSTS", ["*"], "wss.E003"),
        ("ALLOWED_HOSTS", ["localhost"], "wss.E003"),
        ("TRUSTED_PROXIES", 0, "wss.E004"),
        ("CSRF_TRUSTED_ORIGINS", ["http://exchange.example.org"], "wss.E005"),
        ("REDIS_URL", "redis://192.0.2.7:6379/0", "wss.E006"),
    ],
)
def test_what_a_public_site_must_not_have_is_refused(
    site: Any, name: str, value: object, id: str
) -> None:
    setattr(site, name, value)  # `settings` itself puts it back
    assert refused() == [id]
    for found in check_site(None):
        assert "\n" not in str(found.msg)
        assert KEYS[0] not in str(found.msg)


def test_a_database_on_another_machine_without_tls_is_refused(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = site.DATABASES["default"]
    monkeypatch.setitem(database, "HOST", "192.0.2.7")
    assert refused() == ["wss.E007"]
    monkeypatch.setitem(database, "OPTIONS", {"sslmode": "verify-full"})
    assert refused() == []


@pytest.mark.django_db
def test_pools_that_exceed_the_servers_connections_are_refused(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wallstreetsim.environment.deploy_checks._done_with", lambda: None)
    monkeypatch.setenv("WSS_PROCESSES", "5")
    assert refused() == []
    monkeypatch.setenv("WSS_PROCESSES", "60")
    assert refused() == ["wss.E008"]


def test_hosts_of_this_machine() -> None:
    assert is_here("/var/run/postgresql")
    assert is_here("localhost")
    assert not is_here("192.0.2.7")


def test_the_command_of_the_units_says_each_in_a_line_and_fails(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("geheim")
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "ERROR"],
        cwd=code.BASE_DIR,
        env={name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
        | {"SECRET_KEY_FILE": str(key), "WSS_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if "wss.E" in line]
    assert any(line.startswith("?: (wss.E001) SECRET_KEY is weak") for line in lines)
    assert any("wss.E003" in line for line in lines)
    assert "geheim" not in done.stderr


def test_a_secret_may_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text("from a file\n")
    monkeypatch.setenv("WSS_METRICS_TOKEN_FILE", str(file))
    assert read.text("WSS_METRICS_TOKEN") == "from a file"
    monkeypatch.setenv("WSS_METRICS_TOKEN", "and here")
    with pytest.raises(ImproperlyConfigured, match="not both"):
        read.text("WSS_METRICS_TOKEN")
    monkeypatch.delenv("WSS_METRICS_TOKEN")
    file.write_text("\n")
    with pytest.raises(ImproperlyConfigured, match="names an empty file"):
        read.text("WSS_METRICS_TOKEN")
    file.unlink()
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        read.text("WSS_METRICS_TOKEN")
    monkeypatch.setenv("WSS_BIND_FILE", str(file))  # no secret
    assert read.text("WSS_BIND", "127.0.0.1") == "127.0.0.1"


@pytest.mark.django_db
def test_the_secrets_of_webhooks_are_given_a_new_key(settings: Any) -> None:
    settings.WEBHOOK_KEY = "the old one"
    agent = Agent.objects.create(name="ann", role="quant", webhook_secret=encrypt("whsec_abc"))
    settings.WEBHOOK_KEY, settings.WEBHOOK_KEY_PREVIOUS = "the new one", "the old one"
    for _ in range(2):
        call_command("reencrypt")
        agent.refresh_from_db()
        assert decrypt(agent.webhook_secret) == "whsec_abc"
